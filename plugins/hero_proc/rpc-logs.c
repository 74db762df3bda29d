/* rpc-logs.c: the handlers of logs.*. The search runs on a worker, the rest on the service thread. */
#include "hero-proc.h"

#include <string.h>

#include "errors.h"
#include "log-query.h"
#include "log-json.h"

/* ---------------------------------------------------------------------------------------------- parameters */

/* A time, or 0 when absent. FALSE: answered. */
static gboolean
read_time (HeroRpcCall *call, const char *param, gint64 *ms)
{
  JsonNode *node = hero_rpc_get_node (call, param);
  GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  *ms = 0;
  if (node == NULL)
    return TRUE;
  if (type == G_TYPE_INT64)
    *ms = proc_time_from_int (json_node_get_int (node));
  else if (type == G_TYPE_DOUBLE)
    *ms = proc_time_from_int ((gint64)json_node_get_double (node));
  else if (type == G_TYPE_STRING)
    *ms = proc_time_from_text (json_node_get_string (node));
  else
    *ms = -1;
  if (*ms >= 0)
    return TRUE;
  hero_rpc_fail_param (call, param, "a time: ms, seconds or RFC 3339 text", "something else");
  return FALSE;
}

static gboolean
read_level (HeroRpcCall *call, guint *level)
{
  JsonNode *node = hero_rpc_get_node (call, "level");
  GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  gint64 value = -1;

  *level = 0;
  if (node == NULL)
    return TRUE;
  if (type == G_TYPE_INT64)
    value = json_node_get_int (node);
  else if (type == G_TYPE_STRING)
    value = proc_level_parse (json_node_get_string (node));
  if (value >= 0 && value <= 255)
    {
      *level = (guint)value;
      return TRUE;
    }
  hero_rpc_fail_param (call, "level", "0..255 or one of debug|info|notice|warning|critical|error", "something else");
  return FALSE;
}

static gint64
local_midnight_ms (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) midnight = g_date_time_new_local (g_date_time_get_year (now), g_date_time_get_month (now),
                                                          g_date_time_get_day_of_month (now), 0, 0, 0);

  return g_date_time_to_unix (midnight) * 1000;
}

/* range and last_ms, the short forms of `from`. */
static gboolean
read_range (HeroRpcCall *call, gint64 *from_ms)
{
  const char *range = hero_rpc_get_string (call, "range");
  gint64 now = proc_now_ms ();

  if (hero_rpc_has (call, "last_ms"))
    *from_ms = MAX (now - hero_rpc_get_integer (call, "last_ms"), 0);
  if (range == NULL || strcmp (range, "all") == 0)
    return TRUE;
  if (strcmp (range, "today") == 0)
    *from_ms = local_midnight_ms ();
  else if (strcmp (range, "24h") == 0)
    *from_ms = now - G_GINT64_CONSTANT (86400000);
  else if (strcmp (range, "7d") == 0)
    *from_ms = now - 7 * G_GINT64_CONSTANT (86400000);
  else
    {
      hero_rpc_fail_param (call, "range", "one of today|24h|7d|all", range);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_words (HeroRpcCall *call, ProcLogQuery *query)
{
  static const char *const orders[] = { "asc", "desc", NULL };
  const char *stream = hero_rpc_get_string (call, "stream");
  int order = proc_word_parse (orders, hero_rpc_get_string (call, "order"));

  query->stream = stream != NULL ? proc_word_parse (proc_stream_words, stream) : -1;
  query->descending = order == 1;
  if (order < 0)
    hero_rpc_fail_param (call, "order", "one of asc|desc", hero_rpc_get_string (call, "order"));
  else if (stream != NULL && query->stream < 0)
    hero_rpc_fail_param (call, "stream", "one of stdout|stderr|api", stream);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_regex (HeroRpcCall *call, ProcLogQuery *query)
{
  const char *pattern = hero_rpc_get_string (call, "regex");
  /* The match limit keeps a hostile pattern from eating the worker. */
  g_autofree char *limited
      = pattern != NULL ? g_strconcat ("(*LIMIT_MATCH=100000)(*LIMIT_RECURSION=1000)", pattern, NULL) : NULL;
  g_autoptr (GError) error = NULL;

  if (pattern == NULL)
    return TRUE;
  query->regex = g_regex_new (limited, G_REGEX_OPTIMIZE, 0, &error);
  if (query->regex != NULL)
    return TRUE;
  hero_rpc_fail_param (call, "regex", "a regular expression", error->message);
  return FALSE;
}

static ProcLogQuery *
read_query (HeroProc *self, HeroRpcCall *call)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);

  query->src = g_strdup (hero_rpc_get_string (call, "src"));
  query->text = g_strdup (hero_rpc_get_string (call, "text"));
  query->tag = g_strdup (hero_rpc_get_string (call, "tag"));
  query->cursor = g_strdup (hero_rpc_get_string (call, "cursor"));
  query->job_id = (guint32)hero_rpc_get_integer (call, "job_id");
  query->limit = (guint)hero_rpc_get_integer (call, "limit");
  if (!read_time (call, "from", &query->from_ms) || !read_time (call, "to", &query->to_ms)
      || !read_level (call, &query->level) || !read_range (call, &query->from_ms) || !read_words (call, query)
      || !read_regex (call, query) || !hero_proc_rpc_get_context (self, call, &query->context, &query->any_context))
    return NULL;
  return g_steal_pointer (&query);
}

/* ---------------------------------------------------------------------------------------------- the search */

typedef struct
{
  ProcLogStore *store;
  ProcLogQuery *query;
  HeroRpcCall *call;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  proc_log_query_free (search->query);
  g_free (search);
}

static void
result_free (gpointer data)
{
  proc_log_result_free (data);
}

static void
run_search (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Search *search = data;
  GError *error = NULL;
  ProcLogResult *result = proc_log_query_run (search->store, search->query, &error);

  if (result != NULL)
    g_task_return_pointer (task, result, result_free);
  else
    g_task_return_error (task, error);
}

static void
on_searched (GObject *source, GAsyncResult *result, gpointer data)
{
  HeroRpcCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcLogResult) found = g_task_propagate_pointer (G_TASK (result), &error);

  if (found != NULL)
    hero_rpc_return_object (call, proc_log_result_to_json (found));
  else
    hero_proc_rpc_fail (call, error, NULL);
}

void
hero_proc_rpc_logs_query (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcLogQuery *query = read_query (self, call);
  g_autoptr (GTask) task = NULL;
  Search *search;

  if (query == NULL)
    return;
  search = g_new (Search, 1);
  *search = (Search){ self->logs, query, call };
  task = g_task_new (NULL, NULL, on_searched, call);
  g_task_set_task_data (task, search, search_free);
  g_task_run_in_thread (task, run_search);
}
