/* rpc-search.c: search.*. Begins on the service thread; the answer comes from a search thread. */
#include "rpc.h"

#include "json-text.h"
#include "search-job.h"

static void
append_warnings (GString *text, const GPtrArray *warnings)
{
  if (warnings->len == 0)
    return;
  g_string_append (text, ",\"warnings\":[");
  for (guint i = 0; i < warnings->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      indexer_json_append_string (text, warnings->pdata[i], -1);
    }
  g_string_append_c (text, ']');
}

static void
found_hits (const IndexerResult *result, const GError *error, gpointer call)
{
  GString *text;

  if (error != NULL)
    {
      indexer_rpc_fail (call, error);
      return;
    }
  text = g_string_sized_new (result->hits->len + 128);
  g_string_append_printf (text, "{\"total_hits\":%" G_GUINT64_FORMAT ",\"hits\":", result->total_hits);
  g_string_append_len (text, result->hits->str, result->hits->len);
  g_string_append_printf (text, ",\"took_ms\":%" G_GINT64_FORMAT, result->took_ms);
  append_warnings (text, result->warnings);
  g_string_append_c (text, '}');
  hero_rpc_return_json (call, g_string_free_to_bytes (text));
}

static void
found_count (const IndexerResult *result, const GError *error, gpointer call)
{
  JsonObject *object;

  if (error != NULL)
    {
      indexer_rpc_fail (call, error);
      return;
    }
  object = json_object_new ();
  json_object_set_int_member (object, "count", result->total_hits);
  hero_rpc_return_object (call, object);
}

static void
search (Indexer *self, HeroRpcCall *call, IndexerDatabase *database, guint64 offset, guint64 limit,
        IndexerSearchFunc func)
{
  g_autoptr (GError) error = NULL;
  IndexerQuery *query
      = indexer_query_parse (indexer_database_get_schema (database), hero_rpc_get_object (call, "query"), &error);

  if (query == NULL
      || !indexer_search_start (self, database, query, offset, limit, hero_rpc_call_get_cancellable (call), func, call,
                                &error))
    indexer_rpc_fail (call, error);
}

static void
query_in (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  search (self, call, database, hero_rpc_get_integer (call, "offset"), hero_rpc_get_integer (call, "limit"),
          found_hits);
}

void
indexer_rpc_search_query (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, query_in);
}

static void
count_in (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  search (self, call, database, 0, 0, found_count);
}

void
indexer_rpc_search_count (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, count_in);
}
