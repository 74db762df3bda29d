/* test-http.c: conventions 3 over real sockets: routes, refusals, versions, limits of head and body. */
#include "test-http-client.h"
#include "test-service.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ the service */

static void
on_item (gpointer self, HeroHttpRequest *request)
{
  const char *query = hero_http_request_get_query (request, "q");
  g_autofree char *text
      = g_strdup_printf ("%s|%s|%s|%s|%s", hero_http_request_get_method (request), hero_http_request_get_path (request),
                         hero_http_request_get_segment (request, "id"), query != NULL ? query : "-",
                         hero_http_request_get_base_path (request));

  hero_http_respond_text (request, 200, "text/plain", text);
}

static void
on_rest (gpointer self, HeroHttpRequest *request)
{
  hero_http_respond_text (request, 200, "text/plain", hero_http_request_get_segment (request, "path"));
}

static void
on_store (gpointer self, HeroHttpRequest *request)
{
  hero_http_respond (request, 201, "text/plain", g_bytes_ref (hero_http_request_get_body (request)));
}

static const HeroHttpRoute routes[] = {
  { "GET|DELETE", "/items/{id}", on_item },
  { "GET", "/files/{path...}", on_rest },
  { "POST", "/store", on_store, HERO_HTTP_ANY_TYPE },
  { "PUT", "/small", on_store, 0, 10 },
  { "POST", "/plus-json", on_store },
  { "*", "/any", on_item },
  { "GET", "/health", on_item }, /* the standard one wins */
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
test_routes (void)
{
  HeroTestHost *host = start (NULL);

  assert_body (host, "GET", "/items/a%2Fb%20c?q=x%26y", NULL, NULL, 200, "GET|/items/a/b c|a/b c|x&y|");
  assert_body (host, "DELETE", "/items/7", "X-Forwarded-Prefix: /p/q/\r\n", NULL, 200, "DELETE|/items/7|7|-|/p/q");
  assert_body (host, "GET", "/items/7", "X-Forwarded-Prefix: //evil\r\n", NULL, 200, "GET|/items/7|7|-|");
  assert_body (host, "GET", "/items/7", "X-Forwarded-Prefix: /a\"b\r\n", NULL, 200, "GET|/items/7|7|-|");
  assert_body (host, "GET", "/files/a/b%2Fc/d", NULL, NULL, 200, "a/b/c/d");
  assert_body (host, "GET", "/files/../items/../files/x", NULL, NULL, 200, "x");
  assert_body (host, "GET", "/../../files/x", NULL, NULL, 200, "x");
  assert_body (host, "POST", "/store", NULL, "bytes", 201, "bytes");
  assert_body (host, "PATCH", "/any", "X: y\r\n", NULL, 200, "PATCH|/any|(null)|-|");
  g_autoptr (HeroTestAnswer) health = get (host, "/health");
  g_assert_nonnull (strstr (health->body, "\"status\":\"ok\",\"service\":\"sample\",\"version\":\"1.2.3\""));
  g_autoptr (HeroTestAnswer) slash
      = hero_test_http (host, "rpc", "POST", "/rpc/", "Content-Type: application/json\r\n", "[]");
  g_assert_cmpuint (slash->status, ==, 200);
  hero_test_service_stop (host);
}

static void
test_refusals (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *long_path = g_strnfill (9000, 'x');

  assert_body (host, "GET", "/nothing", NULL, NULL, 404, "{\"error\":\"no such path\",\"status\":404}");
  assert_body (host, "GET", "/items/", NULL, NULL, 404, "{\"error\":\"no such path\",\"status\":404}");
  assert_body (host, "GET", "/items/a%2F..%2Fb", NULL, NULL, 404, "{\"error\":\"no such path\",\"status\":404}");
  assert_body (host, "GET", "/items/%00", NULL, NULL, 404, "{\"error\":\"no such path\",\"status\":404}");
  assert_body (host, "POST", "/rpc", NULL, "{}", 415,
               "{\"error\":\"the body must be application/json\",\"status\":415,"
               "\"hint\":\"send the header Content-Type: application/json\"}");
  assert_body (host, "POST", "/plus-json", "Content-Type: Application/Problem+JSON; charset=x\r\n", "{}", 201, "{}");

  g_autoptr (HeroTestAnswer) wrong = hero_test_http (host, "rpc", "PUT", "/items/7", NULL, "x");
  g_assert_cmpuint (wrong->status, ==, 405);
  g_assert_nonnull (strstr (wrong->head, "\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n"));
  g_autoptr (HeroTestAnswer) options = hero_test_http (host, "rpc", "OPTIONS", "/rpc", NULL, NULL);
  g_assert_cmpuint (options->status, ==, 204);
  g_assert_nonnull (strstr (options->head, "\r\nAllow: POST, OPTIONS\r\n"));

  memcpy (long_path, "/items/", 7);
  g_autoptr (HeroTestAnswer) url = get (host, long_path);
  g_assert_cmpuint (url->status, ==, 414);
  g_assert_nonnull (strstr (url->head, "Connection: close"));
  hero_test_service_stop (host);
}

/* Heads that libsoup refuses by itself get the same body as all others. */
static void
test_malformed_heads (void)
{
  static const struct
  {
    const char *said;
    guint status;
    const char *error;
  } rows[] = {
    { "GET /items/1 HTTP/1.1\r\n\r\n", 400, "HTTP/1.1 needs the header Host" },
    { "POST /rpc HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400, "HTTP/1.1 needs the header Host" },
    { "GARBAGE\r\n\r\n", 400, "the head of the request is malformed" },
    { "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400, "the head of the request is malformed" },
    { "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "the head of the request is malformed" },
    { "GET / HTTP/3.1\r\nHost: x\r\n\r\n", 505, "the head of the request is malformed" },
  };
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int fd = hero_test_connect (path);
      g_autofree char *text = NULL, *body = NULL;

      hero_test_send (fd, rows[i].said);
      text = read_to_end (fd);
      close (fd);
      body = g_strdup_printf ("\r\n\r\n{\"error\":\"%s\",\"status\":%u}", rows[i].error, rows[i].status);
      g_test_message ("%s", text);
      g_assert_cmpint (atoi (text + strlen ("HTTP/1.1 ")), ==, (int)rows[i].status);
      g_assert_nonnull (strstr (text, "\r\nContent-Type: application/json\r\n"));
      g_assert_true (g_str_has_suffix (text, body));
    }
  g_autoptr (HeroTestAnswer) good = get (host, "/items/1");
  g_assert_nonnull (strstr (good->head, "Content-Type: text/plain"));
  g_assert_null (strstr (good->head, "application/json"));
  hero_test_service_stop (host);
}

static void
test_head (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (HeroTestAnswer) get_answer = get (host, "/openrpc.json");
  g_autofree char *length = g_strdup_printf ("Content-Length: %zu\r\n", get_answer->length);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc"), *text = NULL;
  int fd = hero_test_connect (path);

  hero_test_send (fd, "HEAD /openrpc.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  text = read_to_end (fd);
  close (fd);
  g_assert_true (g_str_has_prefix (text, "HTTP/1.1 200 OK\r\n"));
  g_assert_true (g_str_has_suffix (text, "\r\n\r\n"));
  g_assert_nonnull (strstr (text, length));
  hero_test_service_stop (host);
}

static void
test_versions (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc"), *text = NULL;
  int fd = hero_test_connect (path);

  hero_test_send (fd, "GET /items/1 HTTP/1.0\r\n\r\n"); /* without Host */
  text = read_to_end (fd);
  close (fd);
  g_assert_nonnull (strstr (text, " 200 OK\r\n"));
  g_assert_true (g_str_has_suffix (text, "GET|/items/1|1|-|"));

  fd = hero_test_connect (path); /* keep-alive: two requests in one packet */
  hero_test_send (
      fd, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /items/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  g_free (text);
  text = read_to_end (fd);
  close (fd);
  g_assert_nonnull (strstr (text, "GET|/items/1|1|-|"));
  g_assert_nonnull (strstr (text, "GET|/items/2|2|-|"));
  hero_test_service_stop (host);
}

static void
test_body_limits (void)
{
  HeroTestHost *host = start (g_variant_new_parsed ("{'max_body_bytes': <int64 1000>}"));
  g_autofree char *most = g_strnfill (1000, 'x'), *over = g_strnfill (1001, 'x'), *chunked = NULL;

  assert_body (host, "POST", "/store", NULL, most, 201, most);
  assert_body (host, "PUT", "/small", NULL, "0123456789", 201, "0123456789");
  assert_body (host, "PUT", "/small", NULL, "0123456789a", 413,
               "{\"error\":\"the body is larger than 10 bytes\",\"status\":413,\"hint\":\"see max_body_bytes\"}");
  g_autoptr (HeroTestAnswer) counted = hero_test_http (host, "rpc", "POST", "/store", NULL, over);
  g_assert_cmpuint (counted->status, ==, 413);

  /* The answer comes before any byte of the body. */
  g_autoptr (HeroTestAnswer) announced
      = raw (host, "POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n");
  g_assert_cmpuint (announced->status, ==, 413);
  g_assert_nonnull (strstr (announced->head, "Connection: close"));

  chunked = g_strdup_printf (
      "POST /store HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n%s\r\n1\r\nx\r\n0\r\n\r\n", most);
  g_autoptr (HeroTestAnswer) counted_chunks = raw (host, chunked);
  g_assert_cmpuint (counted_chunks->status, ==, 413);
  g_autoptr (HeroTestAnswer) few_chunks
      = raw (host, "POST /store HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  g_assert_cmpstr (few_chunks->body, ==, "abc");

  /* A body that nobody wants is not read without bound. */
  g_autoptr (HeroTestAnswer) nowhere
      = raw (host, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n");
  g_assert_cmpuint (nowhere->status, ==, 404);
  hero_test_service_stop (host);
}

/* A client that sends on after it was refused is not cut off before it has read why. */
static void
test_refused_upload (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc"), *block = g_strnfill (65536, 'x');
  int fd = hero_test_connect (path);
  g_autoptr (HeroTestAnswer) answer = NULL;

  hero_test_send (fd, "POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n");
  for (guint i = 0; i < 64; i++)
    g_assert_cmpint (send (fd, block, 65536, MSG_NOSIGNAL), ==, 65536);
  answer = hero_test_receive (fd);
  g_assert_cmpuint (answer->status, ==, 413);
  close (fd);
  hero_test_service_stop (host);
}

static void
test_expect (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);
  g_autoptr (HeroTestAnswer) refused = NULL, go = NULL;

  hero_test_send (fd, "POST /store HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  go = hero_test_receive (fd);
  g_assert_true (g_str_has_prefix (go->head, "HTTP/1.1 100"));
  close (fd);
  refused = raw (host, "POST /store HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30000000\r\n\r\n");
  g_assert_cmpuint (refused->status, ==, 413);
  hero_test_service_stop (host);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/routes", test_routes);
  g_test_add_func ("/http/refusals", test_refusals);
  g_test_add_func ("/http/malformed-heads", test_malformed_heads);
  g_test_add_func ("/http/head", test_head);
  g_test_add_func ("/http/versions", test_versions);
  g_test_add_func ("/http/body-limits", test_body_limits);
  g_test_add_func ("/http/refused-upload", test_refused_upload);
  g_test_add_func ("/http/expect", test_expect);
  return g_test_run ();
}
