/*
 * backend.h: one HTTP/1.1 exchange with a service over its Unix socket: connect, send, read the answer as it comes. Nothing
 * blocks, at most BACKEND_WINDOW bytes are held in each direction. Service thread; callbacks come there too, never from
 * inside backend_open, and the exchange may be freed in each of them.
 */
#pragma once

#include <hero-service/hero-service.h>

#include "http-head.h"

G_BEGIN_DECLS

#define BACKEND_WINDOW 65536

typedef struct _Backend Backend;

typedef enum
{
  BACKEND_NOT_RUNNING,     /* connection refused */
  BACKEND_VANISHED,        /* no such file */
  BACKEND_CONNECT_TIMEOUT,
  BACKEND_EMPTY_REPLY,     /* closed before the first byte */
  BACKEND_RESET,           /* the connection broke */
  BACKEND_BAD_RESPONSE,    /* not HTTP as contract 5.8 wants it, or cut short */
  BACKEND_TIMEOUT,         /* no byte in time */
} BackendFault;

typedef struct
{
  void (*head) (gpointer data, const HttpHead *head); /* the final one; 1xx are passed over */
  void (*body) (gpointer data, GBytes *chunk);        /* borrowed */
  void (*end) (gpointer data);                        /* the answer is complete */
  void (*failed) (gpointer data, BackendFault fault, const char *text);
  void (*drained) (gpointer data);                    /* all that was written is with the kernel; may be NULL */
} BackendEvents;

typedef struct
{
  guint connect_ms;
  guint first_byte_ms; /* 0 = no limit */
  guint idle_ms;       /* between bytes of the body; 0 = no limit */
} BackendTimeouts;

/* path: of the socket. to_head: it answers a HEAD request. events: static. */
Backend *backend_open (HeroServiceContext *ctx, HeroReactor *reactor, const char *path, gboolean to_head,
                       const BackendTimeouts *timeouts, const BackendEvents *events, gpointer data);
/* The same over an idle connection to a service, which is taken over. */
Backend *backend_open_on (HeroServiceContext *ctx, HeroReactor *reactor, int fd, gboolean to_head, const BackendTimeouts *timeouts,
                          const BackendEvents *events, gpointer data);
/* In `end`: the connection, now the caller's, if the service allows another request on it; else -1. */
int backend_release (Backend *backend);
/* Queues bytes of the request (taken); before the connection stands, too. */
void backend_write (Backend *backend, GBytes *bytes);
gsize backend_get_pending (Backend *backend);
guint backend_get_status (Backend *backend); /* of the answer, 0 before its head */
/* Stops reading while the other side is full. */
void backend_pause (Backend *backend, gboolean paused);
/* No limit between bytes from now on: an event stream. */
void backend_set_endless (Backend *backend);
void backend_free (Backend *backend);

/* "empty_reply": contract 5.7. */
const char *backend_fault_name (BackendFault fault);
guint backend_fault_status (BackendFault fault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Backend, backend_free)

G_END_DECLS
