/*
 * snapshot.h: what a search sees: the segments of a database at one moment. Immutable, shared by reference, so a search
 * needs no lock and is not disturbed by commits. Any thread.
 */
#pragma once

#include "segment.h"

G_BEGIN_DECLS

typedef struct _IndexerSnapshot IndexerSnapshot;

IndexerSnapshot *indexer_snapshot_new (IndexerSchema *schema);
IndexerSnapshot *indexer_snapshot_ref (IndexerSnapshot *self);
void indexer_snapshot_unref (IndexerSnapshot *self);
/* The documents of self and, after them, those of the segments. Small neighbours become one: n commits cost n log n. */
IndexerSnapshot *indexer_snapshot_extend (IndexerSnapshot *self, IndexerSegment *const *segments, guint n);

IndexerSchema *indexer_snapshot_get_schema (IndexerSnapshot *self);
guint64 indexer_snapshot_get_n_docs (IndexerSnapshot *self);
guint64 indexer_snapshot_get_n_tokens (IndexerSnapshot *self, guint field);
guint64 indexer_snapshot_get_memory (IndexerSnapshot *self);
guint indexer_snapshot_get_n_segments (IndexerSnapshot *self);
IndexerSegment *indexer_snapshot_get_segment (IndexerSnapshot *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerSnapshot, indexer_snapshot_unref)

G_END_DECLS
