/* test-node.h: a node under test and what its clients do, for the tests of the service. */
#pragma once

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "mycelium.h"
#include "test-host.h"

#define ME "{\"pk\":\"%s\"}"

static G_GNUC_UNUSED GVariant *
config (const char *more)
{
  g_autofree char *text = g_strdup_printf ("{'rest_listen': <''>, 'uds_only': <false>, 'no_tun': <true>, "
                                           "'default_action': <'accept'>, 'unroutable': <'pending'>, "
                                           "'bridge': <'none'>, 'max_payload_bytes': <int64 8388608>, "
                                           "'queue_max_messages': <int64 10>, 'queue_max_bytes': <int64 "
                                           "67108864>, 'queue_full': <'reject'>, 'ttl_s': <int64 0>, "
                                           "'total_max_messages': <int64 100000>, 'total_max_bytes': <int64 "
                                           "536870912>, 'auto_services': <true>, 'topics_max': <int64 20>, "
                                           "'waiters_max': <int64 5>, 'outbox_max': <int64 100000>%s}",
                                           more ? more : "");
  GVariantDict dict;

  /* The last of doubled keys counts, as `more` is meant. */
  g_autoptr (GVariant) parsed = g_variant_ref_sink (g_variant_new_parsed (text));
  g_variant_dict_init (&dict, NULL);
  for (gsize i = 0; i < g_variant_n_children (parsed); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (parsed, i);
      const char *key;
      g_autoptr (GVariant) value = NULL;
      g_variant_get (entry, "{&sv}", &key, &value);
      g_variant_dict_insert_value (&dict, key, value);
    }
  return g_variant_dict_end (&dict);
}

static G_GNUC_UNUSED HeroTestHost *
start (const char *more)
{
  g_autoptr (GError) error = NULL;
  HeroTestHost *host = hero_test_host_new (hero_service_describe_v1 (), config (more));

  hero_test_host_set_setting (host, "services", "mycelium hero_db");
  hero_test_host_start (host, &error);
  g_assert_no_error (error);
  return host;
}

static G_GNUC_UNUSED char *
own_key (HeroTestHost *host)
{
  g_autoptr (JsonNode) info = hero_test_call (host, "getInfo", NULL);

  return hero_test_json_get (info, "nodePubkey");
}

/* topic, payload: text; topic NULL = none. Returns the id. */
static G_GNUC_UNUSED char *
push (HeroTestHost *host, const char *topic, const char *payload)
{
  g_autofree char *key = own_key (host);
  g_autofree char *payload64 = g_base64_encode ((const guint8 *)payload, strlen (payload));
  g_autofree char *topic64 = topic ? g_base64_encode ((const guint8 *)topic, strlen (topic)) : NULL;
  g_autofree char *topic_json = topic ? g_strdup_printf ("\"%s\"", topic64) : g_strdup ("null");
  g_autofree char *params
      = g_strdup_printf ("[{\"dst\":{\"pk\":\"%s\"},\"topic\":%s,\"payload\":\"%s\"}]", key, topic_json, payload64);
  g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", params);

  return hero_test_json_get (answer, "id");
}

static G_GNUC_UNUSED void
assert_member (JsonNode *node, const char *path, const char *expected)
{
  g_autofree char *value = hero_test_json_get (node, path);

  g_assert_cmpstr (value, ==, expected);
}

static G_GNUC_UNUSED void
assert_call (HeroTestHost *host, const char *method, const char *params, const char *path, const char *expected)
{
  g_autoptr (JsonNode) result = hero_test_call (host, method, params);

  assert_member (result, path, expected);
}

/* The payload of the next message, as text; NULL = none. */
static G_GNUC_UNUSED char *
pop (HeroTestHost *host, const char *params)
{
  g_autoptr (JsonNode) message = hero_test_call (host, "popMessage", params);
  g_autofree char *payload = json_node_is_null (message) ? NULL : hero_test_json_get (message, "payload");
  gsize length;

  if (!payload)
    return NULL;
  g_autofree guchar *bytes = g_base64_decode (payload, &length);
  return g_strndup ((char *)bytes, length);
}

static G_GNUC_UNUSED void
assert_pop (HeroTestHost *host, const char *params, const char *expected)
{
  g_autofree char *payload = pop (host, params);

  g_assert_cmpstr (payload, ==, expected);
}

static G_GNUC_UNUSED void
assert_state (HeroTestHost *host, const char *id, const char *state, const char *reason)
{
  g_autofree char *params = g_strdup_printf ("[\"%s\"]", id);
  g_autoptr (JsonNode) status = hero_test_call (host, "getMessageInfo", params);

  assert_member (status, "state", state);
  assert_member (status, "reason", reason);
}

/* A POST /rpc that is not waited for. */
static G_GNUC_UNUSED int
begin_call (HeroTestHost *host, const char *method, const char *params)
{
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  g_autofree char *body
      = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
  g_autofree char *request = g_strdup_printf (
      "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen (body),
      body);
  int fd = hero_test_connect (path);

  hero_test_send (fd, request);
  return fd;
}

static G_GNUC_UNUSED void
wait_for_stat (HeroTestHost *host, const char *path, const char *expected)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (JsonNode) stats = hero_test_call (host, "getBusStats", NULL);
      g_autofree char *value = hero_test_json_get (stats, path);
      if (g_strcmp0 (value, expected) == 0)
        return;
      g_usleep (5000);
    }
  g_error ("%s does not become %s", path, expected);
}

static G_GNUC_UNUSED JsonNode *
end_call (int fd)
{
  g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);

  close (fd);
  g_assert_cmpuint (answer->status, ==, 200);
  return hero_json_parse (answer->body, -1, NULL);
}
