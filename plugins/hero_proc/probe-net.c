/*
 * probe-net.c: probes over TCP and Unix sockets: connecting, and GET with one strict look at the reply. No redirect is
 * followed, no proxy is used. Service thread.
 */
#include <gio/gunixsocketaddress.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "http-reply.h"
#include "probe-private.h"

enum
{
  READ_SIZE = 8192,
};

/* One GET under way; ends with its last operation. */
typedef struct
{
  ProcProbeRun *run;
  GSocketConnection *connection;
  ProcHttpReply reply;
  char *request;
  char buffer[READ_SIZE];
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  /* Closing is shutting down the descriptor: no operation is under way any more. */
  g_io_stream_close (G_IO_STREAM (exchange->connection), NULL, NULL);
  g_object_unref (exchange->connection);
  proc_http_reply_clear (&exchange->reply);
  g_free (exchange->request);
  proc_probe_unref (exchange->run);
  g_free (exchange);
}

/* ---------------------------------------------------------------------------------------------- the reply */

static gboolean
is_expected (const ProcProbe *probe, int status)
{
  for (gsize i = 0; i < probe->n_expect_status; i++)
    if (probe->expect_status[i] == status)
      return TRUE;
  return probe->n_expect_status == 0 && status >= 200 && status <= 299;
}

/* A 503 whose body says "status":"degraded": usable. Its reason, or NULL if it is not that. Transfer full. */
static char *
read_degraded (int status, const char *body)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;
  JsonObject *object;

  if (status != 503 || !g_utf8_validate (body, -1, NULL) || !json_parser_load_from_data (parser, body, -1, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  object = json_node_get_object (root);
  if (g_strcmp0 (json_object_get_string_member_with_default (object, "status", NULL), "degraded") != 0)
    return NULL;
  return g_strdup (json_object_get_string_member_with_default (object, "reason", "degraded"));
}

static void
judge (ProcProbeRun *run, const ProcHttpReply *reply)
{
  g_autoptr (GString) body = proc_http_reply_get_body (reply);
  g_autofree char *degraded = read_degraded (reply->status, body->str);
  const ProcProbe *probe = run->probe;

  if (degraded != NULL)
    proc_probe_finish (run, PROC_ANSWER_DEGRADED, degraded);
  else if (!is_expected (probe, reply->status))
    proc_probe_fail (run, "%s: answers with status %d", probe->target, reply->status);
  else if (*probe->expect_body != '\0'
           && memmem (body->str, body->len, probe->expect_body, strlen (probe->expect_body)) == NULL)
    proc_probe_fail (run, "%s: the answer lacks '%s'", probe->target, probe->expect_body);
  else
    proc_probe_finish (run, PROC_ANSWER_PASSED, NULL);
}

/* ---------------------------------------------------------------------------------------------- the exchange */

static void read_more (Exchange *exchange);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *exchange = data;
  ProcProbeRun *run = exchange->run;
  g_autoptr (GError) error = NULL;
  gssize size = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
  ProcHttpStep step
      = size >= 0 ? proc_http_reply_feed (&exchange->reply, exchange->buffer, (gsize)size) : PROC_HTTP_BAD;

  if (!proc_probe_is_over (run) && step == PROC_HTTP_MORE)
    {
      read_more (exchange);
      return;
    }
  if (error != NULL)
    proc_probe_fail (run, "%s: %s", run->probe->target, error->message);
  else if (step == PROC_HTTP_BAD)
    proc_probe_fail (run, "%s: the answer is not HTTP", run->probe->target);
  else if (!proc_probe_is_over (run))
    judge (run, &exchange->reply);
  exchange_free (exchange);
}

static void
read_more (Exchange *exchange)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (exchange->connection));

  g_input_stream_read_async (stream, exchange->buffer, READ_SIZE, G_PRIORITY_DEFAULT, exchange->run->cancellable,
                             on_read, exchange);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *exchange = data;
  g_autoptr (GError) error = NULL;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    {
      read_more (exchange);
      return;
    }
  proc_probe_fail (exchange->run, "%s: %s", exchange->run->probe->target, error->message);
  exchange_free (exchange);
}

/* "GET /health HTTP/1.1 .."; transfer full. */
static char *
make_request (const ProcProbe *probe)
{
  g_autoptr (GUri) uri = probe->type == PROC_PROBE_HTTP ? g_uri_parse (probe->target, G_URI_FLAGS_ENCODED, NULL) : NULL;
  const char *path = uri == NULL ? probe->http_path : *g_uri_get_path (uri) ? g_uri_get_path (uri) : "/";
  const char *query = uri != NULL ? g_uri_get_query (uri) : NULL;
  g_autofree char *host = NULL;

  if (uri == NULL)
    host = g_strdup ("localhost");
  else
    host = g_strdup_printf (strchr (g_uri_get_host (uri), ':') != NULL ? "[%s]:%d" : "%s:%d", g_uri_get_host (uri),
                            g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : 80);
  return g_strdup_printf ("GET %s%s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hero_proc\r\nAccept: */*\r\n"
                          "Connection: close\r\n\r\n",
                          path, query != NULL ? "?" : "", query != NULL ? query : "", host);
}

static void
exchange_start (ProcProbeRun *run, GSocketConnection *connection)
{
  Exchange *exchange = g_new0 (Exchange, 1);
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  exchange->run = proc_probe_ref (run);
  exchange->connection = g_object_ref (connection);
  exchange->request = make_request (run->probe);
  proc_http_reply_init (&exchange->reply);
  g_output_stream_write_all_async (stream, exchange->request, strlen (exchange->request), G_PRIORITY_DEFAULT,
                                   run->cancellable, on_written, exchange);
}

/* ---------------------------------------------------------------------------------------------- connecting */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  ProcProbeRun *run = data;
  const ProcProbe *probe = run->probe;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (connection == NULL)
    proc_probe_fail (run, "%s: %s", probe->target, error->message);
  else if (!proc_probe_is_over (run))
    {
      if (probe->type == PROC_PROBE_HTTP || (probe->type == PROC_PROBE_SOCKET && probe->http))
        exchange_start (run, connection);
      else
        proc_probe_finish (run, PROC_ANSWER_PASSED, NULL);
    }
  proc_probe_unref (run);
}

/* Where the question goes; NULL + error. */
static GSocketConnectable *
find_address (const ProcProbeRun *run, GError **error)
{
  const ProcProbe *probe = run->probe;
  g_autofree char *path = NULL;

  if (probe->type == PROC_PROBE_TCP)
    return g_network_address_parse (probe->target, 0, error);
  if (probe->type == PROC_PROBE_HTTP && strstr (probe->target, "://") != NULL)
    return g_network_address_parse_uri (probe->target, 80, error);
  path = proc_surroundings_socket_path (run->setup->surroundings, probe->target);
  return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (path));
}

static gboolean
on_no_address (gpointer data)
{
  ProcProbeRun *run = data;

  proc_probe_fail (run, "%s: not an address", run->probe->target);
  return G_SOURCE_REMOVE;
}

void
proc_probe_start_net (ProcProbeRun *run)
{
  g_autoptr (GSocketConnectable) address = find_address (run, NULL);
  g_autoptr (GSocketClient) client = NULL;
  g_autoptr (GSource) source = NULL;

  if (address == NULL)
    {
      source = g_idle_source_new ();
      g_source_set_callback (source, on_no_address, proc_probe_ref (run), proc_probe_unref);
      g_source_attach (source, run->setup->context);
      return;
    }
  client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, address, run->cancellable, on_connected, proc_probe_ref (run));
}
