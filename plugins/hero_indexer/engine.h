/*
 * engine.h: what all databases of one service share: the store, the threads and the counters. Tables of the store:
 *
 *   databases  name -> {"id","created_at","schema"} as JSON; written once
 *   counts     id -> IndexerCounts; what a commit publishes
 *   documents  id, number -> record (document.h); numbers from counts.doc_count on are not committed and mean nothing
 *   dropped    id -> nothing: deleted databases whose documents are still to be removed
 *
 * Ids and numbers are 64 bits, big-endian.
 */
#pragma once

#include <hero-service/context.h>
#include <hero-service/store.h>

#include "lane.h"

G_BEGIN_DECLS

#define INDEXER_TABLE_DATABASES "databases"
#define INDEXER_TABLE_COUNTS "counts"
#define INDEXER_TABLE_DOCUMENTS "documents"
#define INDEXER_TABLE_DROPPED "dropped"

typedef struct
{
  HeroServiceContext *ctx;
  HeroStore *store;
  GThreadPool *lanes;    /* indexing */
  guint64 writer_memory; /* bytes of documents that one database keeps in memory before it writes them down */
  guint max_open;        /* open databases before the longest unused is closed */
  gsize docs_added, docs_skipped, n_commits; /* atomic */
} IndexerEngine;

/* What a commit makes true, in one record. */
typedef struct
{
  guint64 doc_count;
  guint64 size_bytes; /* of the records */
  guint64 next_opstamp;
} IndexerCounts;

typedef struct
{
  guint64 id, number; /* big-endian */
} IndexerDocumentKey;

static inline IndexerDocumentKey
indexer_document_key (guint64 id, guint64 number)
{
  return (IndexerDocumentKey){ GUINT64_TO_BE (id), GUINT64_TO_BE (number) };
}

gboolean indexer_counts_read (HeroStoreTxn *txn, guint64 id, IndexerCounts *counts);
gboolean indexer_counts_write (HeroStoreTxn *txn, guint64 id, const IndexerCounts *counts, GError **error);

G_END_DECLS
