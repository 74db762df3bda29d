/*
 * http.h: HTTP/1.1 on the service's sockets, by libsoup, without showing it. The endpoints of conventions 4 are there
 * for every service; a service adds routes of its own. Everything here: service thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>
#include <hero-service/identity.h>

G_BEGIN_DECLS

typedef struct _HeroHttpRequest HeroHttpRequest;
typedef void (*HeroHttpHandler) (gpointer self, HeroHttpRequest *request);

enum
{
  HERO_HTTP_STREAM_BODY = 1 << 0, /* the handler runs when the head is there; the body comes by chunk */
  HERO_HTTP_ANY_TYPE = 1 << 1,    /* no 415: the handler looks at the content type itself */
};

/* One route; the table ends with path NULL. */
typedef struct
{
  const char *methods; /* "GET" (answers HEAD too), "POST|PUT", "*" */
  const char *path;    /* "/messages/{id}": {name} matches one segment; a final "/{name...}" the rest, slashes too */
  HeroHttpHandler handler;
  guint32 flags;
  gint64 max_body; /* bytes, 0 = the service's max_body_bytes, -1 = no limit (streams) */
} HeroHttpRoute;

/* In start: routes on the sockets of one role ("rpc", "admin", "editor", ..). The standard endpoints match first. */
void hero_service_add_routes (HeroServiceContext *ctx, const char *role, const HeroHttpRoute *routes, gsize route_size,
                              gpointer self);
#define HERO_ADD_ROUTES(ctx, role, routes, self)                                                                       \
  hero_service_add_routes ((ctx), (role), (routes), sizeof (HeroHttpRoute), (self))

/*
 * In start or later: a further listening socket that serves the routes of `role`, as origin TCP: Host and Origin are
 * checked and only peers of the same user are admitted (peer.h). The descriptor is taken over. address: for messages.
 */
gboolean hero_service_serve_tcp (HeroServiceContext *ctx, const char *role, int listen_fd, const char *address,
                                 GError **error);

/*
 * In start: POST /rpc and POST /api/{domain}/rpc are 404 on the Unix socket of role "admin", TCP listeners keep them
 * (contract hero_router 1: a browser reaches the router by TCP only).
 */
void hero_service_hide_admin_rpc (HeroServiceContext *ctx);

/* ---- the request; strings are borrowed and live until it is answered */
const char *hero_http_request_get_method (HeroHttpRequest *request);
const char *hero_http_request_get_path (HeroHttpRequest *request);     /* decoded once, normalised */
const char *hero_http_request_get_raw_path (HeroHttpRequest *request); /* as on the wire, without query */
const char *hero_http_request_get_raw_query (HeroHttpRequest *request); /* as on the wire, NULL = none */
/* {name} of the route, and a value of the query; decoded, NULL = absent. */
const char *hero_http_request_get_segment (HeroHttpRequest *request, const char *name);
const char *hero_http_request_get_query (HeroHttpRequest *request, const char *name);
const char *hero_http_request_get_header (HeroHttpRequest *request, const char *name);
void hero_http_request_foreach_header (HeroHttpRequest *request,
                                       void (*func) (const char *name, const char *value, gpointer data), gpointer data);
GBytes *hero_http_request_get_body (HeroHttpRequest *request); /* whole body, not for STREAM_BODY routes */
HeroIdentity *hero_http_request_get_identity (HeroHttpRequest *request);
HeroServiceContext *hero_http_request_get_context (HeroHttpRequest *request);
const char *hero_http_request_get_base_path (HeroHttpRequest *request); /* X-Forwarded-Prefix, checked, "" = none */
/* The client left before the answer was complete: func (data) once; the request must still be ended. One function. */
void hero_http_request_on_gone (HeroHttpRequest *request, void (*func) (gpointer data), gpointer data);
/*
 * From the handler of a STREAM_BODY route, as its last act: serve the request as if it were for raw_path on the sockets
 * of `role`, below the prefix (added to the base path). Answers 404, 405 by itself. raw_path: as on the wire.
 */
void hero_http_request_reroute (HeroHttpRequest *request, const char *role, const char *raw_path, const char *prefix);
/* Fires when the client is gone or the service stops. The request must still be answered, or its stream ended. */
GCancellable *hero_http_request_get_cancellable (HeroHttpRequest *request);

/* ---- the answer: exactly one of these, now or later. All end the request. */
/* body: taken, NULL = none. */
void hero_http_respond (HeroHttpRequest *request, guint status, const char *content_type, GBytes *body);
void hero_http_respond_text (HeroHttpRequest *request, guint status, const char *content_type, const char *text);
void hero_http_respond_json (HeroHttpRequest *request, guint status, JsonNode *node); /* taken */
/* {"error":text,"status":status,"hint":hint}; hint may be NULL. */
void hero_http_respond_error (HeroHttpRequest *request, guint status, const char *hint, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* Takes the body as JSON-RPC and answers with the service's methods: for a route other than /rpc. */
void hero_http_respond_rpc (HeroHttpRequest *request);
/* func (data, written), once: the answer was handed to the kernel, or the client was gone before. One a request. */
void hero_http_request_on_finished (HeroHttpRequest *request, void (*func) (gpointer data, gboolean written),
                                    gpointer data);
/* Before the answer. */
void hero_http_request_set_response_header (HeroHttpRequest *request, const char *name, const char *value);
/* One more of it. */
void hero_http_request_add_response_header (HeroHttpRequest *request, const char *name, const char *value);

/* ---- streams: begin, write.., end. Nothing is buffered beyond what the client has not taken yet. */
/* length -1: chunked. The head leaves once the body of the request was read to its end. */
void hero_http_stream_begin (HeroHttpRequest *request, guint status, const char *content_type, gint64 length);
void hero_http_stream_write (HeroHttpRequest *request, GBytes *chunk); /* taken */
void hero_http_stream_end (HeroHttpRequest *request);
void hero_http_stream_abort (HeroHttpRequest *request); /* closes the connection: the client sees a cut answer */
gsize hero_http_stream_get_pending (HeroHttpRequest *request); /* bytes written and not yet taken */
/* func (data) after each chunk that the client took. */
void hero_http_stream_on_drain (HeroHttpRequest *request, void (*func) (gpointer data), gpointer data);

/* ---- body of a STREAM_BODY route: func (chunk, data), chunk NULL = the end. pause holds the client back. */
void hero_http_request_read_body (HeroHttpRequest *request, void (*func) (GBytes *chunk, gpointer data), gpointer data);
void hero_http_request_pause_body (HeroHttpRequest *request, gboolean paused);

G_END_DECLS
