/* hero-db.c: see hero-db.h. Service thread, but for create and destroy of an instance that only checks. */
#include "hero-db.h"

#include <hero-service/events.h>
#include <hero-service/health.h>
#include <hero-service/log.h>

#include "metrics.h"
#include "page.h"
#include "rpc.h"

#define MIB ((gsize)1 << 20)
#define OUTPUT_MAX (1024 * MIB)
#define INPUT_MAX (1024 * MIB)
#define PROBE_MS 1000
#define EXPIRE_FIRST_MS 500

/* ------------------------------------------------------------------------------------------------ configuration */

static void
add_tcp_listeners (HeroServiceContext *ctx)
{
  const char *const *bind = hero_service_get_strings (ctx, "bind");
  gint64 port = hero_service_get_integer (ctx, "port");

  if (!hero_service_get_boolean (ctx, "tcp"))
    {
      ctx->host->add_listener (ctx, "resp", "resp", "");
      return;
    }
  for (; *bind != NULL; bind++)
    {
      gboolean is_ipv6 = strchr (*bind, ':') != NULL;
      g_autofree char *address = g_strdup_printf (is_ipv6 ? "[%s]:%d" : "%s:%d", *bind, (int)port);

      ctx->host->add_listener (ctx, "resp", "resp", address);
    }
}

static void
check_bind (HeroServiceContext *ctx)
{
  for (const char *const *bind = hero_service_get_strings (ctx, "bind"); *bind != NULL; bind++)
    if (!g_hostname_is_ip_address (*bind))
      {
        g_autofree char *text = g_strdup_printf ("expected IP addresses, found \"%s\"", *bind);

        ctx->host->report (ctx, "bind", HERO_REPORT_ERROR, text);
      }
}

gpointer
hero_db_create (HeroServiceContext *ctx, GError **error)
{
  HeroDb *self = g_new0 (HeroDb, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  g_queue_init (&self->answers);
  self->limits.databases = (guint)hero_service_get_integer (ctx, "databases");
  self->limits.max_bulk = (gsize)hero_service_get_integer (ctx, "proto_max_bulk_mib") * MIB;
  self->limits.max_clients = (guint)hero_service_get_integer (ctx, "max_clients");
  self->limits.client_timeout_s = (guint)hero_service_get_integer (ctx, "client_timeout_s");
  self->limits.keepalive_s = (guint)hero_service_get_integer (ctx, "tcp_keepalive_s");
  self->limits.clients_memory = (gsize)hero_service_get_integer (ctx, "clients_memory_mib") * MIB;
  self->network_limits.dirty_max = (gsize)hero_service_get_integer (ctx, "dirty_mib") * MIB;
  self->network_limits.output_max = OUTPUT_MAX;
  self->network_limits.input_max = INPUT_MAX;
  check_bind (ctx);
  add_tcp_listeners (ctx);
  return self;
}

/* ------------------------------------------------------------------------------------------------ time */

static gboolean expire (gpointer data);

static void
schedule_expiry (HeroDb *self, gint64 after_ms)
{
  if (self->expire_source == 0 && !self->stopping)
    self->expire_source = hero_service_timeout_add (self->ctx, (guint)after_ms, expire, self);
}

static gboolean
expire (gpointer data)
{
  HeroDb *self = data;
  gint64 next = server_expire (self->server);

  self->expire_source = 0;
  server_end_turn (self->server, TRUE);
  if (next >= 0)
    schedule_expiry (self, next);
  return G_SOURCE_REMOVE;
}

static gboolean
take_sample (gpointer data)
{
  HeroDb *self = data;

  samples_take (self->samples, self->server);
  rpc_publish_sample (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
probe (gpointer data)
{
  HeroDb *self = data;

  self->probe_source = 0;
  storage_probe (self->server->storage);
  return G_SOURCE_REMOVE;
}

static void
clear_source (HeroDb *self, guint *source)
{
  if (*source != 0)
    hero_service_source_remove (self->ctx, *source);
  *source = 0;
}

/* ------------------------------------------------------------------------------------------------ commits */

/* Posted, since nothing may be freed below a call of what is freed. Comes again after each commit. */
static gboolean
finish_stop (gpointer data)
{
  HeroDb *self = data;

  if (self->server == NULL || !self->connections_closed || !storage_is_idle (self->server->storage))
    return G_SOURCE_REMOVE;
  g_clear_pointer (&self->network, network_free);
  g_clear_pointer (&self->rpc_client, client_free);
  g_clear_pointer (&self->server, server_free);
  hero_service_stop (self->ctx);
  return G_SOURCE_REMOVE;
}

static void
tell_health (HeroDb *self, const GError *error)
{
  g_autofree char *reason = NULL;

  JsonObject *event = json_object_new ();

  if (error == NULL)
    {
      hero_service_publish (self->ctx, NULL, "storage.writable", event);
      hero_service_set_degraded (self->ctx, NULL);
      hero_info (self->ctx, "the disk takes writes again");
      return;
    }
  json_object_set_string_member (event, "reason", error->message);
  hero_service_publish (self->ctx, NULL, "storage.readonly", event);
  reason = g_strdup_printf ("read-only: %s", error->message);
  hero_error (self->ctx, "a commit has failed, writes are refused until one succeeds: %s", error->message);
  hero_service_set_degraded (self->ctx, reason);
}

static void
on_committed (gpointer data, Storage *storage, const GError *error)
{
  HeroDb *self = data;

  if ((error != NULL) != self->degraded)
    {
      self->degraded = error != NULL;
      tell_health (self, error);
    }
  rpc_committed (self, error);
  if (self->network != NULL)
    network_committed (self->network, error != NULL);

  if (self->stopping)
    hero_service_post (self->ctx, finish_stop, self, NULL);
  else if (error != NULL && self->probe_source == 0)
    self->probe_source = hero_service_timeout_add (self->ctx, PROBE_MS, probe, self);
  else if (storage_has_expiring (storage))
    schedule_expiry (self, EXPIRE_FIRST_MS);
}

/* ------------------------------------------------------------------------------------------------ life */

/* Reads a key, from disk unless it was just written. */
static char *
check_store (gpointer data, gboolean *failing)
{
  HeroDb *self = data;
  g_autoptr (GError) error = NULL;
  StorageEntry entry;

  if (self->server == NULL)
    return NULL;
  if (storage_begin (self->server->storage, &error))
    {
      storage_get (self->server->storage, 0, SLICE_LITERAL ("health"), &entry);
      storage_end_turn (self->server->storage, TRUE);
      return NULL;
    }
  *failing = TRUE;
  return g_strdup (error->message);
}

static void
add_health_members (gpointer data, JsonObject *body)
{
  HeroDb *self = data;

  if (self->server == NULL)
    return;
  json_object_set_int_member (body, "databases", self->limits.databases);
  json_object_set_int_member (body, "clients", self->server->clients.length);
  json_object_set_string_member (body, "durability", "always");
  json_object_set_boolean_member (body, "readonly", self->server->broken != NULL);
}

gboolean
hero_db_start (gpointer data, GCancellable *cancellable, GError **error)
{
  HeroDb *self = data;

  if (!hero_service_lock_data_dir (self->ctx, error))
    return FALSE;
  self->server = server_new (hero_service_get_data_dir (self->ctx), &self->limits, on_committed, self, error);
  if (self->server == NULL)
    return FALSE;
  self->network = network_new (self->ctx, self->server, &self->network_limits, error);
  if (self->network == NULL)
    return FALSE;

  self->rpc_client = client_new (server_next_client_id (self->server), -1, "json-rpc", NULL);
  self->samples = samples_new ();
  self->sample_source = hero_service_timeout_add_seconds (self->ctx, 1, take_sample, self);
  schedule_expiry (self, EXPIRE_FIRST_MS);

  hero_service_add_check (self->ctx, "store", check_store, self);
  hero_service_set_health_members (self->ctx, add_health_members, self);
  metrics_register (self);
  rpc_register (self);
  page_register (self);
  hero_service_ready (self->ctx);
  return TRUE;
}

gboolean
hero_db_serve (gpointer data, GError **error)
{
  HeroDb *self = data;

  return network_serve (self->network, error) && hero_service_serve (self->ctx, error);
}

static void
on_connections_closed (gpointer data)
{
  HeroDb *self = data;

  self->connections_closed = TRUE;
  hero_service_post (self->ctx, finish_stop, self, NULL);
}

void
hero_db_stop (gpointer data)
{
  HeroDb *self = data;

  self->stopping = TRUE;
  clear_source (self, &self->expire_source);
  clear_source (self, &self->probe_source);
  clear_source (self, &self->sample_source);
  if (self->network == NULL)
    {
      hero_service_stop (self->ctx);
      return;
    }
  storage_settle (self->server->storage);
  network_stop (self->network, on_connections_closed, self);
}

void
hero_db_destroy (gpointer data)
{
  HeroDb *self = data;

  g_clear_pointer (&self->network, network_free);
  g_clear_pointer (&self->rpc_client, client_free);
  g_clear_pointer (&self->server, server_free);
  g_clear_pointer (&self->samples, samples_free);
  hero_service_free_context (self->ctx);
  g_free (self);
}
