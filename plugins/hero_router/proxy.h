/*
 * proxy.h: one request on its way to a service and back (contract 5): bodies flow both ways as they come, at most a window
 * of each is held, and every failure has its answer. Service thread.
 */
#pragma once

#include "proxy-route.h"
#include "router.h"

G_BEGIN_DECLS

/* route: of kind PROXY_FORWARD. Ends the request, now or later. */
void proxy_forward (Router *router, HeroHttpRequest *request, RouterService *service, const ProxyRoute *route);

/* An error of the router itself, by the rules of contract 5.7; notes it in the log. socket, hint may be NULL. */
void proxy_refuse (Router *router, HeroHttpRequest *request, guint status, const char *code_name, const char *service,
                   const char *socket, gboolean rpc, const char *hint, const char *message);
/* Accept ranks text/html above application/json. */
gboolean proxy_wants_html (HeroHttpRequest *request);

G_END_DECLS
