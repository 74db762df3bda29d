/*
 * record-batch.h: the changes that one commit takes to disk. Filled on the service's thread; once frozen it is only
 * read, there and on the store's writer thread.
 */
#pragma once

#include "slice.h"

typedef struct _RecordBatch RecordBatch;

/* What a batch says of one record. */
typedef struct
{
  guint table;
  gboolean deleted;
  Slice key;
  Slice value;
} Record;

RecordBatch *record_batch_new (guint64 ticket);
void record_batch_free (RecordBatch *self);

/* The value is the parts one behind the other; they are copied before the record's last value is freed. */
void record_batch_put (RecordBatch *self, guint table, Slice key, const Slice *parts, gsize count);
void record_batch_delete (RecordBatch *self, guint table, Slice key);

/* NULL: the batch says nothing about it. Lives until the record is changed. */
const Record *record_batch_find (RecordBatch *self, guint table, Slice key);

/* All records (const Record *) by table and key. Lives until the batch is changed. */
GPtrArray *record_batch_sorted (RecordBatch *self);
/* The index in record_batch_sorted of the first record not before this key. */
guint record_batch_seek (RecordBatch *self, guint table, Slice key);

/* Order of keys: by bytes, a prefix first. */
int record_compare_keys (Slice a, Slice b);

guint64 record_batch_get_ticket (RecordBatch *self);
gsize record_batch_get_bytes (RecordBatch *self);
guint record_batch_get_count (RecordBatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecordBatch, record_batch_free)
