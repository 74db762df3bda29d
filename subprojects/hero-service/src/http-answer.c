/*
 * http-answer.c: answers to a request: whole, as a stream, or cut in before a body that nobody wants to read. Service
 * thread.
 */
#include "http-core.h"
#include "http-stream.h"

#include "json-internal.h"

#include <string.h>

void
hero_http_request_set_response_header (HeroHttpRequest *request, const char *name, const char *value)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (request->msg), name, value);
}

void
hero_http_request_add_response_header (HeroHttpRequest *request, const char *name, const char *value)
{
  soup_message_headers_append (soup_server_message_get_response_headers (request->msg), name, value);
}

/* ------------------------------------------------------------------------------------------------ past libsoup */

static void
append_header (const char *name, const char *value, gpointer data)
{
  g_string_append_printf (data, "%s: %s\r\n", name, value);
}

char *
hero_http_raw_answer (HeroHttpRequest *request, guint status, const char *content_type, gconstpointer body, gsize size,
                      gsize *length)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->msg);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "HTTP/1.1 %u %s\r\n", status, soup_status_get_phrase (status));
  soup_message_headers_remove (headers, "Content-Length");
  if (content_type != NULL)
    soup_message_headers_replace (headers, "Content-Type", content_type);
  soup_message_headers_replace (headers, "Connection", "close");
  soup_message_headers_foreach (headers, append_header, out);
  g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", size);
  if (strcmp (hero_http_request_get_method (request), "HEAD") != 0)
    g_string_append_len (out, body, (gssize)size);
  *length = out->len;
  return g_string_free (out, FALSE);
}

void
hero_http_request_cut (HeroHttpRequest *request, char *text, gsize length)
{
  g_autoptr (GSocketConnection) stream = g_object_ref (request->connection->stream);
  GMainContext *context = hero_sdk_get (request->role->http->ctx)->context;
  g_autoptr (GIOStream) stolen = NULL;

  if (text != NULL)
    hero_http_stream_detach (request->connection->guarded);
  else /* first, else libsoup would write the last chunk of a stream that has none */
    g_socket_shutdown (g_socket_connection_get_socket (stream), TRUE, TRUE, NULL);
  stolen = soup_server_message_steal_connection (request->msg);
  hero_http_request_finish (request, text != NULL);
  if (text != NULL)
    hero_http_say_and_close (stream, context, text, length);
  else
    g_io_stream_close (G_IO_STREAM (stream), NULL, NULL);
}

/* Would libsoup, before it answers, read a body without bound, or wait for one that was paused? */
static gboolean
is_body_in_the_way (HeroHttpRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->msg);

  if (request->body_done || (soup_message_headers_get_expectations (headers) & SOUP_EXPECTATION_CONTINUE))
    return FALSE;
  return soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED || request->body_paused
         || soup_message_headers_get_content_length (headers) > request->connection->port->max_body;
}

/* ------------------------------------------------------------------------------------------------ whole answers */

void
hero_http_respond (HeroHttpRequest *request, guint status, const char *content_type, GBytes *body)
{
  SoupServerMessage *msg = request->msg;

  g_return_if_fail (!request->answered);
  request->answered = TRUE;
  request->handled = TRUE;
  if (request->gone)
    {
      g_clear_pointer (&body, g_bytes_unref);
      hero_http_request_handled (request);
      return;
    }
  if (is_body_in_the_way (request))
    {
      gsize size = 0, length;
      gconstpointer data = body != NULL ? g_bytes_get_data (body, &size) : NULL;
      char *text = hero_http_raw_answer (request, status, content_type, data, size, &length);
      hero_http_request_cut (request, text, length);
    }
  else
    {
      soup_server_message_set_status (msg, status, NULL);
      if (content_type != NULL)
        soup_message_headers_replace (soup_server_message_get_response_headers (msg), "Content-Type", content_type);
      if (body != NULL)
        soup_message_body_append_bytes (soup_server_message_get_response_body (msg), body);
      hero_http_request_unpause (request);
    }
  g_clear_pointer (&body, g_bytes_unref);
}

void
hero_http_respond_text (HeroHttpRequest *request, guint status, const char *content_type, const char *text)
{
  hero_http_respond (request, status, content_type, g_bytes_new (text, strlen (text)));
}

void
hero_http_respond_json (HeroHttpRequest *request, guint status, JsonNode *node)
{
  gsize length;
  char *text = hero_json_print (node, &length);

  json_node_unref (node);
  hero_http_respond (request, status, "application/json", g_bytes_new_take (text, length));
}

char *
hero_http_error_text (guint status, const char *hint, const char *message)
{
  GString *out = g_string_new ("{\"error\":");

  hero_json_append_string (out, message);
  g_string_append_printf (out, ",\"status\":%u", status);
  if (hint != NULL)
    {
      g_string_append (out, ",\"hint\":");
      hero_json_append_string (out, hint);
    }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

void
hero_http_respond_error (HeroHttpRequest *request, guint status, const char *hint, const char *format, ...)
{
  g_autofree char *message = NULL, *text = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  text = hero_http_error_text (status, hint, message);
  hero_http_respond_text (request, status, "application/json", text);
}

/* ------------------------------------------------------------------------------------------------ streams */

static void
on_taken (SoupServerMessage *msg, guint size, gpointer data)
{
  HeroHttpRequest *request = data;

  request->pending -= MIN (size, request->pending);
  if (request->on_drain != NULL)
    request->on_drain (request->drain_data);
}

void
hero_http_stream_begin (HeroHttpRequest *request, guint status, const char *content_type, gint64 length)
{
  SoupServerMessage *msg = request->msg;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  g_return_if_fail (!request->answered);
  request->answered = TRUE;
  request->streaming = TRUE;
  if (request->gone)
    return;
  soup_server_message_set_status (msg, status, NULL);
  if (content_type != NULL)
    soup_message_headers_replace (headers, "Content-Type", content_type);
  if (length >= 0)
    soup_message_headers_set_content_length (headers, length);
  else if (soup_server_message_get_http_version (msg) == SOUP_HTTP_1_0)
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_EOF);
  else
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (msg), FALSE);
  g_signal_connect (msg, "wrote-body-data", G_CALLBACK (on_taken), request);
  request->body_paused = FALSE; /* libsoup answers after the body: a paused one would never be answered */
  hero_http_request_unpause (request);
  hero_http_request_watch (request);
}

void
hero_http_stream_write (HeroHttpRequest *request, GBytes *chunk)
{
  g_return_if_fail (request->streaming);
  if (!request->gone && g_bytes_get_size (chunk) > 0)
    {
      request->pending += g_bytes_get_size (chunk);
      soup_message_body_append_bytes (soup_server_message_get_response_body (request->msg), chunk);
      soup_server_message_unpause (request->msg);
    }
  g_bytes_unref (chunk);
}

void
hero_http_stream_end (HeroHttpRequest *request)
{
  g_return_if_fail (request->streaming && !request->handled);
  if (!request->gone)
    {
      soup_message_body_complete (soup_server_message_get_response_body (request->msg));
      soup_server_message_unpause (request->msg);
    }
  hero_http_request_handled (request);
}

void
hero_http_stream_abort (HeroHttpRequest *request)
{
  g_return_if_fail (request->streaming && !request->handled);
  request->handled = TRUE;
  if (request->gone)
    hero_http_request_handled (request);
  else
    hero_http_request_cut (request, NULL, 0);
}

gsize
hero_http_stream_get_pending (HeroHttpRequest *request)
{
  return request->pending;
}

void
hero_http_stream_on_drain (HeroHttpRequest *request, void (*func) (gpointer data), gpointer data)
{
  request->on_drain = func;
  request->drain_data = data;
}
