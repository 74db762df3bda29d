/*
 * rpc-internal.h: JSON-RPC as the transports see it (HTTP, bus): bytes in, bytes out.
 *
 *   transport -> hero_rpc_dispatch_bytes (rpc.c: parse, batch, order) -> rpc-call.c (one call: answer, deadline)
 *             -> rpc-table.c (name -> entry) + rpc-params.c (check, readers) -> the service's handler
 */
#pragma once

#include <hero-service/rpc.h>

#include "context-internal.h"

G_BEGIN_DECLS

#define HERO_RPC_MAX_BATCH 1000
#define HERO_RPC_MAX_ANSWER (64 * 1024 * 1024)

/* ---------------------------------------------------------------------------------------------- for transports */

typedef struct _HeroRpcExchange HeroRpcExchange; /* one body: a request or a batch */
typedef struct _HeroRpcWritten HeroRpcWritten;   /* who wants to know whether the reply left */

/* Values that handlers keep by connection (hero_rpc_call_set_connection_data). One owner, the transport; service
 * thread. */
typedef GHashTable HeroRpcConnection;
HeroRpcConnection *hero_rpc_connection_new (void);
void hero_rpc_connection_free (HeroRpcConnection *connection);

/*
 * The answer, on the service thread, exactly once unless the exchange is cancelled first. reply: transfer full, NULL =
 * nothing is to be said (notifications). written: NULL, or to be handed to hero_rpc_written once the reply left.
 */
typedef void (*HeroRpcReply) (GBytes *reply, HeroRpcWritten *written, gpointer data);

/*
 * One request or batch. Service thread. connection: may be NULL; must stay until the answer or the cancellation.
 * Returns NULL if it is answered already (reply was called), else the exchange, owned by the dispatcher: cancel it
 * when the client goes; it is gone when reply is called.
 */
HeroRpcExchange *hero_rpc_dispatch_bytes (HeroServiceContext *ctx, GBytes *body, HeroIdentity *identity,
                                          HeroRpcConnection *connection, HeroRpcReply reply, gpointer data);
/* The client is gone: fires the cancellables, reply will not be called, written functions hear FALSE. */
void hero_rpc_exchange_cancel (HeroRpcExchange *exchange);
/* Takes written; NULL is fine. */
void hero_rpc_written (HeroRpcWritten *written, gboolean ok);

/* The answer to a body that never reached the dispatcher. (transfer full) */
GBytes *hero_rpc_error_reply (HeroServiceContext *ctx, int code, const char *message);

/* ---------------------------------------------------------------------------------------------- for the frame */

guint hero_rpc_get_pending (HeroServiceContext *ctx);
void hero_rpc_get_counts (HeroServiceContext *ctx, guint64 *calls, guint64 *errors);
/* Stop has begun: fires the cancellable of every running call. */
void hero_rpc_cancel_pending (HeroServiceContext *ctx);
void hero_rpc_free (HeroRpc *rpc);

/* openrpc.c: the document, domain NULL = all. NULL if there is no such domain. Cached: the table is constant. */
GBytes *hero_openrpc_get (HeroServiceContext *ctx, const char *domain);

G_END_DECLS
