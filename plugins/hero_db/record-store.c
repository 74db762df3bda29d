/*
 * record-store.c: LMDB under an overlay of up to two batches: the one being committed and the one that collects what is
 * written meanwhile. Service thread, but for commit_batch.
 */
#include "record-store.h"

#include <hero-service/store.h>

#include "record-batch.h"

#define LAYERS 2 /* the collecting batch, the one under way */

struct _RecordStore
{
  HeroStore *store;
  const char *const *tables;
  RecordStoreCommitted committed;
  gpointer data;

  RecordBatch *collecting; /* never NULL */
  RecordBatch *under_way;  /* NULL = no commit runs */
  HeroStoreTxn *snapshot;  /* of this turn */
  guint64 last_ticket;     /* given to a batch */
  guint64 durable;
  gint64 commit_begun_us, commit_us; /* of the one under way; how long the last one took */
  guint64 touched;                   /* the highest ticket read or written since record_store_take_ticket */
};

static RecordBatch *
new_batch (RecordStore *self)
{
  return record_batch_new (++self->last_ticket);
}

RecordStore *
record_store_open (const char *path, guint format, const char *const *tables, RecordStoreCommitted committed,
                   gpointer data, GError **error)
{
  const HeroStoreOptions options = { .format = format, .tables = tables };
  HeroStore *store = hero_store_open (path, &options, error);
  RecordStore *self;

  if (store == NULL)
    return NULL;
  self = g_new0 (RecordStore, 1);
  self->store = store;
  self->tables = tables;
  self->committed = committed;
  self->data = data;
  self->collecting = new_batch (self);
  return self;
}

static void
end_snapshot (RecordStore *self)
{
  g_clear_pointer (&self->snapshot, hero_store_read_end);
}

void
record_store_close (RecordStore *self)
{
  if (self == NULL)
    return;
  g_assert (self->under_way == NULL);
  end_snapshot (self);
  record_batch_free (self->collecting);
  hero_store_close (self->store);
  g_free (self);
}

gboolean
record_store_begin_turn (RecordStore *self, GError **error)
{
  if (self->snapshot == NULL)
    self->snapshot = hero_store_read_begin (self->store, error);
  return self->snapshot != NULL;
}

static void
touch (RecordStore *self, RecordBatch *batch)
{
  self->touched = MAX (self->touched, record_batch_get_ticket (batch));
}

gboolean
record_store_get (RecordStore *self, guint table, Slice key, Slice *value)
{
  RecordBatch *layers[LAYERS] = { self->collecting, self->under_way };
  gconstpointer found;
  gsize length;

  for (guint i = 0; i < LAYERS; i++)
    {
      const Record *record = layers[i] != NULL ? record_batch_find (layers[i], table, key) : NULL;

      if (record == NULL)
        continue;
      touch (self, layers[i]);
      *value = record->value;
      return !record->deleted;
    }

  if (!hero_store_get (self->snapshot, self->tables[table], key.data, key.length, &found, &length))
    return FALSE;
  *value = slice (found, length);
  return TRUE;
}

void
record_store_put (RecordStore *self, guint table, Slice key, const Slice *parts, gsize count)
{
  record_batch_put (self->collecting, table, key, parts, count);
  touch (self, self->collecting);
}

void
record_store_delete (RecordStore *self, guint table, Slice key)
{
  record_batch_delete (self->collecting, table, key);
  touch (self, self->collecting);
}

guint64
record_store_take_ticket (RecordStore *self)
{
  guint64 ticket = self->touched;

  self->touched = 0;
  return ticket;
}

guint64
record_store_get_durable (RecordStore *self)
{
  return self->durable;
}

gint64
record_store_get_commit_us (RecordStore *self)
{
  return self->commit_us;
}

gsize
record_store_get_dirty_bytes (RecordStore *self)
{
  return record_batch_get_bytes (self->collecting)
         + (self->under_way != NULL ? record_batch_get_bytes (self->under_way) : 0);
}

guint64
record_store_get_file_bytes (RecordStore *self)
{
  return hero_store_get_size (self->store);
}

/* ------------------------------------------------------------------------------------------------ commit */

typedef struct
{
  const char *const *tables;
  GPtrArray *records; /* in order of keys, which is what LMDB likes best */
} Commit;

static void
commit_free (gpointer data)
{
  Commit *commit = data;

  g_ptr_array_unref (commit->records);
  g_free (commit);
}

/* Writer thread. */
static gboolean
commit_batch (HeroStoreTxn *txn, gpointer data, GError **error)
{
  const Commit *commit = data;

  for (guint i = 0; i < commit->records->len; i++)
    {
      const Record *record = g_ptr_array_index (commit->records, i);
      const char *table = commit->tables[record->table];

      if (record->deleted ? !hero_store_delete (txn, table, record->key.data, record->key.length, NULL, error)
                          : !hero_store_put (txn, table, record->key.data, record->key.length, record->value.data,
                                             record->value.length, error))
        return FALSE;
    }
  return TRUE;
}

static void
commit_done (GObject *source, GAsyncResult *result, gpointer data)
{
  RecordStore *self = data;
  g_autoptr (RecordBatch) batch = g_steal_pointer (&self->under_way);
  g_autoptr (GError) error = NULL;

  end_snapshot (self);
  self->commit_us = g_get_monotonic_time () - self->commit_begun_us;
  if (hero_store_write_finish (self->store, result, &error))
    self->durable = record_batch_get_ticket (batch);
  else
    {
      /* What was collected since builds on what is lost. */
      record_batch_free (self->collecting);
      self->collecting = new_batch (self);
    }
  self->committed (self->data, error);
}

static Commit *
commit_new (RecordStore *self, RecordBatch *batch)
{
  Commit *commit = g_new0 (Commit, 1);

  commit->tables = self->tables;
  commit->records = g_ptr_array_ref (record_batch_sorted (batch));
  return commit;
}

static void
begin_commit (RecordStore *self)
{
  self->under_way = g_steal_pointer (&self->collecting);
  self->collecting = new_batch (self);
  self->commit_begun_us = g_get_monotonic_time ();
  hero_store_write_async (self->store, commit_batch, commit_new (self, self->under_way), commit_free, commit_done,
                          self);
}

gboolean
record_store_commit_sync (RecordStore *self, GError **error)
{
  g_autoptr (RecordBatch) batch = g_steal_pointer (&self->collecting);
  Commit *commit = commit_new (self, batch);
  gboolean committed;

  self->collecting = new_batch (self);
  end_snapshot (self);
  committed = hero_store_write_sync (self->store, commit_batch, commit, error);
  commit_free (commit);
  if (committed)
    self->durable = record_batch_get_ticket (batch);
  return committed;
}

void
record_store_end_turn (RecordStore *self, gboolean commit)
{
  end_snapshot (self);
  self->touched = 0;
  if (commit && self->under_way == NULL && record_batch_get_count (self->collecting) > 0)
    begin_commit (self);
}

void
record_store_probe (RecordStore *self)
{
  if (self->under_way == NULL)
    begin_commit (self);
}

gboolean
record_store_is_committing (RecordStore *self)
{
  return self->under_way != NULL;
}

gboolean
record_store_is_idle (RecordStore *self)
{
  return self->under_way == NULL && record_batch_get_count (self->collecting) == 0;
}

/* ------------------------------------------------------------------------------------------------ cursor */

struct _RecordCursor
{
  RecordStore *store;
  guint table;
  Slice prefix;
  GPtrArray *layers[LAYERS]; /* sorted records, NULL = no such batch */
  guint at[LAYERS];
  HeroStoreCursor *disk;
  gboolean on_disk; /* the disk cursor stands at a record */
  Slice key, value;
};

RecordCursor *
record_cursor_new (RecordStore *store, guint table, Slice prefix)
{
  RecordCursor *self = g_new0 (RecordCursor, 1);
  RecordBatch *batches[LAYERS] = { store->collecting, store->under_way };

  self->store = store;
  self->table = table;
  self->prefix = prefix;
  for (guint i = 0; i < LAYERS; i++)
    if (batches[i] != NULL && record_batch_get_count (batches[i]) > 0)
      {
        /* A walk also shows what is missing: it waits for the batch as a whole. */
        touch (store, batches[i]);
        self->layers[i] = record_batch_sorted (batches[i]);
      }
  self->disk = hero_store_cursor_new (store->snapshot, store->tables[table]);
  return self;
}

void
record_cursor_free (RecordCursor *self)
{
  if (self == NULL)
    return;
  hero_store_cursor_free (self->disk);
  g_free (self);
}

static gboolean
has_prefix (Slice key, Slice prefix)
{
  return key.length >= prefix.length && memcmp (key.data, prefix.data, prefix.length) == 0;
}

/* The record a layer stands at, NULL = it has no more. */
static const Record *
layer_record (RecordCursor *self, guint layer)
{
  const Record *record;

  if (self->layers[layer] == NULL || self->at[layer] >= self->layers[layer]->len)
    return NULL;
  record = g_ptr_array_index (self->layers[layer], self->at[layer]);
  return record->table == self->table && has_prefix (record->key, self->prefix) ? record : NULL;
}

static gboolean
disk_record (RecordCursor *self, Record *record)
{
  gconstpointer key, value;

  if (!self->on_disk)
    return FALSE;
  hero_store_cursor_get (self->disk, &key, &record->key.length, &value, &record->value.length);
  record->key.data = key;
  record->value.data = value;
  record->deleted = FALSE;
  return has_prefix (record->key, self->prefix);
}

/* The first record of all sources, the newest word on it. FALSE: none is left. */
static gboolean
first_record (RecordCursor *self, Record *first)
{
  gboolean found = disk_record (self, first);

  for (gint i = LAYERS - 1; i >= 0; i--)
    {
      const Record *record = layer_record (self, (guint)i);

      if (record != NULL && (!found || record_compare_keys (record->key, first->key) <= 0))
        {
          *first = *record;
          found = TRUE;
        }
    }
  return found;
}

/* Moves every source that stands at this key. */
static void
pass (RecordCursor *self, Slice key)
{
  Record at;

  for (guint i = 0; i < LAYERS; i++)
    {
      const Record *record = layer_record (self, i);

      if (record != NULL && slice_equal (record->key, key))
        self->at[i]++;
    }
  if (disk_record (self, &at) && slice_equal (at.key, key))
    self->on_disk = hero_store_cursor_next (self->disk);
}

static gboolean
settle (RecordCursor *self)
{
  Record first;

  while (first_record (self, &first))
    {
      if (!first.deleted)
        {
          self->key = first.key;
          self->value = first.value;
          return TRUE;
        }
      pass (self, first.key);
    }
  return FALSE;
}

gboolean
record_cursor_seek (RecordCursor *self, Slice key)
{
  RecordBatch *batches[LAYERS] = { self->store->collecting, self->store->under_way };

  for (guint i = 0; i < LAYERS; i++)
    if (self->layers[i] != NULL)
      self->at[i] = record_batch_seek (batches[i], self->table, key);
  self->on_disk = hero_store_cursor_seek (self->disk, key.length > 0 ? key.data : NULL, key.length);
  return settle (self);
}

gboolean
record_cursor_next (RecordCursor *self)
{
  pass (self, self->key);
  return settle (self);
}

void
record_cursor_get (RecordCursor *self, Slice *key, Slice *value)
{
  *key = self->key;
  *value = self->value;
}
