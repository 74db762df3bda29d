/* test-rest.c: the node by REST: every route, every accepted form, and what is not for TCP. */
#include "test-node.h"

static void
assert_rest (HeroTestHost *host, const char *role, const char *method, const char *path, const char *body, guint status,
             const char *part)
{
  g_autofree char *target = g_strconcat ("/api/v1", path, NULL);
  g_autoptr (HeroTestAnswer) answer
      = hero_test_http (host, role, method, target, body ? "Content-Type: application/json\r\n" : NULL, body);

  if (answer->status != status || (part && !strstr (answer->body, part)))
    g_error ("%s %s: %u %s, expected %u %s", method, path, answer->status, answer->body, status, part ? part : "");
}

static void
test_rest (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (JsonNode) info = hero_test_call (host, "getInfo", NULL);
  g_autofree char *key = hero_test_json_get (info, "nodePubkey"), *ip = hero_test_json_get (info, "nodeIp");
  g_autofree char *message = g_strdup_printf ("{\"dst\":" ME ",\"topic\":\"+/8=\",\"payload\":\"eA==\"}", key);
  g_autofree char *away = g_strdup ("{\"dst\":{\"ip\":\"10.1.2.3\"},\"payload\":\"eA==\"}");
  g_autofree char *pubkey = g_strdup_printf ("/pubkey/%s", ip);

  assert_rest (host, "rpc", "GET", "/messages", NULL, 204, NULL);
  assert_rest (host, "rpc", "GET", "/messages?timeout=x", NULL, 400, "timeout");
  assert_rest (host, "rpc", "GET", "/messages?peek=7", NULL, 400, "peek");
  assert_rest (host, "rpc", "GET", "/messages?topic=x", NULL, 400, "topic");
  assert_rest (host, "rpc", "POST", "/messages", message, 201, "\"id\"");
  assert_rest (host, "rpc", "GET", "/messages?peek=true", NULL, 200, "\"payload\":\"eA==\"");
  assert_rest (host, "rpc", "GET", "/messages?topic=", NULL, 204, NULL);
  assert_rest (host, "rpc", "GET", "/messages?topic=+/8=", NULL, 200, "\"topic\":\"+/8=\""); /* unescaped */
  assert_rest (host, "rpc", "POST", "/messages", away, 201, "\"reason\":\"no_route\"");
  assert_rest (host, "rpc", "POST", "/messages?reply_timeout=60", away, 408, "\"reason\":\"no_route\"");
  assert_rest (host, "rpc", "POST", "/messages", "{", 400, "parse_error");
  assert_rest (host, "rpc", "POST", "/messages", "{}", 422, "dst: expected");
  assert_rest (host, "rpc", "POST", "/messages?replyTimeout=1", message, 408, "\"id\"");
  assert_rest (host, "rpc", "POST", "/messages/reply/00000000000000aa", message, 204, NULL);
  assert_rest (host, "rpc", "POST", "/messages/reply/aa", message, 400, "id: expected");
  assert_rest (host, "rpc", "GET", "/messages/status/00000000000000aa", NULL, 404, "message_not_found");
  assert_rest (host, "rpc", "GET", "/messages/status/x", NULL, 400, "id: expected");
  assert_rest (host, "rpc", "GET", "/admin", NULL, 200, key);
  assert_rest (host, "rpc", "GET", pubkey, NULL, 200, key);
  assert_rest (host, "rpc", "GET", "/pubkey/10.1.2.3", NULL, 404, "no_key");
  assert_rest (host, "rpc", "GET", "/pubkey/x", NULL, 400, "ip: expected");
  assert_rest (host, "rpc", "GET", "/admin/stats/messages", NULL, 200, "\"pushed\"");
}

static void
test_rest_topics (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (HeroTestAnswer) text = NULL, typed = NULL;

  assert_rest (host, "rpc", "GET", "/messages/topics/default", NULL, 200, "{\"accept\":true}");
  assert_rest (host, "rpc", "PUT", "/messages/topics/default", "{\"accept\":false}", 204, NULL);
  assert_rest (host, "rpc", "PUT", "/messages/topics/default", "{\"accept\":1}", 422, "accept");
  assert_rest (host, "rpc", "GET", "/messages/topics/default", NULL, 200, "{\"accept\":false}");
  assert_rest (host, "rpc", "POST", "/messages/topics", "[116,101]", 201, NULL);
  assert_rest (host, "rpc", "POST", "/messages/topics", "\"YQ==\"", 201, NULL);
  assert_rest (host, "rpc", "POST", "/messages/topics", "{\"topic\":\"+/8=\"}", 201, NULL);
  assert_rest (host, "rpc", "POST", "/messages/topics", "[256]", 422, "topic");
  assert_rest (host, "rpc", "POST", "/messages/topics", "{", 400, "parse_error");
  text = hero_test_http (host, "rpc", "POST", "/api/v1/messages/topics", "Content-Type: text/plain\r\n", "Yg==");
  g_assert_cmpuint (text->status, ==, 201);
  typed = hero_test_http (host, "rpc", "POST", "/api/v1/messages/topics", "Content-Type: text/html\r\n", "Yg==");
  g_assert_cmpuint (typed->status, ==, 415);
  assert_rest (host, "rpc", "GET", "/messages/topics", NULL, 200, "[\"YQ==\",\"Yg==\",\"dGU=\",\"+/8=\"]");

  assert_rest (host, "rpc", "GET", "/messages/topics/%2B%2F8=/sources", NULL, 200, "[]");
  assert_rest (host, "rpc", "POST", "/messages/topics/%2B%2F8=/sources", "{\"subnet\":\"400::/7\"}", 201, NULL);
  assert_rest (host, "rpc", "POST", "/messages/topics/%2B%2F8=/sources", "{\"subnet\":\"x\"}", 400, "subnet");
  assert_rest (host, "rpc", "GET", "/messages/topics/%2B%2F8=/sources", NULL, 200, "[\"400::/7\"]");
  assert_rest (host, "rpc", "DELETE", "/messages/topics/%2B%2F8=/sources/400::%2F7", NULL, 204, NULL);
  assert_rest (host, "rpc", "GET", "/messages/topics/%2B%2F8=/sources", NULL, 200, "[]");
  assert_rest (host, "rpc", "DELETE", "/messages/topics/%2B%2F8=", NULL, 204, NULL);
  assert_rest (host, "rpc", "DELETE", "/messages/topics/%2B%2F8=", NULL, 204, NULL);
  assert_rest (host, "rpc", "GET", "/messages/topics/%2B%2F8=/sources", NULL, 404, "unknown_topic");
  assert_rest (host, "rpc", "GET", "/messages/topics/x/sources", NULL, 400, "topic");
}

/* Over TCP: messages, but neither services nor changes, nor anything beside /api/v1. */
static void
test_rest_tcp (void)
{
  g_autoptr (HeroTestHost) host = start (", 'rest_listen': <'127.0.0.1:0'>");
  g_autofree char *address = hero_test_host_get_tcp (host, "rest");
  g_autofree char *key = own_key (host);
  static const struct
  {
    const char *method, *path, *body;
    guint status;
  } rows[] = {
    { "GET", "/api/v1/admin", NULL, 200 },
    { "GET", "/api/v1/messages", NULL, 204 },
    { "POST", "/api/v1/messages", "{\"dst\":{\"pk\":\"%s\"},\"topic\":\"aGVyb19kYi5ycGM=\",\"payload\":\"eA==\"}",
      403 },
    { "POST", "/api/v1/messages", "{\"dst\":{\"pk\":\"%s\"},\"topic\":\"YQ==\",\"payload\":\"eA==\"}", 201 },
    { "PUT", "/api/v1/messages/topics/default", "{\"accept\":false}", 403 },
    { "POST", "/api/v1/messages/topics", "\"YQ==\"", 403 },
    { "POST", "/rpc", "{}", 404 },
    { "GET", "/health", NULL, 404 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *body = rows[i].body && strstr (rows[i].body, "%s") ? g_strdup_printf (rows[i].body, key)
                                                                          : g_strdup (rows[i].body ? rows[i].body : "");
      g_autofree char *request = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: "
                                                  "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                                  rows[i].method, rows[i].path, address, strlen (body), body);
      int fd = hero_test_connect (address);
      hero_test_send (fd, request);
      g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
      close (fd);
      if (answer->status != rows[i].status)
        g_error ("%s %s: %u, expected %u", rows[i].method, rows[i].path, answer->status, rows[i].status);
    }
  int fd = hero_test_connect (address);
  hero_test_send (fd, "GET /api/v1/admin HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
  close (fd);
  g_assert_cmpuint (answer->status, ==, 403);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mycelium/rest", test_rest);
  g_test_add_func ("/mycelium/rest-topics", test_rest_topics);
  g_test_add_func ("/mycelium/rest-tcp", test_rest_tcp);
  return g_test_run ();
}
