/* rpc-logs-query.c: the parameters of a search, Q of the contract, in all their forms. Service thread. */
#include <string.h>

#include "contexts.h"
#include "errors.h"
#include "rpc-logs.h"

static GType
type_of (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
}

gint64
proc_time_from_node (JsonNode *node)
{
  GType type = type_of (node);

  if (type == G_TYPE_INT64)
    return proc_time_from_int (json_node_get_int (node));
  if (type == G_TYPE_DOUBLE) /* seconds may have a fraction */
    return json_node_get_double (node) < 1e11 ? (gint64)(json_node_get_double (node) * 1000)
                                              : (gint64)MIN (json_node_get_double (node), 1e15);
  return type == G_TYPE_STRING ? proc_time_from_text (json_node_get_string (node)) : -1;
}

int
proc_level_from_node (JsonNode *node)
{
  GType type = type_of (node);

  if (type == G_TYPE_INT64 && json_node_get_int (node) >= 0 && json_node_get_int (node) <= 255)
    return (int)json_node_get_int (node);
  return type == G_TYPE_STRING ? proc_level_parse (json_node_get_string (node)) : -1;
}

gboolean
hero_proc_rpc_read_time (HeroRpcCall *call, const char *param, gint64 *ms)
{
  JsonNode *node = hero_rpc_get_node (call, param);

  *ms = node != NULL ? proc_time_from_node (node) : 0;
  if (*ms >= 0)
    return TRUE;
  hero_rpc_fail_param (call, param, "a time: ms, seconds or RFC 3339 text", "something else");
  return FALSE;
}

static gboolean
read_level (HeroRpcCall *call, guint *level)
{
  JsonNode *node = hero_rpc_get_node (call, "level");
  int value = node != NULL ? proc_level_from_node (node) : 0;

  *level = (guint)MAX (value, 0);
  if (value >= 0)
    return TRUE;
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

gint64
proc_time_of_range (const char *range)
{
  gint64 now = proc_now_ms ();

  return strcmp (range, "") == 0 || strcmp (range, "all") == 0 ? 0
         : strcmp (range, "today") == 0                        ? local_midnight_ms ()
         : strcmp (range, "24h") == 0                          ? now - G_GINT64_CONSTANT (86400000)
         : strcmp (range, "7d") == 0                           ? now - 7 * G_GINT64_CONSTANT (86400000)
                                                               : -1;
}

/* range and last_ms, the short forms of `from`. */
static gboolean
read_range (HeroRpcCall *call, gint64 *from_ms)
{
  const char *range = hero_rpc_get_string (call, "range");
  gint64 of_range = range != NULL ? proc_time_of_range (range) : 0;

  if (hero_rpc_has (call, "last_ms"))
    *from_ms = MAX (proc_now_ms () - hero_rpc_get_integer (call, "last_ms"), 0);
  if (of_range > 0)
    *from_ms = of_range;
  if (of_range >= 0)
    return TRUE;
  hero_rpc_fail_param (call, "range", "one of today|24h|7d|all", range);
  return FALSE;
}

static gboolean
read_words (HeroRpcCall *call, guint scope, ProcLogQuery *query)
{
  static const char *const orders[] = { "asc", "desc", NULL };
  const char *stream = hero_rpc_get_string (call, "stream");
  const char *order_word = (scope & PROC_LOG_PAGE) ? hero_rpc_get_string (call, "order") : NULL;
  int order = order_word != NULL ? proc_word_parse (orders, order_word) : 0;

  query->stream = stream != NULL ? proc_word_parse (proc_stream_words, stream) : -1;
  query->descending = order == 1;
  if (order < 0)
    hero_rpc_fail_param (call, "order", "one of asc|desc", order_word);
  else if (stream != NULL && query->stream < 0)
    hero_rpc_fail_param (call, "stream", "one of stdout|stderr|tty|api", stream);
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

/* Also those whose records are gone: their lines may still be there. */
static GHashTable *
find_jobs_of_run (HeroProc *self, guint32 run_id)
{
  const ProcRun *run = proc_runs_get (self->runs, run_id);
  GHashTable *ids = g_hash_table_new (NULL, NULL);

  for (guint i = 0; run != NULL && i < run->members->len; i++)
    g_hash_table_add (ids, GUINT_TO_POINTER (proc_run_get_member (run, i)->job_id));
  return ids;
}

ProcLogQuery *
hero_proc_rpc_read_log_query (HeroProc *self, HeroRpcCall *call, guint scope)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);
  const char *text = hero_rpc_get_string (call, "text");

  if (scope & PROC_LOG_SRC)
    query->src = g_strdup (hero_rpc_get_string (call, "src"));
  if (scope & PROC_LOG_JOB)
    query->job_id = (guint32)hero_rpc_get_integer (call, "job_id");
  if ((scope & PROC_LOG_RUN) && hero_rpc_has (call, "run_id"))
    query->job_ids = find_jobs_of_run (self, (guint32)hero_rpc_get_integer (call, "run_id"));
  query->text = text != NULL ? g_utf8_casefold (text, -1) : NULL;
  query->tag = g_strdup (hero_rpc_get_string (call, "tag"));
  query->cursor = g_strdup (hero_rpc_get_string (call, "cursor"));
  if (scope & PROC_LOG_PAGE)
    query->limit = (guint)hero_rpc_get_integer (call, "limit");
  if (!hero_proc_rpc_read_time (call, "from", &query->from_ms) || !hero_proc_rpc_read_time (call, "to", &query->to_ms)
      || !read_level (call, &query->level) || !read_range (call, &query->from_ms) || !read_words (call, scope, query)
      || !read_regex (call, query)
      || !hero_proc_rpc_get_context (self, call, &query->context, &query->any_context))
    return NULL;
  return g_steal_pointer (&query);
}

/* ---------------------------------------------------------------------------------------------- filters of a stream */

static gboolean
read_number (const char *text, guint64 max, guint64 *value, const char *param, const char *expected, GError **error)
{
  if (g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL))
    return TRUE;
  g_propagate_error (error, proc_error_new_param (param, expected, text));
  return FALSE;
}

static gboolean
read_stream_context (HeroProc *self, HeroHttpRequest *request, ProcLogQuery *query, GError **error)
{
  guint32 own = hero_http_request_get_identity (request)->context;
  const char *text = hero_http_request_get_query (request, "context");

  query->context = own;
  query->any_context = own == 0 && text == NULL;
  if (text == NULL || (proc_contexts_parse (self->contexts, text, &query->context) && (own == 0 || query->context == own)))
    return TRUE;
  g_propagate_error (error, proc_error_new_param ("context", "a context the caller may see", text));
  return FALSE;
}

/* Empty means absent: forms send it so. */
static const char *
get_filled (HeroHttpRequest *request, const char *name)
{
  const char *text = hero_http_request_get_query (request, name);

  return text != NULL && *text != '\0' ? text : NULL;
}

ProcLogQuery *
hero_proc_read_log_filter (gpointer owner, HeroHttpRequest *request, GError **error)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);
  const char *level = get_filled (request, "level"), *job = get_filled (request, "job_id");
  const char *text = get_filled (request, "text");
  int number = level != NULL ? proc_level_parse (level) : 0;
  guint64 job_id = 0;

  query->src = g_strdup (get_filled (request, "src"));
  query->text = text != NULL ? g_utf8_casefold (text, -1) : NULL;
  query->stream = -1;
  query->level = (guint)MAX (number, 0);
  if (number < 0)
    {
      g_propagate_error (
          error, proc_error_new_param ("level", "0..255 or one of debug|info|notice|warning|critical|error", level));
      return NULL;
    }
  if (job != NULL && !read_number (job, G_MAXUINT32, &job_id, "job_id", "the number of a job", error))
    return NULL;
  query->job_id = (guint32)job_id;
  return read_stream_context (owner, request, query, error) ? g_steal_pointer (&query) : NULL;
}
