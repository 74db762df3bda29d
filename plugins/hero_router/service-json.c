/* service-json.c: a service as item and as detail (contract 3). Service thread. */
#include "service.h"

#include <string.h>

static JsonArray *
strings (const char *const *texts)
{
  JsonArray *array = json_array_new ();

  for (; *texts != NULL; texts++)
    json_array_add_string_element (array, *texts);
  return array;
}

static const char *
protocol_of (RouterService *service)
{
  if (service->document != NULL)
    return "openrpc";
  if (router_service_find_socket (service, "openapi.sock") != NULL)
    return "openapi";
  return router_service_find_socket (service, "rest.sock") != NULL ? "rest" : "ui";
}

static gboolean
has_ui (RouterService *service)
{
  for (guint i = 0; i < service->sockets->len; i++)
    if (g_str_equal (((RouterSocket *) service->sockets->pdata[i])->protocol, "ui"))
      return TRUE;
  return FALSE;
}

static void
set_url (JsonObject *object, const char *member, RouterService *service, const char *rest, gboolean there)
{
  g_autofree char *url = there ? g_strconcat ("/", service->name, rest, NULL) : g_strdup ("");

  json_object_set_string_member (object, member, url);
}

static JsonArray *
warnings_of (RouterService *service)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < service->warnings->len; i++)
    json_array_add_string_element (array, service->warnings->pdata[i]);
  return array;
}

JsonObject *
router_service_to_item (RouterService *service)
{
  JsonObject *item = json_object_new ();
  RouterSocket *rpc = router_service_find_socket (service, "rpc.sock");
  RouterSocket *first = rpc != NULL ? rpc : service->sockets->len > 0 ? service->sockets->pdata[0] : NULL;
  g_autofree char *rpc_path = g_build_filename (service->dir, "rpc.sock", NULL);
  const char *path = first != NULL ? first->path : rpc_path;
  JsonArray *sockets = json_array_new ();

  for (guint i = 0; i < service->sockets->len; i++)
    json_array_add_string_element (sockets, ((RouterSocket *) service->sockets->pdata[i])->name);
  json_object_set_string_member (item, "service_id", service->id);
  json_object_set_string_member (item, "id", service->name);
  json_object_set_string_member (item, "name", service->name);
  json_object_set_string_member (item, "group_name", service->name);
  json_object_set_string_member (item, "title", service->title);
  json_object_set_string_member (item, "description", service->description);
  json_object_set_string_member (item, "version", service->version);
  json_object_set_string_member (item, "status", router_status_name (service->status));
  json_object_set_boolean_member (item, "healthy", service->status == STATUS_HEALTHY || service->status == STATUS_NON_RPC);
  json_object_set_int_member (item, "methods_count", service->methods->len);
  json_object_set_string_member (item, "source", path);
  json_object_set_string_member (item, "source_kind", "socket");
  json_object_set_string_member (item, "socket_path", path);
  json_object_set_string_member (item, "protocol", protocol_of (service));
  json_object_set_array_member (item, "domains", strings ((const char *const *) service->domains));
  json_object_set_array_member (item, "sockets", sockets);
  json_object_set_boolean_member (item, "has_ui", has_ui (service));
  set_url (item, "ui_url", service, "/", has_ui (service));
  json_object_set_string_member (item, "fingerprint", service->fingerprint);
  json_object_set_string_member (item, "reason", service->reason);
  json_object_set_int_member (item, "last_probe", service->last_probe_ms);
  json_object_set_int_member (item, "latency_ms", service->latency_ms);
  json_object_set_array_member (item, "warnings", warnings_of (service));
  return item;
}

/* ------------------------------------------------------------------------------------------------ detail */

static const char *
socket_status (RouterSocket *socket)
{
  static const char *const names[] = { "unknown", "healthy", "inactive", "unhealthy", "foreign" };

  return names[socket->state];
}

static JsonArray *
socket_details (RouterService *service)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];
      JsonObject *object = json_object_new ();
      g_autofree char *rest = g_strdup_printf ("/%s/", socket->name);

      json_object_set_string_member (object, "name", socket->name);
      json_object_set_string_member (object, "file", socket->file);
      json_object_set_string_member (object, "path", socket->path);
      json_object_set_string_member (object, "role", socket->name);
      json_object_set_string_member (object, "protocol", socket->protocol);
      json_object_set_string_member (object, "status", socket_status (socket));
      json_object_set_int_member (object, "http_status", socket->http_status);
      json_object_set_int_member (object, "latency_ms", socket->latency_ms);
      set_url (object, "url", service, rest, socket->http);
      json_object_set_string_member (object, "error", socket->error == NULL ? "" : socket->error);
      json_array_add_object_element (array, object);
    }
  return array;
}

static guint
count_methods (RouterService *service, const char *domain)
{
  guint n = 0;

  for (guint i = 0; i < service->methods->len; i++)
    n += g_str_equal (json_object_get_string_member (service->methods->pdata[i], "domain"), domain);
  return n;
}

static JsonArray *
domain_details (RouterService *service)
{
  JsonArray *array = json_array_new ();

  for (char **domain = service->domains; *domain != NULL; domain++)
    {
      JsonObject *object = json_object_new ();
      g_autofree char *base = g_strconcat ("/api/", *domain, NULL);
      g_autofree char *openrpc = g_strconcat (base, "/openrpc.json", NULL);
      g_autofree char *rpc = g_strconcat (base, "/rpc", NULL);
      g_autofree char *events = g_strconcat (base, "/events", NULL);

      json_object_set_string_member (object, "name", *domain);
      json_object_set_int_member (object, "methods_count", count_methods (service, *domain));
      set_url (object, "openrpc_url", service, openrpc, TRUE);
      set_url (object, "rpc_url", service, rpc, TRUE);
      set_url (object, "events_url", service, events, TRUE);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
probe_details (RouterService *service)
{
  JsonArray *array = json_array_new ();

  for (GList *l = service->probes.head; l != NULL; l = l->next)
    {
      ProbeRecord *record = l->data;
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "at", record->at_ms);
      json_object_set_boolean_member (object, "ok", record->ok);
      json_object_set_int_member (object, "ms", record->ms);
      json_object_set_string_member (object, "reason", record->reason);
      json_array_add_object_element (array, object);
    }
  return array;
}

static void
set_node (JsonObject *object, const char *member, JsonNode *node)
{
  json_object_set_member (object, member, node == NULL ? json_node_new (JSON_NODE_NULL) : json_node_copy (node));
}

JsonObject *
router_service_to_detail (RouterService *service)
{
  JsonObject *detail = router_service_to_item (service);
  JsonObject *health = json_object_new (), *urls = json_object_new ();
  JsonArray *methods = json_array_new ();

  json_object_set_int_member (health, "http_status", service->health_status);
  set_node (health, "body", service->health);
  json_object_set_int_member (health, "latency_ms", service->latency_ms);
  json_object_set_int_member (health, "at", service->last_probe_ms);
  for (guint i = 0; i < service->methods->len; i++)
    json_array_add_object_element (methods, json_object_ref (service->methods->pdata[i]));
  set_url (urls, "ui", service, "/", has_ui (service));
  set_url (urls, "openrpc", service, "/openrpc.json", service->document != NULL);
  set_url (urls, "rpc", service, "/rpc", router_service_find_socket (service, "rpc.sock") != NULL);

  set_node (detail, "manifest", service->manifest);
  json_object_set_object_member (detail, "health", health);
  json_object_set_array_member (detail, "socket_details", socket_details (service));
  json_object_set_array_member (detail, "domain_details", domain_details (service));
  json_object_set_array_member (detail, "methods", methods);
  json_object_set_object_member (detail, "urls", urls);
  json_object_set_array_member (detail, "probes", probe_details (service));
  return detail;
}
