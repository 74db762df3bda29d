/* database-load.c: builds the index of a database from its documents. Lane thread, then service thread. */
#include "database-private.h"

#define LOAD_CHUNK 1000 /* documents read in one transaction */

typedef struct
{
  IndexerDatabase *database;
  IndexerLoadFunc func;
  gpointer data;
  IndexerSnapshot *snapshot;
  IndexerCounts counts;
  GError *error;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  indexer_database_unref (load->database);
  g_clear_pointer (&load->snapshot, indexer_snapshot_unref);
  g_clear_error (&load->error);
  g_free (load);
}

/* Adds up to LOAD_CHUNK documents from number `from` on; returns how many, short of it only where one is missing. */
static guint64
load_chunk (IndexerDatabase *self, HeroStoreTxn *txn, IndexerSegmentBuilder *builder, guint64 from, guint64 until)
{
  guint64 number = from;

  for (; number < until && number < from + LOAD_CHUNK; number++)
    {
      IndexerDocumentKey key = indexer_document_key (self->id, number);
      gconstpointer record;
      gsize length;

      if (!hero_store_get (txn, INDEXER_TABLE_DOCUMENTS, &key, sizeof key, &record, &length))
        break;
      indexer_segment_builder_add (builder, record, length);
    }
  return number - from;
}

/* In many short transactions, so that the writer can reuse pages meanwhile: committed documents do not change. */
static gboolean
load_documents (Load *load, GError **error)
{
  IndexerDatabase *self = load->database;
  g_autoptr (IndexerSegmentBuilder) builder = indexer_segment_builder_new (self->schema);
  g_autoptr (IndexerSnapshot) empty = indexer_snapshot_new (self->schema);
  g_autoptr (IndexerSegment) segment = NULL;
  guint64 number = 0, n;

  do
    {
      g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (self->engine->store, error);

      if (txn == NULL)
        return FALSE;
      if (number == 0 && !indexer_counts_read (txn, self->id, &load->counts))
        {
          g_set_error (error, INDEXER_ERROR, INDEXER_INDEX_ERROR, "Index error: database '%s' has no counts",
                       self->name);
          return FALSE;
        }
      n = load_chunk (self, txn, builder, number, load->counts.doc_count);
      number += n;
    }
  while (n > 0);
  if (number < load->counts.doc_count)
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_INDEX_ERROR,
                   "Index error: document %" G_GUINT64_FORMAT " of database '%s' is missing", number, self->name);
      return FALSE;
    }
  segment = indexer_segment_builder_finish (g_steal_pointer (&builder));
  load->snapshot = number > 0 ? indexer_snapshot_extend (empty, &segment, 1) : g_steal_pointer (&empty);
  return TRUE;
}

static gboolean
load_done (gpointer data)
{
  Load *load = data;
  IndexerDatabase *self = load->database;

  if (load->error == NULL)
    {
      indexer_snapshot_unref (self->snapshot);
      self->snapshot = g_steal_pointer (&load->snapshot);
      self->counts = load->counts;
      self->next_opstamp = load->counts.next_opstamp;
    }
  load->func (self, load->error, load->data);
  return G_SOURCE_REMOVE;
}

static void
load_run (gpointer data)
{
  Load *load = data;

  load_documents (load, &load->error);
  hero_service_post (load->database->engine->ctx, load_done, load, load_free);
}

void
indexer_database_load (IndexerDatabase *self, IndexerLoadFunc func, gpointer data)
{
  Load *load = g_new0 (Load, 1);

  load->database = indexer_database_ref (self);
  load->func = func;
  load->data = data;
  indexer_lane_push (self->lane, load_run, load);
}
