/* test-http-connections.c: what lasts: answers that come late, streams, uploads, clients that leave, limits of connections. */
#include "http-internal.h"
#include "test-http-client.h"
#include "test-service.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ the service */

static guint gone; /* service thread */

static void
on_item (gpointer self, HeroHttpRequest *request)
{
  hero_http_respond_text (request, 200, "text/plain", hero_http_request_get_segment (request, "id"));
}

static gboolean
answer_later (gpointer data)
{
  hero_http_respond_text (data, 200, "text/plain", "late");
  return G_SOURCE_REMOVE;
}

static void
on_late (gpointer self, HeroHttpRequest *request)
{
  hero_service_timeout_add (hero_http_request_get_context (request), 100, answer_later, request);
}

static gboolean
on_left (GCancellable *cancellable, gpointer data)
{
  gone++;
  hero_http_respond (data, 200, NULL, NULL); /* to nobody */
  return G_SOURCE_REMOVE;
}

static void
on_never (gpointer self, HeroHttpRequest *request)
{
  g_autoptr (GSource) source = g_cancellable_source_new (hero_http_request_get_cancellable (request));

  g_source_set_callback (source, (GSourceFunc)(void (*) (void))on_left, request, NULL);
  g_source_attach (source, hero_service_get_main_context (hero_http_request_get_context (request)));
}

static void
on_gone_count (gpointer self, HeroHttpRequest *request)
{
  g_autofree char *text = g_strdup_printf ("%u", gone);

  hero_http_respond_text (request, 200, "text/plain", text);
}

/* ---- a stream that writes only what was taken: 64 blocks of 64 KiB */
#define BLOCK 65536
#define BLOCKS 64

typedef struct
{
  HeroHttpRequest *request;
  GSource *left;
  guint written;
  gsize most; /* pending at most */
} Source;

static void
source_end (Source *source)
{
  hero_http_stream_on_drain (source->request, NULL, NULL);
  hero_http_stream_end (source->request);
  g_source_destroy (source->left);
  g_source_unref (source->left);
  g_free (source);
}

static gboolean
on_reader_left (GCancellable *cancellable, gpointer data)
{
  source_end (data);
  return G_SOURCE_REMOVE;
}

static void
feed (gpointer data)
{
  Source *source = data;

  while (source->written < BLOCKS && hero_http_stream_get_pending (source->request) == 0)
    {
      char *block = g_malloc (BLOCK);
      memset (block, 'a' + (int)(source->written++ % 26), BLOCK);
      hero_http_stream_write (source->request, g_bytes_new_take (block, BLOCK));
      source->most = MAX (source->most, hero_http_stream_get_pending (source->request));
    }
  if (source->written == BLOCKS && hero_http_stream_get_pending (source->request) == 0)
    {
      g_assert_cmpuint (source->most, <=, BLOCK);
      source_end (source);
    }
}

static void
on_stream (gpointer self, HeroHttpRequest *request)
{
  Source *source = g_new0 (Source, 1);
  gboolean counted = hero_http_request_get_query (request, "length") != NULL;

  source->request = request;
  source->left = g_cancellable_source_new (hero_http_request_get_cancellable (request));
  g_source_set_callback (source->left, (GSourceFunc)(void (*) (void))on_reader_left, source, NULL);
  g_source_attach (source->left, hero_service_get_main_context (hero_http_request_get_context (request)));
  hero_http_stream_begin (request, 200, "text/plain", counted ? BLOCK * BLOCKS : -1);
  hero_http_stream_on_drain (request, feed, source);
  feed (source);
}

static gboolean
abort_later (gpointer data)
{
  hero_http_stream_abort (data);
  return G_SOURCE_REMOVE;
}

static void
on_cut (gpointer self, HeroHttpRequest *request)
{
  hero_http_stream_begin (request, 200, "text/plain", -1);
  hero_http_stream_write (request, g_bytes_new_static ("begin", 5));
  hero_service_timeout_add (hero_http_request_get_context (request), 100, abort_later, request);
}

/* ---- a body that is read piece by piece, with a pause after each */
typedef struct
{
  HeroHttpRequest *request;
  gsize length;
  guint checksum;
} Sink;

static gboolean
go_on (gpointer data)
{
  hero_http_request_pause_body (((Sink *)data)->request, FALSE);
  return G_SOURCE_REMOVE;
}

static void
on_piece (GBytes *chunk, gpointer data)
{
  Sink *sink = data;
  gsize size;
  const guint8 *bytes;

  if (chunk == NULL)
    {
      g_autofree char *text = g_strdup_printf ("%zu %u", sink->length, sink->checksum);
      hero_http_respond_text (sink->request, 200, "text/plain", text);
      g_free (sink);
      return;
    }
  bytes = g_bytes_get_data (chunk, &size);
  sink->length += size;
  for (gsize i = 0; i < size; i++)
    sink->checksum = sink->checksum * 31 + bytes[i];
  hero_http_request_pause_body (sink->request, TRUE);
  hero_service_post (hero_http_request_get_context (sink->request), go_on, sink, NULL);
}

static void
on_upload (gpointer self, HeroHttpRequest *request)
{
  Sink *sink = g_new0 (Sink, 1);

  sink->request = request;
  hero_http_request_read_body (request, on_piece, sink);
}

/* Answers before the body is there. */
static void
on_early (gpointer self, HeroHttpRequest *request)
{
  hero_http_respond_text (request, 403, "text/plain", "no");
}

static const HeroHttpRoute routes[] = {
  { "GET", "/items/{id}", on_item },
  { "GET", "/late", on_late },
  { "GET", "/never", on_never },
  { "GET", "/gone", on_gone_count },
  { "GET", "/stream", on_stream },
  { "GET", "/cut", on_cut },
  { "POST", "/upload", on_upload, HERO_HTTP_STREAM_BODY | HERO_HTTP_ANY_TYPE, -1 },
  { "POST", "/early", on_early, HERO_HTTP_STREAM_BODY | HERO_HTTP_ANY_TYPE, -1 },
  { NULL },
};

static void
setup (HeroServiceContext *ctx)
{
  HERO_ADD_ROUTES (ctx, "rpc", routes, NULL);
}

static HeroTestHost *
start (GVariant *config)
{
  return hero_test_service_start (setup, config);
}

/* ------------------------------------------------------------------------------------------------ tests */

static void
test_late (void)
{
  HeroTestHost *host = start (NULL);

  assert_body (host, "GET", "/late", NULL, NULL, 200, "late");
  hero_test_service_stop (host);
}

static void
test_streams (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc"), *cut = NULL;
  g_autoptr (HeroTestAnswer) chunked = get (host, "/stream"), counted = get (host, "/stream?length=1");
  int fd = hero_test_connect (path);

  g_assert_nonnull (strstr (chunked->head, "Transfer-Encoding: chunked"));
  g_assert_cmpuint (chunked->length, ==, BLOCK * BLOCKS);
  g_assert_nonnull (strstr (counted->head, "Content-Length: 4194304"));
  g_assert_cmpuint (counted->length, ==, BLOCK * BLOCKS);
  g_assert_cmpint (counted->body[BLOCK * 27], ==, 'b');

  hero_test_send (fd, "GET /cut HTTP/1.1\r\nHost: x\r\n\r\n");
  cut = read_to_end (fd);
  close (fd);
  g_assert_true (g_str_has_suffix (cut, "5\r\nbegin\r\n")); /* no last chunk: the client knows */
  hero_test_service_stop (host);
}

static void
test_uploads (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *body = g_malloc (3000001), *expected = NULL;
  guint checksum = 0;

  for (guint i = 0; i < 3000000; i++)
    {
      body[i] = (char)('a' + i % 23);
      checksum = checksum * 31 + (guint)body[i];
    }
  body[3000000] = '\0';
  expected = g_strdup_printf ("3000000 %u", checksum);
  assert_body (host, "POST", "/upload", NULL, body, 200, expected);
  assert_body (host, "POST", "/upload", NULL, "", 200, "0 0");
  g_autoptr (HeroTestAnswer) early
      = raw (host, "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\nxxx");
  g_assert_cmpuint (early->status, ==, 403);
  g_assert_cmpstr (early->body, ==, "no");
  hero_test_service_stop (host);
}

static void
test_client_leaves (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fds[3];

  gone = 0;
  for (guint i = 0; i < 3; i++)
    {
      fds[i] = hero_test_connect (path);
      hero_test_send (fds[i],
                      i < 2 ? "GET /never HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    }
  g_usleep (100000);
  close (fds[0]);
  close (fds[2]);
  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (HeroTestAnswer) answer = get (host, "/gone");
      if (strcmp (answer->body, "1") == 0)
        break;
      g_assert_cmpuint (i, <, 499);
      g_usleep (10000);
    }
  hero_test_service_stop (host); /* the other one hears of the stop */
  close (fds[1]);
  g_assert_cmpuint (gone, ==, 2);
}

static void
test_connection_limit (void)
{
  HeroTestHost *host = start (g_variant_new_parsed ("{'max_connections': <int64 3>}"));
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fds[4];

  for (guint i = 0; i < 4; i++)
    {
      fds[i] = hero_test_connect (path);
      hero_test_send (fds[i], "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
      g_autoptr (HeroTestAnswer) answer = hero_test_receive (fds[i]);
      g_assert_cmpuint (answer->status, ==, i < 3 ? 200 : 503);
      if (i == 3)
        g_assert_nonnull (strstr (answer->head, "Retry-After: 1\r\n"));
    }
  close (fds[0]);
  for (guint i = 0;; i++) /* its place is free soon */
    {
      g_autoptr (HeroTestAnswer) answer = get (host, "/items/1");
      if (answer->status == 200)
        break;
      g_assert_cmpuint (i, <, 500);
      g_usleep (10000);
    }
  for (guint i = 1; i < 4; i++)
    close (fds[i]);
  hero_test_service_stop (host);
}

static void
shorten_idle_limit (gpointer data)
{
  hero_http_set_idle_limit (hero_test_host_get_context (data), 200);
}

typedef struct
{
  HeroTestHost *host;
  guint count;
} Connections;

/* Service thread. */
static void
count_connections (gpointer data)
{
  Connections *open = data;

  open->count = hero_http_get_connections (hero_test_host_get_context (open->host));
}

/* Who asks nothing is sent away, and so is who never comes to the end of a head; who waits for an answer may wait. */
static void
test_idle_limit (void)
{
  static const char *const said[] = { "", "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /items/1 HTTP",
                                      "GET /never HTTP/1.1\r\nHost: x\r\n\r\n" };
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fds[G_N_ELEMENTS (said)];
  Connections open = { host, G_MAXUINT };
  char byte;

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    {
      fds[i] = hero_test_connect (path);
      hero_test_send (fds[i], said[i]);
    }
  g_autoptr (HeroTestAnswer) answer = hero_test_receive (fds[1]);
  g_assert_cmpuint (answer->status, ==, 200);
  hero_test_host_run (host, shorten_idle_limit, host);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (recv (fds[i], &byte, 1, 0), ==, 0);
  g_assert_cmpint (recv (fds[3], &byte, 1, MSG_DONTWAIT), ==, -1);
  for (guint i = 0; i < 500 && open.count > 1; i++)
    {
      g_usleep (10000);
      hero_test_host_run (host, count_connections, &open);
    }
  g_assert_cmpuint (open.count, ==, 1);
  g_autoptr (HeroTestAnswer) later = get (host, "/items/1");
  g_assert_cmpuint (later->status, ==, 200);
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    close (fds[i]);
  hero_test_service_stop (host);
}

static char *tcp_address;

static void
setup_tcp (HeroServiceContext *ctx)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0), bound = NULL;
  g_autoptr (GError) error = NULL;

  setup (ctx);
  g_socket_bind (socket, any, TRUE, &error);
  g_socket_listen (socket, NULL);
  bound = g_socket_get_local_address (socket, NULL);
  tcp_address = g_strdup_printf ("127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  hero_service_serve_tcp (ctx, "rpc", dup (g_socket_get_fd (socket)), tcp_address, &error);
  g_assert_no_error (error);
}

static guint
tcp_status (const char *headers)
{
  g_autofree char *request = g_strdup_printf ("GET /items/1 HTTP/1.1\r\n%sConnection: close\r\n\r\n", headers);
  int fd = hero_test_connect (tcp_address);
  g_autoptr (HeroTestAnswer) answer = NULL;

  hero_test_send (fd, request);
  answer = hero_test_receive (fd);
  close (fd);
  return answer->status;
}

static void
test_tcp (void)
{
  HeroTestHost *host = hero_test_service_start (setup_tcp, NULL);
  const char *port = strchr (tcp_address, ':') + 1;
  g_autofree char *good = g_strdup_printf ("Host: localhost:%s\r\n", port),
                  *origin = g_strdup_printf ("Host: 127.0.0.1:%s\r\nOrigin: http://127.0.0.1:%s\r\n", port, port),
                  *foreign = g_strdup_printf ("Host: 127.0.0.1:%s\r\nOrigin: http://evil.example\r\n", port);

  g_assert_cmpuint (tcp_status (good), ==, 200);
  g_assert_cmpuint (tcp_status (origin), ==, 200);
  g_assert_cmpuint (tcp_status (foreign), ==, 403);
  g_assert_cmpuint (tcp_status ("Host: evil.example\r\n"), ==, 403);
  hero_test_service_stop (host);
  g_clear_pointer (&tcp_address, g_free);
}

static void
stop_now (gpointer data)
{
  hero_service_stop (data);
}

/* What an idle connection gets once stop has begun. */
static void
test_stopping (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int busy = hero_test_connect (path), rpc = hero_test_connect (path), other = hero_test_connect (path);

  hero_test_send (busy, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"); /* holds the stop up for 100 ms */
  hero_test_send (rpc, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
  g_autoptr (HeroTestAnswer) before = hero_test_receive (rpc);
  g_assert_cmpuint (before->status, ==, 200);
  hero_test_host_run (host, stop_now, hero_test_host_get_context (host));
  hero_test_send (rpc, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
                       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.health\"}");
  hero_test_send (other, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  g_autoptr (HeroTestAnswer) refused = hero_test_receive (rpc), closed = hero_test_receive (other),
                             late = hero_test_receive (busy);
  g_assert_cmpuint (refused->status, ==, 200);
  g_assert_nonnull (strstr (refused->body, "\"code\":-32090"));
  g_assert_cmpuint (closed->status, ==, 503);
  g_assert_nonnull (strstr (closed->head, "Retry-After: 1\r\n"));
  g_assert_cmpstr (late->body, ==, "late");
  close (busy);
  close (rpc);
  close (other);
  hero_test_service_stop (host);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/late", test_late);
  g_test_add_func ("/http/streams", test_streams);
  g_test_add_func ("/http/uploads", test_uploads);
  g_test_add_func ("/http/client-leaves", test_client_leaves);
  g_test_add_func ("/http/connection-limit", test_connection_limit);
  g_test_add_func ("/http/idle-limit", test_idle_limit);
  g_test_add_func ("/http/tcp", test_tcp);
  g_test_add_func ("/http/stopping", test_stopping);
  return g_test_run ();
}
