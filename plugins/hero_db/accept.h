/* accept.h: who may connect: our own user's processes, up to max_clients of them. Service thread. */
#pragma once

#include <hero-service/context.h>
#include <hero-service/reactor.h>

#include "server.h"

typedef struct _Acceptor Acceptor;

/* A connection that may speak; fd does not block and is the receiver's. */
typedef void (*Accepted) (int fd, const char *address, const char *local_address, gboolean is_unix, gpointer data);

/* Accepts on all listeners of the role "resp" that the host has; an address it could not bind is skipped. */
Acceptor *acceptor_new (HeroServiceContext *ctx, HeroReactor *reactor, Server *server, Accepted accepted, gpointer data,
                        GError **error);
void acceptor_free (Acceptor *self);
