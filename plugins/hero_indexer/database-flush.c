/*
 * database-flush.c: pending records to the store; a flush that publishes is a commit. Service thread, lane thread, the
 * store's writer, service thread, in this order.
 */
#include "database-private.h"

#include <hero-service/events.h>

typedef struct
{
  IndexerCommitFunc func;
  gpointer data;
  gboolean only_if_dirty;
} Waiter;

typedef struct
{
  IndexerDatabase *database;
  GQueue waiters;
  gboolean publish, only_if_dirty;
  GPtrArray *records;
  guint64 bytes, first_number, opstamp;
  IndexerSegment *segment;
  IndexerSnapshot *next;
  IndexerCounts counts;
  gint64 started_us;
} Flush;

static void
flush_free (Flush *flush)
{
  indexer_database_unref (flush->database);
  g_ptr_array_unref (flush->records);
  g_clear_pointer (&flush->segment, indexer_segment_unref);
  g_clear_pointer (&flush->next, indexer_snapshot_unref);
  g_free (flush);
}

static void
answer_waiters (Flush *flush, const GError *error)
{
  IndexerCommitted committed = { flush->opstamp, flush->database->counts.doc_count };
  Waiter *waiter;

  while ((waiter = g_queue_pop_head (&flush->waiters)) != NULL)
    {
      waiter->func (error == NULL ? &committed : NULL, error, waiter->data);
      g_free (waiter);
    }
}

/* What could not be written goes back in front of what came meanwhile. */
static void
put_back (Flush *flush)
{
  IndexerDatabase *self = flush->database;

  g_mutex_lock (&self->lock);
  g_ptr_array_extend_and_steal (flush->records, self->pending);
  self->pending = g_steal_pointer (&flush->records);
  self->pending_bytes += flush->bytes;
  g_mutex_unlock (&self->lock);
  flush->records = g_ptr_array_new ();
}

static void
tell_committed (Flush *flush)
{
  IndexerDatabase *self = flush->database;
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", self->name);
  json_object_set_int_member (data, "opstamp", flush->opstamp);
  json_object_set_int_member (data, "added", flush->counts.doc_count - self->counts.doc_count);
  json_object_set_int_member (data, "deleted", 0);
  json_object_set_int_member (data, "doc_count", flush->counts.doc_count);
  json_object_set_int_member (data, "ms", (g_get_monotonic_time () - flush->started_us) / 1000);
  hero_service_publish (self->engine->ctx, NULL, "db.committed", data);
}

static void
publish (Flush *flush)
{
  IndexerDatabase *self = flush->database;

  tell_committed (flush);
  g_mutex_lock (&self->lock);
  self->n_uncommitted -= flush->counts.doc_count - self->counts.doc_count;
  g_mutex_unlock (&self->lock);
  indexer_snapshot_unref (self->snapshot);
  self->snapshot = g_steal_pointer (&flush->next);
  self->counts = flush->counts;
  g_ptr_array_set_size (self->spilled, 0);
  self->n_spilled = self->spilled_bytes = 0;
  g_atomic_pointer_add (&self->engine->n_commits, 1);
}

static void
keep_spilled (Flush *flush)
{
  IndexerDatabase *self = flush->database;

  if (flush->segment == NULL)
    return;
  g_ptr_array_add (self->spilled, g_steal_pointer (&flush->segment));
  self->n_spilled += flush->records->len;
  self->spilled_bytes += flush->bytes;
}

static void
finish_flush (Flush *flush, const GError *error)
{
  IndexerDatabase *self = flush->database;

  answer_waiters (flush, error);
  self->flushing = FALSE;
  indexer_database_resume_adds (self, error != NULL);
  indexer_database_flush (self);
  flush_free (flush);
}

static void
flush_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Flush *flush = data;
  g_autoptr (GError) error = NULL;

  if (!hero_store_write_finish (flush->database->engine->store, result, &error))
    put_back (flush);
  else if (flush->publish)
    publish (flush);
  else
    keep_spilled (flush);
  finish_flush (flush, error);
}

/* Writer thread of the store. */
static gboolean
flush_store (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Flush *flush = data;
  IndexerDatabase *self = flush->database;
  IndexerCounts counts;

  if (!indexer_counts_read (txn, self->id, &counts))
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_DATABASE_NOT_FOUND, "Database not found: %s", self->name);
      return FALSE;
    }
  for (guint i = 0; i < flush->records->len; i++)
    {
      IndexerDocumentKey key = indexer_document_key (self->id, flush->first_number + i);
      GBytes *record = flush->records->pdata[i];

      if (!hero_store_put (txn, INDEXER_TABLE_DOCUMENTS, &key, sizeof key, g_bytes_get_data (record, NULL),
                           g_bytes_get_size (record), error))
        return FALSE;
    }
  return !flush->publish || indexer_counts_write (txn, self->id, &flush->counts, error);
}

static gboolean
flush_write (gpointer data)
{
  Flush *flush = data;

  if (flush->records->len == 0 && flush->next == NULL)
    finish_flush (flush, NULL);
  else
    hero_store_write_async (flush->database->engine->store, flush_store, flush, NULL, flush_written, flush);
  return G_SOURCE_REMOVE;
}

static void
take_pending (Flush *flush)
{
  IndexerDatabase *self = flush->database;

  g_mutex_lock (&self->lock);
  flush->records = self->pending;
  flush->bytes = self->pending_bytes;
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->pending_bytes = 0;
  if (flush->publish && flush->only_if_dirty && flush->records->len == 0 && self->n_spilled == 0)
    flush->publish = FALSE;
  if (flush->publish)
    flush->opstamp = self->next_opstamp++;
  flush->counts.next_opstamp = self->next_opstamp;
  g_mutex_unlock (&self->lock);
}

/* Lane thread. */
static void
flush_prepare (gpointer data)
{
  Flush *flush = data;
  IndexerDatabase *self = flush->database;

  take_pending (flush);
  flush->first_number = self->counts.doc_count + self->n_spilled;
  if (flush->records->len > 0)
    {
      IndexerSegmentBuilder *builder = indexer_segment_builder_new (self->schema);

      for (guint i = 0; i < flush->records->len; i++)
        indexer_segment_builder_add (builder, g_bytes_get_data (flush->records->pdata[i], NULL),
                                     g_bytes_get_size (flush->records->pdata[i]));
      flush->segment = indexer_segment_builder_finish (builder);
    }
  if (flush->publish)
    {
      g_autoptr (GPtrArray) fresh = g_ptr_array_new ();

      g_ptr_array_extend (fresh, self->spilled, NULL, NULL);
      if (flush->segment != NULL)
        g_ptr_array_add (fresh, flush->segment);
      flush->next = indexer_snapshot_extend (self->snapshot, (IndexerSegment *const *)fresh->pdata, fresh->len);
      flush->counts.doc_count = flush->first_number + flush->records->len;
      flush->counts.size_bytes = self->counts.size_bytes + self->spilled_bytes + flush->bytes;
    }
  hero_service_post (self->engine->ctx, flush_write, flush, NULL);
}

void
indexer_database_flush (IndexerDatabase *self)
{
  Flush *flush;

  if (self->flushing || (g_queue_is_empty (&self->commits) && !self->spill_wanted))
    return;
  flush = g_new0 (Flush, 1);
  flush->database = indexer_database_ref (self);
  flush->started_us = g_get_monotonic_time ();
  flush->publish = !g_queue_is_empty (&self->commits);
  flush->only_if_dirty = TRUE;
  flush->waiters = self->commits;
  for (GList *l = flush->waiters.head; l != NULL; l = l->next)
    flush->only_if_dirty = flush->only_if_dirty && ((Waiter *)l->data)->only_if_dirty;
  g_queue_init (&self->commits);
  self->flushing = TRUE;
  self->spill_wanted = FALSE;
  indexer_lane_push (self->lane, flush_prepare, flush);
}

void
indexer_database_commit (IndexerDatabase *self, gboolean only_if_dirty, IndexerCommitFunc func, gpointer data)
{
  Waiter *waiter = g_new (Waiter, 1);

  *waiter = (Waiter){ func, data, only_if_dirty };
  g_queue_push_tail (&self->commits, waiter);
  indexer_database_flush (self);
}
