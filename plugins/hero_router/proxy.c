/* proxy.c: the two streams of a proxied request, and its failures. Service thread. */
#include "proxy.h"

#include <string.h>

#include "backend.h"
#include "proxy-headers.h"

typedef struct
{
  Router *router;
  HeroHttpRequest *request;
  Backend *backend;
  char *service, *socket, *id, *prefix;
  gboolean rpc, begun; /* the answer's head was sent */
  gboolean body_paused, backend_paused;
  RequestBody body;
  gint64 begun_us;
} Exchange;

/* ------------------------------------------------------------------------------------------------ errors */

gboolean
proxy_wants_html (HeroHttpRequest *request)
{
  const char *accept = hero_http_request_get_header (request, "Accept");
  const char *html = accept == NULL ? NULL : strstr (accept, "text/html");
  const char *json = accept == NULL ? NULL : strstr (accept, "application/json");
  const char *method = hero_http_request_get_method (request);

  return html != NULL && (json == NULL || html < json) && (strcmp (method, "GET") == 0 || strcmp (method, "HEAD") == 0);
}

static void
note (Router *router, HeroHttpRequest *request, guint status, const char *code_name, const char *service, const char *socket,
      const char *id, const char *message, guint duration_ms)
{
  RouteLogEntry *entry = g_new0 (RouteLogEntry, 1);

  entry->ts_ms = g_get_real_time () / 1000;
  entry->request_id = g_strdup (id);
  entry->service = g_strdup (service);
  entry->socket = g_strdup (socket == NULL ? "" : socket);
  entry->method = g_strdup (hero_http_request_get_method (request));
  entry->path = g_strdup (hero_http_request_get_raw_path (request));
  entry->status = status;
  entry->code_name = g_strdup (code_name);
  entry->message = g_strdup (message);
  entry->peer = g_strdup (hero_origin_name (hero_http_request_get_identity (request)->origin));
  entry->duration_ms = duration_ms;
  router->failures++;
  hero_service_publish (router->ctx, NULL, "routing.failed", route_log_entry_to_json (entry));
  route_log_add (router->log, entry);
}

static int
rpc_code (guint status, const char *code_name)
{
  if (strcmp (code_name, "service_not_found") == 0)
    return -32001;
  if (status == 404)
    return -32004;
  return status == 504 ? HERO_RPC_DEADLINE_EXCEEDED : HERO_RPC_UNAVAILABLE;
}

/* {"error","status","code_name","hint","service","socket","request_id","retryable"}, or its JSON-RPC form. */
static JsonNode *
error_body (guint status, const char *code_name, const char *service, const char *socket, const char *id, gboolean rpc,
            const char *hint, const char *message)
{
  JsonObject *root = json_object_new (), *data = rpc ? json_object_new () : root;
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  gboolean retryable = status == 503 || status == 502;

  if (rpc)
    {
      JsonObject *error = json_object_new ();

      json_object_set_string_member (root, "jsonrpc", "2.0");
      json_object_set_null_member (root, "id");
      json_object_set_int_member (error, "code", rpc_code (status, code_name));
      json_object_set_string_member (error, "message", message);
      json_object_set_string_member (data, "code_name", status == 404 ? code_name : status == 504 ? "deadline_exceeded" : "unavailable");
      json_object_set_string_member (data, "reason", code_name);
      json_object_set_int_member (data, "http_status", status);
      json_object_set_object_member (error, "data", data);
      json_object_set_object_member (root, "error", error);
    }
  else
    {
      json_object_set_string_member (root, "error", message);
      json_object_set_int_member (root, "status", status);
      json_object_set_string_member (root, "code_name", code_name);
    }
  if (hint != NULL)
    json_object_set_string_member (data, "hint", hint);
  json_object_set_string_member (data, "service", service);
  json_object_set_string_member (data, "socket", socket == NULL ? "" : socket);
  json_object_set_string_member (data, "request_id", id);
  json_object_set_boolean_member (data, "retryable", retryable);
  json_node_take_object (node, root);
  return node;
}

/* A browser goes on to the page of the service that shows the failure; a page of our own for each error needs no more. */
static void
respond_html (HeroHttpRequest *request, guint status, const char *service, const char *hint, const char *message)
{
  const char *base = hero_http_request_get_base_path (request);
  g_autofree char *text = hero_html_escape (message);
  g_autofree char *advice = hero_html_escape (hint == NULL ? "" : hint);
  g_autofree char *name = hero_html_escape (service);
  g_autofree char *page = g_strdup_printf (
      "<!DOCTYPE html><html lang=\"en\" data-bs-theme=\"dark\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>%u · Hero Router</title>"
      "<script src=\"%s/static/shared/theme.js\"></script><link rel=\"stylesheet\" href=\"%s/static/shared/shell.css\">"
      "</head><body><header class=\"top\"><h1>Hero Router</h1></header><main><section class=\"card\"><h2>%s</h2><p>%s</p>"
      "<p><a href=\"%s/\">All services</a> · <a href=\"%s/service/%s\">What is known of %s</a></p></section></main></body></html>\n",
      status, base, base, text, advice, base, base, name, name);

  hero_http_request_set_response_header (request, "Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'self'");
  hero_http_respond_text (request, status, "text/html; charset=utf-8", page);
}

static void
answer_error (Router *router, HeroHttpRequest *request, guint status, const char *code_name, const char *service,
              const char *socket, const char *id, gboolean rpc, const char *hint, const char *message, guint duration_ms)
{
  note (router, request, status, code_name, service, socket, id, message, duration_ms);
  hero_http_request_set_response_header (request, "Cache-Control", "no-store");
  hero_http_request_set_response_header (request, "X-Request-Id", id);
  if (status == 503)
    hero_http_request_set_response_header (request, "Retry-After", "2");
  if (!rpc && proxy_wants_html (request))
    respond_html (request, status, service, hint, message);
  else
    hero_http_respond_json (request, status, error_body (status, code_name, service, socket, id, rpc, hint, message));
}

void
proxy_refuse (Router *router, HeroHttpRequest *request, guint status, const char *code_name, const char *service,
              const char *socket, gboolean rpc, const char *hint, const char *message)
{
  g_autofree char *id = proxy_request_id (request);

  answer_error (router, request, status, code_name, service, socket, id, rpc, hint, message, 0);
}

/* ------------------------------------------------------------------------------------------------ life */

static void
exchange_free (Exchange *exchange)
{
  exchange->router->active--;
  g_clear_pointer (&exchange->backend, backend_free);
  g_free (exchange->service);
  g_free (exchange->socket);
  g_free (exchange->id);
  g_free (exchange->prefix);
  g_free (exchange);
}

/* Nothing of the client's calls us after this. */
static void
let_client_go (Exchange *exchange)
{
  hero_http_request_read_body (exchange->request, NULL, NULL);
  hero_http_request_on_gone (exchange->request, NULL, NULL);
  hero_http_stream_on_drain (exchange->request, NULL, NULL);
}

static void
on_client_gone (gpointer data)
{
  Exchange *exchange = data;
  HeroHttpRequest *request = exchange->request;

  let_client_go (exchange);
  if (exchange->begun)
    hero_http_stream_end (request);
  else
    hero_http_respond (request, 204, NULL, NULL); /* to nobody: ends the request */
  exchange_free (exchange);
}

/* ------------------------------------------------------------------------------------------------ client -> service */

static void
send_chunk (Exchange *exchange, GBytes *chunk)
{
  char size[32];

  if (g_bytes_get_size (chunk) == 0)
    return;
  g_snprintf (size, sizeof size, "%zx\r\n", g_bytes_get_size (chunk));
  backend_write (exchange->backend, g_bytes_new (size, strlen (size)));
  backend_write (exchange->backend, g_bytes_ref (chunk));
  backend_write (exchange->backend, g_bytes_new_static ("\r\n", 2));
}

static void
on_client_body (GBytes *chunk, gpointer data)
{
  Exchange *exchange = data;

  if (chunk == NULL)
    {
      if (exchange->body == REQUEST_BODY_CHUNKED)
        backend_write (exchange->backend, g_bytes_new_static ("0\r\n\r\n", 5));
      return;
    }
  if (exchange->body == REQUEST_BODY_CHUNKED)
    send_chunk (exchange, chunk);
  else
    backend_write (exchange->backend, g_bytes_ref (chunk));
  if (!exchange->body_paused && backend_get_pending (exchange->backend) > BACKEND_WINDOW)
    {
      exchange->body_paused = TRUE;
      hero_http_request_pause_body (exchange->request, TRUE);
    }
}

static void
on_backend_drained (gpointer data)
{
  Exchange *exchange = data;

  if (!exchange->body_paused)
    return;
  exchange->body_paused = FALSE;
  hero_http_request_pause_body (exchange->request, FALSE);
}

/* ------------------------------------------------------------------------------------------------ service -> client */

static void
on_client_drained (gpointer data)
{
  Exchange *exchange = data;

  if (!exchange->backend_paused || hero_http_stream_get_pending (exchange->request) > BACKEND_WINDOW / 2)
    return;
  exchange->backend_paused = FALSE;
  backend_pause (exchange->backend, FALSE);
}

static void
on_backend_head (gpointer data, const HttpHead *head)
{
  Exchange *exchange = data;
  HeroHttpRequest *request = exchange->request;
  const char *type = http_head_get (head, "Content-Type"), *length = http_head_get (head, "Content-Length");
  gboolean has_length = head->body == HTTP_BODY_LENGTH || (head->body == HTTP_BODY_NONE && length != NULL && head->status == 200);

  proxy_copy_fields (request, head, exchange->prefix, exchange->router->scanner);
  hero_http_request_set_response_header (request, "X-Request-Id", exchange->id);
  if (type != NULL && g_str_has_prefix (type, "text/event-stream"))
    {
      hero_http_request_set_response_header (request, "X-Accel-Buffering", "no");
      backend_set_endless (exchange->backend);
    }
  if (head->body == HTTP_BODY_NONE && !has_length)
    return; /* answered whole, at its end */
  exchange->begun = TRUE;
  hero_http_stream_on_drain (request, on_client_drained, exchange);
  hero_http_stream_begin (request, head->status, type,
                          head->body == HTTP_BODY_LENGTH ? head->length : has_length ? g_ascii_strtoll (length, NULL, 10) : -1);
}

static void
on_backend_body (gpointer data, GBytes *chunk)
{
  Exchange *exchange = data;

  hero_http_stream_write (exchange->request, g_bytes_ref (chunk));
  if (!exchange->backend_paused && hero_http_stream_get_pending (exchange->request) > BACKEND_WINDOW)
    {
      exchange->backend_paused = TRUE;
      backend_pause (exchange->backend, TRUE);
    }
}

static void
on_backend_end (gpointer data)
{
  Exchange *exchange = data;

  let_client_go (exchange);
  if (exchange->begun)
    hero_http_stream_end (exchange->request);
  else
    hero_http_respond (exchange->request, backend_get_status (exchange->backend), NULL, NULL);
  exchange_free (exchange);
}

static void
on_backend_failed (gpointer data, BackendFault fault, const char *text)
{
  Exchange *exchange = data;
  Router *router = exchange->router;
  guint duration_ms = (guint) ((g_get_monotonic_time () - exchange->begun_us) / 1000);
  g_autofree char *message = g_strdup_printf ("%s/%s: %s", exchange->service, exchange->socket, text);
  g_autofree char *hint = g_strdup_printf ("/service/%s shows what is known of it", exchange->service);
  RouterService *service = scanner_find (router->scanner, exchange->service);

  let_client_go (exchange);
  if (exchange->begun)
    {
      /* The client must notice: no final chunk, a length that is not reached. */
      note (router, exchange->request, backend_fault_status (fault), backend_fault_name (fault), exchange->service,
            exchange->socket, exchange->id, message, duration_ms);
      hero_http_stream_abort (exchange->request);
    }
  else
    answer_error (router, exchange->request, backend_fault_status (fault), backend_fault_name (fault), exchange->service,
                  exchange->socket, exchange->id, exchange->rpc, hint, message, duration_ms);
  if (service != NULL)
    scanner_suspect (router->scanner, service);
  exchange_free (exchange);
}

void
proxy_forward (Router *router, HeroHttpRequest *request, RouterService *service, const ProxyRoute *route)
{
  static const BackendEvents events
      = { on_backend_head, on_backend_body, on_backend_end, on_backend_failed, on_backend_drained };
  RouterSocket *socket = router_service_find_socket (service, route->socket);
  BackendTimeouts timeouts = { router->proxy.connect_ms, router->proxy.response_s * 1000, router->proxy.body_idle_s * 1000 };
  Exchange *exchange;
  GBytes *head;

  if (proxy_is_loop (request))
    {
      proxy_refuse (router, request, 508, "loop", service->name, route->socket, route->rpc,
                    "the way of this request leads back to the router", "the request passed this router too often");
      return;
    }
  exchange = g_new0 (Exchange, 1);
  exchange->router = router;
  exchange->request = request;
  exchange->service = g_strdup (service->name);
  exchange->socket = g_strdup (route->socket);
  exchange->id = proxy_request_id (request);
  exchange->prefix = g_strconcat (hero_http_request_get_base_path (request), route->prefix, NULL);
  exchange->rpc = route->rpc;
  exchange->begun_us = g_get_monotonic_time ();
  router->requests++;
  router->active++;
  head = proxy_make_head (router, request, route, exchange->id, &exchange->body);
  exchange->backend = backend_open (router->ctx, router->reactor, socket->path,
                                    strcmp (hero_http_request_get_method (request), "HEAD") == 0, &timeouts, &events, exchange);
  backend_write (exchange->backend, head);
  hero_http_request_on_gone (request, on_client_gone, exchange);
  hero_http_request_read_body (request, on_client_body, exchange);
}
