/*
 * rpc-core.h: the state that rpc.c (bodies, order), rpc-call.c (one call) and rpc-params.c (its values) share. All of
 * it belongs to the service thread, but for a call's constants and its `answered`.
 */
#pragma once

#include "json-internal.h"
#include "rpc-internal.h"
#include "rpc-table.h"

G_BEGIN_DECLS

/* Per service. Calls hold it: one may be answered after the service is gone, then nothing happens. */
struct _HeroRpc
{
  gatomicrefcount refs;
  HeroServiceContext *ctx; /* NULL once the service is destroyed */
  GMainContext *context;
  gpointer self; /* of the service's handlers */
  HeroRpcTable *table;
  GHashTable *documents; /* domain or "" -> GBytes, openrpc.c */
  gint64 timeout_us;     /* 0 = none */
  GQueue timed;          /* calls without an answer yet, oldest first: they have a deadline */
  GQueue waiting;        /* likewise, of HERO_RPC_WAITS methods */
  GSource *deadline;
  GQueue buried; /* the last answered calls: a second answer is caught there, not in freed memory */
  guint64 n_calls, n_errors;
};

typedef struct
{
  JsonNode *node; /* of the request or the default of the table; NULL = absent */
  gboolean given;
  gpointer extra; /* GBytes of BASE64, const char ** of STRINGS */
} HeroRpcValue;

struct _HeroRpcCall
{
  guint32 magic;
  int answered; /* atomic: the handler has answered */
  HeroRpc *core;
  HeroRpcExchange *exchange;
  guint index; /* in the batch */
  const HeroRpcEntry *entry;
  JsonNode *id; /* NULL = a notification */
  JsonNode *params;
  GCancellable *cancellable; /* atomic, made on demand */
  gint64 started_us;
  gboolean abandoned; /* the client has its answer, or is gone: what the handler says is dropped */
  gboolean *returned; /* while the handler runs: set when it answered */
  GBytes *answer;     /* on its way from another thread */
  gboolean failed;
  GQueue *queue; /* the list it stands in */
  GList link;
  HeroRpcWritten *written;
  HeroRpcValue values[]; /* one for each parameter */
};

HeroRpc *hero_rpc_get_core (HeroServiceContext *ctx);
HeroRpc *hero_rpc_core_ref (HeroRpc *core);
void hero_rpc_core_unref (HeroRpc *core);

/* ---- rpc.c */
HeroRpcExchange *hero_rpc_exchange_ref (HeroRpcExchange *exchange);
void hero_rpc_exchange_unref (HeroRpcExchange *exchange);
HeroIdentity *hero_rpc_exchange_get_identity (HeroRpcExchange *exchange);
HeroRpcConnection *hero_rpc_exchange_get_connection (HeroRpcExchange *exchange);
gboolean hero_rpc_exchange_is_cancelled (HeroRpcExchange *exchange);
/* The answer of one element, NULL = none is due. Takes answer and written. */
void hero_rpc_exchange_answered (HeroRpcExchange *exchange, guint index, GBytes *answer, HeroRpcWritten *written);

/* ---- rpc-call.c */
HeroRpcCall *hero_rpc_call_new (HeroRpcExchange *exchange, HeroRpc *core, const HeroRpcEntry *entry, guint index,
                                JsonNode *id, JsonNode *params);
/* Checks the parameters and runs the handler, which may answer at once: the call is the callee's from here on. */
void hero_rpc_call_run (HeroRpcCall *call);
/* TRUE for the first answer of a call. The others are a bug of the handler: fatal in tests, logged elsewhere. Any
 * thread. */
gboolean hero_rpc_call_claim (HeroRpcCall *call);
/* The answer of a claimed call, NULL for a notification. Takes answer; the call is gone. Any thread. */
void hero_rpc_call_complete (HeroRpcCall *call, GBytes *answer);
/* The client is gone. */
void hero_rpc_call_abandon (HeroRpcCall *call);

/* ---- rpc-connection.c */
void hero_rpc_written_append (HeroRpcWritten **list, HeroRpcWritten *more);

/* ---- rpc-answer.c */
/* Response texts. data: borrowed or NULL; id NULL = null. (transfer full) */
GBytes *hero_rpc_print_error (const HeroRpcTable *table, JsonNode *id, int code, const char *message, JsonObject *data);

/* ---- rpc-params.c */
/* Checks params against the table and fills call->values. FALSE: the call was answered with -32602. */
gboolean hero_rpc_call_bind (HeroRpcCall *call);
void hero_rpc_call_clear_values (HeroRpcCall *call);

G_END_DECLS
