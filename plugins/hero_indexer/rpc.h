/* rpc.h: the JSON-RPC methods: the table in rpc.c, their handlers by theme in rpc-*.c. Service thread. */
#pragma once

#include "indexer.h"

G_BEGIN_DECLS

void indexer_rpc_register (Indexer *self);

/* Answers with an error of any domain; any thread. */
void indexer_rpc_fail (HeroRpcCall *call, const GError *error);

typedef void (*IndexerRpcFunc) (Indexer *self, HeroRpcCall *call, IndexerDatabase *database);
/* Runs func with the open database the call means, or answers why there is none. */
void indexer_rpc_with_database (Indexer *self, HeroRpcCall *call, IndexerRpcFunc func);

void indexer_rpc_server_ping (gpointer self, HeroRpcCall *call);
void indexer_rpc_server_stats (gpointer self, HeroRpcCall *call);
void indexer_rpc_server_exit (gpointer self, HeroRpcCall *call);

void indexer_rpc_db_list (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_create (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_delete (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_close (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_select (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_info (gpointer self, HeroRpcCall *call);
void indexer_rpc_db_exists (gpointer self, HeroRpcCall *call);
void indexer_rpc_schema_get (gpointer self, HeroRpcCall *call);

void indexer_rpc_doc_add (gpointer self, HeroRpcCall *call);
void indexer_rpc_doc_add_batch (gpointer self, HeroRpcCall *call);
void indexer_rpc_index_commit (gpointer self, HeroRpcCall *call);
void indexer_rpc_index_reload (gpointer self, HeroRpcCall *call);

void indexer_rpc_search_query (gpointer self, HeroRpcCall *call);
void indexer_rpc_search_count (gpointer self, HeroRpcCall *call);

G_END_DECLS
