/*
 * segment.h: the inverted index of some documents, in memory: term -> postings, and the length of each field of each
 * document. A builder belongs to one thread; a finished segment is immutable and shared by reference. Any thread.
 */
#pragma once

#include "schema.h"

G_BEGIN_DECLS

typedef struct
{
  guint32 doc; /* from 0, within the segment */
  guint32 frequency;
} IndexerPosting;

typedef struct
{
  const IndexerPosting *postings; /* in order of doc */
  guint n;
} IndexerPostings;

typedef struct _IndexerSegment IndexerSegment;
typedef struct _IndexerSegmentBuilder IndexerSegmentBuilder;

IndexerSegmentBuilder *indexer_segment_builder_new (IndexerSchema *schema);
void indexer_segment_builder_free (IndexerSegmentBuilder *self);
/* Adds the next document, a record of document.h. */
void indexer_segment_builder_add (IndexerSegmentBuilder *self, const guint8 *record, gsize length);
/* The segment of all that was added; frees the builder. */
IndexerSegment *indexer_segment_builder_finish (IndexerSegmentBuilder *self);

IndexerSegment *indexer_segment_ref (IndexerSegment *self);
void indexer_segment_unref (IndexerSegment *self);
/* One segment with the documents of all, in order. n is at least 1. */
IndexerSegment *indexer_segment_merge (IndexerSegment *const *segments, guint n);

guint indexer_segment_get_n_docs (IndexerSegment *self);
guint64 indexer_segment_get_memory (IndexerSegment *self); /* bytes, estimated */
guint64 indexer_segment_get_n_tokens (IndexerSegment *self, guint field);
/* Length codes by document (score.h), or NULL when no document has the field. */
const guint8 *indexer_segment_get_lengths (IndexerSegment *self, guint field);
/* n = 0: the term is not there. */
IndexerPostings indexer_segment_lookup (IndexerSegment *self, guint field, const void *term, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerSegment, indexer_segment_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerSegmentBuilder, indexer_segment_builder_free)

G_END_DECLS
