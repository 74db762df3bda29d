/*
 * lane.h: work of one database, one piece after another, on a thread pool that all databases share. So an idle database
 * has no thread, and two databases work side by side. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _IndexerLane IndexerLane;
typedef void (*IndexerLaneFunc) (gpointer data);

/* The pool whose threads run lanes; n_threads at least 1. Free it with g_thread_pool_free (pool, FALSE, TRUE). */
GThreadPool *indexer_lane_pool_new (guint n_threads);

IndexerLane *indexer_lane_new (GThreadPool *pool);
/* What is queued still runs. */
void indexer_lane_unref (IndexerLane *self);
/* Runs func (data) on a thread of the pool after everything pushed before. */
void indexer_lane_push (IndexerLane *self, IndexerLaneFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerLane, indexer_lane_unref)

G_END_DECLS
