/* rpc-run-submit.c: the handlers that begin runs. Service thread. */
#include "errors.h"
#include "names.h"
#include "reader.h"
#include "rpc-run.h"

enum
{
  MAX_RUN_JOBS = 1000,
};

/* One element of `jobs`, or a name of `actions`. */
static ProcRunItem *
read_item (HeroProc *self, HeroRpcCall *call, JsonNode *node, guint32 context, gboolean any, GError **error)
{
  ProcRunItem *item = g_new0 (ProcRunItem, 1);
  g_autoptr (JsonObject) object = JSON_NODE_HOLDS_OBJECT (node) ? json_object_ref (json_node_get_object (node)) : NULL;
  g_autoptr (ProcAction) action = NULL;
  g_auto (GStrv) args = NULL;
  ProcReader reader;
  JsonNode *env;
  gboolean is_inline;

  if (object == NULL)
    {
      object = json_object_new ();
      json_object_set_member (object, "action", json_node_copy (node));
    }
  proc_reader_init (&reader, object, "jobs");
  item->key = proc_reader_text (&reader, "key", 128);
  node = proc_reader_node (&reader, "action|spec|name");
  env = proc_reader_node (&reader, "env");
  args = proc_reader_texts (&reader, "args", PROC_MAX_ARGS, PROC_MAX_ENV);
  item->tags = proc_reader_texts (&reader, "tags", PROC_MAX_TAGS, 64);
  for (guint i = 0; item->tags[i] != NULL; i++)
    if (!proc_name_is_tag (item->tags[i]))
      proc_reader_fail (&reader, "tags", "letters, digits and _.:/=@-", item->tags[i]);
  if (item->key != NULL && !proc_name_is_action (item->key))
    proc_reader_fail (&reader, "key", "1 to 128 letters, digits and _.:-", item->key);
  item->depends_on = json_object_has_member (object, "depends_on") || json_object_has_member (object, "dependsOn")
                         ? proc_action_deps_read (&reader, "depends_on")
                         : NULL;
  if (proc_reader_end (&reader, NULL, error))
    action = proc_rpc_resolve_action (self, call, node, context, NULL, &is_inline, error);
  if (action != NULL)
    item->spec = proc_rpc_dress_action (action, env, (const char *const *)args, any ? action->context : context, error);
  if (item->spec == NULL)
    {
      proc_run_item_free (item);
      return NULL;
    }
  if (item->key == NULL)
    item->key = g_strdup (action->name);
  return item;
}

static void
return_submitted (gpointer data)
{
  g_autofree ProcRunPending *submitted = data;
  const ProcRun *run = proc_runs_get (submitted->self->runs, submitted->run_id);
  JsonObject *object;

  if (run == NULL) /* deleted meanwhile */
    {
      proc_rpc_fail_no_run (submitted->call, submitted->run_id);
      return;
    }
  object = proc_rpc_run_to_json (submitted->self, run);
  json_object_set_array_member (object, "job_ids", json_array_ref (json_object_get_array_member (object, "jobs")));
  hero_rpc_return_object (submitted->call, object);
}

static void
on_submitted (const GError *error, ProcRun *run, gpointer data)
{
  ProcRunPending *submitted = data;

  if (error != NULL)
    {
      hero_proc_rpc_fail (submitted->call, error, NULL);
      g_free (submitted);
      return;
    }
  submitted->run_id = run->id;
  proc_runs_wait (submitted->self->runs, run, submitted->wait_ms, return_submitted, submitted);
}

static void
submit (HeroProc *self, HeroRpcCall *call, const ProcRunSeed *seed, gint64 wait_ms)
{
  g_autoptr (GError) error = NULL;
  ProcRunPending *submitted;

  if (!proc_rpc_has_room (self, call, seed->items->len))
    return;
  submitted = g_new (ProcRunPending, 1);
  *submitted = (ProcRunPending){ .self = self, .call = call, .wait_ms = wait_ms };
  proc_rpc_log_change (self, call, seed->name != NULL ? seed->name : "run");
  if (!proc_runs_submit (self->runs, seed, on_submitted, submitted, &error))
    {
      g_free (submitted);
      hero_proc_rpc_fail (call, error, NULL);
    }
}

static GPtrArray *
read_items (HeroProc *self, HeroRpcCall *call, guint32 context, gboolean any, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (proc_run_item_free);
  JsonArray *array = hero_rpc_get_array (call, "jobs");

  if (array == NULL || json_array_get_length (array) == 0)
    {
      g_propagate_error (error, proc_error_new_param ("jobs", "an array of jobs", "nothing"));
      return NULL;
    }
  if (json_array_get_length (array) > MAX_RUN_JOBS)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_LIMIT, "limit exceeded: a run has at most %d jobs, got %u",
                   MAX_RUN_JOBS, json_array_get_length (array));
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      ProcRunItem *item = read_item (self, call, json_array_get_element (array, i), context, any, error);

      if (item == NULL)
        return NULL;
      g_ptr_array_add (items, item);
    }
  return g_steal_pointer (&items);
}

static gboolean
read_depends (HeroProc *self, HeroRpcCall *call, GArray *depends, GError **error)
{
  JsonArray *array = hero_rpc_get_array (call, "depends_on_runs");

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      gboolean number = g_strcmp0 (proc_json_type (node), "integer") == 0;
      gint64 id = number ? json_node_get_int (node) : 0;
      const ProcRun *run = proc_rpc_find_run (self, call, id);

      if (!number)
        g_propagate_error (error, proc_error_new_param ("depends_on_runs", "numbers of runs", proc_json_type (node)));
      else if (run == NULL)
        g_set_error (error, PROC_ERROR, PROC_ERROR_RUN_NOT_FOUND, "run not found: %" G_GINT64_FORMAT, id);
      else
        {
          g_array_append_val (depends, run->id);
          continue;
        }
      return FALSE;
    }
  return TRUE;
}

void
proc_rpc_run_submit (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GArray) depends = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GError) error = NULL;
  /* One of the words: the table has seen to that. */
  int on_failure = proc_word_parse (proc_on_failure_words, hero_rpc_get_string (call, "on_failure"));
  ProcRunSeed seed = { .name = hero_rpc_get_string (call, "name"),
                       .tags = hero_rpc_get_strings (call, "tags"),
                       .depends_on_runs = depends,
                       .on_failure = (ProcOnFailure)on_failure,
                       .max_parallel = (guint)hero_rpc_get_integer (call, "max_parallel"),
                       .trigger = PROC_TRIGGER_API };
  gboolean any;

  if (!hero_proc_rpc_get_context (self, call, &seed.context, &any))
    return;
  if (!proc_rpc_check_names (call, &error) || !read_depends (self, call, depends, &error)
      || (items = read_items (self, call, seed.context, any, &error)) == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  seed.items = items;
  submit (self, call, &seed, hero_rpc_get_integer (call, "wait_ms"));
}

/* ---------------------------------------------------------------------------------------------- again */

/* A job as it was, waiting for those that run again. */
static ProcRunItem *
make_item (const ProcRun *run, guint index, const ProcJob *job, const gboolean *again)
{
  const ProcRunMember *member = proc_run_get_member (run, index);
  ProcRunItem *item = g_new0 (ProcRunItem, 1);

  item->key = g_strdup (member->key);
  item->spec = proc_action_ref (job->spec);
  item->tags = g_strdupv (job->tags);
  item->depends_on = proc_action_deps_new ();
  for (guint i = 0; i < member->edges->len; i++)
    {
      const ProcRunEdge *edge = &g_array_index (member->edges, ProcRunEdge, i);
      ProcActionDep dep = { NULL, edge->when };

      if (!again[edge->node])
        continue;
      dep.action = g_strdup (proc_run_get_member (run, edge->node)->key);
      g_array_append_val (item->depends_on, dep);
    }
  return item;
}

/* All that still have a record, or those of them that did not succeed. */
static GPtrArray *
make_items (HeroProc *self, const ProcRun *run, gboolean failed_only)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (proc_run_item_free);
  g_autofree gboolean *again = g_new (gboolean, run->members->len);

  for (guint i = 0; i < run->members->len; i++)
    {
      const ProcJob *job = proc_runs_get_job (self->runs, run, i);

      again[i] = job != NULL && (!failed_only || job->phase != PROC_PHASE_SUCCEEDED);
    }
  for (guint i = 0; i < run->members->len; i++)
    if (again[i])
      g_ptr_array_add (items, make_item (run, i, proc_runs_get_job (self->runs, run, i), again));
  return items;
}

void
proc_rpc_run_retry (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);
  g_autoptr (GPtrArray) items = NULL;
  ProcRunSeed seed;

  if (run == NULL)
    return;
  if (proc_run_is_active (run))
    {
      proc_rpc_fail_run_active (call, run);
      return;
    }
  if (run->service != NULL)
    {
      hero_rpc_fail_param (call, "id", "a run of run.submit", "a start of a service, which service.start does again");
      return;
    }
  items = make_items (self, run, hero_rpc_get_boolean (call, "failed_only"));
  if (items->len == 0)
    {
      hero_rpc_fail_param (call, "id", "a run with jobs to run again", "a run where all have succeeded or are deleted");
      return;
    }
  seed = (ProcRunSeed){ .name = run->name, .context = run->context, .tags = (const char *const *)run->tags,
                        .on_failure = run->on_failure, .max_parallel = run->max_parallel,
                        .trigger = PROC_TRIGGER_RETRY, .items = items };
  submit (self, call, &seed, 0);
}
