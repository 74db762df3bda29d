/*
 * http.c: requests by the rules of conventions 3 and 6, over SoupServer: head, limits, identity, route, handler. Service
 * thread.
 */
#include "http-core.h"

#include <hero-service/peer.h>

#include <string.h>

#define MAX_URL 8192

/* ------------------------------------------------------------------------------------------------ the head */

/* Each check answers and returns FALSE, or returns TRUE. */

static gboolean
check_host (HeroHttpRequest *request)
{
  HeroHttpPort *port = request->connection->port;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->msg);
  const char *const *extra;

  if (!port->tcp)
    return TRUE;
  extra = hero_service_get_strings (request->role->http->ctx, "allowed_hosts");
  if (hero_host_is_allowed (soup_message_headers_get_one (headers, "Host"),
                            soup_message_headers_get_one (headers, "Origin"), port->address, port->tcp_port, extra))
    return TRUE;
  hero_http_respond_error (request, 403, "use the address the service listens on, or add the name to allowed_hosts",
                           "this Host or Origin is not served here");
  return FALSE;
}

/* Answers at once and closes, whatever is still to be read. The handler, if it runs, sees the client leave. */
static void
cut_with_error (HeroHttpRequest *request, guint status, const char *hint, const char *message)
{
  g_autofree char *body = hero_http_error_text (status, hint, message);
  gsize length;
  char *text = hero_http_raw_answer (request, status, "application/json", body, strlen (body), &length);

  hero_http_request_cut (request, text, length);
}

static gboolean
check_url (HeroHttpRequest *request)
{
  const char *query = hero_http_request_get_raw_query (request);

  if (strlen (hero_http_request_get_raw_path (request)) + (query != NULL ? strlen (query) + 1 : 0) <= MAX_URL)
    return TRUE;
  cut_with_error (request, 414, NULL, "the URL is longer than 8192 bytes");
  return FALSE;
}

typedef struct
{
  HeroHttpRequest *request;
  GError *error;
} IdentityReader;

static void
read_identity_header (const char *name, const char *value, gpointer data)
{
  IdentityReader *reader = data;
  HeroHttpRequest *request = reader->request;
  HeroIdentity *shared = request->connection->identity;

  if (reader->error != NULL || g_ascii_tolower (name[0]) != 'x' || name[1] != '-')
    return;
  if (request->identity == shared) /* the first such header of this request */
    {
      request->identity = hero_identity_new (shared->origin);
      request->identity->peer_pid = shared->peer_pid;
      request->identity->peer_uid = shared->peer_uid;
      request->identity->peer_start_time = shared->peer_start_time;
      hero_identity_unref (shared);
    }
  hero_identity_set_header (request->identity, name, value, &reader->error);
}

static gboolean
check_identity (HeroHttpRequest *request)
{
  IdentityReader reader = { request, NULL };

  hero_http_request_foreach_header (request, read_identity_header, &reader);
  if (reader.error == NULL)
    return TRUE;
  hero_http_respond_error (request, 400, NULL, "%s", reader.error->message);
  g_error_free (reader.error);
  return FALSE;
}

/* "/rpc/" and "/api/x/rpc/" are the same as without the slash. */
static char *
strip_rpc_slash (const char *raw_path)
{
  return g_str_has_suffix (raw_path, "/rpc/") ? g_strndup (raw_path, strlen (raw_path) - 1) : NULL;
}

static gboolean
check_path (HeroHttpRequest *request)
{
  const char *raw = hero_http_request_get_raw_path (request), *method = hero_http_request_get_method (request);
  g_autofree char *stripped = strip_rpc_slash (raw);

  if (stripped != NULL)
    raw = stripped;
  request->path = g_uri_unescape_string (raw, NULL);
  if (request->path == NULL || strstr (request->path, "/../") != NULL || g_str_has_suffix (request->path, "/.."))
    {
      hero_http_respond_error (request, 404, NULL, "no such path");
      return FALSE;
    }
  hero_route_table_match (request->role->routes, method, raw, &request->match);
  request->route = request->match.route;
  if (request->route != NULL)
    return TRUE;
  if (request->match.path_known)
    {
      g_autofree char *allow = hero_route_table_allow (request->role->routes, raw);
      hero_http_request_set_response_header (request, "Allow", allow);
      if (strcmp (method, "OPTIONS") == 0)
        hero_http_respond (request, 204, NULL, NULL);
      else
        hero_http_respond_error (request, 405, NULL, "this path allows %s", allow);
    }
  else
    hero_http_respond_error (request, 404, NULL, "no such path");
  return FALSE;
}

static gboolean
is_json_type (const char *header)
{
  g_autofree char *type = header != NULL ? g_ascii_strdown (header, (gssize)strcspn (header, ";")) : g_strdup ("");

  g_strchomp (type);
  return strcmp (type, "application/json") == 0 || strcmp (type, "application/json-rpc") == 0
         || (g_str_has_prefix (type, "application/") && g_str_has_suffix (type, "+json"));
}

static gboolean
check_type (HeroHttpRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->msg);

  if ((request->route->flags & HERO_HTTP_ANY_TYPE) || strcmp (hero_http_request_get_method (request), "POST") != 0
      || is_json_type (soup_message_headers_get_one (headers, "Content-Type")))
    return TRUE;
  hero_http_respond_error (request, 415, "send the header Content-Type: application/json",
                           "the body must be application/json");
  return FALSE;
}

static void
cut_too_large (HeroHttpRequest *request)
{
  g_autofree char *message = g_strdup_printf ("the body is larger than %" G_GINT64_FORMAT " bytes", request->max_body);

  cut_with_error (request, 413, "see max_body_bytes", message);
}

static gboolean
check_length (HeroHttpRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->msg);

  request->max_body = request->connection->port->max_body;
  if (request->route != NULL && request->route->max_body != 0)
    request->max_body = request->route->max_body < 0 ? G_MAXINT64 : request->route->max_body;
  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH
      || soup_message_headers_get_content_length (headers) <= request->max_body)
    return TRUE;
  cut_too_large (request);
  return FALSE;
}

static gboolean
check_stopping (HeroHttpRequest *request)
{
  if (!hero_service_is_stopping (request->role->http->ctx) || g_str_has_suffix (request->path, "/rpc"))
    return TRUE;
  hero_http_request_set_response_header (request, "Retry-After", "1");
  hero_http_respond_error (request, 503, NULL, "the service is stopping");
  return FALSE;
}

static void
on_chunk (SoupServerMessage *msg, GBytes *chunk, gpointer data)
{
  HeroHttpRequest *request = data;

  request->received += (gint64)g_bytes_get_size (chunk);
  if (request->received > request->max_body)
    cut_too_large (request);
  else if (request->on_chunk != NULL && (request->route->flags & HERO_HTTP_STREAM_BODY))
    request->on_chunk (chunk, request->chunk_data);
}

static void
run_handler (HeroHttpRequest *request)
{
  request->handled = FALSE;
  request->route->handler (request->match.self, request);
}

void
hero_http_request_reroute (HeroHttpRequest *request, const char *role, const char *raw_path, const char *prefix)
{
  HeroHttpRole *next = hero_http_get_role (request->role->http->ctx, role);
  char *base = g_strconcat (hero_http_request_get_base_path (request), prefix, NULL);
  char *path = g_strdup (raw_path); /* may be a part of what is freed here */

  g_queue_unlink (&request->role->requests, &request->link);
  request->role = next;
  g_queue_push_tail_link (&next->requests, &request->link);
  hero_route_match_clear (&request->match);
  memset (&request->match, 0, sizeof request->match);
  g_free (request->path);
  request->path = NULL;
  g_free (request->raw_path);
  request->raw_path = path;
  g_free (request->base_path);
  request->base_path = base;
  request->handled = TRUE;
  if (!check_path (request) || !check_length (request) || !check_type (request))
    return;
  if (request->route->flags & HERO_HTTP_STREAM_BODY)
    run_handler (request);
  else /* it runs once the body is there */
    soup_message_body_set_accumulate (soup_server_message_get_request_body (request->msg), TRUE);
}

/*
 * Heads that libsoup refuses itself (malformed, HTTP/1.1 without Host) are told to nobody: their answer is under way when
 * its head was written. So every answer begins as one of a refused head, with a body that ends with the connection.
 */
static void
explain_refusal (SoupServerMessage *msg)
{
  SoupMessageBody *body = soup_server_message_get_response_body (msg);
  gboolean nameless = soup_server_message_get_http_version (msg) == SOUP_HTTP_1_1
                      && soup_message_headers_get_one (soup_server_message_get_request_headers (msg), "Host") == NULL;
  char *text = hero_http_error_text (soup_server_message_get_status (msg), NULL,
                                     nameless ? "HTTP/1.1 needs the header Host" : "the head of the request is malformed");

  soup_message_body_append_take (body, (guchar *)text, strlen (text));
  soup_message_body_complete (body);
}

static void
on_wrote_head (SoupServerMessage *msg, gpointer data)
{
  if (hero_http_request_of (msg) == NULL)
    explain_refusal (msg);
}

static void
on_started (SoupServer *server, SoupServerMessage *msg, gpointer data)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  soup_message_headers_append (headers, "Content-Type", "application/json");
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_EOF);
  g_signal_connect (msg, "wrote-headers", G_CALLBACK (on_wrote_head), NULL);
}

static void
accept_head (SoupServerMessage *msg)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  soup_message_headers_remove (headers, "Content-Type");
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CONTENT_LENGTH);
}

/* The head of a request is there. What is answered here is sent after libsoup has read the body, if that is a small
 * one. */
static void
on_head (SoupServer *server, SoupServerMessage *msg, const char *path, GHashTable *query, gpointer data)
{
  HeroHttpRequest *request = hero_http_request_new (data, msg, query);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);
  gboolean stream;

  accept_head (msg);
  request->has_body
      = encoding == SOUP_ENCODING_CHUNKED
        || (encoding == SOUP_ENCODING_CONTENT_LENGTH && soup_message_headers_get_content_length (headers) > 0);
  request->body_done = !request->has_body;
  request->max_body = request->connection->port->max_body;
  if (!check_url (request) || !check_host (request) || !check_identity (request) || !check_path (request)
      || !check_stopping (request) || !check_length (request) || !check_type (request))
    return;
  stream = (request->route->flags & HERO_HTTP_STREAM_BODY) != 0;
  if (stream)
    soup_message_body_set_accumulate (soup_server_message_get_request_body (msg), FALSE);
  if (stream || encoding == SOUP_ENCODING_CHUNKED)
    g_signal_connect (msg, "got-chunk", G_CALLBACK (on_chunk), request);
  if (stream)
    run_handler (request);
}

/* The body was read. */
static void
on_read (SoupServer *server, SoupServerMessage *msg, gpointer data)
{
  HeroHttpRequest *request = hero_http_request_of (msg);

  if (request == NULL) /* a head that libsoup refused itself */
    return;
  request->body_done = TRUE;
  if (request->route != NULL && (request->route->flags & HERO_HTTP_STREAM_BODY))
    {
      if (request->on_chunk != NULL)
        request->on_chunk (NULL, request->chunk_data);
    }
  else if (!request->answered)
    run_handler (request);

  request = hero_http_request_of (msg); /* it may have ended */
  if (request != NULL && !request->answered)
    hero_http_request_wait (request);
}

static void
on_sent (SoupServer *server, SoupServerMessage *msg, gpointer data)
{
  HeroHttpRequest *request = hero_http_request_of (msg);

  if (request != NULL)
    hero_http_request_finish (request, TRUE);
}

static void
on_lost (SoupServer *server, SoupServerMessage *msg, gpointer data)
{
  HeroHttpRequest *request = hero_http_request_of (msg);

  if (request != NULL)
    hero_http_request_finish (request, FALSE);
}

void
hero_http_role_attach (HeroHttpRole *role, SoupServer *server)
{
  g_signal_connect (server, "request-started", G_CALLBACK (on_started), role);
  soup_server_add_early_handler (server, NULL, on_head, role, NULL);
  g_signal_connect (server, "request-read", G_CALLBACK (on_read), role);
  g_signal_connect (server, "request-finished", G_CALLBACK (on_sent), role);
  g_signal_connect (server, "request-aborted", G_CALLBACK (on_lost), role);
}
