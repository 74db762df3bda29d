/*
 * http-internal.h: the parts of HTTP that other parts of the SDK hook into. Service thread.
 */
#pragma once

#include <hero-service/http.h>

#include "context-internal.h"

G_BEGIN_DECLS

/* page.c: adds the routes of the admin shell with hero_service_add_routes (role "admin"). Called once, in serve. */
void hero_page_install (HeroServiceContext *ctx);
void hero_page_free_context (HeroServiceContext *ctx);

/* endpoints.c: the eight endpoints of conventions 4, on every role whose protocol is not "resp". Called once, in serve.
 */
void hero_endpoints_install (HeroServiceContext *ctx);

/* The routes of the service's own table and of the SDK, service routes last. Standard routes win. */
void hero_http_add_standard_routes (HeroServiceContext *ctx, const char *role, const HeroHttpRoute *routes,
                                    gpointer self);

/* Adopts the host's listeners of every HTTP socket of the descriptor. */
gboolean hero_http_serve (HeroServiceContext *ctx, GError **error);
/* Requests that are not answered yet, streams without end included. */
guint hero_http_get_pending (HeroServiceContext *ctx);
guint hero_http_get_connections (HeroServiceContext *ctx);
/* Closes the listeners; connections that are idle close at their next request. */
void hero_http_begin_stop (HeroServiceContext *ctx);
/* Closes all that is left. */
void hero_http_end_stop (HeroServiceContext *ctx);
void hero_http_free (HeroHttp *http);

/* From now on a connection on which no request was under way for limit_ms is closed, at most a quarter of that later. */
void hero_http_set_idle_limit (HeroServiceContext *ctx, guint limit_ms);

guint64 hero_http_get_requests (HeroServiceContext *ctx);

/* The role ("rpc", "admin", ..) of the socket a request came by. */
const char *hero_http_request_get_role (HeroHttpRequest *request);

G_END_DECLS
