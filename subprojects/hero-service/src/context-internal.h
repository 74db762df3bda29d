/*
 * context-internal.h: what the SDK keeps of one service (HeroServiceContext.sdk), and the seams between its parts. Each
 * part owns one member, makes it on first use and frees it in the function named here.
 */
#pragma once

#include <hero-service/context.h>

G_BEGIN_DECLS

typedef struct _HeroRpc HeroRpc;       /* rpc-internal.h */
typedef struct _HeroHttp HeroHttp;     /* http-internal.h */
typedef struct _HeroEvents HeroEvents; /* events-internal.h */
typedef struct _HeroHealth HeroHealth; /* health-internal.h */
typedef struct _HeroLogRing HeroLogRing;

typedef struct
{
  HeroServiceContext *ctx;
  const HeroServicePlugin *plugin;
  GMainContext *context; /* NULL in a throw-away create */
  GHashTable *config;    /* key -> GVariant */
  GHashTable *strings;   /* key -> const char ** of an "as" value */
  char **domains;        /* at least one */
  gint64 created_us;     /* monotonic */
  int stopping;          /* atomic; set once, on the service thread */
  int draining;          /* likewise, before it */
  gboolean hide_admin_rpc;
  gboolean reported;       /* host->stopped was called */
  GSource *stop_check;     /* while running calls finish */
  gint64 stop_deadline_us; /* then they are cut */
  gpointer data_lock;      /* HeroDirLock */

  HeroLogRing *log;
  HeroRpc *rpc;
  HeroHealth *health;
  HeroEvents *events;
  HeroHttp *http;
  gpointer page; /* page.c; freed by hero_page_free_context */
  gpointer bus;  /* bus.c */
} HeroSdk;

/* Never NULL after hero_service_init. Any thread. */
static inline HeroSdk *
hero_sdk_get (HeroServiceContext *ctx)
{
  return ctx->sdk;
}

G_END_DECLS
