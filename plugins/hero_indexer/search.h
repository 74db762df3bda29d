/* search.h: runs a query over a snapshot. CPU-heavy: on a worker thread. */
#pragma once

#include <gio/gio.h>

#include "query.h"
#include "snapshot.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 doc; /* from 0, in the order of insertion */
  float score;
} IndexerHit;

/* All hits (IndexerHit) in order of doc; NULL with G_IO_ERROR_CANCELLED. (transfer full) */
GArray *indexer_search_run (IndexerSnapshot *snapshot, const IndexerQuery *query, GCancellable *cancellable,
                            GError **error);
/* Puts the best `n` hits first, by score descending, then insertion order; the rest is in no order. */
void indexer_search_rank (GArray *hits, gsize n);

G_END_DECLS
