/* search-job.c: one search. Started on the service thread, run on a search thread. */
#include "search-job.h"

#include "document.h"
#include "json-text.h"
#include "search.h"

#define MAX_ANSWER (64 * 1024 * 1024)

typedef struct
{
  Indexer *indexer;
  IndexerDatabase *database;
  IndexerSnapshot *snapshot;
  IndexerQuery *query;
  guint64 offset, limit;
  GCancellable *cancellable;
  IndexerSearchFunc func;
  gpointer data;
  gint64 started_us;
} Job;

static void
job_free (Job *job)
{
  indexer_database_unref (job->database);
  indexer_snapshot_unref (job->snapshot);
  indexer_query_free (job->query);
  g_clear_object (&job->cancellable);
  g_free (job);
}

gboolean
indexer_search_start (Indexer *self, IndexerDatabase *database, IndexerQuery *query, guint64 offset, guint64 limit,
                      GCancellable *cancellable, IndexerSearchFunc func, gpointer data, GError **error)
{
  Job *job;

  if (g_thread_pool_unprocessed (self->searches) >= self->queue_max)
    {
      indexer_query_free (query);
      g_set_error (error, HERO_ERROR, HERO_ERROR_LIMIT, "%u searches are waiting, the most that may", self->queue_max);
      return FALSE;
    }
  job = g_new0 (Job, 1);
  job->indexer = self;
  job->database = indexer_database_ref (database);
  job->snapshot = indexer_snapshot_ref (indexer_database_get_snapshot (database));
  job->query = query;
  job->offset = offset;
  job->limit = limit;
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  job->func = func;
  job->data = data;
  job->started_us = g_get_monotonic_time ();
  g_thread_pool_push (self->searches, job, NULL);
  return TRUE;
}

static gboolean
print_hit (Job *job, HeroStoreTxn *txn, const IndexerHit *hit, GString *out, GError **error)
{
  IndexerDocumentKey key = indexer_document_key (indexer_database_get_id (job->database), hit->doc);
  gconstpointer record;
  gsize length;

  if (!hero_store_get (txn, INDEXER_TABLE_DOCUMENTS, &key, sizeof key, &record, &length))
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_INDEX_ERROR,
                   "Index error: document %" G_GUINT64_FORMAT " of database '%s' is missing", hit->doc,
                   indexer_database_get_name (job->database));
      return FALSE;
    }
  g_string_append (out, "{\"score\":");
  indexer_json_append_float (out, hit->score);
  g_string_append (out, ",\"doc\":");
  indexer_document_print (indexer_database_get_schema (job->database), record, length, out);
  g_string_append_c (out, '}');
  if (out->len > MAX_ANSWER)
    g_set_error (error, HERO_ERROR, HERO_ERROR_TOO_LARGE, "the answer is larger than %d bytes; ask for fewer hits",
                 MAX_ANSWER);
  return out->len <= MAX_ANSWER;
}

static gboolean
print_hits (Job *job, GArray *hits, guint64 first, guint64 end, GString *out, GError **error)
{
  g_autoptr (HeroStoreTxn) txn = NULL;

  g_string_append_c (out, '[');
  if (first < end && (txn = hero_store_read_begin (job->indexer->engine.store, error)) == NULL)
    return FALSE;
  for (guint64 i = first; i < end; i++)
    {
      if (i > first)
        g_string_append_c (out, ',');
      if (g_cancellable_set_error_if_cancelled (job->cancellable, error)
          || !print_hit (job, txn, &g_array_index (hits, IndexerHit, i), out, error))
        return FALSE;
    }
  g_string_append_c (out, ']');
  return TRUE;
}

/* The limit is cut to the hits there are before the window is checked, so any limit is legal. */
static gboolean
run (Job *job, IndexerResult *result, GError **error)
{
  g_autoptr (GArray) hits = indexer_search_run (job->snapshot, job->query, job->cancellable, error);
  guint64 first, end;

  if (hits == NULL)
    return FALSE;
  result->total_hits = hits->len;
  first = MIN (job->offset, hits->len);
  end = first + MIN (job->limit, hits->len - first);
  if (first < end && end > (guint64)job->indexer->max_window)
    {
      g_autofree char *expected
          = g_strdup_printf ("offset + limit of at most %" G_GINT64_FORMAT, job->indexer->max_window);
      g_autofree char *got = g_strdup_printf ("%" G_GUINT64_FORMAT, end);

      indexer_error_set_param (error, "limit", "", expected, got);
      return FALSE;
    }
  indexer_search_rank (hits, first < end ? end : 0);
  return print_hits (job, hits, first, end, result->hits, error);
}

static void
note_duration (Job *job)
{
  float ms = (g_get_monotonic_time () - job->started_us) / 1000.0f;

  indexer_latency_add (&job->indexer->latency, ms);
  if (job->indexer->slow_query_ms > 0 && ms >= job->indexer->slow_query_ms)
    hero_warn (job->indexer->ctx, "a search of database '%s' took %.0f ms", indexer_database_get_name (job->database),
               ms);
}

void
indexer_search_thread (gpointer data, gpointer indexer)
{
  Job *job = data;
  g_autoptr (GString) hits = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  IndexerResult result = { .hits = hits, .warnings = job->query->warnings };
  gboolean done = run (job, &result, &error);

  result.took_ms = (g_get_monotonic_time () - job->started_us) / 1000;
  note_duration (job);
  job->func (done ? &result : NULL, error, job->data);
  job_free (job);
}
