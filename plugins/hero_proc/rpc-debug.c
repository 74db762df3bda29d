/*
 * rpc-debug.c: what hero_proc has and does, for people who look for a fault: debug.*, system.stats, system.config,
 * service.history. Answers of debug.* carry the same as text in `output`. Service thread.
 */
#include <unistd.h>

#include "errors.h"
#include "job-json.h"
#include "log-json.h"
#include "procfs.h"
#include "rpc-private.h"
#include "stats-json.h"

/* ---------------------------------------------------------------------------------------------- text */

/* rows: of GStrv, the first is the heading. Columns as wide as their widest cell. Transfer full. */
static char *
make_table (GPtrArray *rows)
{
  GString *text = g_string_new (NULL);
  guint n = rows->len > 0 ? g_strv_length (rows->pdata[0]) : 0;
  g_autofree glong *widths = g_new0 (glong, n + 1);

  for (guint i = 0; i < rows->len; i++)
    for (guint j = 0; j < n; j++)
      widths[j] = MAX (widths[j], g_utf8_strlen (((char **)rows->pdata[i])[j], -1));
  for (guint i = 0; i < rows->len; i++)
    for (guint j = 0; j < n; j++)
      {
        const char *cell = ((char **)rows->pdata[i])[j];

        g_string_append (text, cell);
        for (glong k = g_utf8_strlen (cell, -1); j + 1 < n && k < widths[j] + 2; k++)
          g_string_append_c (text, ' ');
        if (j + 1 == n)
          g_string_append_c (text, '\n');
      }
  return g_string_free (text, FALSE);
}

static GPtrArray *
new_rows (const char *heading)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);

  g_ptr_array_add (rows, g_strsplit (heading, "|", -1));
  return rows;
}

/* Cells without '|'. */
static void G_GNUC_PRINTF (2, 3) add_row (GPtrArray *rows, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (rows, g_strsplit (text, "|", -1));
}

/* Takes result and rows. */
static void
return_with_output (HeroRpcCall *call, JsonObject *result, GPtrArray *rows)
{
  g_autofree char *output = make_table (rows);

  json_object_set_string_member (result, "output", output);
  g_ptr_array_unref (rows);
  hero_rpc_return_object (call, result);
}

/* ---------------------------------------------------------------------------------------------- debug.state */

typedef struct
{
  JsonArray *jobs;
  GPtrArray *rows;
} StateWriter;

static gboolean
write_job (ProcJob *job, gpointer data)
{
  StateWriter *writer = data;
  JsonObject *object;

  if (!proc_job_is_active (job))
    return TRUE;
  object = json_object_new ();
  json_object_set_int_member (object, "id", job->id);
  json_object_set_string_member (object, "action", job->action);
  json_object_set_string_member (object, "phase", proc_phase_words[job->phase]);
  json_object_set_int_member (object, "pid", job->pid);
  json_object_set_int_member (object, "attempt", job->attempt);
  json_object_set_int_member (object, "run_id", job->run_id);
  json_object_set_boolean_member (object, "adopted", job->adopted);
  json_array_add_object_element (writer->jobs, object);
  add_row (writer->rows, "job %u|%s|%s|%d|%u|%s", job->id, job->action, proc_phase_words[job->phase], job->pid,
           job->attempt, job->adopted ? "adopted" : "");
  return TRUE;
}

static void
debug_state (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonObject *result = json_object_new ();
  JsonArray *services = json_array_new ();
  g_autoptr (GPtrArray) entries = proc_services_list (self->services);
  StateWriter writer = { json_array_new (), new_rows ("what|name|state|pid|attempt|more") };

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];
      const ProcJob *live = proc_entry_get_live (entry);
      const char *state = proc_state_words[proc_entry_get_state (entry)];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", entry->spec->name);
      json_object_set_string_member (object, "state", state);
      json_object_set_string_member (object, "status", proc_wanted_words[entry->spec->wanted]);
      json_object_set_int_member (object, "pid", live != NULL ? live->pid : 0);
      json_object_set_int_member (object, "run_id", entry->run_id);
      json_array_add_object_element (services, object);
      add_row (writer.rows, "service|%s|%s|%d||wanted %s", entry->spec->name, state, live != NULL ? live->pid : 0,
               proc_wanted_words[entry->spec->wanted]);
    }
  proc_jobs_foreach (self->jobs, write_job, &writer);
  json_object_set_array_member (result, "services", services);
  json_object_set_array_member (result, "jobs", writer.jobs);
  return_with_output (call, result, writer.rows);
}

/* ---------------------------------------------------------------------------------------------- debug.queues */

typedef struct
{
  JsonArray *queues;
  GPtrArray *rows;
} QueueWriter;

/* limit 0 = none. */
static void
write_queue (QueueWriter *writer, const char *name, gint64 length, gint64 limit)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_int_member (object, "length", length);
  if (limit > 0)
    json_object_set_int_member (object, "limit", limit);
  else
    json_object_set_null_member (object, "limit");
  json_array_add_object_element (writer->queues, object);
  add_row (writer->rows, "%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT, name, length, limit);
}

static void
debug_queues (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonObject *result = json_object_new (), *beats = json_object_new ();
  QueueWriter writer = { json_array_new (), new_rows ("queue|length|limit") };
  gint64 spawn_ms = proc_spawner_get_busy_us (self->spawner) / 1000;
  ProcLogStats logs;

  proc_log_store_get_stats (self->logs, &logs);
  write_queue (&writer, "jobs that have no process yet", proc_jobs_count_waiting (self->jobs),
               hero_service_get_integer (self->ctx, "max_queued_jobs"));
  write_queue (&writer, "records that could not be written yet", proc_journal_count_late (self->journal), 0);
  write_queue (&writer, "bytes of log lines before the disk", (gint64)logs.queued_bytes,
               hero_service_get_integer (self->ctx, "log_queue_mb") << 20);
  add_row (writer.rows, "ms of the start under way|%" G_GINT64_FORMAT "|0", spawn_ms);
  json_object_set_int_member (beats, "spawner_busy_ms", spawn_ms);
  json_object_set_array_member (result, "queues", writer.queues);
  json_object_set_object_member (result, "beats", beats);
  return_with_output (call, result, writer.rows);
}

/* ---------------------------------------------------------------------------------------------- debug.process_tree */

typedef struct
{
  HeroRpcCall *call;
  GPtrArray *jobs; /* ProcJob */
} TreeQuestion;

static void
write_process (const ProcStatsView *view, guint index, const ProcJob *job, JsonArray *processes, GPtrArray *rows)
{
  const ProcStat *stat = &view->members[index].stat;
  JsonObject *object = proc_child_to_json (&view->members[index], &view->details[index], job);
  const char *cmdline = json_object_get_string_member (object, "cmdline");
  g_autofree char *cell = g_strdelimit (g_strdup (cmdline), "|\n", ' ');

  json_object_set_int_member (object, "pgid", stat->pgid);
  json_object_set_int_member (object, "sid", stat->sid);
  json_object_set_int_member (object, "job_id", job->id);
  add_row (rows, "%s%d|%d|%d|%d|%u|%s", index > 0 ? "  " : "", stat->pid, stat->ppid, stat->pgid, stat->sid, job->id,
           *cell != '\0' ? cell : json_object_get_string_member (object, "comm"));
  json_array_add_object_element (processes, object);
}

static void
on_tree_measured (const GArray *views, gpointer data)
{
  TreeQuestion *question = data;
  JsonObject *result = json_object_new ();
  JsonArray *processes = json_array_new ();
  GPtrArray *rows = new_rows ("pid|parent|group|session|job|command");

  for (guint i = 0; views != NULL && i < views->len; i++)
    {
      const ProcStatsView *view = &g_array_index (views, ProcStatsView, i);

      for (guint j = 0; j < view->n_members; j++)
        write_process (view, j, question->jobs->pdata[i], processes, rows);
    }
  json_object_set_array_member (result, "processes", processes);
  return_with_output (question->call, result, rows);
  g_ptr_array_unref (question->jobs);
  g_free (question);
}

static gboolean
add_live (ProcJob *job, gpointer data)
{
  if (job->pid != 0)
    g_ptr_array_add (data, proc_job_ref (job));
  return TRUE;
}

static void
debug_process_tree (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  TreeQuestion *question;
  ProcEntry *entry = hero_rpc_get_string (call, "name") != NULL ? proc_rpc_get_entry (self, call) : NULL;

  if (hero_rpc_get_string (call, "name") != NULL && entry == NULL)
    return;
  question = g_new (TreeQuestion, 1);
  *question = (TreeQuestion){ call, g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref) };
  if (entry == NULL)
    proc_jobs_foreach (self->jobs, add_live, question->jobs);
  for (guint i = 0; entry != NULL && i < entry->jobs->len; i++)
    add_live (entry->jobs->pdata[i], question->jobs);
  if (question->jobs->len > 0)
    proc_stats_ask (self->stats, question->jobs, on_tree_measured, question);
  else
    on_tree_measured (NULL, question);
}

/* ---------------------------------------------------------------------------------------------- system.stats */

typedef struct
{
  double cpu_percent;
  guint64 memory_bytes;
} Sum;

static gboolean
add_usage (ProcJob *job, gpointer data)
{
  Sum *sum = data;

  if (job->pid != 0)
    {
      sum->cpu_percent += job->usage.cpu_percent;
      sum->memory_bytes += job->usage.memory_bytes;
    }
  return TRUE;
}

static JsonObject *
get_own_usage (void)
{
  JsonObject *object = json_object_new ();
  ProcStat stat = { 0 };

  proc_stat_read (getpid (), &stat);
  json_object_set_int_member (object, "pid", getpid ());
  json_object_set_int_member (object, "memory_bytes", (gint64)stat.rss_bytes);
  json_object_set_int_member (object, "cpu_ms", (gint64)(stat.ticks * 1000 / (guint64)sysconf (_SC_CLK_TCK)));
  json_object_set_int_member (object, "threads", stat.threads);
  return object;
}

static JsonObject *
get_jobs (HeroProc *self)
{
  JsonObject *object = json_object_new ();
  Sum sum = { 0 };

  proc_jobs_foreach (self->jobs, add_usage, &sum);
  json_object_set_int_member (object, "active", proc_jobs_count (self->jobs));
  json_object_set_int_member (object, "running", proc_jobs_count_running (self->jobs));
  json_object_set_int_member (object, "waiting", proc_jobs_count_waiting (self->jobs));
  json_object_set_int_member (object, "restarts", (gint64)proc_jobs_get_restarts (self->jobs));
  json_object_set_double_member (object, "cpu_percent", sum.cpu_percent);
  json_object_set_int_member (object, "memory_bytes", (gint64)sum.memory_bytes);
  return object;
}

static JsonObject *
get_store (HeroProc *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "bytes", (gint64)proc_journal_get_bytes (self->journal));
  json_object_set_int_member (object, "max_bytes", hero_service_get_integer (self->ctx, "db_max_mb") << 20);
  json_object_set_int_member (object, "late", proc_journal_count_late (self->journal));
  return object;
}

static void
system_stats (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonObject *object = json_object_new ();
  ProcLogStats logs;

  proc_log_store_get_stats (self->logs, &logs);
  json_object_set_int_member (object, "ts_ms", proc_now_ms ());
  json_object_set_int_member (object, "uptime_ms", hero_service_get_uptime_us (self->ctx) / 1000);
  json_object_set_object_member (object, "process", get_own_usage ());
  json_object_set_object_member (object, "jobs", get_jobs (self));
  json_object_set_object_member (object, "store", get_store (self));
  json_object_set_object_member (object, "logs", proc_log_stats_to_json (&logs));
  hero_rpc_return_object (call, object);
}

static void
system_config (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (JsonNode) node = json_gvariant_serialize (self->ctx->host->config (self->ctx));

  hero_rpc_return_object (call, json_node_dup_object (node));
}

/* ---------------------------------------------------------------------------------------------- service.history */

typedef struct
{
  HeroProc *self;
  const char *service;
  gint64 limit;
  JsonArray *jobs;
} HistoryWriter;

static gboolean
write_past_job (ProcJob *job, gpointer data)
{
  HistoryWriter *writer = data;

  if (g_strcmp0 (job->service, writer->service) == 0)
    json_array_add_object_element (writer->jobs,
                                   proc_job_to_json (writer->self->jobs, writer->self->contexts, job, FALSE));
  return json_array_get_length (writer->jobs) < writer->limit;
}

static void
service_history (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const ProcEntry *entry = proc_rpc_get_entry (self, call);
  HistoryWriter writer;

  if (entry == NULL)
    return;
  writer = (HistoryWriter){ self, entry->spec->name, hero_rpc_get_integer (call, "limit"), json_array_new () };
  proc_jobs_foreach (self->jobs, write_past_job, &writer);
  hero_rpc_return_array (call, writer.jobs);
}

/* ---------------------------------------------------------------------------------------------- the table */

static const HeroRpcParam name_params[]
    = { { "name", HERO_STRING (1, 64), 0, "A service; left out: all jobs.", NULL, "service" }, { NULL } };
static const HeroRpcParam history_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "limit", HERO_INTEGER (1, 1000), 0, "Most jobs to give.", "20" },
        { NULL } };

#define OUTPUT "\"output\":{\"type\":\"string\"}}}"
#define ARRAY(name) "\"" name "\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"

const HeroRpcMethod proc_debug_methods[] = {
  { "debug.state", debug_state, NULL, "{\"type\":\"object\",\"properties\":{" ARRAY ("services") ARRAY ("jobs") OUTPUT,
    "Every service, and every job that is not over.", "As data, and in `output` as a table.", "system", NULL,
    HERO_RPC_ADMIN_ONLY, NULL },
  { "debug.queues", debug_queues, NULL,
    "{\"type\":\"object\",\"properties\":{" ARRAY ("queues") "\"beats\":{\"type\":\"object\"}," OUTPUT,
    "What waits for what, and how much may.", NULL, "system", NULL, HERO_RPC_ADMIN_ONLY, NULL },
  { "debug.process_tree", debug_process_tree, name_params,
    "{\"type\":\"object\",\"properties\":{" ARRAY ("processes") OUTPUT, "Every process of every job, or of a service.",
    NULL, "system", ERRORS (RPC_NOT_FOUND), HERO_RPC_ADMIN_ONLY, NULL },
  { "system.stats", system_stats, NULL,
    "{\"type\":\"object\",\"properties\":{\"ts_ms\":{\"type\":\"integer\"},\"uptime_ms\":{\"type\":\"integer\"},"
    "\"process\":{\"type\":\"object\"},\"jobs\":{\"type\":\"object\"},\"store\":{\"type\":\"object\"},"
    "\"logs\":{\"$ref\":\"#/components/schemas/LogStats\"}}}",
    "What hero_proc and its jobs use, and how full its stores are.",
    "`process` is the process it lives in: in a bundle that of all services on threads.", "system", NULL,
    HERO_RPC_ADMIN_ONLY, NULL },
  { "system.config", system_config, NULL, "{\"type\":\"object\"}", "Its configuration keys with the values in effect.",
    NULL, "system", NULL, HERO_RPC_ADMIN_ONLY, NULL },
  { "service.history", service_history, history_params,
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Job\"}}", "The newest jobs of a service.",
    "A start forgets those of the one before.", "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { NULL }
};
