/* record-batch.c: a hash table for single records, sorted when somebody walks it. Threads: see record-batch.h. */
#include "record-batch.h"

struct _RecordBatch
{
  guint64 ticket;
  GHashTable *records; /* set of Record, each one allocation with its bytes */
  GPtrArray *sorted;   /* NULL = records were added since */
  gsize bytes;
};

static guint
record_hash (gconstpointer data)
{
  const Record *record = data;
  guint64 hash = 0x9e3779b97f4a7c15u ^ record->table;
  gsize i = 0;

  for (; i + 8 <= record->key.length; i += 8)
    {
      guint64 word;

      memcpy (&word, record->key.data + i, 8);
      hash = (hash ^ word) * 0xff51afd7ed558ccdu;
      hash ^= hash >> 32;
    }
  for (; i < record->key.length; i++)
    hash = (hash ^ (guchar)record->key.data[i]) * 0x100000001b3u;
  return (guint)(hash ^ hash >> 32);
}

static gboolean
record_equal (gconstpointer a, gconstpointer b)
{
  const Record *left = a, *right = b;

  return left->table == right->table && slice_equal (left->key, right->key);
}

int
record_compare_keys (Slice a, Slice b)
{
  gsize common = MIN (a.length, b.length);
  int order = common > 0 ? memcmp (a.data, b.data, common) : 0;

  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int
record_compare (const Record *a, const Record *b)
{
  if (a->table != b->table)
    return a->table < b->table ? -1 : 1;
  return record_compare_keys (a->key, b->key);
}

static int
compare_pointers (gconstpointer a, gconstpointer b)
{
  return record_compare (*(const Record *const *)a, *(const Record *const *)b);
}

RecordBatch *
record_batch_new (guint64 ticket)
{
  RecordBatch *self = g_new0 (RecordBatch, 1);

  self->ticket = ticket;
  self->records = g_hash_table_new_full (record_hash, record_equal, g_free, NULL);
  return self;
}

void
record_batch_free (RecordBatch *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->sorted, g_ptr_array_unref);
  g_hash_table_unref (self->records);
  g_free (self);
}

/* Takes the place of what the batch said of the same record. */
static void
insert (RecordBatch *self, Record *record)
{
  const Record *old = g_hash_table_lookup (self->records, record);

  if (old != NULL)
    self->bytes -= old->key.length + old->value.length;
  self->bytes += record->key.length + record->value.length;
  g_hash_table_add (self->records, record);
  g_clear_pointer (&self->sorted, g_ptr_array_unref);
}

void
record_batch_put (RecordBatch *self, guint table, Slice key, const Slice *parts, gsize count)
{
  Record *record;
  gsize length = 0;
  char *bytes;

  for (gsize i = 0; i < count; i++)
    length += parts[i].length;

  record = g_malloc (sizeof *record + key.length + length);
  bytes = (char *)(record + 1);
  memcpy (bytes, key.data, key.length);
  *record = (Record){ table, FALSE, slice (bytes, key.length), slice (bytes + key.length, length) };
  bytes += key.length;
  for (gsize i = 0; i < count; i++)
    {
      if (parts[i].length > 0)
        memcpy (bytes, parts[i].data, parts[i].length);
      bytes += parts[i].length;
    }
  insert (self, record);
}

void
record_batch_delete (RecordBatch *self, guint table, Slice key)
{
  Record *record = g_malloc (sizeof *record + key.length);

  memcpy (record + 1, key.data, key.length);
  *record = (Record){ table, TRUE, slice (record + 1, key.length), { NULL, 0 } };
  insert (self, record);
}

const Record *
record_batch_find (RecordBatch *self, guint table, Slice key)
{
  const Record wanted = { .table = table, .key = key };

  return g_hash_table_lookup (self->records, &wanted);
}

GPtrArray *
record_batch_sorted (RecordBatch *self)
{
  if (self->sorted == NULL)
    {
      GHashTableIter iter;
      gpointer record;

      self->sorted = g_ptr_array_sized_new (g_hash_table_size (self->records));
      g_hash_table_iter_init (&iter, self->records);
      while (g_hash_table_iter_next (&iter, &record, NULL))
        g_ptr_array_add (self->sorted, record);
      g_ptr_array_sort (self->sorted, compare_pointers);
    }
  return self->sorted;
}

guint
record_batch_seek (RecordBatch *self, guint table, Slice key)
{
  GPtrArray *sorted = record_batch_sorted (self);
  const Record wanted = { .table = table, .key = key };
  guint low = 0, high = sorted->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (record_compare (sorted->pdata[middle], &wanted) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

guint64
record_batch_get_ticket (RecordBatch *self)
{
  return self->ticket;
}

gsize
record_batch_get_bytes (RecordBatch *self)
{
  return self->bytes;
}

guint
record_batch_get_count (RecordBatch *self)
{
  return g_hash_table_size (self->records);
}
