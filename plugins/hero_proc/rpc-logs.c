/*
 * rpc-logs.c: the handlers of logs.*, but logs.insert. What reads files or waits for the writer runs on a few workers,
 * which also answer; the rest on the service thread.
 */
#include "rpc-logs.h"

#include <string.h>

#include "errors.h"
#include "log-json.h"
#include "rpc-run.h"

typedef struct _Work Work;
struct _Work
{
  HeroProc *self;
  HeroRpcCall *call;
  void (*run) (Work *work); /* on a worker; answers */
  ProcLogQuery *query;
  ProcLogFormat format;
  gboolean reverse; /* found from the newest on, told from the oldest on */
  char *src;
  gint64 context, before_ms;
};

/* Worker: one piece of work, freed. */
static void
do_work (gpointer data)
{
  Work *work = data;

  work->run (work);
  g_clear_pointer (&work->query, proc_log_query_free);
  g_free (work->src);
  g_free (work);
}

static Work *
work_new (HeroProc *self, HeroRpcCall *call, void (*run) (Work *work))
{
  Work *work = g_new0 (Work, 1);

  work->self = self;
  work->call = call;
  work->run = run;
  work->context = -1;
  return work;
}

static void
send_work (Work *work)
{
  proc_log_workers_push (work->self->log_workers, do_work, work);
}

/* ---------------------------------------------------------------------------------------------- searches */

static void
run_page (Work *work)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcLogResult) found = proc_log_query_run (work->self->logs, work->query, &error);

  if (found != NULL)
    hero_rpc_return_object (work->call, proc_log_result_to_json (found));
  else
    hero_proc_rpc_fail (work->call, error, NULL);
}

static void
run_lines (Work *work)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcLogResult) found = proc_log_query_run (work->self->logs, work->query, &error);

  if (found != NULL)
    hero_rpc_return_array (work->call, proc_log_result_to_lines (found, work->format, work->reverse));
  else
    hero_proc_rpc_fail (work->call, error, NULL);
}

void
hero_proc_rpc_logs_query (gpointer data, HeroRpcCall *call)
{
  ProcLogQuery *query = hero_proc_rpc_read_log_query (data, call, PROC_LOG_ALL);
  Work *work;

  if (query == NULL)
    return;
  work = work_new (data, call, run_page);
  work->query = query;
  send_work (work);
}

static ProcLogFormat
read_format (HeroRpcCall *call)
{
  const char *format = hero_rpc_get_string (call, "format");

  return strcmp (format, "text") == 0    ? PROC_LOG_FORMAT_TEXT
         : strcmp (format, "zinit") == 0 ? PROC_LOG_FORMAT_ZINIT
                                         : PROC_LOG_FORMAT_ENTRY;
}

/* Takes the query; NULL: answered already. */
static void
send_lines (HeroProc *self, HeroRpcCall *call, ProcLogQuery *query)
{
  Work *work;

  if (query == NULL)
    return;
  work = work_new (self, call, run_lines);
  work->query = query;
  work->format = read_format (call);
  work->reverse = query->descending;
  send_work (work);
}

void
hero_proc_rpc_logs_get (gpointer data, HeroRpcCall *call)
{
  send_lines (data, call, hero_proc_rpc_read_log_query (data, call, PROC_LOG_ALL));
}

void
hero_proc_rpc_logs_tail (gpointer data, HeroRpcCall *call)
{
  ProcLogQuery *query = hero_proc_rpc_read_log_query (data, call, PROC_LOG_ALL & ~PROC_LOG_PAGE);

  if (query != NULL)
    {
      query->descending = TRUE;
      query->limit = (guint)hero_rpc_get_integer (call, "lines");
    }
  send_lines (data, call, query);
}

void
hero_proc_rpc_service_logs (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *name = hero_rpc_get_string (call, "name");
  ProcEntry *entry = proc_services_get (self->services, name);
  guint32 own = hero_rpc_call_get_identity (call)->context;
  ProcLogQuery *query;

  if (entry == NULL || (own != 0 && entry->spec->context != own))
    {
      g_autoptr (GError) error
          = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", name);

      hero_proc_rpc_fail (call, error, name);
      return;
    }
  query = hero_proc_rpc_read_log_query (self, call, PROC_LOG_JOB | PROC_LOG_RUN | PROC_LOG_PAGE);
  if (query != NULL)
    query->src = g_strdup (name);
  send_lines (self, call, query);
}

/* The page of a query for one job or run, which is so old. Takes the query. */
static void
send_page (HeroProc *self, HeroRpcCall *call, ProcLogQuery *query, gint64 created_at)
{
  Work *work;

  query->from_ms = MAX (query->from_ms, created_at); /* nothing of it is older: no need to look there */
  work = work_new (self, call, run_page);
  work->query = query;
  send_work (work);
}

void
hero_proc_rpc_job_logs (gpointer data, HeroRpcCall *call)
{
  const ProcJob *job = proc_rpc_get_job (data, call);
  ProcLogQuery *query = job != NULL ? hero_proc_rpc_read_log_query (data, call, PROC_LOG_SRC | PROC_LOG_PAGE) : NULL;

  if (query == NULL)
    return;
  query->job_id = job->id;
  send_page (data, call, query, job->created_at);
}

void
hero_proc_rpc_run_logs (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const ProcRun *run = proc_rpc_get_run (self, call);
  const guint scope = PROC_LOG_SRC | PROC_LOG_JOB | PROC_LOG_PAGE;
  ProcLogQuery *query = run != NULL ? hero_proc_rpc_read_log_query (self, call, scope) : NULL;

  if (query == NULL)
    return;
  query->job_ids = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < run->members->len; i++)
    g_hash_table_add (query->job_ids, GUINT_TO_POINTER (proc_run_get_member (run, i)->job_id));
  send_page (self, call, query, run->created_at);
}

/* ---------------------------------------------------------------------------------------------- sources */

static void
run_sources (Work *work)
{
  g_autoptr (GPtrArray) infos = proc_log_store_describe (work->self->logs, work->src, work->context);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < infos->len; i++)
    json_array_add_object_element (array, proc_log_source_to_json (infos->pdata[i]));
  hero_rpc_return_array (work->call, array);
}

static void
run_tree (Work *work)
{
  g_autoptr (GPtrArray) infos = proc_log_store_describe (work->self->logs, work->src, work->context);

  hero_rpc_return_array (work->call, proc_log_tree_to_json (infos));
}

static void
send_description (HeroProc *self, HeroRpcCall *call, void (*run) (Work *work))
{
  guint32 context;
  gboolean all;
  Work *work;

  if (!hero_proc_rpc_get_context (self, call, &context, &all))
    return;
  work = work_new (self, call, run);
  work->src = g_strdup (hero_rpc_get_string (call, "prefix"));
  work->context = all ? -1 : (gint64)context;
  send_work (work);
}

void
hero_proc_rpc_logs_sources (gpointer data, HeroRpcCall *call)
{
  send_description (data, call, run_sources);
}

void
hero_proc_rpc_logs_tree (gpointer data, HeroRpcCall *call)
{
  send_description (data, call, run_tree);
}

void
hero_proc_rpc_logs_stats (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcLogStats stats;

  proc_log_store_get_stats (self->logs, &stats);
  hero_rpc_return_object (call, proc_log_stats_to_json (&stats));
}

/* ---------------------------------------------------------------------------------------------- upkeep */

static void
run_flush (Work *work)
{
  proc_log_store_sync (work->self->logs);
  hero_rpc_return_object (work->call, proc_rpc_ok (NULL));
}

void
hero_proc_rpc_logs_flush (gpointer data, HeroRpcCall *call)
{
  send_work (work_new (data, call, run_flush));
}

static void
run_rotate (Work *work)
{
  proc_log_store_rotate (work->self->logs, work->src);
  hero_rpc_return_object (work->call, proc_rpc_ok (NULL));
}

void
hero_proc_rpc_logs_rotate (gpointer data, HeroRpcCall *call)
{
  Work *work = work_new (data, call, run_rotate);

  work->src = g_strdup (hero_rpc_get_string (call, "src"));
  proc_rpc_log_change (data, call, work->src != NULL ? work->src : "all sources");
  send_work (work);
}

static void
run_delete (Work *work)
{
  JsonObject *result = proc_rpc_ok (NULL);
  guint64 bytes, segments;

  proc_log_store_delete (work->self->logs, work->src, work->before_ms, &bytes, &segments);
  json_object_set_int_member (result, "deleted_bytes", (gint64)bytes);
  json_object_set_int_member (result, "deleted_segments", (gint64)segments);
  hero_rpc_return_object (work->call, result);
}

void
hero_proc_rpc_logs_delete (gpointer data, HeroRpcCall *call)
{
  const char *src = hero_rpc_get_string (call, "src");
  gint64 before;
  Work *work;

  if (!hero_proc_rpc_read_time (call, "before", &before) || (src == NULL && !hero_proc_rpc_is_confirmed (call)))
    return;
  work = work_new (data, call, run_delete);
  work->src = g_strdup (src);
  work->before_ms = before;
  proc_rpc_log_change (data, call, src != NULL ? src : "all sources");
  send_work (work);
}
