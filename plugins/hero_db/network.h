/*
 * network.h: RESP on sockets: accepting, reading, writing, closing, all behind one reactor. Nothing leaves before what
 * it shows is durable. Service thread.
 */
#pragma once

#include <hero-service/context.h>

#include "server.h"

typedef struct _Network Network;

typedef struct
{
  gsize dirty_max;  /* bytes not yet on disk, from which on no client is read until a commit has landed */
  gsize output_max; /* bytes waiting for one client, over which it is closed */
  gsize input_max;  /* bytes of one partial command, likewise */
} NetworkLimits;

Network *network_new (HeroServiceContext *ctx, Server *server, const NetworkLimits *limits, GError **error);
void network_free (Network *self); /* closes what is still open */

/* Accepts on the listeners that the host has published. */
gboolean network_serve (Network *self, GError **error);

/* After each commit: what waited leaves, or has become an error. */
void network_committed (Network *self, gboolean failed);

/* Sends and closes what calls from outside the reactor have left to do. */
void network_flush (Network *self);

/* Closes every connection once its replies have left; done comes when none is open, after a few seconds at the latest.
 */
void network_stop (Network *self, void (*done) (gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Network, network_free)
