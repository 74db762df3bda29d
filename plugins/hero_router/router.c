/* router.c: the life of the service, from create to destroy; its health and counters. Service thread. */
#include "router.h"

gpointer
router_create (HeroServiceContext *ctx, GError **error)
{
  Router *self;

  hero_service_init (ctx, hero_service_describe_v1 ());
  if (!router_add_listeners (ctx, error))
    {
      hero_service_free_context (ctx);
      return NULL;
    }
  self = g_new0 (Router, 1);
  self->ctx = ctx;
  self->proxy.connect_ms = (guint) hero_service_get_integer (ctx, "connect_timeout_ms");
  self->proxy.response_s = (guint) hero_service_get_integer (ctx, "response_timeout_s");
  self->proxy.body_idle_s = (guint) hero_service_get_integer (ctx, "body_idle_timeout_s");
  self->proxy.default_context = (guint32) hero_service_get_integer (ctx, "default_context");
  return self;
}

static void
on_scanner_event (gpointer data, const char *event, JsonObject *detail)
{
  Router *self = data;

  if (g_str_equal (event, "service.status"))
    {
      const char *reason = json_object_get_string_member (detail, "reason");

      hero_info (self->ctx, "%s: %s -> %s%s%s", json_object_get_string_member (detail, "name"),
                 json_object_get_string_member (detail, "from"), json_object_get_string_member (detail, "to"),
                 *reason != '\0' ? ": " : "", reason);
    }
  hero_service_publish (self->ctx, NULL, event, detail);
}

/* ------------------------------------------------------------------------------------------------ health and counters */

static void
add_health_members (gpointer data, JsonObject *body)
{
  Router *self = data;
  g_autoptr (GPtrArray) services = scanner_list (self->scanner);
  JsonObject *counts = json_object_new ();
  guint by_status[N_STATUS] = { 0 };

  for (guint i = 0; i < services->len; i++)
    by_status[((RouterService *) services->pdata[i])->status]++;
  for (guint i = 0; i < N_STATUS; i++)
    json_object_set_int_member (counts, router_status_name (i), by_status[i]);
  json_object_set_array_member (body, "listeners", router_listeners_to_json (self->ctx));
  json_object_set_object_member (body, "services", counts);
}

static double
count_services (gpointer data)
{
  g_autoptr (GPtrArray) services = scanner_list (((Router *) data)->scanner);

  return services->len;
}

static double
count_requests (gpointer data)
{
  return (double) ((Router *) data)->requests;
}

static double
count_failures (gpointer data)
{
  return (double) ((Router *) data)->failures;
}

static double
count_active (gpointer data)
{
  return ((Router *) data)->active;
}

static void
add_metrics (Router *self)
{
  hero_service_add_metric (self->ctx, HERO_METRIC_GAUGE, "hero_router_services", "Services known.", count_services, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_COUNTER, "hero_router_proxied_total", "Requests forwarded.", count_requests, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_COUNTER, "hero_router_failures_total", "Requests the router answered with an error.",
                           count_failures, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_GAUGE, "hero_router_backend_connections", "Requests under way.", count_active, self);
}

/* ------------------------------------------------------------------------------------------------ life */

gboolean
router_start (gpointer data, GCancellable *cancellable, GError **error)
{
  Router *self = data;
  HeroServiceContext *ctx = self->ctx;
  ScannerOptions options = {
    .limits = { .timeout_ms = (guint) hero_service_get_integer (ctx, "probe_timeout_ms"),
                .spec_timeout_ms = (guint) hero_service_get_integer (ctx, "probe_spec_timeout_ms"),
                .spec_max_bytes = (gsize) hero_service_get_integer (ctx, "spec_max_bytes") },
    .interval_s = (guint) hero_service_get_integer (ctx, "scan_interval_s"),
    .parallel = (guint) hero_service_get_integer (ctx, "probe_parallel"),
    .forget_after_s = (guint) hero_service_get_integer (ctx, "forget_after_s"),
    .allow_foreign = hero_service_get_boolean (ctx, "allow_foreign_sockets"),
  };

  self->reactor = hero_reactor_new (hero_service_get_main_context (ctx), error);
  if (self->reactor == NULL)
    return FALSE;
  self->log = route_log_new ((guint) hero_service_get_integer (ctx, "log_entries"));
  self->scanner = scanner_new (ctx, self->reactor, &options, on_scanner_event, self);
  hero_service_hide_admin_rpc (ctx);
  hero_service_set_health_members (ctx, add_health_members, self);
  add_metrics (self);
  router_register_rpc (self);
  router_register_page (self);
  router_register_routes (self);
  hero_service_ready (ctx);
  return TRUE;
}

gboolean
router_serve (gpointer data, GError **error)
{
  Router *self = data;

  if (!hero_service_serve (self->ctx, error))
    return FALSE;
  scanner_start (self->scanner);
  return TRUE;
}

void
router_stop (gpointer data)
{
  Router *self = data;

  hero_service_stop (self->ctx);
}

void
router_destroy (gpointer data)
{
  Router *self = data;

  g_clear_pointer (&self->scanner, scanner_free);
  hero_service_free_context (self->ctx);
  g_clear_pointer (&self->log, route_log_free);
  g_clear_pointer (&self->reactor, hero_reactor_free);
  g_free (self);
}
