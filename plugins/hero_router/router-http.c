/* router-http.c: the routes of the router beside the standard ones: helpers for pages, and everything below /{s}. Service thread. */
#include <string.h>

#include "proxy.h"
#include "router.h"

/* ------------------------------------------------------------------------------------------------ helpers */

static JsonNode *
node_of (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

static RouterService *
find_or_refuse (Router *self, HeroHttpRequest *request, const char *name)
{
  RouterService *service = scanner_find (self->scanner, name);
  const char *nearest = service == NULL ? scanner_nearest (self->scanner, name) : NULL;
  g_autofree char *hint = nearest == NULL ? NULL : g_strdup_printf ("did you mean %s?", nearest);
  g_autofree char *message = service == NULL ? g_strdup_printf ("there is no service \"%s\"", name) : NULL;

  if (service == NULL)
    proxy_refuse (self, request, 404, "service_not_found", name, NULL, FALSE, hint, message);
  return service;
}

static void
on_services (gpointer data, HeroHttpRequest *request)
{
  Router *self = data;
  const char *status = hero_http_request_get_query (request, "status");
  g_autoptr (GPtrArray) services = scanner_list (self->scanner);
  JsonObject *answer = json_object_new ();
  JsonArray *items = json_array_new ();

  for (guint i = 0; i < services->len; i++)
    {
      RouterService *service = services->pdata[i];

      if (status == NULL || g_str_equal (status, router_status_name (service->status)))
        json_array_add_object_element (items, router_service_to_item (service));
    }
  json_object_set_array_member (answer, "services", items);
  hero_http_respond_json (request, 200, node_of (answer));
}

static void
on_service (gpointer data, HeroHttpRequest *request)
{
  Router *self = data;
  RouterService *service = find_or_refuse (self, request, hero_http_request_get_segment (request, "s"));

  if (service != NULL)
    hero_http_respond_json (request, 200, node_of (router_service_to_detail (service)));
}

typedef struct
{
  Router *self;
  HeroHttpRequest *request;
  char *name;
} Wait;

static void
on_probed (gpointer data)
{
  Wait *wait = data;
  RouterService *service = find_or_refuse (wait->self, wait->request, wait->name);

  if (service != NULL)
    hero_http_respond_json (wait->request, 200, node_of (router_service_to_detail (service)));
  g_free (wait->name);
  g_free (wait);
}

static void
on_probe (gpointer data, HeroHttpRequest *request)
{
  Router *self = data;
  RouterService *service = find_or_refuse (self, request, hero_http_request_get_segment (request, "s"));
  Wait *wait;

  if (service == NULL)
    return;
  wait = g_new0 (Wait, 1);
  wait->self = self;
  wait->request = request;
  wait->name = g_strdup (service->name);
  scanner_probe (self->scanner, service, on_probed, wait);
}

static void
on_scanned (gpointer request, JsonObject *counts)
{
  hero_http_respond_json (request, 200, node_of (counts));
}

static void
on_scan (gpointer data, HeroHttpRequest *request)
{
  scanner_scan (((Router *) data)->scanner, on_scanned, request);
}

static void
on_logs (gpointer data, HeroHttpRequest *request)
{
  Router *self = data;
  const char *service = hero_http_request_get_segment (request, "s"), *limit = hero_http_request_get_query (request, "limit");
  const char *since = hero_http_request_get_query (request, "since");
  g_autoptr (GPtrArray) entries
      = route_log_list (self->log, service, limit == NULL ? 100 : (guint) CLAMP (g_ascii_strtoll (limit, NULL, 10), 1, 5000),
                        since == NULL ? 0 : g_ascii_strtoll (since, NULL, 10));
  JsonObject *answer = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < entries->len; i++)
    json_array_add_object_element (array, route_log_entry_to_json (entries->pdata[i]));
  json_object_set_array_member (answer, "entries", array);
  hero_http_respond_json (request, 200, node_of (answer));
}

/* ------------------------------------------------------------------------------------------------ below /{s} */

/* With the incoming prefix and the query in front and behind. */
static void
redirect (HeroHttpRequest *request, guint status, const char *path)
{
  const char *query = hero_http_request_get_raw_query (request);
  g_autofree char *location = g_strconcat (hero_http_request_get_base_path (request), path, query == NULL ? "" : "?",
                                           query == NULL ? "" : query, NULL);

  hero_http_request_set_response_header (request, "Location", location);
  hero_http_respond (request, status, NULL, NULL);
}

static gboolean
is_read (HeroHttpRequest *request)
{
  const char *method = hero_http_request_get_method (request);

  return strcmp (method, "GET") == 0 || strcmp (method, "HEAD") == 0;
}

static void
serve_index (Router *self, HeroHttpRequest *request, RouterService *service)
{
  g_autofree const char **files = router_service_socket_files (service);
  g_autofree char *segment = proxy_index_segment (files);
  g_autofree char *path = segment == NULL ? g_strconcat ("/service/", service->name, NULL)
                                          : g_strconcat ("/", service->name, "/", segment, NULL);

  if (!is_read (request))
    {
      hero_http_request_set_response_header (request, "Allow", "GET, HEAD");
      hero_http_respond_error (request, 405, NULL, "this path allows GET, HEAD");
    }
  else if (proxy_wants_html (request))
    redirect (request, 302, path);
  else
    hero_http_respond_json (request, 200, node_of (router_service_to_item (service)));
}

static void
serve_document (Router *self, HeroHttpRequest *request, RouterService *service)
{
  g_autofree char *etag = g_strdup_printf ("\"%s\"", service->fingerprint);

  if (service->document == NULL)
    {
      proxy_refuse (self, request, 404, "no_spec", service->name, NULL, FALSE, NULL, "this service has no OpenRPC document");
      return;
    }
  hero_http_request_set_response_header (request, "ETag", etag);
  hero_http_respond (request, 200, "application/json", g_bytes_ref (service->document));
}

static void
refuse_socket (Router *self, HeroHttpRequest *request, RouterService *service, const ProxyRoute *route)
{
  g_autofree const char **files = router_service_socket_files (service);
  g_autofree char *there = g_strjoinv (", ", (char **) files);
  g_autofree char *message = NULL, *hint = NULL;

  if (route->kind == PROXY_NOT_HTTP)
    {
      message = g_strdup_printf ("Socket '%s' of service '%s' cannot be reached by HTTP", route->wanted, service->name);
      hint = g_strdup ("it speaks RESP, not HTTP");
    }
  else
    {
      message = g_strdup_printf ("Socket '%s' not found in service '%s'", route->wanted, service->name);
      hint = g_strdup_printf ("it has: %s", *there == '\0' ? "none" : there);
    }
  proxy_refuse (self, request, 404, "socket_not_found", service->name, route->wanted, route->rpc, hint, message);
}

/* Our own pages and methods, in process. */
static gboolean
serve_own (Router *self, HeroHttpRequest *request, RouterService *service, const ProxyRoute *route)
{
  g_autofree char *role = NULL;

  if (!g_str_equal (service->name, hero_service_get_name (self->ctx)))
    return FALSE;
  role = g_strndup (route->socket, strlen (route->socket) - strlen (".sock"));
  hero_http_request_reroute (request, role, route->path, route->prefix);
  return TRUE;
}

static void
serve_route (Router *self, HeroHttpRequest *request, RouterService *service, const ProxyPath *path)
{
  g_autofree const char **files = router_service_socket_files (service);
  g_auto (ProxyRoute) route = { 0 };

  proxy_route_find (path, files, (const char *const *) service->domains, &route);
  switch (route.kind)
    {
    case PROXY_INDEX:
      serve_index (self, request, service);
      break;
    case PROXY_DOCUMENT:
      serve_document (self, request, service);
      break;
    case PROXY_NOT_FOUND:
    case PROXY_NOT_HTTP:
      refuse_socket (self, request, service, &route);
      break;
    case PROXY_REDIRECT_SLASH:
      if (is_read (request))
        {
          g_autofree char *slashed = g_strconcat (route.prefix, "/", NULL);

          redirect (request, 308, slashed);
          break;
        }
      G_GNUC_FALLTHROUGH;
    default:
      if (!serve_own (self, request, service, &route))
        proxy_forward (self, request, service, &route);
    }
}

static void
on_proxy (gpointer data, HeroHttpRequest *request)
{
  Router *self = data;
  const char *method = hero_http_request_get_method (request), *why = NULL;
  g_auto (ProxyPath) path = { 0 };
  guint status = proxy_path_split (hero_http_request_get_raw_path (request), &path, &why);
  RouterService *service;

  if (strcmp (method, "CONNECT") == 0 || strcmp (method, "TRACE") == 0)
    hero_http_respond_error (request, 405, NULL, "%s is not forwarded", method);
  else if (status != 0)
    hero_http_respond_error (request, status, NULL, "%s", why);
  else if (path.service == NULL || proxy_is_reserved (path.service))
    hero_http_respond_error (request, 404, NULL, "no such path");
  else if ((service = find_or_refuse (self, request, path.service)) != NULL)
    serve_route (self, request, service, &path);
}

static const HeroHttpRoute routes[] = {
  { "GET", "/api/services", on_services },
  { "GET", "/api/services/{s}", on_service },
  { "POST", "/api/services/{s}/probe", on_probe },
  { "GET", "/api/services/{s}/logs", on_logs },
  { "POST", "/api/scan", on_scan },
  { "GET", "/api/logs", on_logs },
  { "*", "/{s}", on_proxy, HERO_HTTP_STREAM_BODY | HERO_HTTP_ANY_TYPE, -1 },
  { "*", "/{s}/{rest...}", on_proxy, HERO_HTTP_STREAM_BODY | HERO_HTTP_ANY_TYPE, -1 },
  { NULL },
};

void
router_register_routes (Router *self)
{
  HERO_ADD_ROUTES (self->ctx, "admin", routes, self);
}
