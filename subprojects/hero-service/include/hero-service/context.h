/*
 * context.h: what the host gives a service, in convenient form, and the frame of a service's life. A service starts like
 * this, all on its own thread:
 *
 *   create   keep ctx, read and check the configuration
 *   start    hero_store_open, hero_service_set_rpc, hero_service_set_page, .. then hero_service_ready
 *   serve    hero_service_serve: HTTP on every socket of protocol openrpc, ui, rest
 *   stop     finish own work, then hero_service_stop: it ends HTTP, SSE and bus and reports `stopped`
 *   destroy  hero_service_free_context, then free self
 */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

/* ---- configuration: checked by the host, so readers never fail. Strings live until destroy. */
gboolean hero_service_get_boolean (HeroServiceContext *ctx, const char *key);
gint64 hero_service_get_integer (HeroServiceContext *ctx, const char *key);
double hero_service_get_real (HeroServiceContext *ctx, const char *key);
const char *hero_service_get_string (HeroServiceContext *ctx, const char *key);         /* NULL when it has no value */
const char *const *hero_service_get_strings (HeroServiceContext *ctx, const char *key); /* never NULL */
GVariant *hero_service_get_tables (HeroServiceContext *ctx, const char *key);           /* aa{sv}, borrowed, or NULL */
gboolean hero_service_has_key (HeroServiceContext *ctx, const char *key);               /* set in file or environment */

/* ---- surroundings */
const char *hero_service_get_name (HeroServiceContext *ctx);
const char *hero_service_get_title (HeroServiceContext *ctx);
const char *hero_service_get_version (HeroServiceContext *ctx);
const char *hero_service_get_data_dir (HeroServiceContext *ctx);   /* <data_dir>/<service> */
const char *hero_service_get_socket_root (HeroServiceContext *ctx);
const char *hero_service_get_setting (HeroServiceContext *ctx, const char *name); /* see docs/abi.md, NULL = unset */
GMainContext *hero_service_get_main_context (HeroServiceContext *ctx);
GCancellable *hero_service_get_cancellable (HeroServiceContext *ctx);
gint64 hero_service_get_uptime_us (HeroServiceContext *ctx);

/* The descriptor the service was made from: needed by the SDK for title, version, sockets. Call it first in create. */
void hero_service_init (HeroServiceContext *ctx, const HeroServicePlugin *plugin);

/* ---- life */
/* Makes the data directory (0700) and holds its lock until stop. HERO_PLUGIN_ERROR_BUSY names the holder. In start. */
gboolean hero_service_lock_data_dir (HeroServiceContext *ctx, GError **error);
void hero_service_ready (HeroServiceContext *ctx);
gboolean hero_service_serve (HeroServiceContext *ctx, GError **error);
/* TRUE once stop has begun. */
gboolean hero_service_is_stopping (HeroServiceContext *ctx);
/*
 * A stop that takes its time has begun: from here on methods that change something (HERO_RPC_WRITES) are refused with
 * -32090, while reading goes on until hero_service_stop. Service thread.
 */
void hero_service_drain (HeroServiceContext *ctx);
gboolean hero_service_is_draining (HeroServiceContext *ctx); /* also once it stops; any thread */
void hero_service_stop (HeroServiceContext *ctx);
/* A failure at run time: the service reports `stopped` with this error and the host restarts it by policy. Takes error. */
void hero_service_fail (HeroServiceContext *ctx, GError *error);
/* The last call of destroy: frees what the SDK keeps. */
void hero_service_free_context (HeroServiceContext *ctx);

/* ---- sources on the service's own context (g_timeout_add and friends would go to the main thread: forbidden) */
guint hero_service_timeout_add (HeroServiceContext *ctx, guint interval_ms, GSourceFunc func, gpointer data);
guint hero_service_timeout_add_seconds (HeroServiceContext *ctx, guint seconds, GSourceFunc func, gpointer data);
/* Any thread: run func once on the service's thread, in the order of the calls. */
void hero_service_post (HeroServiceContext *ctx, GSourceFunc func, gpointer data, GDestroyNotify destroy);
void hero_service_source_remove (HeroServiceContext *ctx, guint id);

G_END_DECLS
