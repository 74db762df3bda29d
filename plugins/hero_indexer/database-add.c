/* database-add.c: JSON documents become records in memory. Lane thread unless said otherwise. */
#include "database-private.h"

#include "document.h"

typedef struct
{
  IndexerDatabase *database;
  JsonNode *documents;
  gboolean is_batch;
  IndexerAddFunc func;
  gpointer data;
} Add;

static gboolean
spill (gpointer data)
{
  IndexerDatabase *self = data;

  self->spill_wanted = TRUE;
  indexer_database_flush (self);
  return G_SOURCE_REMOVE;
}

static void
want_spill (IndexerDatabase *self)
{
  hero_service_post (self->engine->ctx, spill, indexer_database_ref (self), (GDestroyNotify)indexer_database_unref);
}

static gboolean
encode_all (Add *add, GPtrArray *records, GArray *skipped, GError **error)
{
  JsonArray *array = add->is_batch ? json_node_get_array (add->documents) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 1;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = array != NULL ? json_array_get_element (array, i) : add->documents;
      GBytes *record = indexer_document_encode (add->database->schema, node, i, skipped, error);

      if (record == NULL)
        {
          if (add->is_batch && error != NULL)
            indexer_error_add_index (*error, i);
          return FALSE;
        }
      g_ptr_array_add (records, record);
    }
  return TRUE;
}

/* Takes the records. Returns the opstamp of the last. */
static guint64
accept_records (IndexerDatabase *self, GPtrArray *records)
{
  guint n = records->len;
  guint64 bytes = 0, last;
  gboolean full;

  for (guint i = 0; i < n; i++)
    bytes += g_bytes_get_size (records->pdata[i]);
  g_mutex_lock (&self->lock);
  self->next_opstamp += n;
  last = n > 0 ? self->next_opstamp - 1 : 0;
  self->n_uncommitted += n;
  self->pending_bytes += bytes;
  g_ptr_array_extend_and_steal (self->pending, records);
  full = self->pending_bytes > self->engine->writer_memory;
  g_mutex_unlock (&self->lock);
  if (full)
    want_spill (self);
  return last;
}

static void
add_end (Add *add, const IndexerAdded *added, const GError *error)
{
  add->func (added, error, add->data);
  indexer_database_unref (add->database);
  g_free (add);
}

/*
 * Twice the writer's memory is in memory only when the disk is slower than the clients, who then wait with this answer,
 * or when it refuses. TRUE: the document was not taken now.
 */
static gboolean
held_up (Add *add)
{
  IndexerDatabase *self = add->database;
  g_autoptr (GError) error = NULL;
  gboolean full, refuses;

  g_mutex_lock (&self->lock);
  full = self->pending_bytes > 2 * self->engine->writer_memory;
  refuses = full && self->disk_refuses;
  if (full && !refuses)
    g_queue_push_tail (&self->parked, add);
  g_mutex_unlock (&self->lock);
  if (refuses)
    {
      want_spill (self);
      g_set_error (&error, HERO_ERROR, HERO_ERROR_STORAGE_FULL,
                   "the documents that wait for a commit of database '%s' could not be written to the disk",
                   self->name);
      add_end (add, NULL, error);
    }
  return full;
}

static void
add_run (gpointer data)
{
  Add *add = data;
  IndexerDatabase *self = add->database;
  GPtrArray *records;
  g_autoptr (GArray) skipped = NULL;
  g_autoptr (GError) error = NULL;
  IndexerAdded added = { 0 };

  if (held_up (add))
    return;
  records = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  skipped = g_array_new (FALSE, FALSE, sizeof (IndexerSkipped));
  if (!encode_all (add, records, skipped, &error))
    {
      g_ptr_array_unref (records);
      add_end (add, NULL, error);
      return;
    }
  added.count = records->len;
  added.skipped = skipped;
  added.opstamp = accept_records (self, records);
  g_atomic_pointer_add (&self->engine->docs_added, added.count);
  g_atomic_pointer_add (&self->engine->docs_skipped, skipped->len);
  add_end (add, &added, NULL);
}

void
indexer_database_resume_adds (IndexerDatabase *self, gboolean disk_refuses)
{
  GQueue parked;
  Add *add;

  g_mutex_lock (&self->lock);
  self->disk_refuses = disk_refuses;
  parked = self->parked;
  g_queue_init (&self->parked);
  g_mutex_unlock (&self->lock);
  while ((add = g_queue_pop_head (&parked)) != NULL)
    indexer_lane_push (self->lane, add_run, add);
}

void
indexer_database_add (IndexerDatabase *self, JsonNode *documents, gboolean is_batch, IndexerAddFunc func, gpointer data)
{
  Add *add = g_new (Add, 1);

  *add = (Add){ indexer_database_ref (self), documents, is_batch, func, data };
  indexer_lane_push (self->lane, add_run, add);
}
