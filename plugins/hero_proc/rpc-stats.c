/* rpc-stats.c: what services and jobs use: service.stats, job.stats, and their children. Service thread. */
#include "errors.h"
#include "rpc-job.h"
#include "stats-json.h"

/* A call that waits for a measurement. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  char *name;
  char *service;     /* NULL = it is about a job */
  GPtrArray *jobs;   /* ProcJob, that had a process when it was asked */
  gboolean children; /* only these */
} Question;

static void
question_free (Question *question)
{
  g_free (question->name);
  g_free (question->service);
  g_ptr_array_unref (question->jobs);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static Question *
question_new (HeroProc *self, HeroRpcCall *call, const char *name, gboolean children)
{
  Question *question = g_new0 (Question, 1);

  question->self = self;
  question->call = call;
  question->name = g_strdup (name);
  question->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  question->children = children;
  return question;
}

static void
fail_down (Question *question)
{
  g_autoptr (GError) error
      = question->service != NULL
            ? g_error_new (PROC_ERROR, PROC_ERROR_IS_DOWN, "service is down: %s", question->name)
            : g_error_new (PROC_ERROR, PROC_ERROR_JOB_NOT_RUNNING, "job is not running: %s", question->name);

  hero_proc_rpc_fail (question->call, error, question->service);
}

static const char *
state_of (Question *question)
{
  ProcEntry *entry = question->service != NULL ? proc_services_get (question->self->services, question->service) : NULL;

  if (entry != NULL)
    return proc_state_words[proc_entry_get_state (entry)];
  return proc_phase_words[((ProcJob *)question->jobs->pdata[0])->phase];
}

static gboolean
found_any (const GArray *views)
{
  for (guint i = 0; i < views->len; i++)
    if (g_array_index (views, ProcStatsView, i).n_members > 0)
      return TRUE;
  return FALSE;
}

static void
on_measured (const GArray *views, gpointer data)
{
  g_autoptr (Question) question = data;
  JsonObject *object;

  if (!found_any (views))
    {
      fail_down (question);
      return;
    }
  if (question->children)
    {
      object = json_object_new ();
      json_object_set_array_member (object, "children", proc_children_to_json (question->jobs, views));
    }
  else
    {
      object = proc_stats_to_json (question->self->stats, question->jobs, views);
      json_object_set_string_member (object, "name", question->name);
      json_object_set_string_member (object, "state", state_of (question));
    }
  hero_rpc_return_object (question->call, object);
}

/* Takes the question. */
static void
ask (Question *question)
{
  if (question->jobs->len > 0)
    {
      proc_stats_ask (question->self->stats, question->jobs, on_measured, question);
      return;
    }
  fail_down (question);
  question_free (question);
}

static void
ask_about_service (HeroProc *self, HeroRpcCall *call, gboolean children)
{
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  Question *question;

  if (entry == NULL)
    return;
  question = question_new (self, call, entry->spec->name, children);
  question->service = g_strdup (entry->spec->name);
  for (guint i = 0; i < entry->jobs->len; i++)
    if (((ProcJob *)entry->jobs->pdata[i])->pid != 0)
      g_ptr_array_add (question->jobs, proc_job_ref (entry->jobs->pdata[i]));
  ask (question);
}

static void
ask_about_job (HeroProc *self, HeroRpcCall *call, gboolean children)
{
  ProcJob *job = proc_rpc_get_job (self, call);
  Question *question;

  if (job == NULL)
    return;
  question = question_new (self, call, job->name, children);
  if (job->pid != 0)
    g_ptr_array_add (question->jobs, proc_job_ref (job));
  ask (question);
}

static void
service_stats (gpointer data, HeroRpcCall *call)
{
  ask_about_service (data, call, FALSE);
}

static void
service_children (gpointer data, HeroRpcCall *call)
{
  ask_about_service (data, call, TRUE);
}

static void
job_stats (gpointer data, HeroRpcCall *call)
{
  ask_about_job (data, call, FALSE);
}

static void
job_children (gpointer data, HeroRpcCall *call)
{
  ask_about_job (data, call, TRUE);
}

static const HeroRpcParam name_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" }, { NULL } };

static const HeroRpcParam id_params[] = { { "id", HERO_ANY, HERO_REQUIRED,
                                            "Its number, or the name of an action: its newest job.", NULL,
                                            "job_id|name" },
                                          { NULL } };

#define CHILDREN                                                                                                       \
  "{\"type\":\"object\",\"properties\":{\"children\":{\"type\":\"array\",\"items\":{\"$ref\":"                          \
  "\"#/components/schemas/Process\"}}}}"

const HeroRpcMethod proc_stats_methods[] = {
  { "service.stats", service_stats, name_params, "Stats", "What the processes of a service use now, and before.",
    "All members include the descendants. 100 % is one core; memory is what is resident. In the history, "
    "[ts_ms,cpu_percent,memory_bytes], the oldest comes first.",
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN), 0, NULL },
  { "service.children", service_children, name_params, CHILDREN, "The descendants of a service's main processes.", NULL,
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN), 0, NULL },
  { "job.stats", job_stats, id_params, "Stats", "What the processes of a job use now, and before.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN), 0, NULL },
  { "job.children", job_children, id_params, CHILDREN, "The descendants of a job's main process.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN), 0, NULL },
  { NULL }
};

const HeroRpcSchema proc_stats_schemas[] = {
  { "Process",
    "{\"type\":\"object\",\"properties\":{\"pid\":{\"type\":\"integer\"},\"ppid\":{\"type\":\"integer\"},"
    "\"name\":{\"type\":\"string\"},\"comm\":{\"type\":\"string\"},\"cmdline\":{\"type\":\"string\"},"
    "\"cpu_percent\":{\"type\":\"number\"},\"cpu_usage\":{\"type\":\"number\"},"
    "\"memory_bytes\":{\"type\":\"integer\"},\"memory_usage\":{\"type\":\"integer\"}}}" },
  { "Stats",
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"pid\":{\"type\":\"integer\"},"
    "\"state\":{\"type\":\"string\"},\"cpu_percent\":{\"type\":\"number\"},\"cpu_usage\":{\"type\":\"number\"},"
    "\"memory_bytes\":{\"type\":\"integer\"},\"memory_usage\":{\"type\":\"integer\"},"
    "\"peak_memory_bytes\":{\"type\":\"integer\"},\"threads\":{\"type\":\"integer\"},"
    "\"fds\":{\"type\":[\"integer\",\"null\"]},\"uptime_ms\":{\"type\":[\"integer\",\"null\"]},"
    "\"io_read_bytes\":{\"type\":[\"integer\",\"null\"]},\"io_write_bytes\":{\"type\":[\"integer\",\"null\"]},"
    "\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Process\"}},"
    "\"history\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}}" },
  { NULL }
};
