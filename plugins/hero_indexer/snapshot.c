/* snapshot.c: the segments of a database at one moment. Any thread. */
#include "snapshot.h"

struct _IndexerSnapshot
{
  IndexerSchema *schema;
  GPtrArray *segments; /* IndexerSegment, oldest documents first */
};

static void
snapshot_clear (gpointer data)
{
  IndexerSnapshot *self = data;

  indexer_schema_unref (self->schema);
  g_ptr_array_unref (self->segments);
}

IndexerSnapshot *
indexer_snapshot_new (IndexerSchema *schema)
{
  IndexerSnapshot *self = g_atomic_rc_box_new0 (IndexerSnapshot);

  self->schema = indexer_schema_ref (schema);
  self->segments = g_ptr_array_new_with_free_func ((GDestroyNotify)indexer_segment_unref);
  return self;
}

IndexerSnapshot *
indexer_snapshot_ref (IndexerSnapshot *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
indexer_snapshot_unref (IndexerSnapshot *self)
{
  g_atomic_rc_box_release_full (self, snapshot_clear);
}

/* Where the run of segments begins that is merged: each older one at most twice the size of all behind it. */
static guint
merge_start (GPtrArray *segments)
{
  guint start = segments->len - 1;
  guint64 total = indexer_segment_get_n_docs (segments->pdata[start]);

  while (start > 0 && indexer_segment_get_n_docs (segments->pdata[start - 1]) <= 2 * total)
    total += indexer_segment_get_n_docs (segments->pdata[--start]);
  return start;
}

IndexerSnapshot *
indexer_snapshot_extend (IndexerSnapshot *self, IndexerSegment *const *segments, guint n)
{
  IndexerSnapshot *next = indexer_snapshot_new (self->schema);
  IndexerSegment *merged;
  guint start;

  for (guint i = 0; i < self->segments->len; i++)
    g_ptr_array_add (next->segments, indexer_segment_ref (self->segments->pdata[i]));
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (next->segments, indexer_segment_ref (segments[i]));
  if (next->segments->len == 0)
    return next;

  start = merge_start (next->segments);
  merged = indexer_segment_merge ((IndexerSegment *const *)next->segments->pdata + start, next->segments->len - start);
  g_ptr_array_set_size (next->segments, start);
  g_ptr_array_add (next->segments, merged);
  return next;
}

IndexerSchema *
indexer_snapshot_get_schema (IndexerSnapshot *self)
{
  return self->schema;
}

guint64
indexer_snapshot_get_n_docs (IndexerSnapshot *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->segments->len; i++)
    n += indexer_segment_get_n_docs (self->segments->pdata[i]);
  return n;
}

guint64
indexer_snapshot_get_n_tokens (IndexerSnapshot *self, guint field)
{
  guint64 n = 0;

  for (guint i = 0; i < self->segments->len; i++)
    n += indexer_segment_get_n_tokens (self->segments->pdata[i], field);
  return n;
}

guint64
indexer_snapshot_get_memory (IndexerSnapshot *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->segments->len; i++)
    n += indexer_segment_get_memory (self->segments->pdata[i]);
  return n;
}

guint
indexer_snapshot_get_n_segments (IndexerSnapshot *self)
{
  return self->segments->len;
}

IndexerSegment *
indexer_snapshot_get_segment (IndexerSnapshot *self, guint index)
{
  return self->segments->pdata[index];
}
