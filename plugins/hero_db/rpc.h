/*
 * rpc.h: JSON-RPC on the data path: a method runs in a turn of its own and is answered once what it shows is durable,
 * like a RESP reply. Service thread.
 */
#pragma once

#include <hero-service/rpc.h>

#include "hero-db.h"

/* Codes of the contract that a method of ours gives. */
enum
{
  RPC_DATABASE_NOT_FOUND = -32001,
  RPC_KEY_NOT_FOUND = -32004,
  RPC_CONFIRM_MISMATCH = -32008,
  RPC_COMMAND_ERROR = -32010,
};

void rpc_register (HeroDb *self);
/* After each commit; error: it has failed. */
void rpc_committed (HeroDb *self, const GError *error);
void rpc_publish_sample (HeroDb *self);

/* ---- for the handlers */
/* Begins the turn, for callers who may. FALSE: the call was answered. */
gboolean rpc_begin (HeroDb *self, HeroRpcCall *call);
/* Ends the turn; the result (taken) is answered once it is durable. */
void rpc_finish (HeroDb *self, HeroRpcCall *call, JsonNode *result);
/* Ends the turn with an error, as hero_rpc_fail. */
void rpc_finish_failed (HeroDb *self, HeroRpcCall *call, int code, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* Ends the turn with the error line of a command: -32010 with data.redis. */
void rpc_finish_refused (HeroDb *self, HeroRpcCall *call, const char *line);
/* The database of parameter "db", a number. FALSE: answered, the turn is over. */
gboolean rpc_get_database (HeroDb *self, HeroRpcCall *call, guint *db);
/* The byte string of a parameter. NULL: answered, the turn is over. (transfer full) */
GBytes *rpc_get_bytes (HeroDb *self, HeroRpcCall *call, const char *param);

/*
 * Runs one command inside the turn. NULL: it was refused, *error is the line. *type as in reply-json.h; may be NULL.
 */
JsonNode *rpc_run (HeroDb *self, guint db, guint protocol, const Slice *argv, gsize argc, const char **type,
                   char **error);

/* rpc-key.c */
void rpc_key_list (gpointer self, HeroRpcCall *call);
void rpc_key_info (gpointer self, HeroRpcCall *call);
void rpc_key_get (gpointer self, HeroRpcCall *call);
void rpc_key_set (gpointer self, HeroRpcCall *call);
void rpc_key_delete (gpointer self, HeroRpcCall *call);
void rpc_key_ttl (gpointer self, HeroRpcCall *call);
void rpc_key_rename (gpointer self, HeroRpcCall *call);
void rpc_key_copy (gpointer self, HeroRpcCall *call);

/* rpc-server.c */
void rpc_server_info (gpointer self, HeroRpcCall *call);
void rpc_server_stats (gpointer self, HeroRpcCall *call);
void rpc_database_list (gpointer self, HeroRpcCall *call);
void rpc_database_info (gpointer self, HeroRpcCall *call);
void rpc_database_flush (gpointer self, HeroRpcCall *call);
void rpc_client_list (gpointer self, HeroRpcCall *call);
void rpc_client_kill (gpointer self, HeroRpcCall *call);
void rpc_command_exec (gpointer self, HeroRpcCall *call);
void rpc_command_list (gpointer self, HeroRpcCall *call);
JsonObject *rpc_sample_to_json (const Sample *sample); /* (transfer full) */

JsonNode *rpc_object_node (JsonObject *object); /* takes object; (transfer full) */
