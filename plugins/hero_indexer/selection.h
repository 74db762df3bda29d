/*
 * selection.h: which database a call means (contract 2): its parameter db, else what db.select chose on its connection,
 * else what the same process chose on another one a short while ago. Service thread.
 */
#pragma once

#include <hero-service/rpc.h>

G_BEGIN_DECLS

typedef struct _IndexerSelection IndexerSelection;

/* ttl_s: how long a choice holds for the other connections of a process; 0 = not at all. */
IndexerSelection *indexer_selection_new (guint ttl_s);
void indexer_selection_free (IndexerSelection *self);

/* The name, valid until the next call here or the end of the call; NULL: none is selected. */
const char *indexer_selection_resolve (IndexerSelection *self, HeroRpcCall *call);
/* FALSE: this caller has no connection of its own to keep a selection. */
gboolean indexer_selection_set (IndexerSelection *self, HeroRpcCall *call, const char *name);
/* The database is closed or gone: the caller has no selection any more if it was this one. */
void indexer_selection_forget (IndexerSelection *self, HeroRpcCall *call, const char *name);

G_END_DECLS
