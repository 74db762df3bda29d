/* endpoints.c: the eight endpoints every service has on its HTTP sockets (conventions 4). Service thread. */
#include "events-internal.h"
#include "health-internal.h"
#include "http-core.h"
#include "json-internal.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ JSON-RPC */

static void
on_reply_written (gpointer data, gboolean written)
{
  hero_rpc_written (data, written);
}

static void
on_reply (GBytes *reply, HeroRpcWritten *written, gpointer data)
{
  HeroHttpRequest *request = data;

  if (written != NULL)
    hero_http_request_on_finished (request, on_reply_written, written);
  if (reply == NULL)
    hero_http_respond (request, 204, NULL, NULL);
  else
    hero_http_respond (request, 200, "application/json", reply);
}

static void
on_client_gone (gpointer data)
{
  HeroHttpRequest *request = data;

  hero_rpc_exchange_cancel (request->exchange);
  hero_http_respond (request, 204, NULL, NULL); /* to nobody: ends the request */
}

void
hero_http_respond_rpc (HeroHttpRequest *request)
{
  request->exchange
      = hero_rpc_dispatch_bytes (request->role->http->ctx, hero_http_request_get_body (request), request->identity,
                                 hero_http_request_get_rpc_connection (request), on_reply, request);
  if (request->exchange != NULL)
    hero_http_request_on_gone (request, on_client_gone, request);
}

void
hero_service_hide_admin_rpc (HeroServiceContext *ctx)
{
  hero_sdk_get (ctx)->hide_admin_rpc = TRUE;
}

/* Answers 404 where the service does not take calls. */
static gboolean
is_rpc_hidden (HeroServiceContext *ctx, HeroHttpRequest *request)
{
  if (!hero_sdk_get (ctx)->hide_admin_rpc || request->connection->port->tcp
      || strcmp (request->role->name, "admin") != 0)
    return FALSE;
  hero_http_respond_error (request, 404, "rpc.sock and the TCP listeners take calls", "no such path");
  return TRUE;
}

static void
on_rpc (gpointer self, HeroHttpRequest *request)
{
  if (!is_rpc_hidden (self, request))
    hero_http_respond_rpc (request);
}

/* ------------------------------------------------------------------------------------------------ documents */

static void
on_openrpc (gpointer self, HeroHttpRequest *request)
{
  hero_http_respond (request, 200, "application/json", hero_openrpc_get (self, NULL));
}

static void
on_health (gpointer self, HeroHttpRequest *request)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  guint status;

  json_node_take_object (node, hero_health_get (self, &status));
  hero_http_respond_json (request, status, g_steal_pointer (&node));
}

static const HeroSocketSpec *
find_socket (const HeroServicePlugin *plugin, const char *role)
{
  const char *element = (const char *)plugin->sockets;

  for (; element != NULL && ((const HeroSocketSpec *)element)->role != NULL; element += plugin->socket_size)
    if (strcmp (((const HeroSocketSpec *)element)->role, role) == 0)
      return (const HeroSocketSpec *)element;
  return NULL;
}

static void
on_manifest (gpointer self, HeroHttpRequest *request)
{
  const HeroServicePlugin *plugin = hero_sdk_get (self)->plugin;
  const HeroSocketSpec *socket = find_socket (plugin, request->role->name);
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *manifest = json_object_new ();

  json_object_set_string_member (manifest, "protocol", socket != NULL ? socket->protocol : "openrpc");
  json_object_set_string_member (manifest, "name", hero_service_get_name (self));
  json_object_set_string_member (manifest, "title", plugin->title);
  json_object_set_string_member (manifest, "version", plugin->version);
  json_object_set_string_member (manifest, "description", plugin->description);
  json_object_set_string_member (manifest, "socket", request->role->name);
  json_node_take_object (node, manifest);
  hero_http_respond_json (request, 200, node);
}

static void
on_domains (gpointer self, HeroHttpRequest *request)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *names = json_array_new ();

  for (char **domain = hero_sdk_get (self)->domains; *domain != NULL; domain++)
    json_array_add_string_element (names, *domain);
  json_node_take_array (node, names);
  hero_http_respond_json (request, 200, node);
}

/* ------------------------------------------------------------------------------------------------ by domain */

/* The {domain} of the path, or NULL: answered 404. */
static const char *
known_domain (HeroServiceContext *ctx, HeroHttpRequest *request)
{
  char **domains = hero_sdk_get (ctx)->domains;
  const char *domain = hero_http_request_get_segment (request, "domain");
  g_autofree char *list = NULL;

  if (g_strv_contains ((const char *const *)domains, domain))
    return domain;
  list = g_strjoinv (", ", domains);
  g_autofree char *hint = g_strconcat ("domains: ", list, NULL);
  hero_http_respond_error (request, 404, hint, "no such domain");
  return NULL;
}

static void
on_domain_openrpc (gpointer self, HeroHttpRequest *request)
{
  const char *domain = known_domain (self, request);

  if (domain != NULL)
    hero_http_respond (request, 200, "application/json", hero_openrpc_get (self, domain));
}

static void
on_domain_rpc (gpointer self, HeroHttpRequest *request)
{
  if (known_domain (self, request) != NULL && !is_rpc_hidden (self, request))
    hero_http_respond_rpc (request);
}

static void
on_domain_events (gpointer self, HeroHttpRequest *request)
{
  const char *domain = known_domain (self, request);

  if (domain != NULL)
    hero_events_serve (self, request, domain);
}

static const HeroHttpRoute endpoints[] = {
  { "POST", "/rpc", on_rpc },
  { "GET", "/health", on_health },
  { "GET", "/openrpc.json", on_openrpc },
  { "GET", "/.well-known/heroservice.json", on_manifest },
  { "GET", "/api/domains.json", on_domains },
  { "POST", "/api/{domain}/rpc", on_domain_rpc },
  { "GET", "/api/{domain}/openrpc.json", on_domain_openrpc },
  { "GET", "/api/{domain}/events", on_domain_events },
  { NULL, NULL },
};

/* A further page (protocol ui, not the admin page) has routes of its own and calls no methods. */
static const HeroHttpRoute page_endpoints[] = {
  { "GET", "/health", on_health },
  { "GET", "/.well-known/heroservice.json", on_manifest },
  { NULL, NULL },
};

void
hero_endpoints_install (HeroServiceContext *ctx)
{
  const HeroServicePlugin *plugin = hero_sdk_get (ctx)->plugin;
  const char *element = (const char *)plugin->sockets;

  for (; element != NULL && ((const HeroSocketSpec *)element)->role != NULL; element += plugin->socket_size)
    {
      const HeroSocketSpec *socket = (const HeroSocketSpec *)element;
      gboolean is_page = strcmp (socket->protocol, "ui") == 0 && strcmp (socket->role, "admin") != 0;

      if (strcmp (socket->protocol, "resp") != 0)
        hero_http_add_standard_routes (ctx, socket->role, is_page ? page_endpoints : endpoints, ctx);
    }
}
