/* why.c: see why.h. Service thread. */
#include "why.h"

#include "gate.h"
#include "json-write.h"

static const char *
external_word (ProcExternalState state)
{
  switch (state)
    {
    case PROC_EXTERNAL_HEALTHY:
      return "running";
    case PROC_EXTERNAL_UNWELL:
      return "unhealthy";
    case PROC_EXTERNAL_ABSENT:
      return "inactive";
    case PROC_EXTERNAL_UNKNOWN:
    default:
      return "starting";
    }
}

/* ---------------------------------------------------------------------------------------------- reasons */

/* "failed: exited with code 3", "running, pid 4711" */
static char *
describe (const ProcEntry *entry)
{
  const char *state = proc_state_words[proc_entry_get_state (entry)];
  const ProcJob *live = proc_entry_get_live (entry);

  if (live != NULL)
    return g_strdup_printf ("%s, pid %d", state, live->pid);
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->error != NULL && (job->phase == PROC_PHASE_FAILED || job->phase == PROC_PHASE_RETRYING))
        return g_strdup_printf ("%s: %s", state, job->error);
    }
  return g_strdup (state);
}

static const char *
edge_to (const ProcEntry *entry, const char *name)
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    if (g_strv_contains ((const char *const *)entry->spec->edges[edge], name))
      return proc_edge_words[edge];
  return "conflicts"; /* the other one says so */
}

/* "requires 'db', which is starting" */
static char *
describe_name (ProcServices *services, const ProcEntry *entry, const char *name)
{
  const ProcEntry *other = proc_services_get (services, name);
  const char *word = edge_to (entry, name);
  g_autofree char *state = other != NULL ? describe (other) : NULL, *path = NULL;

  if (other != NULL)
    return g_strdup_printf ("%s '%s', which is %s", word, name, state);
  path = proc_externals_get_path (proc_services_get_externals (services), name);
  switch (proc_externals_look (proc_services_get_externals (services), name))
    {
    case PROC_EXTERNAL_ABSENT:
      return g_strdup_printf ("%s '%s', which is not defined, and there is no %s", word, name, path);
    case PROC_EXTERNAL_UNWELL:
      return g_strdup_printf ("%s '%s', which does not answer 200 to GET /health on %s", word, name, path);
    case PROC_EXTERNAL_HEALTHY:
      return g_strdup_printf ("%s '%s', which is up at %s", word, name, path);
    case PROC_EXTERNAL_UNKNOWN:
    default:
      return g_strdup_printf ("%s '%s', which is being asked at %s", word, name, path);
    }
}

/* gate NULL: nothing holds the service itself. */
static void
add_job_reasons (GPtrArray *reasons, ProcServices *services, const ProcEntry *entry, const ProcGate *gate)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];
      g_autofree char *clause = gate == NULL ? proc_jobs_explain (proc_services_get_jobs (services), job) : NULL;

      if (clause != NULL)
        g_ptr_array_add (reasons, g_strdup_printf ("action '%s' (job %u) is %s: %s", job->action_name, job->id,
                                                   proc_phase_words[job->phase], clause));
      if (job->phase != PROC_PHASE_FAILED && job->phase != PROC_PHASE_RETRYING
          && !(job->spec->is_process && !proc_job_is_active (job) && proc_entry_is_active (entry)))
        continue;
      g_ptr_array_add (reasons, g_strdup_printf ("action '%s' (job %u) is %s%s%s", job->action_name, job->id,
                                                 proc_phase_words[job->phase], job->error != NULL ? ": " : "",
                                                 job->error != NULL ? job->error : ""));
    }
}

static GPtrArray *
collect_reasons (ProcServices *services, const ProcEntry *entry, const ProcGate *gate)
{
  GPtrArray *reasons = g_ptr_array_new_with_free_func (g_free);

  if (entry->held_by != NULL)
    g_ptr_array_add (reasons,
                     g_strdup_printf ("stopped together with '%s', comes back when that is up again", entry->held_by));
  for (guint i = 0; gate != NULL && i < gate->waiting_on->len; i++)
    g_ptr_array_add (reasons, describe_name (services, entry, gate->waiting_on->pdata[i]));
  for (guint i = 0; gate != NULL && i < gate->conflicts_with->len; i++)
    g_ptr_array_add (reasons, describe_name (services, entry, gate->conflicts_with->pdata[i]));
  add_job_reasons (reasons, services, entry, gate);
  return reasons;
}

static ProcGate *
look_if_blocked (ProcServices *services, const ProcEntry *entry)
{
  return proc_entry_get_state (entry) == PROC_STATE_BLOCKED ? proc_gate_look (services, entry) : NULL;
}

GPtrArray *
proc_why_get_reasons (ProcServices *services, const ProcEntry *entry)
{
  g_autoptr (ProcGate) gate = look_if_blocked (services, entry);

  return collect_reasons (services, entry, gate);
}

/* ---------------------------------------------------------------------------------------------- members */

static void
add_holds (JsonObject *object, const ProcEntry *entry, const ProcGate *gate)
{
  json_object_set_array_member (object, "waiting_on",
                                proc_json_from_names (gate != NULL ? gate->waiting_on : NULL));
  json_object_set_array_member (object, "conflicts_with",
                                proc_json_from_names (gate != NULL ? gate->conflicts_with : NULL));
  proc_json_set_text (object, "held_by", gate != NULL ? entry->held_by : NULL);
}

void
proc_why_add_holds (JsonObject *object, ProcServices *services, const ProcEntry *entry)
{
  g_autoptr (ProcGate) gate = look_if_blocked (services, entry);

  add_holds (object, entry, gate);
}

void
proc_why_add (JsonObject *object, ProcServices *services, const ProcEntry *entry)
{
  g_autoptr (ProcGate) gate = look_if_blocked (services, entry);
  g_autoptr (GPtrArray) reasons = collect_reasons (services, entry, gate);

  json_object_set_boolean_member (object, "blocked", gate != NULL);
  add_holds (object, entry, gate);
  json_object_set_array_member (object, "missing", proc_json_from_names (gate != NULL ? gate->missing : NULL));
  json_object_set_array_member (object, "failed", proc_json_from_names (gate != NULL ? gate->failed : NULL));
  json_object_set_array_member (object, "reasons", proc_json_from_names (reasons));
}

/* ---------------------------------------------------------------------------------------------- text for people */

/* One line below another: "│  ├─ db: running". prefix: what stands left of its children. */
static void
add_line (GString *text, const char *prefix, gboolean last, const char *line)
{
  g_string_append_printf (text, "%s%s %s\n", prefix, last ? "└─" : "├─", line);
}

/* The reasons of a service, and under each the reasons of what it waits for. */
static void
add_why (GString *text, ProcServices *services, const ProcEntry *entry, const char *prefix, GHashTable *seen)
{
  g_autoptr (ProcGate) gate = look_if_blocked (services, entry);
  g_autoptr (GPtrArray) reasons = collect_reasons (services, entry, gate);
  guint first = entry->held_by != NULL; /* the reasons before those of waiting_on */

  if (!g_hash_table_add (seen, entry->spec->name))
    return;
  for (guint i = 0; i < reasons->len; i++)
    {
      gboolean last = i + 1 == reasons->len;
      g_autofree char *below = g_strconcat (prefix, last ? "   " : "│  ", NULL);
      const ProcEntry *other = NULL;

      add_line (text, prefix, last, reasons->pdata[i]);
      if (gate != NULL && i >= first && i - first < gate->waiting_on->len)
        other = proc_services_get (services, gate->waiting_on->pdata[i - first]);
      if (other != NULL && (other->jobs->len > 1 || proc_entry_get_state (other) == PROC_STATE_BLOCKED))
        add_why (text, services, other, below, seen);
    }
}

JsonObject *
proc_why_to_json (ProcServices *services, const ProcEntry *entry)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (entry->spec->name);
  g_autofree char *state = describe (entry);

  g_string_append_printf (text, " is %s\n", state);
  add_why (text, services, entry, "", seen);
  json_object_set_string_member (object, "name", entry->spec->name);
  json_object_set_string_member (object, "state", proc_state_words[proc_entry_get_state (entry)]);
  proc_why_add (object, services, entry);
  json_object_set_string_member (object, "ascii", text->str);
  return object;
}

/* ---------------------------------------------------------------------------------------------- the tree */

typedef struct
{
  ProcServices *services;
  ProcVisible visible;
  gpointer data;
  GHashTable *shown; /* names whose children are in the text */
  GString *text;
} Tree;

/* What a name is to the asker: a service he may see, else somebody outside. */
static const ProcEntry *
get_visible (const Tree *tree, const char *name)
{
  const ProcEntry *entry = proc_services_get (tree->services, name);

  return entry != NULL && tree->visible (entry, tree->data) ? entry : NULL;
}

static const char *
state_word (const Tree *tree, const char *name)
{
  const ProcEntry *entry = get_visible (tree, name);

  if (entry != NULL)
    return proc_state_words[proc_entry_get_state (entry)];
  if (proc_services_get (tree->services, name) != NULL) /* of another context */
    return "unknown";
  return external_word (proc_externals_look (proc_services_get_externals (tree->services), name));
}

static void
add_branch (Tree *tree, const ProcEntry *entry, const char *prefix, guint depth)
{
  guint left = 0;

  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    left += g_strv_length (entry->spec->edges[edge]);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (char **name = entry->spec->edges[edge]; *name != NULL; name++)
      {
        const ProcEntry *other = get_visible (tree, *name);
        gboolean last = --left == 0;
        gboolean again = other != NULL && edge != PROC_EDGE_CONFLICTS && !g_hash_table_add (tree->shown, *name);
        g_autofree char *below = g_strconcat (prefix, last ? "   " : "│  ", NULL);
        g_autofree char *line
            = g_strdup_printf ("%s %s: %s%s%s", proc_edge_words[edge], *name, state_word (tree, *name),
                               other == NULL ? " (not ours)" : "", again ? " (see above)" : "");

        add_line (tree->text, prefix, last, line);
        if (other != NULL && edge != PROC_EDGE_CONFLICTS && !again && depth > 0)
          add_branch (tree, other, below, depth - 1);
      }
}

static gboolean
follow_visible (const char *from, const char *to, ProcEdge edge, gpointer data)
{
  return get_visible (data, from) != NULL;
}

/* The names of the tree: one service and all below it, or everything. Of char *; transfer full. */
static GPtrArray *
collect_names (Tree *tree, const char *name)
{
  ProcGraph *graph = proc_services_get_graph (tree->services);
  g_autoptr (GPtrArray) entries = proc_services_list (tree->services);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];
      g_autoptr (GPtrArray) below = NULL;

      if (name != NULL ? g_strcmp0 (name, entry->spec->name) != 0 : get_visible (tree, entry->spec->name) == NULL)
        continue;
      below = proc_graph_reach (graph, entry->spec->name, PROC_EDGES_ALL, FALSE, follow_visible, tree);
      for (guint j = 0; j < below->len; j++)
        if (!g_hash_table_contains (seen, below->pdata[j]))
          {
            g_ptr_array_add (names, g_strdup (below->pdata[j]));
            g_hash_table_add (seen, names->pdata[names->len - 1]);
          }
    }
  return names;
}

static gboolean
leads_anywhere (const ProcEntry *entry)
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    if (entry->spec->edges[edge][0] != NULL)
      return TRUE;
  return FALSE;
}

/* Whom the text begins with: the service asked for; of all, those that need others and nobody needs. */
static void
write_text (Tree *tree, const char *name, GPtrArray *names)
{
  ProcGraph *graph = proc_services_get_graph (tree->services);

  for (guint i = 0; i < names->len; i++)
    {
      const ProcEntry *entry = get_visible (tree, names->pdata[i]);
      g_autoptr (GPtrArray) dependents = proc_graph_get_dependents (graph, names->pdata[i], PROC_EDGES_ORDER);

      if (entry == NULL || (name != NULL ? i > 0 : dependents->len > 0 || !leads_anywhere (entry)))
        continue;
      g_string_append_printf (tree->text, "%s: %s\n", entry->spec->name, state_word (tree, entry->spec->name));
      add_branch (tree, entry, "", 32);
    }
}

JsonObject *
proc_tree_to_json (ProcServices *services, const char *name, ProcVisible visible, gpointer data)
{
  g_autoptr (GHashTable) shown = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (NULL);
  Tree tree = { services, visible, data, shown, text };
  g_autoptr (GPtrArray) names = collect_names (&tree, name);
  JsonObject *object = json_object_new ();
  JsonArray *nodes = json_array_new (), *edges = json_array_new ();

  for (guint i = 0; i < names->len; i++)
    {
      const ProcEntry *entry = get_visible (&tree, names->pdata[i]);
      JsonObject *node = json_object_new ();

      json_object_set_string_member (node, "name", names->pdata[i]);
      json_object_set_string_member (node, "state", state_word (&tree, names->pdata[i]));
      json_object_set_boolean_member (node, "external", entry == NULL);
      json_array_add_object_element (nodes, node);
      for (guint edge = 0; entry != NULL && edge < PROC_N_EDGES; edge++)
        for (char **to = entry->spec->edges[edge]; *to != NULL; to++)
          {
            JsonObject *line = json_object_new ();

            json_object_set_string_member (line, "from", names->pdata[i]);
            json_object_set_string_member (line, "to", *to);
            json_object_set_string_member (line, "type", proc_edge_words[edge]);
            json_array_add_object_element (edges, line);
          }
    }
  write_text (&tree, name, names);
  json_object_set_array_member (object, "nodes", nodes);
  json_object_set_array_member (object, "edges", edges);
  json_object_set_string_member (object, "ascii", text->str);
  return object;
}
