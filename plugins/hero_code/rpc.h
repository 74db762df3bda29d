/* rpc.h: the JSON-RPC methods: the table in rpc.c, their handlers by theme in rpc-*.c. Service thread. */
#pragma once

#include "ask.h"
#include "search.h"

G_BEGIN_DECLS

void code_rpc_register (Code *self);

void code_rpc_repo_list (gpointer self, HeroRpcCall *call);
void code_rpc_repo_get (gpointer self, HeroRpcCall *call);
void code_rpc_repo_scan (gpointer self, HeroRpcCall *call);
void code_rpc_repo_status (gpointer self, HeroRpcCall *call);

void code_rpc_job_list (gpointer self, HeroRpcCall *call);
void code_rpc_job_get (gpointer self, HeroRpcCall *call);
void code_rpc_job_wait (gpointer self, HeroRpcCall *call);
void code_rpc_job_cancel (gpointer self, HeroRpcCall *call);

void code_rpc_file_list (gpointer self, HeroRpcCall *call);
void code_rpc_file_read (gpointer self, HeroRpcCall *call);
void code_rpc_search_code (gpointer self, HeroRpcCall *call);
void code_rpc_server_info (gpointer self, HeroRpcCall *call);

/* ---- shared with the REST routes and the pages */
/* {items,total,scanned_at,warnings} of the repositories that are known. sort: "id", "changed", "commit". */
JsonObject *code_repo_list_print (Code *self, JsonObject *filter, const char *sort);
/* The defaults of a search; pattern, repos (ids, taken) are set. */
CodeSearch *code_search_new (Code *self, const char *pattern, char **repos);
/* FALSE: the call was answered with the rest of a cursor, or with what is wrong about it. */
gboolean code_rpc_begin_page (Code *self, HeroRpcCall *call);

G_END_DECLS
