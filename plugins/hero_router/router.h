/* router.h: the service: what it holds while it runs, and its life. Everything on the service thread. */
#pragma once

#include <hero-service/hero-service.h>

#include "route-log.h"
#include "scanner.h"

G_BEGIN_DECLS

typedef struct
{
  guint connect_ms, response_s, body_idle_s;
  guint32 default_context;
} ProxyOptions;

typedef struct
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  Scanner *scanner;
  RouteLog *log;
  ProxyOptions proxy;
  guint64 requests, failures; /* proxied */
  guint active;
} Router;

gpointer router_create (HeroServiceContext *ctx, GError **error);
gboolean router_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean router_serve (gpointer self, GError **error);
void router_stop (gpointer self);
void router_destroy (gpointer self);

gboolean router_add_listeners (HeroServiceContext *ctx, GError **error); /* listeners.c; in create */
JsonArray *router_listeners_to_json (HeroServiceContext *ctx);           /* "IP:PORT" of those that listen */
void router_register_rpc (Router *self);    /* router-rpc.c */
void router_register_routes (Router *self); /* router-http.c */
void router_register_page (Router *self);   /* router-page.c */

G_END_DECLS
