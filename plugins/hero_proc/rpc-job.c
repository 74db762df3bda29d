/* rpc-job.c: the methods of job.*, and the handlers of those that read. Service thread. */
#include "errors.h"
#include "job-json.h"
#include "job-output.h"
#include "names.h"
#include "rpc-job.h"
#include "rpc-logs.h"

/* ---------------------------------------------------------------------------------------------- one job */

/* The newest job of an action that the caller may see. */
static ProcJob *
newest_of (HeroProc *self, HeroRpcCall *call, const char *action)
{
  const GQueue *jobs = proc_jobs_of_action (self->jobs, action);

  for (GList *l = jobs != NULL ? jobs->tail : NULL; l != NULL; l = l->prev)
    if (proc_rpc_sees (call, ((ProcJob *)l->data)->context))
      return l->data;
  return NULL;
}

ProcJob *
proc_rpc_find_job (HeroProc *self, HeroRpcCall *call, JsonNode *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  ProcJob *job = NULL;

  if (type == G_TYPE_INT64 && json_node_get_int (node) > 0 && json_node_get_int (node) <= G_MAXUINT32)
    job = proc_jobs_get (self->jobs, (guint32)json_node_get_int (node));
  else if (type == G_TYPE_STRING)
    job = newest_of (self, call, json_node_get_string (node));
  return job != NULL && proc_rpc_sees (call, job->context) ? job : NULL;
}

ProcJob *
proc_rpc_get_job (HeroProc *self, HeroRpcCall *call)
{
  JsonNode *node = hero_rpc_get_node (call, "id");
  ProcJob *job = proc_rpc_find_job (self, call, node);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (job != NULL)
    return job;
  text = json_to_string (node, FALSE);
  error = g_error_new (PROC_ERROR, PROC_ERROR_JOB_NOT_FOUND, "job not found: %s", g_strdelimit (text, "\"", ' '));
  hero_proc_rpc_fail (call, error, NULL);
  return NULL;
}

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  ProcJob *job;
  gboolean in_wait; /* {done, job} */
} Answer;

static void
on_tails (const char *out, const char *err, gpointer data)
{
  g_autofree Answer *answer = data;
  g_autoptr (ProcJob) job = answer->job;
  JsonObject *object = proc_job_to_json (answer->self->jobs, answer->self->contexts, job, TRUE), *outer;

  json_object_set_string_member (object, "stdout", out);
  json_object_set_string_member (object, "stderr", err);
  if (!answer->in_wait)
    {
      hero_rpc_return_object (answer->call, object);
      return;
    }
  outer = json_object_new ();
  json_object_set_boolean_member (outer, "done", !proc_job_is_active (job));
  json_object_set_object_member (outer, "job", object);
  hero_rpc_return_object (answer->call, outer);
}

void
proc_rpc_return_job (HeroProc *self, HeroRpcCall *call, ProcJob *job, gboolean in_wait)
{
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ self, call, proc_job_ref (job), in_wait };
  proc_job_read_tails (job, self->capture, self->logs, self->log_workers, on_tails, answer);
}

static void
job_get (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);

  if (job != NULL)
    proc_rpc_return_job (self, call, job, FALSE);
}

static void
on_waited (gpointer data)
{
  g_autoptr (ProcJobPending) pending = data;

  proc_rpc_return_job (pending->self, pending->call, pending->job, TRUE);
}

static void
job_wait (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);

  if (job != NULL)
    proc_job_waits_add (self->waits, job, hero_rpc_get_integer (call, "timeout_ms"), on_waited,
                        proc_job_pending_new (self, call, job));
}

ProcJobPending *
proc_job_pending_new (HeroProc *self, HeroRpcCall *call, ProcJob *job)
{
  ProcJobPending *pending = g_new0 (ProcJobPending, 1);

  pending->self = self;
  pending->call = call;
  pending->job = job != NULL ? proc_job_ref (job) : NULL;
  return pending;
}

void
proc_job_pending_free (ProcJobPending *pending)
{
  g_clear_pointer (&pending->job, proc_job_unref);
  g_free (pending);
}

/* ---------------------------------------------------------------------------------------------- many jobs */

const char *const proc_phase_sets[] = { "active", "done", "success", "error", NULL };

guint
proc_phases_parse (const char *word)
{
  static const guint sets[] = {
    (1 << (PROC_PHASE_STOPPING + 1)) - 1,
    1 << PROC_PHASE_SUCCEEDED | 1 << PROC_PHASE_FAILED | 1 << PROC_PHASE_CANCELLED | 1 << PROC_PHASE_SKIPPED,
    1 << PROC_PHASE_SUCCEEDED,
    1 << PROC_PHASE_FAILED | 1 << PROC_PHASE_RETRYING,
  };
  int phase = proc_word_parse (proc_phase_words, word), set = proc_word_parse (proc_phase_sets, word);

  return phase >= 0 ? 1u << phase : set >= 0 ? sets[set] : 0;
}

gboolean
proc_rpc_read_phases (HeroRpcCall *call, guint *phases)
{
  const char *text = hero_rpc_get_string (call, "phase");
  g_autofree char *list = NULL, *expected = NULL;

  *phases = text != NULL ? proc_phases_parse (text) : G_MAXUINT;
  if (*phases != 0)
    return TRUE;
  list = proc_word_list (proc_phase_words);
  expected = g_strdup_printf ("one of %s|done|active|success|error", list);
  hero_rpc_fail_param (call, "phase", expected, text);
  return FALSE;
}

gboolean
proc_rpc_read_job_filter (HeroProc *self, HeroRpcCall *call, ProcJobFilter *filter)
{
  *filter = (ProcJobFilter){ .tag = hero_rpc_get_string (call, "tag"),
                             .action = hero_rpc_get_string (call, "action"),
                             .service = hero_rpc_get_string (call, "service"),
                             .run_id = (guint32)hero_rpc_get_integer (call, "run_id"),
                             .tty = hero_rpc_has (call, "tty") ? hero_rpc_get_boolean (call, "tty") : -1,
                             .active = hero_rpc_has (call, "active") ? hero_rpc_get_boolean (call, "active") : -1,
                             .archived = hero_rpc_get_boolean (call, "archived") };
  return proc_rpc_read_phases (call, &filter->phases) && hero_proc_rpc_read_time (call, "since", &filter->since_ms)
         && hero_proc_rpc_read_time (call, "until", &filter->until_ms)
         && hero_proc_rpc_get_context (self, call, &filter->context, &filter->any_context);
}

gboolean
proc_job_passes (const ProcJob *job, const ProcJobFilter *filter)
{
  return (filter->phases & (1u << job->phase)) != 0 && (filter->any_context || job->context == filter->context)
         && job->archived == filter->archived && (filter->run_id == 0 || job->run_id == filter->run_id)
         && (filter->active < 0 || proc_job_is_active (job) == filter->active)
         && (filter->tty < 0 || job->spec->tty.enabled == filter->tty)
         && (filter->since_ms == 0 || job->created_at >= filter->since_ms)
         && (filter->until_ms == 0 || job->created_at < filter->until_ms)
         && (filter->service == NULL || g_strcmp0 (job->service, filter->service) == 0)
         && (filter->action == NULL || g_strcmp0 (job->action_name, filter->action) == 0
             || g_strcmp0 (job->action, filter->action) == 0)
         && (filter->tag == NULL || g_strv_contains ((const char *const *)job->tags, filter->tag));
}

typedef struct
{
  HeroProc *self;
  const ProcJobFilter *filter;
  gint64 offset, limit;
  gboolean full;
  JsonArray *array;
} Listing;

static gboolean
list_one (ProcJob *job, gpointer data)
{
  Listing *listing = data;

  if (!proc_job_passes (job, listing->filter) || listing->offset-- > 0)
    return TRUE;
  json_array_add_object_element (listing->array,
                                 proc_job_to_json (listing->self->jobs, listing->self->contexts, job, listing->full));
  return --listing->limit > 0;
}

static void
job_list (gpointer data, HeroRpcCall *call)
{
  ProcJobFilter filter;
  Listing listing = { data,
                      &filter,
                      hero_rpc_get_integer (call, "offset"),
                      hero_rpc_get_integer (call, "limit"),
                      hero_rpc_get_boolean (call, "full"),
                      NULL };

  if (!proc_rpc_read_job_filter (data, call, &filter))
    return;
  listing.array = json_array_new ();
  proc_jobs_foreach (listing.self->jobs, list_one, &listing);
  hero_rpc_return_array (call, listing.array);
}

typedef struct
{
  const ProcJobFilter *filter;
  guint total, by_phase[PROC_PHASE_SKIPPED + 1];
} Count;

static gboolean
count_one (ProcJob *job, gpointer data)
{
  Count *count = data;

  if (proc_job_passes (job, count->filter))
    {
      count->total++;
      count->by_phase[job->phase]++;
    }
  return TRUE;
}

static void
job_count (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJobFilter filter;
  Count count = { &filter, 0, { 0 } };
  JsonObject *object, *by_phase;

  if (!proc_rpc_read_job_filter (data, call, &filter))
    return;
  proc_jobs_foreach (self->jobs, count_one, &count);
  object = json_object_new ();
  by_phase = json_object_new ();
  for (guint i = 0; i < G_N_ELEMENTS (count.by_phase); i++)
    json_object_set_int_member (by_phase, proc_phase_words[i], count.by_phase[i]);
  json_object_set_int_member (object, "total", count.total);
  json_object_set_object_member (object, "by_phase", by_phase);
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- the table */

#define ID                                                                                                             \
  {                                                                                                                    \
    "id", HERO_ANY, HERO_REQUIRED, "Its number, or the name of an action: its newest job.", NULL, "job_id|name"        \
  }
#define FORCE                                                                                                          \
  {                                                                                                                    \
    "force", HERO_BOOLEAN, 0, "SIGKILL at once.", "false"                                                              \
  }
#define FILTER                                                                                                         \
  { "context", HERO_ANY, 0, "Only this context, a number or a name." },                                                \
  {                                                                                                                    \
    "tag", HERO_STRING (1, 64), 0, "Only with this tag."                                                               \
  }
#define JOB_FILTER                                                                                                     \
  { "phase", HERO_STRING (1, 64), 0, "Only in this phase; also done, active, success, error." },                       \
      { "action", HERO_STRING (1, 200), 0, "Only of this action." },                                                   \
      { "service", HERO_STRING (1, 64), 0, "Only of this service." },                                                  \
      { "run_id", HERO_INTEGER (1, G_MAXUINT32), 0, "Only of this run." },                                             \
      { "tty", HERO_BOOLEAN, 0, "Only with, or without, a terminal." },                                                \
      { "active", HERO_BOOLEAN, 0, "Only those not over, or over." },                                                  \
      { "archived", HERO_BOOLEAN, 0, "The archived ones instead of the others.", "false" },                            \
      { "since", HERO_ANY, 0, "Not made before this time: ms, seconds or RFC 3339." },                                 \
  {                                                                                                                    \
    "until", HERO_ANY, 0, "Made before this time."                                                                     \
  }

static const HeroRpcParam id_params[] = { ID, { NULL } };

static const HeroRpcParam create_params[]
    = { { "action", HERO_ANY, 0, "The name of an action, or an ActionSpec.", NULL, "spec|config" },
        { "env", HERO_OBJECT, 0, "Variables over the action's." },
        { "args", HERO_STRINGS (0, PROC_MAX_ARGS), 0, "Arguments after the action's." },
        { "tags", HERO_STRINGS (0, PROC_MAX_TAGS), 0, "Tags beside the action's." },
        { "name", HERO_STRING (1, 128), 0, "A name for the job. Default: the action's." },
        { "context", HERO_ANY, 0, "Its context, a number or a name. Default: the action's." },
        { "wait_ms", HERO_INTEGER (0, 600000), 0, "Answer when it is over, or after this time.", "0" },
        { "save", HERO_BOOLEAN, 0, "Keep the given ActionSpec as an action.", "false" },
        { NULL } };

static const HeroRpcParam list_params[] = { FILTER,
                                            { "limit", HERO_INTEGER (1, 1000), 0, "At most so many.", "100" },
                                            { "offset", HERO_INTEGER (0, 100000000), 0, "Leave out so many.", "0" },
                                            JOB_FILTER,
                                            { "full", HERO_BOOLEAN, 0, "With spec and script.", "false" },
                                            { NULL } };

static const HeroRpcParam count_params[] = { FILTER, JOB_FILTER, { NULL } };

static const HeroRpcParam wait_params[]
    = { ID, { "timeout_ms", HERO_INTEGER (0, 600000), 0, "How long to wait.", "60000" }, { NULL } };

static const HeroRpcParam cancel_params[]
    = { ID, FORCE, { "wait", HERO_BOOLEAN, 0, "Answer when nothing of it is left.", "true" }, { NULL } };

static const HeroRpcParam cancel_all_params[] = { { "tag", HERO_STRING (1, 64), 0, "Only with this tag." },
                                                  { "action", HERO_STRING (1, 128), 0, "Only of this action." },
                                                  { "services", HERO_BOOLEAN, 0, "Jobs of services too.", "false" },
                                                  FORCE,
                                                  { NULL } };

static const HeroRpcParam delete_params[]
    = { { "id", HERO_ANY, 0, "Its number.", NULL, "job_id|name" },
        { "ids", HERO_ARRAY (1, 10000), 0, "Several, instead of id; active ones are skipped." },
        { "force", HERO_BOOLEAN, 0, "End active ones first, by SIGKILL.", "false" },
        { NULL } };

static const HeroRpcParam clean_params[]
    = { { "older_than_ms", HERO_INTEGER (0, G_MAXINT64), 0, "Only those over for so long." },
        { "phase", HERO_STRING (1, 64), 0, "Only in this phase; also done, success, error." },
        { "action", HERO_STRING (1, 200), 0, "Only of this action." },
        { "keep", HERO_INTEGER (0, 1000000), 0, "Leave the newest so many.", "0" },
        { NULL } };

static const HeroRpcParam by_tag_params[]
    = { { "tag", HERO_ANY, HERO_REQUIRED, "A tag, or an array of tags.", NULL, "tags" },
        { "force", HERO_BOOLEAN, 0, "End active ones first, by SIGKILL.", "false" },
        { "match", HERO_ENUM ("any|all"), 0, "With several tags: any of them, or all.", "\"any\"" },
        { NULL } };

static const HeroRpcParam archive_params[]
    = { ID, { "archived", HERO_BOOLEAN, 0, "false brings it back.", "true" }, { NULL } };

static const HeroRpcParam ready_params[]
    = { ID, { "message", HERO_STRING (0, 1024), 0, "What it says of itself." }, { NULL } };

static const HeroRpcParam kill_params[]
    = { ID, { "signal", HERO_ANY, 0, "Name or number of the signal.", "\"SIGTERM\"" }, { NULL } };

#define OK_SCHEMA(members) "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}" members "}}"
#define SKIPPED ",\"skipped\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define CHANGES HERO_RPC_WRITES
#define WAITS HERO_RPC_WRITES | HERO_RPC_WAITS

const HeroRpcMethod proc_job_methods[] = {
  { "job.create", proc_rpc_job_create, create_params, "Job", "Run an action once.",
    "The action is one that is defined, or is given here. Its ActionSpec may also stand in params itself.", "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_STORAGE, RPC_LIMIT), WAITS,
    "job.submit|job.start|job.run|action.run" },
  { "job.list", job_list, list_params, "[]Job", "Jobs, the newest first.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0,
    NULL },
  { "job.count", job_count, count_params,
    "{\"type\":\"object\",\"properties\":{\"total\":{\"type\":\"integer\"},\"by_phase\":{\"type\":\"object\"}}}",
    "How many jobs there are.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "job.get", job_get, id_params, "Job", "One job, with the end of its output.", NULL, "jobs", ERRORS (RPC_NOT_FOUND),
    0, "job.status" },
  { "job.wait", job_wait, wait_params,
    "{\"type\":\"object\",\"properties\":{\"done\":{\"type\":\"boolean\"},\"job\":{\"$ref\":\"#/components/schemas/"
    "Job\"}}}",
    "Wait for the end of a job.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), HERO_RPC_WAITS, NULL },
  { "job.retry", proc_rpc_job_retry, id_params, "Job", "Run a job that is over again, as a new job.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), CHANGES, NULL },
  { "job.cancel", proc_rpc_job_cancel, cancel_params, OK_SCHEMA (",\"phase\":{\"type\":\"string\"}"), "End a job.",
    NULL, "jobs", ERRORS (RPC_NOT_FOUND), WAITS, "job.stop" },
  { "job.cancel_all", proc_rpc_job_cancel_all, cancel_all_params, OK_SCHEMA (",\"cancelled\":{\"type\":\"integer\"}"),
    "End all jobs, or those of a tag or an action.", NULL, "jobs", NULL, WAITS, "cancel_all" },
  { "job.delete", proc_rpc_job_delete, delete_params, OK_SCHEMA (",\"deleted\":{\"type\":\"integer\"}" SKIPPED),
    "Delete the records of jobs.", NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), WAITS, "job.remove" },
  { "job.clean", proc_rpc_job_clean, clean_params, OK_SCHEMA (",\"deleted\":{\"type\":\"integer\"}"),
    "Delete the records of jobs that are over.", NULL, "jobs", ERRORS (RPC_STORAGE), WAITS, "job.purge" },
  { "job.clean_by_tag", proc_rpc_job_clean_by_tag, by_tag_params,
    OK_SCHEMA (",\"deleted\":{\"type\":\"integer\"}" SKIPPED), "Delete the records of jobs with a tag.", NULL, "jobs",
    ERRORS (RPC_STORAGE), WAITS, NULL },
  { "job.archive", proc_rpc_job_archive, archive_params, OK_SCHEMA (""), "Take a job out of the usual lists.", NULL,
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), CHANGES, NULL },
  { "job.ready", proc_rpc_job_ready, ready_params, "Ok", "Say for a job that it is ready.",
    "As READY=1 on the notify socket does.", "jobs", ERRORS (RPC_NOT_FOUND, RPC_STATE), CHANGES, NULL },
  { "job.kill", proc_rpc_job_kill, kill_params,
    OK_SCHEMA (",\"pids\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}"),
    "Send a signal to the processes of a job.", NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN, RPC_INVALID_SIGNAL),
    CHANGES, "job.signal" },
  { NULL }
};

const HeroRpcSchema proc_job_schemas[] = {
  { "ActionSpec",
    "{\"type\":\"object\",\"description\":\"What an action is. Members left out have their default.\",\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"context\":{\"type\":[\"integer\",\"string\"]},"
    "\"ephemeral\":{\"type\":\"boolean\"},\"log\":{\"enum\":[\"store\",\"none\"]},"
    "\"interpreter\":{\"type\":\"string\"},\"script\":{\"type\":\"string\"},"
    "\"args\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"cwd\":{\"type\":\"string\"},"
    "\"env\":{\"type\":\"object\"},\"is_process\":{\"type\":\"boolean\"},\"timeout_ms\":{\"type\":\"integer\"},"
    "\"success_exit_codes\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"restart\":{\"enum\":[\"always\",\"on_failure\",\"never\"]},\"retry_policy\":{\"type\":\"object\"},"
    "\"stop_signal\":{\"type\":[\"string\",\"integer\"]},\"stop_timeout_ms\":{\"type\":\"integer\"},"
    "\"tty\":{\"type\":\"boolean\"},\"tty_size\":{\"type\":\"object\"},"
    "\"schedule_policy\":{\"type\":[\"object\",\"null\"]},"
    "\"depends_on\":{\"type\":[\"array\",\"null\"]}},\"required\":[\"name\"]}" },
  { "Job",
    "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
    "\"action\":{\"type\":\"string\"},\"action_name\":{\"type\":\"string\"},\"service\":{\"type\":[\"string\",\"null\"]"
    "},"
    "\"run_id\":{\"type\":[\"integer\",\"null\"]},\"key\":{\"type\":[\"string\",\"null\"]},"
    "\"context\":{\"type\":\"integer\"},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"trigger\":{\"type\":\"string\"},\"phase\":{\"type\":\"string\"},\"ready\":{\"type\":\"boolean\"},"
    "\"tty\":{\"type\":\"boolean\"},\"is_process\":{\"type\":\"boolean\"},\"adopted\":{\"type\":\"boolean\"},\"archived\":{\"type\":\"boolean\"},"
    "\"dropped_lines\":{\"type\":\"integer\"},\"pid\":{\"type\":\"integer\"},\"pgid\":{\"type\":\"integer\"},"
    "\"attempt\":{\"type\":\"integer\"},\"max_attempts\":{\"type\":\"integer\"},\"restart_count\":{\"type\":"
    "\"integer\"},"
    "\"attempts\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"created_at\":{\"type\":\"integer\"},"
    "\"queued_at\":{\"type\":[\"integer\",\"null\"]},\"started_at\":{\"type\":[\"integer\",\"null\"]},"
    "\"ready_at\":{\"type\":[\"integer\",\"null\"]},\"finished_at\":{\"type\":[\"integer\",\"null\"]},"
    "\"next_attempt_at\":{\"type\":[\"integer\",\"null\"]},\"exit_code\":{\"type\":[\"integer\",\"null\"]},"
    "\"signal\":{\"type\":[\"string\",\"null\"]},\"failure\":{\"type\":[\"string\",\"null\"]},"
    "\"error\":{\"type\":[\"string\",\"null\"]},\"stdout\":{\"type\":\"string\"},\"stderr\":{\"type\":\"string\"},"
    "\"spec\":{\"$ref\":\"#/components/schemas/ActionSpec\"},\"script\":{\"type\":\"string\"}}}" },
  { NULL }
};
