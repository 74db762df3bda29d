/*
 * sweep.h: removes the documents of a deleted database, a few thousand in a transaction, so that other writes come
 * between. What a stop leaves is listed in the table "dropped" and goes on at the next start. Service thread.
 */
#pragma once

#include "engine.h"

G_BEGIN_DECLS

/* id: in the table "dropped"; no search may use it any more. engine: IndexerEngine, untyped to serve as a callback. */
void indexer_sweep_start (guint64 id, gpointer engine);

G_END_DECLS
