/* test-rpc-calls.c: calls of JSON-RPC: who asks, the data of their connection, and how calls end. */
#include "test-rpc-sample.h"

static void
test_identity (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) plain = hero_test_call (host, "test.whoami", NULL);
  g_autofree char *text = json_to_string (plain, FALSE);
  g_autoptr (HeroTestAnswer) named
      = hero_test_http (host, "admin", "POST", "/api/second/rpc",
                        "Content-Type: application/json\r\nX-Hero-Context: 7\r\nX-Hero-User: J\xc3\xb6rg\r\n"
                        "x-hero-claims: a, b,,a\r\nx-hero-context: 7\r\n",
                        REQUEST ("1", "test.whoami", "[]"));
  g_autoptr (HeroTestAnswer) forbidden
      = hero_test_http (host, "rpc", "POST", "/rpc", "Content-Type: application/json\r\nX-Hero-Context: 7\r\n",
                        REQUEST ("1", "test.admin", "[]"));
  g_autoptr (HeroTestAnswer) broken = hero_test_http (host, "rpc", "GET", "/health", "X-Hero-Context: seven\r\n", NULL);
  g_autoptr (HeroTestAnswer) twice
      = hero_test_http (host, "rpc", "GET", "/health", "X-Hero-User: a\r\nX-Hero-User: b\r\n", NULL);

  g_assert_cmpstr (
      text, ==,
      "{\"origin\":\"socket\",\"context\":0,\"user\":\"\",\"claims\":\"\",\"own_pid\":true,\"own_uid\":true}");
  g_assert_nonnull (strstr (named->body, "\"context\":7,\"user\":\"J\xc3\xb6rg\",\"claims\":\"a,b\",\"own_pid\":true"));
  g_assert_nonnull (strstr (forbidden->body, "-32094"));
  g_assert_cmpuint (broken->status, ==, 400);
  g_assert_cmpuint (twice->status, ==, 400);
  stop (host);
}

/* Calls over one connection share a data slot; another connection has its own. */
static void
test_connection_data (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  static const char request[]
      = "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.slot\"}";
  int fd = hero_test_connect (path);

  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *expected = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%u}", i);
      hero_test_send (fd, request);
      g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
      g_assert_cmpstr (answer->body, ==, expected);
    }
  close (fd);
  assert_reply (host, REQUEST ("1", "test.slot", "[]"), REPLY ("1", "1"));
  stop (host);
}

/* A proxy's connections are shared by many clients: what one of them keeps must not meet the next. */
static void
test_no_connection_data (void)
{
  static const char *const heads[] = { "Via: 1.1 x\r\n", "X-Forwarded-For: 1.2.3.4\r\n" };
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *request = g_strdup_printf (
          "POST /rpc HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.slot\"}",
          heads[i]);
      int fd = hero_test_connect (path);

      for (guint k = 0; k < 2; k++)
        {
          hero_test_send (fd, request);
          g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
          g_assert_cmpstr (answer->body, ==, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
        }
      close (fd);
    }
  stop (host);
}

static char *
count (HeroTestHost *host, const char *name)
{
  g_autoptr (JsonNode) counts = hero_test_call (host, "test.counts", NULL);

  return hero_test_json_get (counts, name);
}

static void
wait_for_count (HeroTestHost *host, const char *name, const char *value)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *found = count (host, name);
      if (strcmp (found, value) == 0)
        return;
      g_usleep (10000);
    }
  g_error ("%s does not become %s", name, value);
}

static void
test_client_leaves (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  hero_test_send (fd, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.park\"}");
  g_usleep (100000);
  close (fd);
  wait_for_count (host, "cancelled", "1");
  wait_for_count (host, "lost", "1");
  assert_reply (host, REQUEST ("1", "test.confirm", "[]"), REPLY ("1", "null"));
  wait_for_count (host, "written", "1");
  stop (host);
}

/* A client that only shuts its sending side still gets its answer. */
static void
test_half_close (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  hero_test_send (fd, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n"
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.thread\"}");
  shutdown (fd, SHUT_WR);
  g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
  g_assert_cmpstr (answer->body, ==, REPLY ("1", "\"from a thread\""));
  close (fd);
  stop (host);
}

static void
test_deadline (void)
{
  HeroTestHost *host = start (g_variant_new_parsed ("{'request_timeout_s': <int64 1>}"));
  g_autoptr (JsonNode) reply = hero_test_rpc (
      host, "[" REQUEST ("1", "test.step", "[\"a\",2500]") "," REQUEST ("2", "test.wait", "[\"b\",1500]") "]");
  g_autofree char *code = hero_test_json_get (reply, "0.error.code"),
                  *retryable = hero_test_json_get (reply, "0.error.data.retryable"),
                  *second = hero_test_json_get (reply, "1.result");

  g_assert_cmpstr (code, ==, "-32092");
  g_assert_cmpstr (retryable, ==, "false");
  g_assert_cmpstr (second, ==, "test.wait");
  stop (host); /* waits for the late answer */
}

static gpointer
call_step (gpointer data)
{
  return hero_test_rpc (data, REQUEST ("1", "test.step", "[\"a\",1000]"));
}

static void
test_stop_waits (void)
{
  HeroTestHost *host = start (NULL);
  GThread *caller = g_thread_new ("caller", call_step, host);
  g_autofree char *result = NULL, *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  g_usleep (300000);
  stop (host);
  g_autoptr (JsonNode) reply = g_thread_join (caller);
  result = hero_test_json_get (reply, "result");
  g_assert_cmpstr (result, ==, "test.step");
  close (fd);
}

static void
assert_caught (const char *method, const char *message)
{
  g_autofree char *pattern = g_strdup_printf ("*%s*", message);

  if (g_test_subprocess ())
    {
      HeroTestHost *host
          = start (g_variant_new_parsed ("{'stop_timeout_s': <int64 1>, 'request_timeout_s': <int64 1>}"));
      g_autofree char *body = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}", method);
      g_autoptr (JsonNode) reply = hero_test_rpc (host, body);
      stop (host);
      return;
    }
  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (pattern);
}

static void
test_answered_twice (void)
{
  assert_caught ("test.twice", "method 'test.twice' answered a call twice");
}

static void
test_never_answered (void)
{
  assert_caught ("test.forget", "method 'test.forget' never answered a call");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rpc/identity", test_identity);
  g_test_add_func ("/rpc/connection-data", test_connection_data);
  g_test_add_func ("/rpc/no-connection-data", test_no_connection_data);
  g_test_add_func ("/rpc/client-leaves", test_client_leaves);
  g_test_add_func ("/rpc/half-close", test_half_close);
  g_test_add_func ("/rpc/deadline", test_deadline);
  g_test_add_func ("/rpc/stop-waits", test_stop_waits);
  g_test_add_func ("/rpc/answered-twice", test_answered_twice);
  g_test_add_func ("/rpc/never-answered", test_never_answered);
  return g_test_run ();
}
