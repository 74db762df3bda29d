/* run-seed.c: see run-seed.h. */
#include "run-seed.h"

#include "errors.h"

void
proc_run_item_free (gpointer data)
{
  ProcRunItem *item = data;

  g_free (item->key);
  g_clear_pointer (&item->spec, proc_action_unref);
  g_clear_pointer (&item->depends_on, g_array_unref);
  g_strfreev (item->tags);
  g_free (item);
}

static GArray *
get_deps (const ProcRunItem *item)
{
  return item->depends_on != NULL ? item->depends_on : item->spec->depends_on;
}

static gboolean
add_edges (ProcRun *run, const ProcRunSeed *seed, GHashTable *keys, GError **error)
{
  for (guint i = 0; i < seed->items->len; i++)
    {
      const ProcRunItem *item = seed->items->pdata[i];
      const ProcRunMember *member = proc_run_get_member (run, i);
      const GArray *deps = get_deps (item);

      for (guint j = 0; j < deps->len; j++)
        {
          const ProcActionDep *dep = &g_array_index (deps, ProcActionDep, j);
          ProcRunEdge edge = { 0, dep->when };
          gpointer index;

          if (!g_hash_table_lookup_extended (keys, dep->action, NULL, &index))
            {
              g_set_error (error, PROC_ERROR, PROC_ERROR_MISSING_DEPENDENCY,
                           "dependency error: '%s' depends on '%s', which is not in the run", item->key, dep->action);
              return FALSE;
            }
          edge.node = GPOINTER_TO_UINT (index);
          g_array_append_val (member->edges, edge);
        }
    }
  return TRUE;
}

static gboolean
check_cycle (const ProcRun *run, GError **error)
{
  guint n = run->members->len;
  g_autofree ProcRunNode *nodes = g_new0 (ProcRunNode, n);
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GArray) found = NULL;

  for (guint i = 0; i < n; i++)
    {
      const ProcRunMember *member = proc_run_get_member (run, i);

      nodes[i].edges = (const ProcRunEdge *)(gpointer)member->edges->data;
      nodes[i].n_edges = member->edges->len;
    }
  found = proc_run_find_cycle (nodes, n);
  if (found == NULL)
    return TRUE;
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (keys, proc_run_get_member (run, g_array_index (found, guint, i))->key);
  g_ptr_array_add (keys, NULL);
  g_propagate_error (error, proc_error_new_names (PROC_ERROR_DEPENDENCY_CYCLE, "dependency error: a cycle: ", " -> ",
                                                  (const char *const *)keys->pdata));
  return FALSE;
}

static gboolean
add_members (ProcRun *run, const ProcRunSeed *seed, GHashTable *keys, GError **error)
{
  for (guint i = 0; i < seed->items->len; i++)
    {
      const ProcRunItem *item = seed->items->pdata[i];

      if (!g_hash_table_insert (keys, item->key, GUINT_TO_POINTER (i)))
        {
          g_propagate_error (error, proc_error_new_param ("jobs", "each key once", item->key));
          return FALSE;
        }
      proc_run_add (run, item->key, 0);
    }
  return TRUE;
}

ProcRun *
proc_run_from_seed (const ProcRunSeed *seed, GError **error)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ProcRun) run = proc_run_new (0);

  if (!add_members (run, seed, keys, error) || !add_edges (run, seed, keys, error) || !check_cycle (run, error))
    return NULL;
  run->name = g_strdup (seed->name != NULL ? seed->name : "run");
  run->service = g_strdup (seed->service);
  run->context = seed->context;
  run->tags = seed->tags != NULL ? g_strdupv ((char **)seed->tags) : g_new0 (char *, 1);
  if (seed->depends_on_runs != NULL)
    g_array_append_vals (run->depends_on_runs, seed->depends_on_runs->data, seed->depends_on_runs->len);
  run->on_failure = seed->on_failure;
  run->max_parallel = seed->max_parallel;
  run->trigger = seed->trigger;
  return g_steal_pointer (&run);
}
