/*
 * http-request.c: the life of one request and what it shows to its handler. It lives until both sides have done with
 * it: the handler, which must answer once, and libsoup, which sends the answer or loses the client. Service thread.
 */
#include "http-core.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>

static G_DEFINE_QUARK (hero-http-request, request_key)

    HeroHttpRequest *hero_http_request_of (SoupServerMessage *msg)
{
  return g_object_get_qdata (G_OBJECT (msg), request_key_quark ());
}

HeroHttpRequest *
hero_http_request_new (HeroHttpRole *role, SoupServerMessage *msg, GHashTable *query)
{
  HeroHttpRequest *request = g_new0 (HeroHttpRequest, 1);

  request->role = role;
  request->msg = g_object_ref (msg);
  request->connection = hero_http_connection_of (msg);
  request->connection->busy = TRUE;
  request->identity = hero_identity_ref (request->connection->identity);
  request->query = query != NULL ? g_hash_table_ref (query) : NULL;
  request->handled = TRUE;
  request->link.data = request;
  g_queue_push_tail_link (&role->requests, &request->link);
  g_object_set_qdata (G_OBJECT (msg), request_key_quark (), request);
  role->http->n_requests++;
  return request;
}

static void
request_free (HeroHttpRequest *request)
{
  if (request->role != NULL)
    g_queue_unlink (&request->role->requests, &request->link);
  hero_route_match_clear (&request->match);
  hero_identity_unref (request->identity);
  g_clear_object (&request->cancellable);
  g_clear_pointer (&request->query, g_hash_table_unref);
  g_clear_pointer (&request->body, g_bytes_unref);
  g_free (request->path);
  g_free (request->raw_path);
  g_free (request->base_path);
  g_object_unref (request->msg);
  g_free (request);
}

static void
stop_waiting (HeroHttpRequest *request)
{
  request->paused = FALSE;
  if (request->hangup != NULL)
    g_source_destroy (request->hangup);
  g_clear_pointer (&request->hangup, g_source_unref);
}

void
hero_http_request_finish (HeroHttpRequest *request, gboolean written)
{
  void (*on_gone) (gpointer) = g_steal_pointer (&request->on_gone);
  void (*on_finished) (gpointer, gboolean) = g_steal_pointer (&request->on_finished);

  if (request->gone)
    return;
  request->gone = TRUE;
  request->connection->busy = FALSE;
  request->connection->idle_since = g_get_monotonic_time ();
  stop_waiting (request);
  g_object_set_qdata (G_OBJECT (request->msg), request_key_quark (), NULL);
  g_signal_handlers_disconnect_by_data (request->msg, request);
  if (on_finished != NULL)
    on_finished (request->finished_data, written);
  if (request->handled)
    {
      request_free (request);
      return;
    }
  if (request->cancellable != NULL)
    g_cancellable_cancel (request->cancellable);
  if (on_gone != NULL) /* the last use: it may end the request */
    on_gone (request->gone_data);
}

void
hero_http_request_handled (HeroHttpRequest *request)
{
  request->handled = TRUE;
  if (request->gone)
    request_free (request);
}

/* ------------------------------------------------------------------------------------------------ waiting */

static gboolean
on_hangup (int fd, GIOCondition condition, gpointer data)
{
  hero_http_request_cut (data, NULL, 0);
  return G_SOURCE_REMOVE;
}

/*
 * While libsoup waits it does not look at the socket. On a Unix socket HUP means closed; the peer that only shut its
 * sending side down still wants its answer. TCP cannot tell the two apart: there the end of the stream counts as
 * leaving.
 */
void
hero_http_request_watch (HeroHttpRequest *request)
{
  GSocket *socket = g_socket_connection_get_socket (request->connection->stream);
  GIOCondition condition = G_IO_HUP | G_IO_ERR | (request->connection->port->tcp ? (GIOCondition)EPOLLRDHUP : 0);

  if (request->hangup != NULL)
    return;
  request->hangup = g_unix_fd_source_new (g_socket_get_fd (socket), condition);
  g_source_set_callback (request->hangup, (GSourceFunc)(void (*) (void))on_hangup, request, NULL);
  g_source_attach (request->hangup, hero_sdk_get (request->role->http->ctx)->context);
}

void
hero_http_request_wait (HeroHttpRequest *request)
{
  request->paused = TRUE;
  soup_server_message_pause (request->msg);
  hero_http_request_watch (request);
}

void
hero_http_request_unpause (HeroHttpRequest *request)
{
  if (request->paused && !request->gone)
    soup_server_message_unpause (request->msg);
  stop_waiting (request);
}

void
hero_http_request_on_gone (HeroHttpRequest *request, void (*func) (gpointer data), gpointer data)
{
  request->on_gone = func;
  request->gone_data = data;
}

void
hero_http_request_on_finished (HeroHttpRequest *request, void (*func) (gpointer data, gboolean written), gpointer data)
{
  request->on_finished = func;
  request->finished_data = data;
}

/* ------------------------------------------------------------------------------------------------ what it shows */

const char *
hero_http_request_get_method (HeroHttpRequest *request)
{
  return soup_server_message_get_method (request->msg);
}

const char *
hero_http_request_get_path (HeroHttpRequest *request)
{
  return request->path;
}

const char *
hero_http_request_get_raw_path (HeroHttpRequest *request)
{
  if (request->raw_path != NULL)
    return request->raw_path;
  return g_uri_get_path (soup_server_message_get_uri (request->msg));
}

const char *
hero_http_request_get_raw_query (HeroHttpRequest *request)
{
  return g_uri_get_query (soup_server_message_get_uri (request->msg));
}

const char *
hero_http_request_get_segment (HeroHttpRequest *request, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; i < request->match.n_segments; i++)
    {
      const char *part = request->match.names[i] + 1; /* "name}" or "name...}" */
      if (strncmp (part, name, length) == 0 && (part[length] == '}' || part[length] == '.'))
        return request->match.values[i];
    }
  return NULL;
}

const char *
hero_http_request_get_query (HeroHttpRequest *request, const char *name)
{
  return request->query != NULL ? g_hash_table_lookup (request->query, name) : NULL;
}

const char *
hero_http_request_get_header (HeroHttpRequest *request, const char *name)
{
  return soup_message_headers_get_list (soup_server_message_get_request_headers (request->msg), name);
}

void
hero_http_request_foreach_header (HeroHttpRequest *request,
                                  void (*func) (const char *name, const char *value, gpointer data), gpointer data)
{
  soup_message_headers_foreach (soup_server_message_get_request_headers (request->msg), func, data);
}

GBytes *
hero_http_request_get_body (HeroHttpRequest *request)
{
  if (request->body == NULL)
    request->body = soup_message_body_flatten (soup_server_message_get_request_body (request->msg));
  return request->body;
}

HeroIdentity *
hero_http_request_get_identity (HeroHttpRequest *request)
{
  return request->identity;
}

HeroServiceContext *
hero_http_request_get_context (HeroHttpRequest *request)
{
  return request->role->http->ctx;
}

const char *
hero_http_request_get_role (HeroHttpRequest *request)
{
  return request->role->name;
}

static gboolean
is_prefix (const char *text)
{
  if (text[0] != '/' || text[1] == '/') /* "//host" would lead elsewhere */
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._~/-", *p) == NULL)
      return FALSE;
  return TRUE;
}

const char *
hero_http_request_get_base_path (HeroHttpRequest *request)
{
  const char *prefix;
  gsize length;

  if (request->base_path != NULL)
    return request->base_path;
  prefix = hero_http_request_get_header (request, "X-Forwarded-Prefix");
  if (prefix == NULL || !is_prefix (prefix))
    prefix = "";
  length = strlen (prefix);
  while (length > 0 && prefix[length - 1] == '/')
    length--;
  return request->base_path = g_strndup (prefix, length);
}

GCancellable *
hero_http_request_get_cancellable (HeroHttpRequest *request)
{
  if (request->cancellable != NULL)
    return request->cancellable;
  request->cancellable = g_cancellable_new ();
  if (request->gone || hero_service_is_stopping (request->role->http->ctx))
    g_cancellable_cancel (request->cancellable);
  return request->cancellable;
}

HeroRpcConnection *
hero_http_request_get_rpc_connection (HeroHttpRequest *request)
{
  if (hero_http_request_get_header (request, "Via") != NULL
      || hero_http_request_get_header (request, "X-Forwarded-For") != NULL)
    return NULL;
  if (request->connection->data == NULL)
    request->connection->data = hero_rpc_connection_new ();
  return request->connection->data;
}

/* ------------------------------------------------------------------------------------------------ streamed bodies */

void
hero_http_request_read_body (HeroHttpRequest *request, void (*func) (GBytes *chunk, gpointer data), gpointer data)
{
  request->on_chunk = func;
  request->chunk_data = data;
}

void
hero_http_request_pause_body (HeroHttpRequest *request, gboolean paused)
{
  if (request->gone || request->body_done || request->body_paused == paused)
    return;
  request->body_paused = paused;
  if (paused)
    hero_http_request_wait (request);
  else
    hero_http_request_unpause (request);
}
