/* indexer.c: the service's life: configuration, threads, store, health, stop. Service thread. */
#include "indexer.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "admin.h"
#include "rpc.h"
#include "search-job.h"

#define FORMAT 1

const HeroConfigKey indexer_config_keys[] = {
  { .name = "search_threads", .type = HERO_CONFIG_INT, .min = 0, .max = 64, .fallback = "0",
    .meaning = "Threads that search; 0 = one for each core, at most 16." },
  { .name = "index_threads", .type = HERO_CONFIG_INT, .min = 0, .max = 64, .fallback = "0",
    .meaning = "Threads that index; 0 = one for two cores, at least 1." },
  { .name = "writer_memory_bytes", .type = HERO_CONFIG_INT, .min = 65536, .max = G_MAXINT64, .fallback = "50000000",
    .meaning = "Bytes of documents a database keeps in memory before it writes them down ahead of the commit." },
  { .name = "max_open", .type = HERO_CONFIG_INT, .min = 1, .max = 100000, .fallback = "256",
    .meaning = "Open databases before the longest unused one without pending writes is closed." },
  { .name = "max_window", .type = HERO_CONFIG_INT, .min = 1, .max = G_MAXINT32, .fallback = "1000000",
    .meaning = "The most that offset + limit of a search may be." },
  { .name = "queue_max", .type = HERO_CONFIG_INT, .min = 1, .max = 1000000, .fallback = "1024",
    .meaning = "Searches that may wait for a thread; further ones are refused as overloaded." },
  { .name = "selection_ttl_s", .type = HERO_CONFIG_INT, .min = 0, .max = 86400, .fallback = "600",
    .meaning = "Seconds for which db.select holds for the other connections of the same process; 0 = not at all." },
  { .name = "durability", .type = HERO_CONFIG_STRING, .fallback = "\"commit\"", .choices = "commit|os",
    .meaning = "commit = on the disk before its answer; os = left to the system, safe against kill -9 only." },
  { .name = "disk_free_min_bytes", .type = HERO_CONFIG_INT, .min = 0, .max = G_MAXINT64, .fallback = "268435456",
    .meaning = "Free bytes of the disk below which the service calls itself degraded." },
  { .name = "slow_query_ms", .type = HERO_CONFIG_INT, .min = 0, .max = 3600000, .fallback = "500",
    .meaning = "Searches that take longer are logged; 0 = none." },
  { .name = "max_body_bytes", .type = HERO_CONFIG_INT, .min = 1024, .max = G_MAXINT32, .fallback = "67108864",
    .meaning = "The largest request body; batches of documents are large." },
  { NULL },
};

gpointer
indexer_create (HeroServiceContext *ctx, GError **error)
{
  Indexer *self = g_new0 (Indexer, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  self->engine.ctx = ctx;
  self->engine.writer_memory = hero_service_get_integer (ctx, "writer_memory_bytes");
  self->engine.max_open = hero_service_get_integer (ctx, "max_open");
  self->queue_max = hero_service_get_integer (ctx, "queue_max");
  self->max_window = hero_service_get_integer (ctx, "max_window");
  self->slow_query_ms = hero_service_get_integer (ctx, "slow_query_ms");
  indexer_latency_init (&self->latency);
  return self;
}

/* ---- health and figures */

static char *
check_catalogue (gpointer data, gboolean *failing)
{
  Indexer *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (self->engine.store, &error);

  *failing = TRUE;
  return txn == NULL ? g_strdup (error->message) : NULL;
}

static char *
check_disk (gpointer data, gboolean *failing)
{
  Indexer *self = data;
  guint64 least = hero_service_get_integer (self->ctx, "disk_free_min_bytes");
  struct statvfs disk;
  guint64 free_bytes;

  if (statvfs (hero_service_get_data_dir (self->ctx), &disk) != 0)
    return g_strdup_printf ("the data directory cannot be looked at: %s", g_strerror (errno));
  free_bytes = (guint64) disk.f_bavail * disk.f_frsize;
  if (free_bytes >= least)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT " bytes are free on the disk, disk_free_min_bytes is %" G_GUINT64_FORMAT,
                          free_bytes, least);
}

static double
metric_searches (gpointer data)
{
  return indexer_latency_get_count (&((Indexer *) data)->latency);
}

static double
metric_search_p99 (gpointer data)
{
  return indexer_latency_get_quantile (&((Indexer *) data)->latency, 0.99f) / 1000.0;
}

static double
metric_docs_added (gpointer data)
{
  return (gsize) g_atomic_pointer_get (&((Indexer *) data)->engine.docs_added);
}

static double
metric_commits (gpointer data)
{
  return (gsize) g_atomic_pointer_get (&((Indexer *) data)->engine.n_commits);
}

static double
metric_databases (gpointer data)
{
  g_autoptr (GArray) list = indexer_catalog_list (((Indexer *) data)->catalog);

  return list->len;
}

static void
register_figures (Indexer *self)
{
  HeroServiceContext *ctx = self->ctx;

  hero_service_add_check (ctx, "catalogue", check_catalogue, self);
  hero_service_add_check (ctx, "disk", check_disk, self);
  hero_service_add_metric (ctx, HERO_METRIC_COUNTER, "hero_indexer_searches_total", "Searches since the start.",
                           metric_searches, self);
  hero_service_add_metric (ctx, HERO_METRIC_GAUGE, "hero_indexer_search_p99_seconds",
                           "Time that 99 of 100 of the last 1,024 searches stayed within.", metric_search_p99, self);
  hero_service_add_metric (ctx, HERO_METRIC_COUNTER, "hero_indexer_documents_added_total",
                           "Documents taken since the start.", metric_docs_added, self);
  hero_service_add_metric (ctx, HERO_METRIC_COUNTER, "hero_indexer_commits_total", "Commits since the start.",
                           metric_commits, self);
  hero_service_add_metric (ctx, HERO_METRIC_GAUGE, "hero_indexer_databases", "Databases.", metric_databases, self);
}

/* ---- life */

static gboolean
open_store (Indexer *self, GError **error)
{
  static const char *const tables[] = { INDEXER_TABLE_DATABASES, INDEXER_TABLE_COUNTS, INDEXER_TABLE_DOCUMENTS,
                                        INDEXER_TABLE_DROPPED, NULL };
  const HeroStoreOptions options = {
    .format = FORMAT,
    .tables = tables,
    .relaxed = g_str_equal (hero_service_get_string (self->ctx, "durability"), "os"),
  };
  g_autofree char *path = g_build_filename (hero_service_get_data_dir (self->ctx), "catalog.mdb", NULL);

  self->engine.store = hero_store_open (path, &options, error);
  return self->engine.store != NULL;
}

static guint
threads_or (Indexer *self, const char *key, guint automatic)
{
  gint64 wanted = hero_service_get_integer (self->ctx, key);

  return wanted > 0 ? wanted : automatic;
}

gboolean
indexer_start (gpointer data, GCancellable *cancellable, GError **error)
{
  Indexer *self = data;
  guint cores = g_get_num_processors ();

  if (!hero_service_lock_data_dir (self->ctx, error) || !open_store (self, error))
    return FALSE;
  self->engine.lanes = indexer_lane_pool_new (threads_or (self, "index_threads", MAX (cores / 2, 1)));
  self->searches = g_thread_pool_new (indexer_search_thread, self, threads_or (self, "search_threads", MIN (cores, 16)),
                                      FALSE, NULL);
  self->selection = indexer_selection_new (hero_service_get_integer (self->ctx, "selection_ttl_s"));
  self->catalog = indexer_catalog_new (&self->engine, error);
  if (self->catalog == NULL)
    return FALSE;
  indexer_rpc_register (self);
  indexer_admin_register (self);
  register_figures (self);
  hero_service_ready (self->ctx);
  return TRUE;
}

gboolean
indexer_serve (gpointer data, GError **error)
{
  return hero_service_serve (((Indexer *) data)->ctx, error);
}

static void
committed_all (gpointer data)
{
  hero_service_stop (((Indexer *) data)->ctx);
}

/* What was acknowledged but not committed is committed, then the sockets go. */
void
indexer_stop (gpointer data)
{
  Indexer *self = data;

  if (self->catalog != NULL)
    indexer_catalog_commit_all (self->catalog, committed_all, self);
  else
    hero_service_stop (self->ctx);
}

/* Threads first: they use what follows. */
void
indexer_destroy (gpointer data)
{
  Indexer *self = data;

  if (self->searches != NULL)
    g_thread_pool_free (self->searches, FALSE, TRUE);
  if (self->engine.lanes != NULL)
    g_thread_pool_free (self->engine.lanes, FALSE, TRUE);
  g_clear_pointer (&self->catalog, indexer_catalog_free);
  g_clear_pointer (&self->selection, indexer_selection_free);
  g_clear_pointer (&self->engine.store, hero_store_close);
  indexer_latency_clear (&self->latency);
  hero_service_free_context (self->ctx);
  g_free (self);
}
