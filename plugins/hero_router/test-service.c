/* test-service.c: the rules that make a status of what a probe learnt (contract 4.3), and what a document must be. */
#include <string.h>

#include "service.h"

static RouterService *
make (const char *const *files)
{
  RouterService *service = router_service_new ("/s/x", "x");

  for (; *files != NULL; files++)
    {
      RouterSocket *socket = router_socket_new ("/s/x", *files, 1);

      socket->state = SOCKET_OK;
      g_ptr_array_add (service->sockets, socket);
    }
  return service;
}

static void
set_socket (RouterService *service, const char *file, SocketState state, const char *error)
{
  RouterSocket *socket = router_service_find_socket (service, file);

  socket->state = state;
  g_free (socket->error);
  socket->error = g_strdup (error);
}

static void
set_health (RouterService *service, guint status, const char *json)
{
  service->health_status = status;
  g_clear_pointer (&service->health, json_node_unref);
  service->health = json_from_string (json, NULL);
}

static void
assert_judged (RouterService *service, RouterStatus status, const char *reason)
{
  g_autofree char *why = NULL;

  g_assert_cmpint (router_service_judge (service, &why), ==, status);
  g_assert_cmpstr (why, ==, reason);
}

static const char *const both[] = { "admin.sock", "rpc.sock", NULL };

static void
test_well (void)
{
  g_autoptr (RouterService) service = make (both);

  service->document_state = DOCUMENT_VALID;
  set_health (service, 200, "{\"status\":\"ok\"}");
  assert_judged (service, STATUS_HEALTHY, "");
  set_health (service, 404, "null");
  assert_judged (service, STATUS_HEALTHY, "");
  set_health (service, 503, "{\"status\":\"degraded\",\"reason\":\"disk is slow\"}");
  assert_judged (service, STATUS_HEALTHY, "disk is slow");
  service->document_state = DOCUMENT_NONE;
  set_health (service, 200, "{\"status\":\"ok\"}");
  assert_judged (service, STATUS_NON_RPC, "");
}

static void
test_ill (void)
{
  g_autoptr (RouterService) service = make (both);

  service->document_state = DOCUMENT_VALID;
  set_health (service, 503, "{\"status\":\"failing\"}");
  assert_judged (service, STATUS_UNHEALTHY, "/health says 503 failing");
  /* The error body of any of our services, when it has no place for another connection: its status is a number. */
  set_health (service, 503, "{\"error\":\"too many connections\",\"status\":503}");
  assert_judged (service, STATUS_UNHEALTHY, "/health says 503 too many connections");
  set_health (service, 200, "{\"status\":\"broken\"}");
  assert_judged (service, STATUS_UNHEALTHY, "/health says \"broken\"");
  set_health (service, 200, "{\"status\":\"ok\"}");
  set_socket (service, "admin.sock", SOCKET_FAILING, "HTTP 500");
  assert_judged (service, STATUS_UNHEALTHY, "admin.sock: HTTP 500");
  set_socket (service, "rpc.sock", SOCKET_FAILING, "no answer");
  assert_judged (service, STATUS_UNHEALTHY, "rpc.sock: no answer");
}

static void
test_dead (void)
{
  static const char *const none[] = { NULL };
  g_autoptr (RouterService) service = make (both), empty = make (none);

  service->document_state = DOCUMENT_VALID;
  set_health (service, 200, "{\"status\":\"ok\"}");
  assert_judged (empty, STATUS_INACTIVE, "has no socket");
  /* A second socket that never worked is only a dead file; one that did, is missed. */
  set_socket (service, "admin.sock", SOCKET_DEAD, "connection refused");
  assert_judged (service, STATUS_HEALTHY, "");
  router_service_find_socket (service, "admin.sock")->was_ok = TRUE;
  assert_judged (service, STATUS_UNHEALTHY, "admin.sock: connection refused");
  set_socket (service, "rpc.sock", SOCKET_DEAD, "connection refused");
  assert_judged (service, STATUS_INACTIVE, "rpc.sock: connection refused");
}

static void
set_document (RouterService *service, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  router_service_set_document (service, bytes);
}

static void
test_document (void)
{
  g_autoptr (RouterService) service = make (both);
  g_autofree char *first = NULL;

  set_document (service, "{\"openrpc\":\"1.2.6\",\"methods\":[{\"name\":\"a.b\",\"tags\":[{\"name\":\"jobs\"}],\"summary\":\"S\"}]}");
  g_assert_cmpint (service->document_state, ==, DOCUMENT_VALID);
  g_assert_cmpuint (service->methods->len, ==, 1);
  g_assert_cmpstr (json_object_get_string_member (service->methods->pdata[0], "domain"), ==, "jobs");
  first = g_strdup (service->fingerprint);

  /* A bad one makes the service unhealthy, and the last good one is kept. */
  set_document (service, "{\"openrpc\":\"1.2.6\",\"methods\":[{}]}");
  g_assert_cmpint (service->document_state, ==, DOCUMENT_INVALID);
  g_assert_cmpstr (service->document_error, ==, "method 0 has no text \"name\"");
  g_assert_cmpstr (service->fingerprint, ==, first);
  g_assert_nonnull (service->document);
  set_document (service, "{\"methods\":[]}");
  g_assert_cmpstr (service->document_error, ==, "there is no text \"openrpc\"");
  set_document (service, "{\"openrpc\":\"1\",\"methods\":{}}");
  g_assert_cmpstr (service->document_error, ==, "there is no array \"methods\"");
  set_document (service, "[");
  g_assert_cmpint (service->document_state, ==, DOCUMENT_INVALID);
}

static void
test_roles (void)
{
  static const struct
  {
    const char *file, *name, *protocol;
    gboolean http;
  } cases[] = { { "rpc.sock", "rpc", "openrpc", TRUE },       { "admin.sock", "admin", "ui", TRUE },
                { "web_chat.sock", "web_chat", "ui", TRUE },  { "explorer_rpc.sock", "explorer_rpc", "openrpc", TRUE },
                { "resp.sock", "resp", "resp", FALSE },       { "other.sock", "other", "", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      RouterSocket *socket = router_socket_new ("/s/x", cases[i].file, 1);

      g_assert_cmpstr (socket->name, ==, cases[i].name);
      g_assert_cmpstr (socket->protocol, ==, cases[i].protocol);
      g_assert_cmpint (socket->http, ==, cases[i].http);
      router_socket_free (socket);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/well", test_well);
  g_test_add_func ("/service/ill", test_ill);
  g_test_add_func ("/service/dead", test_dead);
  g_test_add_func ("/service/document", test_document);
  g_test_add_func ("/service/roles", test_roles);
  return g_test_run ();
}
