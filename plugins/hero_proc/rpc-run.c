/* rpc-run.c: the methods of run.*, and the handlers that only look. Service thread. */
#include "errors.h"
#include "job-json.h"
#include "json-write.h"
#include "names.h"
#include "rpc-run.h"

/* ---------------------------------------------------------------------------------------------- reading */

ProcRun *
proc_rpc_find_run (HeroProc *self, HeroRpcCall *call, gint64 id)
{
  ProcRun *run = id > 0 && id <= G_MAXUINT32 ? proc_runs_get (self->runs, (guint32)id) : NULL;

  return run != NULL && proc_rpc_sees (call, run->context) ? run : NULL;
}

void
proc_rpc_fail_no_run (HeroRpcCall *call, guint32 id)
{
  g_autoptr (GError) error = g_error_new (PROC_ERROR, PROC_ERROR_RUN_NOT_FOUND, "run not found: %u", id);

  hero_proc_rpc_fail (call, error, NULL);
}

void
proc_rpc_fail_run_active (HeroRpcCall *call, const ProcRun *run)
{
  g_autoptr (GError) error = g_error_new (PROC_ERROR, PROC_ERROR_RUN_ACTIVE, "run is active: %u", run->id);

  hero_proc_rpc_fail (call, error, NULL);
}

ProcRun *
proc_rpc_get_run (HeroProc *self, HeroRpcCall *call)
{
  gint64 id = hero_rpc_get_integer (call, "id");
  ProcRun *run = proc_rpc_find_run (self, call, id);

  if (run == NULL)
    proc_rpc_fail_no_run (call, (guint32)id);
  return run;
}

static void
set_jobs (HeroProc *self, JsonObject *object, const ProcRun *run)
{
  JsonArray *ids = json_array_new ();
  JsonObject *counts = json_object_new ();
  guint by_phase[PROC_PHASE_SKIPPED + 1] = { 0 };

  for (guint i = 0; i < run->members->len; i++)
    {
      json_array_add_int_element (ids, proc_run_get_member (run, i)->job_id);
      by_phase[proc_runs_get_phase (self->runs, run, i)]++;
    }
  for (guint i = 0; i < G_N_ELEMENTS (by_phase); i++)
    json_object_set_int_member (counts, proc_phase_words[i], by_phase[i]);
  json_object_set_array_member (object, "jobs", ids);
  json_object_set_object_member (object, "counts", counts);
}

JsonObject *
proc_rpc_run_to_json (HeroProc *self, const ProcRun *run)
{
  JsonObject *object = json_object_new ();
  JsonArray *depends = json_array_new ();

  json_object_set_int_member (object, "id", run->id);
  json_object_set_string_member (object, "name", run->name);
  proc_json_set_text (object, "service", run->service);
  json_object_set_string_member (object, "state", proc_run_state_words[run->state]);
  json_object_set_int_member (object, "context", run->context);
  json_object_set_array_member (object, "tags", proc_json_from_texts (run->tags));
  for (guint i = 0; i < run->depends_on_runs->len; i++)
    json_array_add_int_element (depends, g_array_index (run->depends_on_runs, guint32, i));
  json_object_set_array_member (object, "depends_on_runs", depends);
  json_object_set_string_member (object, "on_failure", proc_on_failure_words[run->on_failure]);
  json_object_set_int_member (object, "max_parallel", run->max_parallel);
  set_jobs (self, object, run);
  json_object_set_string_member (object, "trigger", proc_trigger_words[run->trigger]);
  json_object_set_boolean_member (object, "archived", run->archived);
  proc_json_set_number (object, "created_at", run->created_at, 0);
  proc_json_set_number (object, "started_at", run->started_at, 0);
  proc_json_set_number (object, "finished_at", run->finished_at, 0);
  proc_json_set_text (object, "error", run->error);
  return object;
}

static void
run_get (gpointer data, HeroRpcCall *call)
{
  ProcRun *run = proc_rpc_get_run (data, call);

  if (run != NULL)
    hero_rpc_return_object (call, proc_rpc_run_to_json (data, run));
}

static void
run_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *tag = hero_rpc_get_string (call, "tag"), *word = hero_rpc_get_string (call, "state");
  const char *service = hero_rpc_get_string (call, "service");
  gint64 offset = hero_rpc_get_integer (call, "offset"), limit = hero_rpc_get_integer (call, "limit");
  gboolean archived = hero_rpc_get_boolean (call, "archived"), any;
  int state = word != NULL ? proc_word_parse (proc_run_state_words, word) : -1;
  g_autoptr (GPtrArray) runs = NULL;
  guint32 context;
  JsonArray *array;

  if (word != NULL && state < 0)
    {
      g_autofree char *list = proc_word_list (proc_run_state_words);
      g_autofree char *expected = g_strconcat ("one of ", list, NULL);

      hero_rpc_fail_param (call, "state", expected, word);
      return;
    }
  if (!hero_proc_rpc_get_context (self, call, &context, &any))
    return;
  runs = proc_runs_list (self->runs);
  array = json_array_new ();
  for (guint i = 0; i < runs->len && limit > 0; i++)
    {
      const ProcRun *run = runs->pdata[i];

      if ((!any && run->context != context) || run->archived != archived || (state >= 0 && (int)run->state != state)
          || (service != NULL && g_strcmp0 (run->service, service) != 0)
          || (tag != NULL && !g_strv_contains ((const char *const *)run->tags, tag))
          || (hero_rpc_has (call, "active") && proc_run_is_active (run) != hero_rpc_get_boolean (call, "active"))
          || offset-- > 0)
        continue;
      json_array_add_object_element (array, proc_rpc_run_to_json (self, run));
      limit--;
    }
  hero_rpc_return_array (call, array);
}

static void
run_jobs (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);
  JsonArray *array;

  if (run == NULL)
    return;
  array = json_array_new ();
  for (guint i = 0; i < run->members->len; i++)
    {
      const ProcJob *job = proc_runs_get_job (self->runs, run, i);

      if (job != NULL)
        json_array_add_object_element (array, proc_job_to_json (self->jobs, self->contexts, job, FALSE));
    }
  hero_rpc_return_array (call, array);
}

static JsonObject *
edge_to_json (const ProcRun *run, const ProcRunMember *member, const ProcRunEdge *edge)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "from", proc_run_get_member (run, edge->node)->key);
  json_object_set_string_member (object, "to", member->key);
  json_object_set_string_member (object, "when", proc_when_words[edge->when]);
  return object;
}

static void
run_graph (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);
  JsonArray *nodes, *edges;
  JsonObject *object;

  if (run == NULL)
    return;
  nodes = json_array_new ();
  edges = json_array_new ();
  for (guint i = 0; i < run->members->len; i++)
    {
      const ProcRunMember *member = proc_run_get_member (run, i);
      JsonObject *node = json_object_new ();

      json_object_set_string_member (node, "key", member->key);
      json_object_set_int_member (node, "job_id", member->job_id);
      json_object_set_string_member (node, "phase", proc_phase_words[proc_runs_get_phase (self->runs, run, i)]);
      json_array_add_object_element (nodes, node);
      for (guint j = 0; j < member->edges->len; j++)
        {
          const ProcRunEdge *edge = &g_array_index (member->edges, ProcRunEdge, j);

          json_array_add_object_element (edges, edge_to_json (run, member, edge));
        }
    }
  object = json_object_new ();
  json_object_set_array_member (object, "nodes", nodes);
  json_object_set_array_member (object, "edges", edges);
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- the table */

#define ID { "id", HERO_INTEGER (1, G_MAXUINT32), HERO_REQUIRED, "Its number.", NULL, "run_id" }

static const HeroRpcParam id_params[] = { ID, { NULL } };

static const HeroRpcParam submit_params[]
    = { { "jobs", HERO_ARRAY (1, 100000), HERO_REQUIRED,
          "Its jobs: names of actions, or {key, action, depends_on, env, args, tags}; action is a name or a whole "
          "ActionSpec.",
          NULL, "actions" },
        { "name", HERO_STRING (1, 128), 0, "A name for it." },
        { "tags", HERO_STRINGS (0, PROC_MAX_TAGS), 0, "Its tags." },
        { "context", HERO_ANY, 0, "Its context, a number or a name." },
        { "depends_on_runs", HERO_ARRAY (0, 1000), 0, "Runs that must have succeeded first." },
        { "on_failure", HERO_ENUM ("stop|cancel|continue"), 0,
          "When a job fails: skip what depends on it, cancel the others, or go on as if it were done.", "\"stop\"" },
        { "max_parallel", HERO_INTEGER (0, 1000), 0, "So many jobs at a time; 0 = no limit.", "0" },
        { "wait_ms", HERO_INTEGER (0, 600000), 0, "Answer when it is over, or after this time.", "0" },
        { NULL } };

static const HeroRpcParam list_params[]
    = { { "context", HERO_ANY, 0, "Only this context, a number or a name." },
        { "tag", HERO_STRING (1, 64), 0, "Only with this tag." },
        { "limit", HERO_INTEGER (1, 1000), 0, "At most so many.", "100" },
        { "offset", HERO_INTEGER (0, 100000000), 0, "Leave out so many.", "0" },
        { "state", HERO_STRING (1, 64), 0, "Only in this state." },
        { "service", HERO_STRING (1, 64), 0, "Only starts of this service." },
        { "active", HERO_BOOLEAN, 0, "Only those not over, or over." },
        { "archived", HERO_BOOLEAN, 0, "The archived ones instead of the others.", "false" },
        { NULL } };

static const HeroRpcParam wait_params[]
    = { ID, { "timeout_ms", HERO_INTEGER (0, 600000), 0, "How long to wait.", "60000" }, { NULL } };

static const HeroRpcParam cancel_params[]
    = { ID,
        { "force", HERO_BOOLEAN, 0, "SIGKILL at once.", "false" },
        { "wait", HERO_BOOLEAN, 0, "Answer when nothing of it is left.", "true" },
        { NULL } };

static const HeroRpcParam delete_params[]
    = { { "id", HERO_INTEGER (1, G_MAXUINT32), 0, "Its number.", NULL, "run_id" },
        { "ids", HERO_ARRAY (1, 10000), 0, "Several, instead of id; active ones are skipped." },
        { "force", HERO_BOOLEAN, 0, "End active ones first, by SIGKILL.", "false" },
        { NULL } };

static const HeroRpcParam by_tag_params[]
    = { { "tag", HERO_ANY, HERO_REQUIRED, "A tag, or an array of tags.", NULL, "tags" },
        { "force", HERO_BOOLEAN, 0, "End active ones first, by SIGKILL.", "false" },
        { "match", HERO_ENUM ("any|all"), 0, "With several tags: any of them, or all.", "\"any\"" },
        { NULL } };

static const HeroRpcParam archive_params[]
    = { ID, { "archived", HERO_BOOLEAN, 0, "false brings it back.", "true" }, { NULL } };

static const HeroRpcParam retry_params[]
    = { ID, { "failed_only", HERO_BOOLEAN, 0, "Only the jobs that did not succeed.", "true" }, { NULL } };

#define OK_SCHEMA(members) "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}" members "}}"
#define DELETED                                                                                                        \
  OK_SCHEMA (",\"deleted\":{\"type\":\"integer\"},\"skipped\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}")
#define CHANGES HERO_RPC_WRITES
#define WAITS HERO_RPC_WRITES | HERO_RPC_WAITS

const HeroRpcMethod proc_run_methods[] = {
  { "run.submit", proc_rpc_run_submit, submit_params, "Run", "Run several jobs in an order.",
    "All jobs are recorded, or none.", "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_CONFIG, RPC_DEPENDENCY, RPC_STORAGE, RPC_LIMIT), WAITS, "run.create|run.start" },
  { "run.list", run_list, list_params, "[]Run", "Runs, the newest first.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0,
    NULL },
  { "run.get", run_get, id_params, "Run", "One run.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, "run.status" },
  { "run.wait", proc_rpc_run_wait, wait_params,
    "{\"type\":\"object\",\"properties\":{\"done\":{\"type\":\"boolean\"},\"run\":{\"$ref\":\"#/components/schemas/"
    "Run\"}}}",
    "Wait for the end of a run.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), HERO_RPC_WAITS, NULL },
  { "run.cancel", proc_rpc_run_cancel, cancel_params, OK_SCHEMA (",\"cancelled\":{\"type\":\"integer\"}"),
    "End a run and its jobs.", "cancelled: so many of its jobs were not over.", "jobs", ERRORS (RPC_NOT_FOUND), WAITS,
    "run.stop" },
  { "run.delete", proc_rpc_run_delete, delete_params, DELETED, "Delete the records of runs and of their jobs.", NULL,
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), WAITS, NULL },
  { "run.clean_by_tag", proc_rpc_run_clean_by_tag, by_tag_params, DELETED,
    "Delete the records of runs with a tag, and of their jobs.", NULL, "jobs", ERRORS (RPC_STORAGE), WAITS, NULL },
  { "run.archive", proc_rpc_run_archive, archive_params, OK_SCHEMA (""), "Take a run out of the usual lists.", NULL,
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), CHANGES, NULL },
  { "run.retry", proc_rpc_run_retry, retry_params, "Run", "Run the jobs of a run that is over again, as a new run.",
    "What ran before the first of them does not run again; the order between them stays.", "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), CHANGES, NULL },
  { "run.jobs", run_jobs, id_params, "[]Job", "The jobs of a run.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "run.graph", run_graph, id_params,
    "{\"type\":\"object\",\"properties\":{\"nodes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"edges\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}",
    "The jobs of a run and their order.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { NULL }
};

const HeroRpcSchema proc_run_schemas[] = {
  { "Run",
    "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
    "\"service\":{\"type\":[\"string\",\"null\"]},\"state\":{\"type\":\"string\"},\"context\":{\"type\":\"integer\"},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"depends_on_runs\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"on_failure\":{\"type\":\"string\"},"
    "\"max_parallel\":{\"type\":\"integer\"},\"jobs\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"counts\":{\"type\":\"object\"},\"trigger\":{\"type\":\"string\"},\"archived\":{\"type\":\"boolean\"},"
    "\"created_at\":{\"type\":\"integer\"},\"started_at\":{\"type\":[\"integer\",\"null\"]},"
    "\"finished_at\":{\"type\":[\"integer\",\"null\"]},\"error\":{\"type\":[\"string\",\"null\"]}}}" },
  { NULL }
};
