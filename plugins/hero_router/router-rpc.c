/* router-rpc.c: the methods of the router (contract 3), as far as they are built. Service thread. */
#include <string.h>

#include "router.h"

enum
{
  SERVICE_NOT_FOUND = -32001,
  NO_SPEC = -32002,
  DOMAIN_NOT_FOUND = -32003,
};

/* The service a call names, or NULL: answered. */
static RouterService *
find (Router *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "service_id");
  RouterService *service = scanner_find (self->scanner, name);
  const char *nearest;
  JsonObject *data;

  if (service != NULL)
    return service;
  data = json_object_new ();
  nearest = scanner_nearest (self->scanner, name);
  if (nearest != NULL)
    json_object_set_string_member (data, "hint", nearest);
  hero_rpc_fail_data (call, SERVICE_NOT_FOUND, data, "there is no service \"%s\"", name);
  return NULL;
}

static void
rpc_services (gpointer data, HeroRpcCall *call)
{
  Router *self = data;
  const char *status = hero_rpc_get_string (call, "status");
  g_autoptr (GPtrArray) services = scanner_list (self->scanner);
  JsonArray *items = json_array_new ();

  for (guint i = 0; i < services->len; i++)
    {
      RouterService *service = services->pdata[i];

      if (status == NULL || g_str_equal (status, router_status_name (service->status)))
        json_array_add_object_element (items, router_service_to_item (service));
    }
  hero_rpc_return_array (call, items);
}

static void
rpc_service (gpointer data, HeroRpcCall *call)
{
  RouterService *service = find (data, call);

  if (service != NULL)
    hero_rpc_return_object (call, router_service_to_detail (service));
}

static void
on_probed (gpointer data)
{
  g_autofree gpointer *wait = data; /* router, call */
  RouterService *service = find (wait[0], wait[1]);

  if (service != NULL)
    hero_rpc_return_object (wait[1], router_service_to_detail (service));
}

static void
rpc_probe (gpointer data, HeroRpcCall *call)
{
  Router *self = data;
  RouterService *service = find (self, call);
  gpointer *wait;

  if (service == NULL)
    return;
  wait = g_new (gpointer, 2);
  wait[0] = self;
  wait[1] = call;
  scanner_probe (self->scanner, service, on_probed, wait);
}

static void
on_scanned (gpointer call, JsonObject *counts)
{
  hero_rpc_return_object (call, counts);
}

static void
rpc_scan (gpointer data, HeroRpcCall *call)
{
  scanner_scan (((Router *) data)->scanner, on_scanned, call);
}

static void
rpc_health (gpointer data, HeroRpcCall *call)
{
  Router *self = data;
  JsonObject *health = json_object_new ();

  json_object_set_string_member (health, "status", "ok");
  json_object_set_int_member (health, "uptime_secs", hero_service_get_uptime_us (self->ctx) / G_USEC_PER_SEC);
  json_object_set_string_member (health, "service", hero_service_get_name (self->ctx));
  json_object_set_string_member (health, "version", hero_service_get_version (self->ctx));
  hero_rpc_return_object (call, health);
}

/* Keys in effect. None of ours is a secret; the page masks by the key table. */
static void
rpc_config (gpointer data, HeroRpcCall *call)
{
  Router *self = data;
  GVariant *config = self->ctx->host->config (self->ctx);
  JsonNode *node = json_gvariant_serialize (config);

  hero_rpc_return (call, node);
}

/* The methods of one domain and nothing else. */
static JsonNode *
cut_to_domain (JsonNode *document, const char *domain)
{
  JsonArray *methods = json_object_get_array_member (json_node_get_object (document), "methods");
  JsonArray *kept = json_array_new ();

  for (guint i = 0; i < json_array_get_length (methods); i++)
    {
      JsonObject *method = json_array_get_object_element (methods, i);
      JsonArray *tags = json_object_has_member (method, "tags") ? json_object_get_array_member (method, "tags") : NULL;

      if (tags != NULL && json_array_get_length (tags) > 0
          && g_strcmp0 (json_object_get_string_member_with_default (json_array_get_object_element (tags, 0), "name", ""), domain) == 0)
        json_array_add_object_element (kept, json_object_ref (method));
    }
  json_object_set_array_member (json_node_get_object (document), "methods", kept);
  return document;
}

static void
rpc_spec (gpointer data, HeroRpcCall *call)
{
  RouterService *service = find (data, call);
  const char *domain = hero_rpc_get_string (call, "domain");

  if (service == NULL)
    return;
  if (service->document == NULL)
    hero_rpc_fail (call, NO_SPEC, "%s has no OpenRPC document", service->name);
  else if (domain == NULL)
    hero_rpc_return_json (call, g_bytes_ref (service->document));
  else if (!g_strv_contains ((const char *const *) service->domains, domain))
    hero_rpc_fail (call, DOMAIN_NOT_FOUND, "%s has no domain \"%s\"", service->name, domain);
  else
    {
      JsonNode *document = hero_json_parse (g_bytes_get_data (service->document, NULL), (gssize) g_bytes_get_size (service->document), NULL);

      hero_rpc_return (call, cut_to_domain (document, domain));
    }
}

static void
rpc_logs (gpointer data, HeroRpcCall *call)
{
  Router *self = data;
  RouterService *service = hero_rpc_has (call, "service_id") ? find (self, call) : NULL;
  g_autoptr (GPtrArray) entries = NULL;
  JsonArray *array;

  if (service == NULL && hero_rpc_has (call, "service_id"))
    return;
  entries = route_log_list (self->log, service == NULL ? NULL : service->name, (guint) hero_rpc_get_integer (call, "limit"),
                            hero_rpc_get_integer (call, "since"));
  array = json_array_new ();
  for (guint i = 0; i < entries->len; i++)
    json_array_add_object_element (array, route_log_entry_to_json (entries->pdata[i]));
  hero_rpc_return_array (call, array);
}

/* ------------------------------------------------------------------------------------------------ the table */

#define SERVICE_ID                                                                                                     \
  { "service_id", HERO_STRING (1, 128), HERO_REQUIRED, "UUID or name.", .aliases = "id|service|name" }

static const HeroRpcParam services_params[]
    = { { "status", HERO_ENUM ("healthy|unhealthy|inactive|non_rpc|unknown"), 0, "Only services in this state." }, { NULL } };
static const HeroRpcParam service_params[] = { SERVICE_ID, { NULL } };
static const HeroRpcParam spec_params[]
    = { SERVICE_ID, { "domain", HERO_STRING (1, 128), 0, "Only the methods of this domain." }, { NULL } };
static const HeroRpcParam logs_params[]
    = { { "service_id", HERO_STRING (1, 128), 0, "UUID or name.", .aliases = "id|service|name" },
        { "limit", HERO_INTEGER (1, 5000), 0, "At most so many.", "100" },
        { "since", HERO_INTEGER (0, G_MAXINT64), 0, "Only entries after this unix time in ms.", "0" },
        { NULL } };

static const HeroRpcErrorSpec errors[] = { { SERVICE_NOT_FOUND, "service_not_found", FALSE, "There is no such service." },
                                           { NO_SPEC, "no_spec", FALSE, "The service has no OpenRPC document." },
                                           { DOMAIN_NOT_FOUND, "domain_not_found", FALSE, "The service has no such domain." },
                                           { 0 } };
static const int not_found[] = { SERVICE_NOT_FOUND, 0 };
static const int spec_errors[] = { SERVICE_NOT_FOUND, NO_SPEC, DOMAIN_NOT_FOUND, 0 };

#define TEXT "{\"type\":\"string\"}"
#define NUMBER "{\"type\":\"integer\"}"
#define FLAG "{\"type\":\"boolean\"}"
#define TEXTS "{\"type\":\"array\",\"items\":" TEXT "}"

static const HeroRpcSchema schemas[] = {
  { "Service", "{\"type\":\"object\",\"properties\":{\"service_id\":" TEXT ",\"id\":" TEXT ",\"name\":" TEXT ",\"group_name\":" TEXT
               ",\"title\":" TEXT ",\"description\":" TEXT ",\"version\":" TEXT ",\"status\":" TEXT ",\"healthy\":" FLAG
               ",\"methods_count\":" NUMBER ",\"source\":" TEXT ",\"source_kind\":" TEXT ",\"socket_path\":" TEXT ",\"protocol\":" TEXT
               ",\"domains\":" TEXTS ",\"sockets\":" TEXTS ",\"has_ui\":" FLAG ",\"ui_url\":" TEXT ",\"fingerprint\":" TEXT
               ",\"reason\":" TEXT ",\"last_probe\":" NUMBER ",\"latency_ms\":" NUMBER ",\"warnings\":" TEXTS "}}" },
  { "ServiceDetail", "{\"type\":\"object\",\"description\":\"A Service with manifest, health, socket_details, domain_details, methods, "
                     "urls and probes.\"}" },
  { "Scan", "{\"type\":\"object\",\"properties\":{\"discovered\":" NUMBER ",\"services\":" NUMBER ",\"added\":" NUMBER ",\"updated\":" NUMBER
            ",\"removed\":" NUMBER ",\"healthy\":" NUMBER ",\"unhealthy\":" NUMBER ",\"inactive\":" NUMBER ",\"non_rpc\":" NUMBER
            ",\"unknown\":" NUMBER ",\"duration_ms\":" NUMBER ",\"dead_sockets\":" TEXTS ",\"errors\":{\"type\":\"array\"}}}" },
  { "LogEntry", "{\"type\":\"object\",\"properties\":{\"ts\":" NUMBER ",\"request_id\":" TEXT ",\"service\":" TEXT ",\"socket\":" TEXT
                ",\"method\":" TEXT ",\"path\":" TEXT ",\"status\":" NUMBER ",\"code_name\":" TEXT ",\"message\":" TEXT ",\"peer\":" TEXT
                ",\"duration_ms\":" NUMBER "}}" },
  { NULL },
};

static const HeroRpcMethod methods[] = {
  { "router.services", rpc_services, services_params, "[]Service", "List the services, by name.", .aliases = "router.list" },
  { "router.service", rpc_service, service_params, "ServiceDetail", "All that is known of one service.", .errors = not_found,
    .aliases = "router.get" },
  { "router.scan", rpc_scan, NULL, "Scan", "Look for services and probe all of them.", .flags = HERO_RPC_WAITS },
  { "router.probe", rpc_probe, service_params, "ServiceDetail", "Probe one service now.", .errors = not_found, .flags = HERO_RPC_WAITS },
  { "router.health", rpc_health, NULL, "{\"type\":\"object\"}", "The router's own state." },
  { "router.config", rpc_config, NULL, "{\"type\":\"object\"}", "The configuration in effect." },
  { "router.spec", rpc_spec, spec_params, "{\"type\":\"object\"}", "The OpenRPC document of a service.", .errors = spec_errors },
  { "router.logs", rpc_logs, logs_params, "[]LogEntry", "Failed requests, newest first.", .errors = not_found },
  { NULL },
};

static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = errors);

void
router_register_rpc (Router *self)
{
  hero_service_set_rpc (self->ctx, &spec, self);
}
