/* test-service.c: the node by JSON-RPC: push, pop, waits, replies, states, limits, and what survives a restart. */
#include "test-dir.h"
#include "test-node.h"

/* ------------------------------------------------------------------------------------------------ JSON-RPC */

static void
test_push_pop (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);

  assert_pop (host, "[]", NULL);
  g_autofree char *one = push (host, "a", "first");
  g_free (push (host, NULL, "second"));
  g_autofree char *three = push (host, "a", "third");
  assert_state (host, one, "received", NULL);

  assert_pop (host, "[true]", "first"); /* peek */
  assert_state (host, one, "read", NULL);
  assert_pop (host, "{\"topic\":\"\"}", "second"); /* those without topic */
  assert_pop (host, "[null,null,\"Yg==\"]", NULL);
  assert_pop (host, "[false,0,\"YQ==\"]", "first");
  assert_pop (host, NULL, "third");
  assert_state (host, three, "read", NULL);
  g_assert_cmpint (hero_test_call_error (host, "getMessageInfo", "[\"00000000000000ff\"]", NULL), ==, -32019);
  g_assert_cmpint (hero_test_call_error (host, "getMessageInfo", "[\"xyz\"]", NULL), ==, -32602);
  assert_call (host, "getBusStats", NULL, "messages.pushed", "3");
  assert_call (host, "getBusStats", NULL, "messages.popped", "3");
  assert_call (host, "getBusStats", NULL, "messages.peeked", "1");
}

static void
test_message_shape (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (JsonNode) info = hero_test_call (host, "getInfo", NULL);
  g_autofree char *key = hero_test_json_get (info, "nodePubkey"), *ip = hero_test_json_get (info, "nodeIp");
  g_autofree char *id = push (host, "a", "x");
  g_autoptr (JsonNode) message = hero_test_call (host, "popMessage", NULL);

  assert_member (message, "id", id);
  assert_member (message, "srcPk", key);
  assert_member (message, "dstPk", key);
  assert_member (message, "srcIp", ip);
  assert_member (message, "dstIp", ip);
  assert_member (message, "topic", "YQ==");
  g_free (push (host, NULL, "x"));
  g_autoptr (JsonNode) plain = hero_test_call (host, "popMessage", NULL);
  g_assert_false (json_object_has_member (json_node_get_object (plain), "topic"));
}

static void
test_shapes (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  static const char *const good[] = {
    "[{\"dst\":" ME ",\"payload\":\"eA==\"}]",
    "[{\"dst\":" ME ",\"payload\":\"eA==\",\"topic\":null},null]",
    "{\"message\":{\"dst\":" ME ",\"payload\":\"eA==\"}}",
    "{\"message\":{\"dst\":" ME ",\"payload\":\"eA==\"},\"reply_timeout\":0}",
    "{\"dst\":" ME ",\"topic\":\"YQ==\",\"payload\":\"eA==\",\"replyTimeout\":0}",
    "{\"dst\":" ME ",\"payload\":\"eA==\",\"unknown\":1}",
  };
  static const char *const bad[] = {
    "[]",
    "[null]",
    "{}",
    "[{\"dst\":{},\"payload\":\"eA==\"}]",
    "[{\"dst\":{\"pk\":\"12\"},\"payload\":\"eA==\"}]",
    "[{\"dst\":{\"ip\":\"nowhere\"},\"payload\":\"eA==\"}]",
    "[{\"dst\":{\"ip\":\"400::1\",\"pk\":\"%s\"},\"payload\":\"eA==\"}]",
    "[{\"dst\":" ME "}]",
    "[{\"dst\":" ME ",\"payload\":\"eA\"}]",
    "[{\"dst\":" ME ",\"payload\":7}]",
    "[{\"dst\":" ME ",\"payload\":\"eA==\",\"topic\":\"x\"}]",
    "[{\"dst\":" ME ",\"payload\":\"eA==\"},-1]",
    "[{\"dst\":" ME ",\"payload\":\"eA==\"},\"5\"]",
    "[{\"dst\":" ME ",\"payload\":\"eA==\"},1.5]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *params = g_strdup_printf (good[i], key);
      g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", params);
      g_assert_true (json_object_has_member (json_node_get_object (answer), "id"));
      assert_pop (host, NULL, "x");
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *params = g_strdup_printf (bad[i], key);
      g_assert_cmpint (hero_test_call_error (host, "pushMessage", params, NULL), ==, -32602);
    }
  g_assert_cmpint (hero_test_call_error (host, "popMessage", "[false,0,\"eA\"]", NULL), ==, -32602);
}

static void
test_lengths (void)
{
  g_autoptr (HeroTestHost) host = start (", 'max_payload_bytes': <int64 10>");
  g_autofree char *longest = g_strnfill (255, 't'), *too_long = g_strnfill (256, 't');
  g_autofree char *key = own_key (host);
  g_autofree char *topic64 = g_base64_encode ((guint8 *)too_long, 256);
  g_autofree char *with_topic
      = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"%s\",\"payload\":\"eA==\"}]", key, topic64);
  g_autofree char *with_payload = g_strdup_printf ("[{\"dst\":" ME ",\"payload\":\"MDEyMzQ1Njc4OTA=\"}]", key);
  g_autofree char *id = push (host, longest, "0123456789");

  assert_state (host, id, "received", NULL);
  g_assert_cmpint (hero_test_call_error (host, "pushMessage", with_topic, NULL), ==, -32015);
  g_assert_cmpint (hero_test_call_error (host, "pushMessage", with_payload, NULL), ==, -32041);
}

static void
test_request_reply (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  g_autofree char *params = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"YQ==\",\"payload\":\"eA==\"},60]", key);
  int fd = begin_call (host, "pushMessage", params);
  g_autoptr (JsonNode) request = hero_test_call (host, "popMessage", "[false,20]");
  g_autofree char *id = hero_test_json_get (request, "id");
  g_autofree char *same_id = g_strdup_printf ("{\"id\":\"%s\",\"dst\":" ME ",\"payload\":\"eQ==\"}", id, key);

  assert_call (host, "pushMessageReply", same_id, "", "true");
  g_autoptr (JsonNode) answer = end_call (fd);
  assert_member (answer, "result.id", id);
  assert_member (answer, "result.payload", "eQ==");
  assert_member (answer, "result.topic", NULL);
  assert_state (host, id, "read", NULL);
  g_autofree char *id_params = g_strdup_printf ("[\"%s\"]", id);
  assert_call (host, "getMessageInfo", id_params, "reply.state", "received");

  /* Nobody waits: the reply is a message with that id and no topic. */
  g_autofree char *second = push (host, "a", "x");
  assert_pop (host, NULL, "x");
  g_autofree char *late = g_strdup_printf ("[\"%s\",{\"dst\":" ME ",\"payload\":\"eQ==\"}]", second, key);
  assert_call (host, "pushMessageReply", late, "", "true");
  g_autoptr (JsonNode) reply = hero_test_call (host, "popMessage", "[false,20,\"\"]");
  assert_member (reply, "id", second);
  assert_member (reply, "payload", "eQ==");

  /* To an id that was never sent: an ordinary message without topic. */
  g_autofree char *unknown = g_strdup_printf ("[\"00000000000000aa\",{\"dst\":" ME ",\"payload\":\"eg==\"}]", key);
  assert_call (host, "pushMessageReply", unknown, "", "true");
  assert_pop (host, "[false,20,\"\"]", "z");
  g_assert_cmpint (hero_test_call_error (host, "pushMessageReply", "[\"aa\",{}]", NULL), ==, -32602);
}

static void
test_reply_timeout (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  g_autofree char *params = g_strdup_printf ("{\"dst\":" ME ",\"payload\":\"eA==\",\"reply_timeout\":1}", key);
  g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", params);

  g_assert_true (json_object_has_member (json_node_get_object (answer), "id"));
  g_assert_false (json_object_has_member (json_node_get_object (answer), "payload"));
  assert_pop (host, NULL, "x"); /* it is not cancelled */
}

static void
test_foreign (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (HeroTestHost) strict = NULL;
  static const char *const away[] = { "{\"ip\":\"10.1.2.3\"}", "{\"ip\":\"400::77\"}",
                                      "{\"pk\":\"0000000000000000000000000000000000000000000000000000000000000001\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (away); i++)
    {
      /* A wait for the reply ends at once: it would be in vain. */
      g_autofree char *params = g_strdup_printf ("[{\"dst\":%s,\"payload\":\"eA==\"},600]", away[i]);
      g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", params);
      g_autofree char *id = hero_test_json_get (answer, "id");
      assert_member (answer, "state", "pending");
      assert_member (answer, "reason", "no_route");
      assert_state (host, id, "pending", "no_route");
    }
  hero_test_host_free (g_steal_pointer (&host));
  strict = start (", 'unroutable': <'reject'>");
  g_assert_cmpint (
      hero_test_call_error (strict, "pushMessage", "[{\"dst\":{\"ip\":\"10.1.2.3\"},\"payload\":\"eA==\"}]", NULL), ==,
      -32042);
}

static void
test_own_subnet (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (JsonNode) info = hero_test_call (host, "getInfo", NULL);
  g_autofree char *subnet = hero_test_json_get (info, "nodeSubnet"), *key = hero_test_json_get (info, "nodePubkey");
  g_autofree char *net = g_strndup (subnet, strlen (subnet) - strlen ("/64"));
  g_autofree char *params = g_strdup_printf ("[{\"dst\":{\"ip\":\"%s7\"},\"payload\":\"eA==\"}]", net);
  g_autofree char *ask = g_strdup_printf ("{\"mycelium_ip\":\"%s9\"}", net);
  g_autofree char *expected = g_strdup_printf ("%s7", net);

  json_node_unref (hero_test_call (host, "pushMessage", params));
  g_autoptr (JsonNode) message = hero_test_call (host, "popMessage", "[false,5]");
  assert_member (message, "dstIp", expected);
  assert_member (message, "dstPk", key);
  assert_call (host, "getPublicKeyFromIp", ask, "", key);
  g_assert_cmpint (hero_test_call_error (host, "getPublicKeyFromIp", "[\"10.1.2.3\"]", NULL), ==, -32008);
  g_assert_cmpint (hero_test_call_error (host, "getPublicKeyFromIp", "[\"nowhere\"]", NULL), ==, -32602);
}

/* ------------------------------------------------------------------------------------------------ waiting */

static void
test_waiters_in_order (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  int first = begin_call (host, "popMessage", "[false,60,\"YQ==\"]");
  wait_for_stat (host, "waiters", "1");
  int any = begin_call (host, "popMessage", "[false,60]");
  wait_for_stat (host, "waiters", "2");
  int peek = begin_call (host, "popMessage", "[true,60]");
  wait_for_stat (host, "waiters", "3");

  /* Topic b: the one who peeks gets a copy, the one without filter takes it. */
  g_autofree char *one = push (host, "b", "1");
  g_autoptr (JsonNode) peeked = end_call (peek);
  assert_member (peeked, "result.id", one);
  g_autoptr (JsonNode) second = end_call (any);
  assert_member (second, "result.id", one);
  g_autofree char *two = push (host, "a", "2");
  g_autoptr (JsonNode) third = end_call (first);
  assert_member (third, "result.id", two);
  assert_pop (host, NULL, NULL);
}

static void
test_waiters_limit (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  int fds[5];

  for (guint i = 0; i < 5; i++)
    fds[i] = begin_call (host, "popMessage", "[false,60]");
  wait_for_stat (host, "waiters", "5");
  g_assert_cmpint (hero_test_call_error (host, "popMessage", "[false,60]", NULL), ==, -32046);
  for (guint i = 0; i < 5; i++)
    close (fds[i]);
  wait_for_stat (host, "waiters", "0"); /* who left waits no longer, and takes nothing */
  g_free (push (host, "a", "x"));
  assert_pop (host, NULL, "x");
}

static void
test_pop_times_out (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);

  assert_pop (host, "[false,1]", NULL);
  wait_for_stat (host, "waiters", "0");
}

/* Far more than a socket holds: the client goes while the answer is being written. */
static void
test_put_back (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *big = g_strnfill (1400000, 'x');
  g_autofree char *first = push (host, "a", big);
  g_free (push (host, "a", "later"));
  char byte;

  int fd = begin_call (host, "popMessage", "[false,0,\"YQ==\"]");
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  assert_state (host, first, "read", NULL);
  close (fd);
  wait_for_stat (host, "messages.requeued", "1");
  assert_state (host, first, "received", NULL);
  g_autoptr (JsonNode) again = hero_test_call (host, "popMessage", NULL); /* at the head */
  assert_member (again, "id", first);
  assert_pop (host, NULL, "later");
}

static void
test_stop_ends_waits (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  int fd = begin_call (host, "popMessage", "[false,60]");

  wait_for_stat (host, "waiters", "1");
  g_assert_true (hero_test_host_stop (host, NULL));
  g_autoptr (JsonNode) answer = end_call (fd);
  assert_member (answer, "result", "null");
}

/* ------------------------------------------------------------------------------------------------ limits */

static void
test_queue_full (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  g_autofree char *params = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"YQ==\",\"payload\":\"eA==\"}]", key);

  for (guint i = 0; i < 10; i++)
    g_free (push (host, "a", "x"));
  g_assert_cmpint (hero_test_call_error (host, "pushMessage", params, NULL), ==, -32040);
  g_free (push (host, "b", "x")); /* another topic has its own queue */
  g_autoptr (JsonNode) queues = hero_test_call (host, "listQueues", NULL);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (queues)), ==, 2);
}

static void
test_drop_oldest (void)
{
  g_autoptr (HeroTestHost) host = start (", 'queue_full': <'drop_oldest'>, 'queue_max_messages': <int64 2>");
  g_autofree char *one = push (host, "a", "1");
  g_free (push (host, "a", "2"));
  g_free (push (host, "a", "3"));

  wait_for_stat (host, "messages.dropped", "1");
  assert_state (host, one, "aborted", "dropped");
  assert_pop (host, NULL, "2");
  assert_pop (host, NULL, "3");
}

static void
test_expire_and_purge (void)
{
  g_autoptr (HeroTestHost) host = start (", 'ttl_s': <int64 1>");
  g_autofree char *one = push (host, "a", "1");

  wait_for_stat (host, "messages.expired", "1");
  assert_state (host, one, "aborted", "expired");
  assert_pop (host, NULL, NULL);
  hero_test_host_free (g_steal_pointer (&host));

  host = start (NULL);
  g_autofree char *two = push (host, "a", "2");
  g_free (push (host, "b", "3"));
  assert_call (host, "purgeTopic", "[\"YQ==\"]", "", "1");
  assert_state (host, two, "aborted", "purged");
  assert_pop (host, NULL, "3");
}

static void
test_list_messages (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *one = push (host, "a", "x");
  g_autofree char *two = push (host, "b", "yy");
  g_autofree char *three = push (host, "a", "zzz");
  g_autoptr (JsonNode) all = hero_test_call (host, "listMessages", NULL);
  g_autoptr (JsonNode) some
      = hero_test_call (host, "listMessages", "{\"topic\":\"YQ==\",\"offset\":1,\"include_payload\":true}");
  JsonArray *array = json_node_get_array (all);

  g_assert_cmpuint (json_array_get_length (array), ==, 3);
  JsonObject *second = json_array_get_object_element (array, 1);
  g_assert_cmpstr (json_object_get_string_member (second, "id"), ==, two);
  g_assert_cmpint (json_object_get_int_member (second, "msgLen"), ==, 2);
  g_assert_false (json_object_has_member (second, "payload"));
  g_assert_cmpuint (json_array_get_length (json_node_get_array (some)), ==, 1);
  JsonObject *only = json_array_get_object_element (json_node_get_array (some), 0);
  g_assert_cmpstr (json_object_get_string_member (only, "id"), ==, three);
  g_assert_cmpstr (json_object_get_string_member (only, "payload"), ==, "enp6");
  assert_state (host, one, "received", NULL); /* looking is not reading */
}

/* ------------------------------------------------------------------------------------------------ topics */

static void
test_topics (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autoptr (JsonNode) info = hero_test_call (host, "getInfo", NULL);
  g_autofree char *subnet = hero_test_json_get (info, "nodeSubnet"), *key = hero_test_json_get (info, "nodePubkey");
  g_autofree char *source = g_strdup_printf ("[\"YQ==\",\"%s\"]", subnet);
  g_autofree char *request = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"YQ==\",\"payload\":\"eA==\"},60]", key);

  assert_call (host, "getDefaultTopicAction", NULL, "", "true");
  assert_call (host, "addTopic", "[\"YQ==\"]", "", "true");
  g_autofree char *refused = push (host, "a", "x");
  assert_state (host, refused, "aborted", "rejected");
  g_autoptr (JsonNode) released = hero_test_call (host, "pushMessage", request); /* it does not wait in vain */
  assert_member (released, "reason", "rejected");
  assert_call (host, "addTopicSource", source, "", "true");
  g_autofree char *taken = push (host, "a", "x");
  assert_state (host, taken, "received", NULL);
  g_assert_cmpint (hero_test_call_error (host, "getTopicSources", "[\"Yg==\"]", NULL), ==, -32030);
  g_assert_cmpint (hero_test_call_error (host, "addTopicSource", "[\"Yg==\",\"x\"]", NULL), ==, -32602);

  assert_call (host, "setDefaultTopicAction", "[false]", "", "true");
  g_autofree char *second = push (host, "b", "x");
  assert_state (host, second, "aborted", "rejected");
  assert_call (host, "getBusStats", NULL, "messages.rejected", "3");
}

/* What was set by a call is there again. */
static void
test_restart (void)
{
  g_autoptr (TestDir) data = test_dir_new ();
  g_autofree char *more = g_strdup_printf (", 'data_dir': <'%s'>", data);
  HeroTestHost *host = start (more);
  g_autofree char *key = own_key (host);

  assert_call (host, "setDefaultTopicAction", "[false]", "", "true");
  assert_call (host, "addTopicSource", "[\"\",\"10.0.0.0/8\"]", "", "true");
  assert_call (host, "addTopic", "[\"YQ==\"]", "", "true");
  assert_call (host, "addTopic", "[\"Yg==\"]", "", "true");
  assert_call (host, "removeTopic", "[\"Yg==\"]", "", "true");
  hero_test_host_free (host);

  host = start (more);
  g_autofree char *key_again = own_key (host);
  g_assert_cmpstr (key_again, ==, key);
  assert_call (host, "getDefaultTopicAction", NULL, "", "false");
  assert_call (host, "getTopics", NULL, "", "[\"\",\"YQ==\"]");
  assert_call (host, "getTopicSources", "[\"\"]", "", "[\"10.0.0.0/8\"]");
  hero_test_host_free (host);
}

/* ------------------------------------------------------------------------------------------------ services */

static void
test_service_topics (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  static const char health[] = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"rpc.health\"}";
  g_autofree char *payload = g_base64_encode ((const guint8 *)health, strlen (health));
  g_autofree char *to_self
      = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"bXljZWxpdW0ucnBj\",\"payload\":\"%s\"},20]", key, payload);
  g_autofree char *to_db
      = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"aGVyb19kYi5ycGM=\",\"payload\":\"%s\"},20]", key, payload);
  gsize length;

  g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", to_self);
  g_autofree char *reply = hero_test_json_get (answer, "payload");
  g_autofree guchar *text = g_base64_decode (reply, &length);
  g_autofree char *copy = g_strndup ((char *)text, length);
  g_autoptr (JsonNode) body = hero_json_parse (copy, -1, NULL);
  assert_member (body, "id", "5");
  assert_member (body, "result.service", "mycelium");

  /* Known, but it does not run. */
  g_autoptr (JsonNode) other = hero_test_call (host, "pushMessage", to_db);
  g_autofree char *other_reply = hero_test_json_get (other, "payload");
  g_autofree guchar *other_text = g_base64_decode (other_reply, &length);
  g_autofree char *other_copy = g_strndup ((char *)other_text, length);
  g_autoptr (JsonNode) other_body = hero_json_parse (other_copy, -1, NULL);
  assert_member (other_body, "error.code", "-32093");
  assert_pop (host, NULL, NULL); /* none of it enters the inbox */
}

/* "other" is in no configuration, but it has a socket (this node's own plays it). */
static void
test_auto_service (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  g_autofree char *dir = g_build_filename (hero_test_host_get_dir (host), "other", NULL);
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *target = hero_test_host_get_socket (host, "rpc");
  static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"getDefaultTopicAction\"}";
  g_autofree char *payload = g_base64_encode ((const guint8 *)request, strlen (request));
  g_autofree char *params
      = g_strdup_printf ("[{\"dst\":" ME ",\"topic\":\"b3RoZXIucnBj\",\"payload\":\"%s\"},20]", key, payload);
  gsize length;

  g_free (push (host, "other.rpc", request)); /* no socket: an ordinary message */
  assert_pop (host, NULL, request);
  g_assert_cmpint (g_mkdir (dir, 0755), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
  g_autoptr (JsonNode) answer = hero_test_call (host, "pushMessage", params);
  g_autofree char *reply = hero_test_json_get (answer, "payload");
  g_autofree guchar *text = g_base64_decode (reply, &length);
  g_assert_cmpmem (text, length, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":true}", 38);

  g_free (push (host, "other.rpc", "no request"));
  assert_pop (host, NULL, "no request");
  assert_call (host, "addTopic", "[\"b3RoZXIucnBj\"]", "", "true"); /* configured topics have their own rules */
  g_autofree char *refused = push (host, "other.rpc", request);
  assert_state (host, refused, "aborted", "rejected");
}

/*
 * A service of this process that sends to a topic nobody subscribes to reaches the inbox, and a client's reply comes
 * back.
 */
typedef struct
{
  HeroTestHost *host;
  GBytes *reply;
  GError *error;
  int done; /* atomic */
} Asker;

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  Asker *asker = data;

  asker->reply = hero_bus_request_finish (NULL, result, &asker->error);
  g_atomic_int_set (&asker->done, TRUE);
}

static void
ask (gpointer data)
{
  Asker *asker = data;
  HeroBus *bus = hero_service_get_bus (hero_test_host_get_context (asker->host));
  g_autoptr (GBytes) topic = g_bytes_new_static ("a", 1), payload = g_bytes_new_static ("q", 1);

  hero_bus_request_async (bus, NULL, topic, payload, 20000, NULL, on_asked, asker);
}

static void
publish (gpointer data)
{
  HeroBus *bus = hero_service_get_bus (hero_test_host_get_context (data));
  g_autoptr (GBytes) topic = g_bytes_new_static ("a", 1), payload = g_bytes_new_static ("p", 1);
  g_autoptr (GError) error = NULL;

  hero_bus_publish (bus, NULL, topic, payload, NULL, &error);
  g_assert_no_error (error);
}

static void
wait_done (Asker *asker)
{
  while (!g_atomic_int_get (&asker->done))
    g_usleep (1000);
}

static void
test_from_the_bus (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  g_autofree char *key = own_key (host);
  Asker nobody = { host }, asker = { host };

  hero_test_host_run (host, publish, host);
  assert_pop (host, "[false,20]", "p");

  hero_test_host_run (host, ask, &nobody);
  wait_done (&nobody);
  g_assert_error (nobody.error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER);
  g_clear_error (&nobody.error);

  int fd = begin_call (host, "popMessage", "[false,60]");
  wait_for_stat (host, "waiters", "1");
  hero_test_host_run (host, ask, &asker);
  g_autoptr (JsonNode) popped = end_call (fd);
  g_autofree char *id = hero_test_json_get (popped, "result.id");
  g_autofree char *params = g_strdup_printf ("[\"%s\",{\"dst\":" ME ",\"payload\":\"cg==\"}]", id, key);
  assert_call (host, "pushMessageReply", params, "", "true");
  wait_done (&asker);
  g_assert_no_error (asker.error);
  g_assert_cmpmem (g_bytes_get_data (asker.reply, NULL), g_bytes_get_size (asker.reply), "r", 1);
  g_bytes_unref (asker.reply);
}

/* ------------------------------------------------------------------------------------------------ pages */

static void
test_pages (void)
{
  g_autoptr (HeroTestHost) host = start (NULL);
  static const char *const paths[] = { "/", "/queues", "/outbox", "/topics" };
  g_autofree char *id = push (host, "<b>", "x");

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (HeroTestAnswer) answer = hero_test_http (host, "admin", "GET", paths[i], NULL, NULL);
      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_null (strstr (answer->body, "<b>"));
    }
  g_autoptr (HeroTestAnswer) queues = hero_test_http (host, "admin", "GET", "/queues", NULL, NULL);
  g_assert_nonnull (strstr (queues->body, "&lt;b&gt;"));
  g_assert_nonnull (strstr (queues->body, id));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mycelium/push-pop", test_push_pop);
  g_test_add_func ("/mycelium/message-shape", test_message_shape);
  g_test_add_func ("/mycelium/shapes", test_shapes);
  g_test_add_func ("/mycelium/lengths", test_lengths);
  g_test_add_func ("/mycelium/request-reply", test_request_reply);
  g_test_add_func ("/mycelium/reply-timeout", test_reply_timeout);
  g_test_add_func ("/mycelium/foreign", test_foreign);
  g_test_add_func ("/mycelium/own-subnet", test_own_subnet);
  g_test_add_func ("/mycelium/waiters-in-order", test_waiters_in_order);
  g_test_add_func ("/mycelium/waiters-limit", test_waiters_limit);
  g_test_add_func ("/mycelium/pop-times-out", test_pop_times_out);
  g_test_add_func ("/mycelium/put-back", test_put_back);
  g_test_add_func ("/mycelium/stop-ends-waits", test_stop_ends_waits);
  g_test_add_func ("/mycelium/queue-full", test_queue_full);
  g_test_add_func ("/mycelium/drop-oldest", test_drop_oldest);
  g_test_add_func ("/mycelium/expire-and-purge", test_expire_and_purge);
  g_test_add_func ("/mycelium/list-messages", test_list_messages);
  g_test_add_func ("/mycelium/topics", test_topics);
  g_test_add_func ("/mycelium/restart", test_restart);
  g_test_add_func ("/mycelium/service-topics", test_service_topics);
  g_test_add_func ("/mycelium/auto-service", test_auto_service);
  g_test_add_func ("/mycelium/from-the-bus", test_from_the_bus);
  g_test_add_func ("/mycelium/pages", test_pages);
  return g_test_run ();
}
