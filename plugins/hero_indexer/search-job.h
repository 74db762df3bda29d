/*
 * search-job.h: one search on the pool of search threads, from the snapshot of a moment to the text of its hits.
 * Started on the service thread; the end comes on a search thread.
 */
#pragma once

#include "indexer.h"
#include "query.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 total_hits;
  gint64 took_ms;
  GString *hits;             /* [{"score":x,"doc":{..}},..] */
  const GPtrArray *warnings; /* texts */
} IndexerResult;

/* error: NULL = done; both borrowed. On a search thread. */
typedef void (*IndexerSearchFunc) (const IndexerResult *result, const GError *error, gpointer data);

/*
 * query: taken. limit 0 = only the count. cancellable may be NULL. FALSE with HERO_ERROR_LIMIT: the queue is full, func
 * will not come.
 */
gboolean indexer_search_start (Indexer *self, IndexerDatabase *database, IndexerQuery *query, guint64 offset,
                               guint64 limit, GCancellable *cancellable, IndexerSearchFunc func, gpointer data,
                               GError **error);

/* The pool's function: indexer.c makes the pool with it. */
void indexer_search_thread (gpointer job, gpointer indexer);

G_END_DECLS
