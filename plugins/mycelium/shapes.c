/* shapes.c: messages and their states as JSON. Pure but for what it reads of the node; service thread. */
#include "shapes.h"

#include <string.h>

#define LONGEST_WAIT_S (10 * 365 * 86400)

void
shape_flaw_clear (ShapeFlaw *flaw)
{
  g_clear_pointer (&flaw->found, g_free);
}

static gboolean
flawed (ShapeFlaw *flaw, const char *member, const char *expected, char *found)
{
  *flaw = (ShapeFlaw){ member, expected, found };
  return FALSE;
}

static char *
describe (JsonNode *node)
{
  if (!node)
    return g_strdup ("nothing");
  if (json_node_is_null (node))
    return g_strdup ("null");
  if (JSON_NODE_HOLDS_OBJECT (node))
    return g_strdup ("an object");
  if (JSON_NODE_HOLDS_ARRAY (node))
    return g_strdup ("an array");
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return g_strdup (json_node_get_value_type (node) == G_TYPE_BOOLEAN ? "a boolean" : "a number");
  const char *text = json_node_get_string (node);
  return strlen (text) <= 80 ? g_strdup_printf ("\"%s\"", text)
                             : g_strdup_printf ("a string of %zu bytes", strlen (text));
}

static JsonNode *
get (JsonObject *object, const char *name, const char *other_name)
{
  JsonNode *node = json_object_get_member (object, name);

  if ((!node || json_node_is_null (node)) && other_name)
    node = json_object_get_member (object, other_name);
  return node && !json_node_is_null (node) ? node : NULL;
}

static const char *
text_of (JsonNode *node)
{
  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* ------------------------------------------------------------------------------------------------ what clients send */

static gboolean
parse_destination (JsonNode *node, NodeSend *send, ShapeFlaw *flaw)
{
  static const char expected[] = "{\"ip\":..} or {\"pk\":..}, exactly one of them";
  JsonObject *object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *ip = object ? get (object, "ip", NULL) : NULL, *pk = object ? get (object, "pk", NULL) : NULL;

  if (!ip == !pk)
    return flawed (flaw, "dst", expected, describe (node));
  send->by_key = pk != NULL;
  const char *text = text_of (pk ? pk : ip);
  if (pk && (!text || !hex_parse (text, send->to.key, KEY_BYTES)))
    return flawed (flaw, "dst.pk", "64 hex digits", describe (pk));
  if (ip && (!text || !address_parse_ip (text, send->to.ip)))
    return flawed (flaw, "dst.ip", "an IP address", describe (ip));
  return TRUE;
}

static gboolean
parse_bytes (JsonNode *node, const char *member, GBytes **bytes, ShapeFlaw *flaw)
{
  const char *text = text_of (node);

  *bytes = text ? base64_parse (text) : NULL;
  return *bytes || flawed (flaw, member, "base64, padded", describe (node));
}

gboolean
shape_parse_send (JsonObject *object, NodeSend *send, ShapeFlaw *flaw)
{
  JsonNode *topic = get (object, "topic", NULL);

  memset (send, 0, sizeof *send);
  if (!parse_destination (get (object, "dst", NULL), send, flaw)
      || !parse_bytes (get (object, "payload", NULL), "payload", &send->payload, flaw)
      || (topic && !parse_bytes (topic, "topic", &send->topic, flaw)))
    {
      node_send_clear (send);
      return FALSE;
    }
  if (!send->topic)
    send->topic = g_bytes_new_static (NULL, 0);
  return TRUE;
}

gint64
shape_seconds_to_us (gint64 seconds)
{
  return CLAMP (seconds, 0, LONGEST_WAIT_S) * G_TIME_SPAN_SECOND;
}

static gboolean
parse_timeout (JsonNode *node, ShapePush *push, ShapeFlaw *flaw)
{
  push->timeout_us = -1;
  if (!node || json_node_is_null (node))
    return TRUE;
  double seconds = -1;
  if (JSON_NODE_HOLDS_VALUE (node)
      && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE))
    seconds = json_node_get_double (node);
  if (!(seconds >= 0) || seconds != (double)(gint64)MIN (seconds, 9e15))
    return flawed (flaw, "reply_timeout", "a number of seconds, 0 or more", describe (node));
  push->timeout_us = shape_seconds_to_us ((gint64)seconds);
  return TRUE;
}

static JsonNode *
element (JsonNode *params, guint index)
{
  JsonArray *array = json_node_get_array (params);

  return index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;
}

/* node: the message; NULL or no object is a flaw. */
static gboolean
parse_message (JsonNode *node, ShapePush *push, ShapeFlaw *flaw)
{
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return flawed (flaw, "message", "an object with dst and payload", describe (node));
  return shape_parse_send (json_node_get_object (node), &push->send, flaw);
}

gboolean
shape_parse_push (JsonNode *params, ShapePush *push, ShapeFlaw *flaw)
{
  JsonNode *message = params, *timeout = NULL;

  if (params && JSON_NODE_HOLDS_ARRAY (params))
    {
      message = element (params, 0);
      timeout = element (params, 1);
    }
  else if (params && JSON_NODE_HOLDS_OBJECT (params))
    {
      JsonObject *object = json_node_get_object (params);
      timeout = get (object, "reply_timeout", "replyTimeout");
      if (json_object_has_member (object, "message"))
        message = json_object_get_member (object, "message");
    }
  return parse_timeout (timeout, push, flaw) && parse_message (message, push, flaw);
}

static gboolean
parse_id (JsonNode *node, guint64 *id, ShapeFlaw *flaw)
{
  const char *text = text_of (node);

  return (text && id_parse (text, id)) || flawed (flaw, "id", "16 hex digits", describe (node));
}

gboolean
shape_parse_reply (JsonNode *params, ShapePush *push, ShapeFlaw *flaw)
{
  JsonNode *id = NULL, *message = params;

  if (params && JSON_NODE_HOLDS_ARRAY (params))
    {
      id = element (params, 0);
      message = element (params, 1);
    }
  else if (params && JSON_NODE_HOLDS_OBJECT (params))
    {
      JsonObject *object = json_node_get_object (params);
      id = get (object, "id", NULL);
      if (json_object_has_member (object, "message"))
        message = json_object_get_member (object, "message");
    }
  return parse_id (id, &push->id, flaw) && parse_message (message, push, flaw);
}

/* ------------------------------------------------------------------------------------------------ what they get */

static void
set_text (JsonObject *object, const char *member, char *text)
{
  json_object_set_string_member (object, member, text);
  g_free (text);
}

JsonObject *
shape_push_answer (const OutboxEntry *entry)
{
  JsonObject *object = json_object_new ();

  set_text (object, "id", id_print (entry->id));
  if (entry->reason)
    {
      json_object_set_string_member (object, "state", message_state_name (entry->state));
      json_object_set_string_member (object, "reason", entry->reason);
    }
  return object;
}

static JsonObject *
status_new (const guint8 ip[IP_BYTES], MessageState state, gint64 created_s, gsize length)
{
  JsonObject *object = json_object_new ();

  set_text (object, "dst", address_print_ip (ip));
  json_object_set_string_member (object, "state", message_state_name (state));
  json_object_set_int_member (object, "created", created_s);
  json_object_set_int_member (object, "deadline", created_s + OUTBOX_DEADLINE_S);
  json_object_set_int_member (object, "msgLen", (gint64)length);
  return object;
}

JsonObject *
shape_status (Node *node, const OutboxEntry *entry)
{
  JsonObject *object = status_new (entry->destination.ip, entry->state, entry->created_s, entry->length);

  if (entry->reason)
    json_object_set_string_member (object, "reason", entry->reason);
  if (entry->replied)
    json_object_set_object_member (
        object, "reply",
        status_new (node->key.address.ip, entry->reply_state, entry->reply_created_s, entry->reply_length));
  return object;
}

JsonObject *
shape_info (Node *node)
{
  JsonObject *object = json_object_new ();

  set_text (object, "nodeSubnet", address_print_subnet (node->key.address.ip));
  set_text (object, "nodeIp", address_print_ip (node->key.address.ip));
  set_text (object, "nodePubkey", hex_print (node->key.address.key, KEY_BYTES));
  json_object_set_int_member (object, "nodeStartTime", node->started_s);
  json_object_set_string_member (object, "mode", "messages-only");
  json_object_set_string_member (object, "bridge", "none");
  return object;
}

static JsonObject *
numbers (const char *const *names, const guint64 *values, guint count)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < count; i++)
    json_object_set_int_member (object, names[i], (gint64)values[i]);
  return object;
}
#define NUMBERS(names, values) numbers (names, values, G_N_ELEMENTS (values))

JsonObject *
shape_stats (Node *node)
{
  static const char *const message_names[] = { "pushed",  "delivered", "popped",  "peeked",   "replied",    "rejected",
                                               "expired", "aborted",   "dropped", "requeued", "lateReplies" };
  static const char *const queue_names[] = { "topics", "messages", "bytes" };
  static const char *const service_names[] = { "calls", "errors" };
  const NodeCounts *c = &node->counts;
  HeroBusCounts bus;
  guint topics, waiters;
  guint64 messages, bytes;
  JsonObject *object = json_object_new ();

  hero_bus_get_counts (node->bus, &bus);
  inbox_count (node->inbox, &topics, &messages, &bytes, &waiters);
  const guint64 message_values[] = { c->pushed,
                                     c->delivered,
                                     c->popped,
                                     c->peeked,
                                     c->replied,
                                     c->rejected,
                                     c->expired,
                                     c->aborted,
                                     c->dropped,
                                     c->requeued,
                                     c->late_replies + bus.late_replies };
  const guint64 queue_values[] = { topics, messages, bytes };
  const guint64 service_values[] = { bus.service_calls, bus.service_errors };

  json_object_set_int_member (object, "uptimeS", hero_service_get_uptime_us (node->ctx) / G_TIME_SPAN_SECOND);
  json_object_set_object_member (object, "messages", NUMBERS (message_names, message_values));
  json_object_set_object_member (object, "queues", NUMBERS (queue_names, queue_values));
  json_object_set_int_member (object, "waiters", waiters);
  json_object_set_int_member (object, "subscribers", bus.subscriptions);
  json_object_set_int_member (object, "outbox", outbox_count (node->outbox));
  json_object_set_object_member (object, "service", NUMBERS (service_names, service_values));
  return object;
}
