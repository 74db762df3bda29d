/*
 * context.c: the frame of a service: what its host gives it, its life from init to free_context, and sources on its own
 * loop. Service thread, but for the readers of constants and hero_service_post.
 */
#include "context-internal.h"

#include <hero-service/error.h>
#include <hero-service/listener.h>

#include "bus-private.h"
#include "events-internal.h"
#include "health-internal.h"
#include "http-internal.h"
#include "log-internal.h"
#include "rpc-internal.h"

#define STOP_CHECK_MS 20
#define DEFAULT_STOP_TIMEOUT_S 30
/* What the frame keeps of the stop budget for closing sockets after the last call. */
#define STOP_RESERVE_US (2 * G_USEC_PER_SEC)

/* ------------------------------------------------------------------------------------------------ making */

static GHashTable *
index_config (GVariant *config)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
  GVariantIter iter;
  char *key;
  GVariant *value;

  g_variant_iter_init (&iter, config);
  while (g_variant_iter_next (&iter, "{sv}", &key, &value))
    g_hash_table_insert (table, key, value);
  return table;
}

static GHashTable *
index_strings (GHashTable *config)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, config);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
      g_hash_table_insert (table, key, g_variant_get_strv (value, NULL));
  return table;
}

void
hero_service_init (HeroServiceContext *ctx, const HeroServicePlugin *plugin)
{
  HeroSdk *sdk;

  g_return_if_fail (ctx->sdk == NULL);
  sdk = ctx->sdk = g_new0 (HeroSdk, 1);
  sdk->ctx = ctx;
  sdk->plugin = plugin;
  sdk->context = ctx->host->main_context (ctx);
  sdk->config = index_config (ctx->host->config (ctx));
  sdk->strings = index_strings (sdk->config);
  sdk->domains = g_strsplit (plugin->domains != NULL ? plugin->domains : "main", "|", -1);
  sdk->created_us = g_get_monotonic_time ();
  sdk->log = hero_log_ring_new ();
}

static void
end_stop_check (HeroSdk *sdk)
{
  if (sdk->stop_check != NULL)
    g_source_destroy (sdk->stop_check);
  g_clear_pointer (&sdk->stop_check, g_source_unref);
}

void
hero_service_free_context (HeroServiceContext *ctx)
{
  HeroSdk *sdk = ctx->sdk;

  if (sdk == NULL)
    return;
  end_stop_check (sdk);
  hero_page_free_context (ctx);
  g_clear_pointer (&sdk->bus, hero_bus_free);
  g_clear_pointer (&sdk->events, hero_events_free);
  g_clear_pointer (&sdk->http, hero_http_free);
  g_clear_pointer (&sdk->rpc, hero_rpc_free);
  g_clear_pointer (&sdk->health, hero_health_free);
  g_clear_pointer (&sdk->data_lock, hero_dir_unlock);
  ctx->sdk = NULL;
  hero_log_ring_free (sdk->log);
  g_hash_table_unref (sdk->strings);
  g_hash_table_unref (sdk->config);
  g_strfreev (sdk->domains);
  g_free (sdk);
}

/* ------------------------------------------------------------------------------------------------ configuration */

static GVariant *
get_value (HeroServiceContext *ctx, const char *key, const GVariantType *type)
{
  GVariant *value = g_hash_table_lookup (hero_sdk_get (ctx)->config, key);

  return value != NULL && g_variant_is_of_type (value, type) ? value : NULL;
}

gboolean
hero_service_get_boolean (HeroServiceContext *ctx, const char *key)
{
  GVariant *value = get_value (ctx, key, G_VARIANT_TYPE_BOOLEAN);

  return value != NULL && g_variant_get_boolean (value);
}

gint64
hero_service_get_integer (HeroServiceContext *ctx, const char *key)
{
  GVariant *value = get_value (ctx, key, G_VARIANT_TYPE_INT64);

  return value != NULL ? g_variant_get_int64 (value) : 0;
}

double
hero_service_get_real (HeroServiceContext *ctx, const char *key)
{
  GVariant *value = get_value (ctx, key, G_VARIANT_TYPE_DOUBLE);

  return value != NULL ? g_variant_get_double (value) : 0;
}

const char *
hero_service_get_string (HeroServiceContext *ctx, const char *key)
{
  GVariant *value = get_value (ctx, key, G_VARIANT_TYPE_STRING);

  return value != NULL ? g_variant_get_string (value, NULL) : NULL;
}

const char *const *
hero_service_get_strings (HeroServiceContext *ctx, const char *key)
{
  static const char *const none[] = { NULL };
  const char *const *strings = g_hash_table_lookup (hero_sdk_get (ctx)->strings, key);

  return strings != NULL ? strings : none;
}

GVariant *
hero_service_get_tables (HeroServiceContext *ctx, const char *key)
{
  return get_value (ctx, key, G_VARIANT_TYPE ("aa{sv}"));
}

gboolean
hero_service_has_key (HeroServiceContext *ctx, const char *key)
{
  GVariant *origin = ctx->host->config_origin (ctx);
  const char *source;
  guint32 line;

  return g_variant_lookup (origin, key, "(&su)", &source, &line) && !g_str_equal (source, "default");
}

/* ------------------------------------------------------------------------------------------------ surroundings */

const char *
hero_service_get_name (HeroServiceContext *ctx)
{
  return ctx->host->name (ctx);
}

const char *
hero_service_get_title (HeroServiceContext *ctx)
{
  return hero_sdk_get (ctx)->plugin->title;
}

const char *
hero_service_get_version (HeroServiceContext *ctx)
{
  return hero_sdk_get (ctx)->plugin->version;
}

const char *
hero_service_get_data_dir (HeroServiceContext *ctx)
{
  return hero_service_get_string (ctx, "data_dir");
}

const char *
hero_service_get_socket_root (HeroServiceContext *ctx)
{
  return ctx->host->setting (ctx, "socket_dir");
}

const char *
hero_service_get_setting (HeroServiceContext *ctx, const char *name)
{
  return ctx->host->setting (ctx, name);
}

GMainContext *
hero_service_get_main_context (HeroServiceContext *ctx)
{
  return hero_sdk_get (ctx)->context;
}

GCancellable *
hero_service_get_cancellable (HeroServiceContext *ctx)
{
  return ctx->host->cancellable (ctx);
}

gint64
hero_service_get_uptime_us (HeroServiceContext *ctx)
{
  return g_get_monotonic_time () - hero_sdk_get (ctx)->created_us;
}

/* ------------------------------------------------------------------------------------------------ life */

gboolean
hero_service_lock_data_dir (HeroServiceContext *ctx, GError **error)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  const char *dir = hero_service_get_data_dir (ctx);
  g_autoptr (GError) reason = NULL;

  if (!hero_make_dir (dir, 0700, error))
    return FALSE;
  sdk->data_lock = hero_dir_lock (dir, ".lock", &reason);
  if (sdk->data_lock != NULL)
    return TRUE;
  if (g_error_matches (reason, HERO_ERROR, HERO_ERROR_BUSY))
    g_set_error_literal (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_BUSY, reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

void
hero_service_ready (HeroServiceContext *ctx)
{
  ctx->host->ready (ctx);
}

gboolean
hero_service_serve (HeroServiceContext *ctx, GError **error)
{
  hero_endpoints_install (ctx);
  hero_page_install (ctx);
  if (!hero_http_serve (ctx, error))
    return FALSE;
  hero_bus_attach (ctx);
  return TRUE;
}

gboolean
hero_service_is_stopping (HeroServiceContext *ctx)
{
  return g_atomic_int_get (&hero_sdk_get (ctx)->stopping);
}

void
hero_service_drain (HeroServiceContext *ctx)
{
  g_atomic_int_set (&hero_sdk_get (ctx)->draining, TRUE);
}

gboolean
hero_service_is_draining (HeroServiceContext *ctx)
{
  return g_atomic_int_get (&hero_sdk_get (ctx)->draining) || hero_service_is_stopping (ctx);
}

static void
report_stopped (HeroSdk *sdk, const GError *error)
{
  if (sdk->reported)
    return;
  sdk->reported = TRUE;
  end_stop_check (sdk);
  hero_http_end_stop (sdk->ctx);
  hero_bus_detach (sdk->ctx);
  g_clear_pointer (&sdk->data_lock, hero_dir_unlock);
  sdk->ctx->host->stopped (sdk->ctx, error);
}

static gboolean
is_drained (HeroSdk *sdk)
{
  return (hero_rpc_get_pending (sdk->ctx) == 0 && hero_http_get_pending (sdk->ctx) == 0)
         || g_get_monotonic_time () >= sdk->stop_deadline_us;
}

static gboolean
on_stop_check (gpointer data)
{
  HeroSdk *sdk = data;

  if (!is_drained (sdk))
    return G_SOURCE_CONTINUE;
  report_stopped (sdk, NULL);
  return G_SOURCE_REMOVE;
}

/* The sockets answer "stopping" from here on, running calls may finish, waiting ones are told to. */
static gboolean
begin_stop (HeroSdk *sdk)
{
  if (!g_atomic_int_compare_and_exchange (&sdk->stopping, FALSE, TRUE))
    return FALSE;
  hero_http_begin_stop (sdk->ctx);
  hero_events_stop (sdk->ctx);
  hero_rpc_cancel_pending (sdk->ctx);
  hero_bus_begin_stop (sdk->ctx);
  return TRUE;
}

void
hero_service_stop (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  gint64 timeout_s = hero_service_get_integer (ctx, "stop_timeout_s");
  gint64 budget_us = (timeout_s > 0 ? timeout_s : DEFAULT_STOP_TIMEOUT_S) * G_USEC_PER_SEC;

  if (!begin_stop (sdk))
    return;
  sdk->stop_deadline_us = g_get_monotonic_time () + MAX (budget_us - STOP_RESERVE_US, budget_us / 2);
  sdk->stop_check = g_timeout_source_new (STOP_CHECK_MS);
  g_source_set_callback (sdk->stop_check, on_stop_check, sdk, NULL);
  if (is_drained (sdk)) /* not from here: `stopped` may be answered by destroy */
    g_source_set_ready_time (sdk->stop_check, 0);
  g_source_attach (sdk->stop_check, sdk->context);
}

void
hero_service_fail (HeroServiceContext *ctx, GError *error)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  begin_stop (sdk);
  report_stopped (sdk, error);
  g_error_free (error);
}

/* ------------------------------------------------------------------------------------------------ sources */

static guint
attach (HeroServiceContext *ctx, GSource *source, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  guint id;

  g_source_set_callback (source, func, data, destroy);
  id = g_source_attach (source, hero_sdk_get (ctx)->context);
  g_source_unref (source);
  return id;
}

guint
hero_service_timeout_add (HeroServiceContext *ctx, guint interval_ms, GSourceFunc func, gpointer data)
{
  return attach (ctx, g_timeout_source_new (interval_ms), func, data, NULL);
}

guint
hero_service_timeout_add_seconds (HeroServiceContext *ctx, guint seconds, GSourceFunc func, gpointer data)
{
  return attach (ctx, g_timeout_source_new_seconds (seconds), func, data, NULL);
}

void
hero_service_post (HeroServiceContext *ctx, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT); /* first in, first out, beside the sockets */
  attach (ctx, source, func, data, destroy);
}

void
hero_service_source_remove (HeroServiceContext *ctx, guint id)
{
  GSource *source = g_main_context_find_source_by_id (hero_sdk_get (ctx)->context, id);

  if (source != NULL)
    g_source_destroy (source);
}
