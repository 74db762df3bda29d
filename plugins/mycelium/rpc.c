/*
 * rpc.c: the table of the JSON-RPC methods (contract 6), and those that only look. Handlers run on the service thread.
 */
#include "rpc.h"

static const HeroRpcErrorSpec errors[] = {
  { RPC_NO_KEY, "no_key", FALSE, "No public key is known for the address." },
  { RPC_PUSH_TOPIC_TOO_LONG, "topic_too_long", FALSE, "The topic has more than 255 bytes." },
  { RPC_NO_MESSAGE, "message_not_found", FALSE, "No message with this id was sent, or it was too long ago." },
  { RPC_UNKNOWN_TOPIC, "unknown_topic", FALSE, "The topic is not configured." },
  { RPC_QUEUE_FULL, "queue_full", TRUE, "The queue of the topic, or all of them together, are full." },
  { RPC_PAYLOAD_TOO_LARGE, "payload_too_large", FALSE, "The payload is larger than max_payload_bytes." },
  { RPC_NO_ROUTE, "no_route", TRUE, "No way leads to the destination." },
  { RPC_LIMIT, "limit", TRUE, "Too many topics or waiting clients." },
  { 0 },
};

void
rpc_fail_node (HeroRpcCall *call, GError *error)
{
  static const int codes[] = { [NODE_ERROR_TOPIC_TOO_LONG] = RPC_PUSH_TOPIC_TOO_LONG,
                               [NODE_ERROR_PAYLOAD_TOO_LARGE] = RPC_PAYLOAD_TOO_LARGE,
                               [NODE_ERROR_QUEUE_FULL] = RPC_QUEUE_FULL,
                               [NODE_ERROR_NO_ROUTE] = RPC_NO_ROUTE,
                               [NODE_ERROR_LIMIT] = RPC_LIMIT,
                               [NODE_ERROR_FORBIDDEN] = HERO_RPC_FORBIDDEN };

  if (error->domain == NODE_ERROR)
    hero_rpc_fail (call, codes[error->code], "%s", error->message);
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT)
           || g_error_matches (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT))
    hero_rpc_fail (call, RPC_LIMIT, "%s", error->message);
  else
    {
      hero_rpc_fail_error (call, error);
      return;
    }
  g_error_free (error);
}

void
rpc_fail_shape (HeroRpcCall *call, ShapeFlaw *flaw)
{
  hero_rpc_fail_param (call, flaw->member, flaw->expected, flaw->found);
  shape_flaw_clear (flaw);
}

/* ------------------------------------------------------------------------------------------------ looking */

static void
on_get_info (gpointer data, HeroRpcCall *call)
{
  hero_rpc_return_object (call, shape_info (((Mycelium *)data)->node));
}

static void
on_get_public_key (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  const char *text = hero_rpc_get_string (call, "ip");
  guint8 ip[IP_BYTES];

  if (!address_parse_ip (text, ip))
    hero_rpc_fail_param (call, "ip", "an IP address", text);
  else if (!node_is_own_ip (node, ip))
    hero_rpc_fail (call, RPC_NO_KEY, "no public key is known for %s", text);
  else
    {
      g_autofree char *key = hex_print (node->key.address.key, KEY_BYTES);
      hero_rpc_return_string (call, key);
    }
}

static void
on_get_bus_stats (gpointer data, HeroRpcCall *call)
{
  hero_rpc_return_object (call, shape_stats (((Mycelium *)data)->node));
}

typedef struct
{
  Node *node;
  JsonArray *array;
} QueueList;

static void
add_queue (const InboxQueue *queue, gpointer data)
{
  QueueList *list = data;
  JsonObject *object = json_object_new ();
  g_autofree char *topic = base64_print (queue->topic);

  json_object_set_string_member (object, "topic", topic);
  json_object_set_int_member (object, "messages", queue->messages);
  json_object_set_int_member (object, "bytes", (gint64)queue->bytes);
  json_object_set_int_member (object, "oldestAgeMs", queue->oldest_ms);
  json_object_set_int_member (object, "waiters", queue->waiters);
  json_object_set_int_member (object, "subscribers", hero_bus_count_receivers (list->node->bus, queue->topic));
  json_object_set_boolean_member (object, "durable", FALSE);
  json_array_add_object_element (list->array, object);
}

static void
on_list_queues (gpointer data, HeroRpcCall *call)
{
  QueueList list = { ((Mycelium *)data)->node, json_array_new () };

  inbox_foreach_queue (list.node->inbox, add_queue, &list);
  hero_rpc_return_array (call, list.array);
}

typedef struct
{
  JsonArray *array;
  gint64 skip, limit;
  gboolean payload;
} MessageList;

static gboolean
add_message (Message *message, gpointer data)
{
  MessageList *list = data;
  JsonObject *object;

  if (list->skip-- > 0)
    return TRUE;
  if (json_array_get_length (list->array) >= list->limit)
    return FALSE;
  object = message_to_json (message, list->payload);
  json_object_set_int_member (object, "receivedAt", message->received_ms);
  json_object_set_int_member (object, "msgLen", (gint64)message_get_length (message));
  json_array_add_object_element (list->array, object);
  return TRUE;
}

static void
on_list_messages (gpointer data, HeroRpcCall *call)
{
  MessageList list = { json_array_new (), hero_rpc_get_integer (call, "offset"), hero_rpc_get_integer (call, "limit"),
                       hero_rpc_get_boolean (call, "include_payload") };

  inbox_foreach (((Mycelium *)data)->node->inbox,
                 hero_rpc_has (call, "topic") ? hero_rpc_get_bytes (call, "topic") : NULL, add_message, &list);
  hero_rpc_return_array (call, list.array);
}

static void
on_purge_topic (gpointer data, HeroRpcCall *call)
{
  if (rpc_may_change (call))
    hero_rpc_return_integer (call, inbox_purge (((Mycelium *)data)->node->inbox, hero_rpc_get_bytes (call, "topic")));
}

/* ------------------------------------------------------------------------------------------------ the table */

#define TOPIC "Any bytes, as base64; at most 255."
#define MAX_SECONDS (G_GINT64_CONSTANT (1) << 53)

static const HeroRpcParam pop_params[] = {
  { "peek", HERO_BOOLEAN, 0, "Leave the message where it is.", "false" },
  { "timeout", HERO_INTEGER (0, MAX_SECONDS), 0, "Seconds to wait for a message; 0 = look once.", "0" },
  { "topic", HERO_BASE64 (0, 255), 0, TOPIC " Absent: the oldest of any topic; empty: those without topic." },
  { NULL },
};
static const HeroRpcParam push_params[] = {
  { "message", HERO_OBJECT_OF ("Send"), HERO_REQUIRED,
    "What to send. Its members may stand beside reply_timeout instead." },
  { "reply_timeout", HERO_INTEGER (0, MAX_SECONDS), 0, "Seconds to wait for the reply; 0 or absent = do not wait." },
  { NULL },
};
static const HeroRpcParam reply_params[] = {
  { "id", HERO_STRING (16, 16), HERO_REQUIRED, "Id of the message that is replied to, 16 hex digits." },
  { "message", HERO_OBJECT_OF ("Send"), HERO_REQUIRED,
    "The reply; its topic is ignored. Its members may stand beside id." },
  { NULL },
};
static const HeroRpcParam id_params[] = {
  { "id", HERO_STRING (0, 64), HERO_REQUIRED, "Id of a message sent from here, 16 hex digits." },
  { NULL },
};
static const HeroRpcParam accept_params[] = {
  { "accept", HERO_BOOLEAN, HERO_REQUIRED, "Take messages of topics that are not configured." },
  { NULL },
};
static const HeroRpcParam topic_params[] = { { "topic", HERO_BASE64 (0, 255), HERO_REQUIRED, TOPIC }, { NULL } };
static const HeroRpcParam source_params[] = {
  { "topic", HERO_BASE64 (0, 255), HERO_REQUIRED, TOPIC },
  { "subnet", HERO_STRING (1, 64), HERO_REQUIRED,
    "Network whose nodes may send, 400::/7; a bare address is one node." },
  { NULL },
};
static const HeroRpcParam ip_params[] = {
  { "ip", HERO_STRING (1, 64), HERO_REQUIRED, "Address of a node.", .aliases = "mycelium_ip" },
  { NULL },
};
static const HeroRpcParam list_params[] = {
  { "topic", HERO_BASE64 (0, 255), 0, TOPIC " Absent: all topics." },
  { "limit", HERO_INTEGER (1, 1000), 0, "Most messages to list.", "100" },
  { "offset", HERO_INTEGER (0, G_MAXINT32), 0, "Messages to skip, oldest first.", "0" },
  { "include_payload", HERO_BOOLEAN, 0, "With the payloads.", "false" },
  { NULL },
};

#define TRUE_RESULT "{\"type\":\"boolean\"}"
#define PUSH_ERRORS                                                                                                    \
  ((const int[]){ RPC_PUSH_TOPIC_TOO_LONG, RPC_QUEUE_FULL, RPC_PAYLOAD_TOO_LARGE, RPC_NO_ROUTE, RPC_LIMIT, 0 })
#define ERRORS(...) ((const int[]){ __VA_ARGS__, 0 })

static const HeroRpcMethod methods[] = {
  { "popMessage", rpc_on_pop_message, pop_params, "Message", "Take the oldest message of the inbox.",
    "The result is null if none comes in time.", .errors = ERRORS (RPC_LIMIT), .flags = HERO_RPC_WAITS },
  { "pushMessage", rpc_on_push_message, push_params, "PushAnswer",
    "Send a message, and wait for its reply if asked to.",
    "With reply_timeout the result is the reply, or what a push without it gives.", .errors = PUSH_ERRORS,
    .flags = HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_RAW_PARAMS },
  { "pushMessageReply", rpc_on_push_message_reply, reply_params, TRUE_RESULT, "Reply to a message.",
    .errors = PUSH_ERRORS, .flags = HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS },
  { "getMessageInfo", rpc_on_get_message_info, id_params, "Status", "Tell what became of a message sent from here.",
    .errors = ERRORS (RPC_NO_MESSAGE) },
  { "getDefaultTopicAction", rpc_on_get_default_topic_action, NULL, TRUE_RESULT,
    "Tell whether messages of topics that are not configured are accepted." },
  { "setDefaultTopicAction", rpc_on_set_default_topic_action, accept_params, TRUE_RESULT,
    "Accept or refuse messages of topics that are not configured.", .flags = HERO_RPC_WRITES },
  { "getTopics", rpc_on_get_topics, NULL, "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
    "List the configured topics." },
  { "addTopic", rpc_on_add_topic, topic_params, TRUE_RESULT,
    "Configure a topic: it is blocked until a source is added.", .errors = ERRORS (RPC_LIMIT),
    .flags = HERO_RPC_WRITES },
  { "removeTopic", rpc_on_remove_topic, topic_params, TRUE_RESULT,
    "Remove the configuration of a topic; its queued messages stay.", .flags = HERO_RPC_WRITES },
  { "getTopicSources", rpc_on_get_topic_sources, topic_params, "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
    "List the networks from which a topic is accepted.", .errors = ERRORS (RPC_UNKNOWN_TOPIC) },
  { "addTopicSource", rpc_on_add_topic_source, source_params, TRUE_RESULT, "Accept a topic from a network.",
    .errors = ERRORS (RPC_LIMIT), .flags = HERO_RPC_WRITES },
  { "removeTopicSource", rpc_on_remove_topic_source, source_params, TRUE_RESULT,
    "Accept a topic from a network no longer.", .errors = ERRORS (RPC_UNKNOWN_TOPIC), .flags = HERO_RPC_WRITES },
  { "getInfo", on_get_info, NULL, "Info", "Tell who this node is." },
  { "getPublicKeyFromIp", on_get_public_key, ip_params, "{\"type\":\"string\"}", "Tell the public key of an address.",
    .errors = ERRORS (RPC_NO_KEY) },
  { "getBusStats", on_get_bus_stats, NULL, "{\"type\":\"object\"}", "Tell counters and current sizes." },
  { "listQueues", on_list_queues, NULL, "[]Queue", "List the topics that have messages." },
  { "listMessages", on_list_messages, list_params, "[]Message", "Look into the inbox without taking anything." },
  { "purgeTopic", on_purge_topic, topic_params, "{\"type\":\"integer\"}", "Drop all queued messages of a topic.",
    .flags = HERO_RPC_WRITES },
  { NULL },
};

#define STRING "{\"type\":\"string\"}"
#define INTEGER "{\"type\":\"integer\"}"
static const HeroRpcSchema schemas[] = {
  { "Send", "{\"type\":\"object\",\"required\":[\"dst\",\"payload\"],\"properties\":{\"dst\":{\"type\":\"object\","
            "\"properties\":"
            "{\"ip\":" STRING ",\"pk\":" STRING "}},\"topic\":" STRING ",\"payload\":" STRING "}}" },
  { "Message", "{\"type\":\"object\",\"properties\":{\"id\":" STRING ",\"srcIp\":" STRING ",\"srcPk\":" STRING
               ",\"dstIp\":" STRING ",\"dstPk\":" STRING ",\"topic\":" STRING ",\"payload\":" STRING
               ",\"receivedAt\":" INTEGER ",\"msgLen\":" INTEGER "}}" },
  { "PushAnswer", "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":" STRING ",\"state\":" STRING
                  ",\"reason\":" STRING ",\"payload\":" STRING "}}" },
  { "Status",
    "{\"type\":\"object\",\"properties\":{\"dst\":" STRING ",\"state\":" STRING ",\"created\":" INTEGER
    ",\"deadline\":" INTEGER ",\"msgLen\":" INTEGER ",\"reason\":" STRING ",\"reply\":{\"type\":\"object\"}}}" },
  { "Info", "{\"type\":\"object\",\"properties\":{\"nodeSubnet\":" STRING ",\"nodeIp\":" STRING
            ",\"nodePubkey\":" STRING ",\"nodeStartTime\":" INTEGER ",\"mode\":" STRING ",\"bridge\":" STRING "}}" },
  { "Queue", "{\"type\":\"object\",\"properties\":{\"topic\":" STRING ",\"messages\":" INTEGER ",\"bytes\":" INTEGER
             ",\"oldestAgeMs\":" INTEGER ",\"waiters\":" INTEGER ",\"subscribers\":" INTEGER
             ",\"durable\":{\"type\":\"boolean\"}}}" },
  { NULL },
};

void
mycelium_register_rpc (Mycelium *self)
{
  static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = errors);

  hero_service_set_rpc (self->ctx, &spec, self);
}
