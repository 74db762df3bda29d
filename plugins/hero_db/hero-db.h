/* hero-db.h: one running hero_db: its configuration, its life, and what ties engine, sockets and JSON-RPC together.
 * Service thread. */
#pragma once

#include <hero-service/context.h>

#include "network.h"
#include "samples.h"
#include "server.h"

typedef struct
{
  HeroServiceContext *ctx;
  ServerLimits limits;
  NetworkLimits network_limits;

  Server *server; /* from start on, like all below */
  Network *network;
  Client *rpc_client; /* runs the commands that come by JSON-RPC */
  guint64 rpc_ticket; /* what the commands of the JSON-RPC call under way wait for */
  GQueue answers;     /* Answer: replies to JSON-RPC that wait for their commit; see rpc.c */
  Samples *samples;
  guint expire_source, probe_source, sample_source;
  gboolean degraded; /* the last commit failed */
  gboolean stopping, connections_closed;
} HeroDb;

extern const HeroConfigKey hero_db_config_keys[];

gpointer hero_db_create (HeroServiceContext *ctx, GError **error);
gboolean hero_db_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean hero_db_serve (gpointer self, GError **error);
void hero_db_stop (gpointer self);
void hero_db_destroy (gpointer self);
