/*
 * http-core.h: what the HTTP files share. Service thread.
 *
 *   http-role.c     the sockets of one role together, from serve to the end
 *   http-port.c     a listening socket: accept, limits, who connects
 *   http-stream.c   what libsoup reads from
 *   http.c          a request from its head to its handler (conventions 3), over SoupServer
 *   http-request.c  the life of a request, and what it shows
 *   http-answer.c   answers: whole, streamed, or past libsoup when it would wait for a body nobody wants
 *   http-websocket.c, websocket-frame.c   WebSockets, once the handshake is over
 *   http-route.c    which handler a path and a method have
 */
#pragma once

#include <libsoup/soup.h>

#include "http-internal.h"
#include "http-route.h"
#include "rpc-internal.h"

G_BEGIN_DECLS

typedef struct _HeroHttpRole HeroHttpRole;
typedef struct _HeroHttpPort HeroHttpPort;

struct _HeroHttp
{
  HeroServiceContext *ctx;
  GPtrArray *roles; /* HeroHttpRole */
  guint64 n_requests;
  guint n_connections;
  guint idle_limit_ms;
  GSource *sweep; /* looks for idle connections */
};

/* The sockets of one role share routes and one SoupServer. */
struct _HeroHttpRole
{
  HeroHttp *http;
  char *name;
  HeroRouteTable *routes;
  SoupServer *server; /* from serve on */
  int silent_end;     /* of the pair whose other end the server believes to listen on; -1 */
  GPtrArray *ports;   /* HeroHttpPort */
  GQueue requests;    /* HeroHttpRequest, not finished */
  GQueue sockets;     /* HeroWebSocket */
};

/* One listening socket. Connections hold it. */
struct _HeroHttpPort
{
  int refs;
  HeroHttpRole *role;
  GSocket *socket; /* our own duplicate of the host's descriptor */
  GSource *source; /* accepts; NULL once closed */
  gboolean tcp;
  char *address;
  guint tcp_port;
  GQueue connections; /* HeroHttpConnection */
  guint max_connections, n_refused;
  gint64 max_body;
};

typedef struct
{
  HeroHttpPort *port;
  GSocketConnection *stream;
  GIOStream *guarded;      /* `stream` as libsoup sees it */
  HeroIdentity *identity;  /* of a request without identity headers */
  HeroRpcConnection *data; /* or NULL */
  gboolean busy;           /* a request is under way */
  gint64 idle_since;       /* us, monotonic */
  GList link;              /* in port->connections */
} HeroHttpConnection;

struct _HeroHttpRequest
{
  HeroHttpRole *role;
  HeroHttpConnection *connection;
  SoupServerMessage *msg;
  const HeroHttpRoute *route;
  HeroRouteMatch match;
  HeroIdentity *identity;
  char *path;     /* decoded */
  char *raw_path; /* of a rerouted request; NULL = the one on the wire */
  GHashTable *query;
  GBytes *body;
  char *base_path;
  GCancellable *cancellable;
  GSource *hangup; /* while the answer is awaited */
  gint64 max_body, received;
  gboolean has_body;  /* one was announced */
  gboolean body_done; /* it was read to its end */
  gboolean paused;    /* libsoup waits for us */
  gboolean answered;  /* status and body are set, or the stream has begun */
  gboolean handled;   /* the handler owes nothing (any more) */
  gboolean gone;      /* the answer was sent, or the client left: libsoup has done with it */

  gboolean streaming;
  gsize pending; /* bytes of the stream not taken yet */
  void (*on_drain) (gpointer data);
  gpointer drain_data;

  void (*on_chunk) (GBytes *chunk, gpointer data);
  gpointer chunk_data;
  gboolean body_paused;

  void (*on_gone) (gpointer data); /* the client left before the answer */
  gpointer gone_data;
  void (*on_finished) (gpointer data, gboolean written);
  gpointer finished_data;
  HeroRpcExchange *exchange; /* of an RPC call that is not answered yet */
  GList link;                /* in role->requests */
};

HeroHttp *hero_http_get (HeroServiceContext *ctx);
HeroHttpRole *hero_http_get_role (HeroServiceContext *ctx, const char *name);

/* ---- http-port.c */
gboolean hero_http_port_add (HeroHttpRole *role, int listen_fd, const char *address, gboolean tcp, GError **error);
void hero_http_port_close (HeroHttpPort *port);
void hero_http_port_unref (HeroHttpPort *port);
/* Closes the connections on which no request was under way since then (us, monotonic). */
void hero_http_port_close_idle (HeroHttpPort *port, gint64 since);
/* The connection a message came by. */
HeroHttpConnection *hero_http_connection_of (SoupServerMessage *msg);
/* Writes text (taken), then closes the sending side and reads on for a while, so that the client sees the text. */
void hero_http_say_and_close (GSocketConnection *stream, GMainContext *context, char *text, gsize length);

/* ---- http.c */
void hero_http_role_attach (HeroHttpRole *role, SoupServer *server);

/* ---- http-request.c: a request lives until its handler has answered and libsoup has done with it. */
HeroHttpRequest *hero_http_request_new (HeroHttpRole *role, SoupServerMessage *msg, GHashTable *query);
HeroHttpRequest *hero_http_request_of (SoupServerMessage *msg); /* NULL once it has done */
/* libsoup has done with it. */
void hero_http_request_finish (HeroHttpRequest *request, gboolean written);
/* The handler has answered. */
void hero_http_request_handled (HeroHttpRequest *request);
/* Lets libsoup wait for an answer, and watches for the client's leaving meanwhile. */
void hero_http_request_wait (HeroHttpRequest *request);
void hero_http_request_unpause (HeroHttpRequest *request);
/* Ends the request when the client leaves. */
void hero_http_request_watch (HeroHttpRequest *request);
/* func (data, written) once libsoup has done with the answer. One function. */
/* NULL when it came through a proxy, whose connections are shared. */
HeroRpcConnection *hero_http_request_get_rpc_connection (HeroHttpRequest *request);

/* ---- http-websocket.c */
/* The service stops: every client is told so. */
void hero_websocket_stop_all (HeroHttpRole *role);
void hero_websocket_drop_all (HeroHttpRole *role);

/* ---- http-answer.c */
/* The body of an error answer; hint may be NULL. (transfer full) */
char *hero_http_error_text (guint status, const char *hint, const char *message);
/* A whole answer as bytes, with "Connection: close". (transfer full) */
char *hero_http_raw_answer (HeroHttpRequest *request, guint status, const char *content_type, gconstpointer body,
                            gsize size, gsize *length);
/* Takes the connection away from libsoup and closes it after the text (taken; NULL = at once). Ends the request. */
void hero_http_request_cut (HeroHttpRequest *request, char *text, gsize length);

G_END_DECLS
