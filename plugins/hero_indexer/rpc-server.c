/* rpc-server.c: server.ping, server.stats, server.exit. Service thread. */
#include "rpc.h"

#include <math.h>

void
indexer_rpc_server_ping (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  JsonObject *result = json_object_new ();

  json_object_set_string_member (result, "status", "ok");
  json_object_set_string_member (result, "version", hero_service_get_version (self->ctx));
  hero_rpc_return_object (call, result);
}

/* To the microsecond: more digits would only tell of the float. */
static double
quantile_ms (Indexer *self, float fraction)
{
  return round (indexer_latency_get_quantile (&self->latency, fraction) * 1000.0) / 1000.0;
}

void
indexer_rpc_server_stats (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  JsonObject *result = json_object_new ();
  g_autoptr (GArray) list = indexer_catalog_list (self->catalog);
  guint64 docs = 0, bytes = 0, pending = 0, memory = 0, n_open = 0;

  for (guint i = 0; i < list->len; i++)
    {
      const IndexerDatabaseInfo *info = &g_array_index (list, IndexerDatabaseInfo, i);

      docs += info->counts.doc_count;
      bytes += info->counts.size_bytes;
      pending += info->pending;
      memory += info->memory;
      n_open += info->is_open;
    }
  json_object_set_int_member (result, "uptime_secs", hero_service_get_uptime_us (self->ctx) / G_USEC_PER_SEC);
  json_object_set_int_member (result, "databases", list->len);
  json_object_set_int_member (result, "total_docs", docs);
  json_object_set_int_member (result, "open_databases", n_open);
  json_object_set_int_member (result, "size_bytes", bytes);
  json_object_set_int_member (result, "pending_docs", pending);
  json_object_set_int_member (result, "memory_bytes", memory);
  json_object_set_int_member (result, "searches", indexer_latency_get_count (&self->latency));
  json_object_set_double_member (result, "search_ms_p50", quantile_ms (self, 0.5f));
  json_object_set_double_member (result, "search_ms_p99", quantile_ms (self, 0.99f));
  json_object_set_int_member (result, "docs_added", (gsize)g_atomic_pointer_get (&self->engine.docs_added));
  json_object_set_int_member (result, "docs_skipped", (gsize)g_atomic_pointer_get (&self->engine.docs_skipped));
  json_object_set_int_member (result, "commits", (gsize)g_atomic_pointer_get (&self->engine.n_commits));
  json_object_set_int_member (result, "queue", g_thread_pool_unprocessed (self->searches));
  hero_rpc_return_object (call, result);
}

static void
exit_written (gpointer data, gboolean written)
{
  indexer_stop (data);
}

void
indexer_rpc_server_exit (gpointer data, HeroRpcCall *call)
{
  JsonObject *result = json_object_new ();

  json_object_set_boolean_member (result, "success", TRUE);
  json_object_set_string_member (result, "message", "Server shutdown initiated");
  hero_rpc_call_on_written (call, exit_written, data);
  hero_rpc_return_object (call, result);
}
