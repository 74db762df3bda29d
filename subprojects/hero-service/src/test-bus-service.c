/* test-bus-service.c: services as topics (mycelium 8.1): calls, their cancelling, the gateway, isolation, threads. */
#include "test-bus-fixture.h"

static void
test_service_topic (Fixture *f, gconstpointer data)
{
  static const char *const reserved[] = { "alpha.rpc", "ghost.rpc", "hero_bundle.rpc" };
  static const char *const ordinary[] = { "supervisor.rpc", "alpha", ".rpc", "alpha.rpc2", "" };

  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
    {
      g_autoptr (GBytes) topic = bytes (reserved[i]);
      g_assert_true (hero_bus_is_service_topic (f->alpha, topic));
    }
  for (guint i = 0; i < G_N_ELEMENTS (ordinary); i++)
    {
      g_autoptr (GBytes) topic = bytes (ordinary[i]);
      g_assert_false (hero_bus_is_service_topic (f->alpha, topic));
    }

  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"who\"}", 0, NULL);
  assert_reply (f, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"beta 0  bus\"}");
  request (f, f->alpha, "alpha.rpc", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"who\"}]", 0, NULL);
  assert_reply (f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"alpha 0  bus\"}]");
  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"who\"}", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY); /* a notification gets none */
  publish_ok (f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"who\"}");
}

static void
test_service_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Sample *sample = hero_test_host_get_service (f->beta_host);

  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"park\"}", 100, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_TIMEOUT);
  while (g_atomic_int_get (&sample->cancelled) < 1)
    g_usleep (1000);
  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"park\"}", 0, cancellable);
  g_cancellable_cancel (cancellable);
  assert_request_fails (f, HERO_BUS_ERROR_CANCELLED);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  g_clear_pointer (&f->result, json_node_unref);
  f->result = hero_bus_call_finish (NULL, result, &f->error);
  f->answers++;
}

static void
call (Fixture *f, const char *service, const char *method, HeroIdentity *identity)
{
  f->answers = 0;
  hero_bus_call_async (f->alpha, service, method, NULL, identity, 0, NULL, on_called, f);
  wait_answers (f, 1);
}

static void
test_call (Fixture *f, gconstpointer data)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);

  hero_identity_set_header (identity, "X-Hero-Context", "42", NULL);
  hero_identity_set_header (identity, "X-Hero-User", "ann", NULL);
  call (f, "beta", "who", identity);
  g_assert_no_error (f->error);
  g_assert_cmpstr (json_node_get_string (f->result), ==, "beta 42 ann bus");
  call (f, "beta", "nope", NULL);
  g_assert_error (f->error, HERO_RPC_REPLY_ERROR, HERO_RPC_METHOD_NOT_FOUND);
  call (f, "nobody", "who", NULL);
  g_assert_error (f->error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER);
}

/* Known to the configuration, but not in this process: first not there, then a process with a socket of its own. */
static void
test_gateway (Fixture *f, gconstpointer data)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);
  g_autofree char *dir = g_build_filename (hero_test_host_get_dir (f->alpha_host), "ghost", NULL);
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *target = hero_test_host_get_socket (f->beta_host, "rpc");

  call (f, "ghost", "who", NULL);
  g_assert_error (f->error, HERO_RPC_REPLY_ERROR, HERO_RPC_UNAVAILABLE);
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc",
           "[{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"method\":\"b\"}]", 0, NULL);
  wait_answers (f, 1);
  g_assert_no_error (f->error);
  g_autofree char *text = g_strndup (g_bytes_get_data (f->reply, NULL), g_bytes_get_size (f->reply));
  g_autoptr (JsonNode) reply = hero_json_parse (text, -1, NULL);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (reply)), ==, 1);
  JsonObject *first = json_array_get_object_element (json_node_get_array (reply), 0);
  g_assert_cmpstr (json_object_get_string_member (first, "id"), ==, "x");
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"b\"}", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY);

  /* beta's socket plays the ghost's */
  g_assert_cmpint (mkdir (dir, 0755), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
  hero_identity_set_header (identity, "X-Hero-Context", "42", NULL);
  hero_identity_set_header (identity, "X-Hero-Claims", "a,b", NULL);
  for (guint i = 0; i < 3; i++)
    {
      call (f, "ghost", "who", identity);
      g_assert_no_error (f->error);
      g_assert_cmpstr (json_node_get_string (f->result), ==, "beta 42  socket");
    }
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"park\"}", 100, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_TIMEOUT);
  Sample *sample = hero_test_host_get_service (f->beta_host);
  while (g_atomic_int_get (&sample->cancelled) < 1) /* the far end hears that nobody waits */
    g_usleep (1000);
}

/* alpha is alone in its process. */
static void
test_isolated (Fixture *f, gconstpointer data)
{
  subscribe (f, f->beta, "news", NULL, 0, on_a);
  assert_publish_fails (f->alpha, "news", "x", HERO_BUS_ERROR_NO_ROUTE);
  request (f, f->alpha, "news", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_ROUTE);
  call (f, "beta", "who", NULL);
  g_assert_no_error (f->error);
}

/* Callbacks of a service come on its own thread, also when it was the test that published. */
static void
on_service_thread (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  g_assert_true (g_main_context_is_owner (data));
  hero_bus_reply (message, hero_bus_message_get_topic (message), NULL);
}

static void
subscribe_on_service (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GBytes) topic = bytes ("where");

  hero_bus_subscribe (f->beta, topic, NULL, 0, on_service_thread,
                      hero_service_get_main_context (hero_test_host_get_context (f->beta_host)), NULL);
}

static void
test_threads (Fixture *f, gconstpointer data)
{
  hero_test_host_run (f->beta_host, subscribe_on_service, f);
  for (guint i = 0; i < 100; i++)
    {
      request (f, f->alpha, "where", "x", 0, NULL);
      assert_reply (f, "where");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("service-topic", test_service_topic);
  TEST ("service-cancel", test_service_cancel);
  TEST ("call", test_call);
  TEST ("gateway", test_gateway);
  TEST ("threads", test_threads);
  g_test_add ("/bus/isolated", Fixture, "process", set_up, test_isolated, tear_down);
  return g_test_run ();
}
