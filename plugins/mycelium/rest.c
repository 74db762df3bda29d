/*
 * rest.c: /api/v1 (contract 5), on rpc.sock and, if asked for, on a TCP port. A thin skin over the calls of node.h.
 * Service thread.
 */
#include "rest.h"

#include <string.h>

#include "popped.h"

/* ------------------------------------------------------------------------------------------------ answers */

void
rest_error (HeroHttpRequest *request, guint status, const char *code_name, const char *text)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "error", text);
  json_object_set_int_member (object, "status", status);
  json_object_set_string_member (object, "code_name", code_name);
  json_node_take_object (node, object);
  if (status == 503)
    hero_http_request_set_response_header (request, "Retry-After", "1");
  hero_http_respond_json (request, status, node);
}

/* Takes error. */
void
rest_failure (HeroHttpRequest *request, GError *error)
{
  static const struct
  {
    guint status;
    const char *code_name;
  } rows[] = { [NODE_ERROR_TOPIC_TOO_LONG] = { 400, "topic_too_long" },
               [NODE_ERROR_PAYLOAD_TOO_LARGE] = { 413, "payload_too_large" },
               [NODE_ERROR_QUEUE_FULL] = { 503, "queue_full" },
               [NODE_ERROR_NO_ROUTE] = { 503, "no_route" },
               [NODE_ERROR_LIMIT] = { 503, "limit" },
               [NODE_ERROR_FORBIDDEN] = { 403, "forbidden" } };

  if (error->domain == NODE_ERROR)
    rest_error (request, rows[error->code].status, rows[error->code].code_name, error->message);
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT)
           || g_error_matches (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT))
    rest_error (request, 503, "limit", error->message);
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_STORAGE_FULL))
    rest_error (request, 503, "storage_full", error->message);
  else
    rest_error (request, 500, "internal", "Internal error");
  g_error_free (error);
}

void
rest_object (HeroHttpRequest *request, guint status, JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  hero_http_respond_json (request, status, node);
}

void
rest_array (HeroHttpRequest *request, JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  hero_http_respond_json (request, 200, node);
}

/* A flaw in the JSON of a body. */
static void
respond_flaw (HeroHttpRequest *request, ShapeFlaw *flaw)
{
  g_autofree char *text = g_strdup_printf ("%s: expected %s, got %s", flaw->member, flaw->expected, flaw->found);

  rest_error (request, 422, "invalid_body", text);
  shape_flaw_clear (flaw);
}

/* ------------------------------------------------------------------------------------------------ what comes in */

/* FALSE: answered with 400. absent: what *seconds is then. */
static gboolean
get_seconds (HeroHttpRequest *request, const char *name, const char *other_name, gint64 *timeout_us)
{
  const char *text = hero_http_request_get_query (request, name);
  guint64 seconds = 0;

  if (!text && other_name)
    text = hero_http_request_get_query (request, other_name);
  if (text && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &seconds, NULL))
    {
      g_autofree char *message = g_strdup_printf ("%s: expected a number of seconds, got \"%s\"", name, text);
      rest_error (request, 400, "invalid_query", message);
      return FALSE;
    }
  *timeout_us = shape_seconds_to_us ((gint64)seconds);
  return TRUE;
}

static gboolean
get_flag (HeroHttpRequest *request, const char *name, gboolean *flag)
{
  const char *text = hero_http_request_get_query (request, name);

  *flag = g_strcmp0 (text, "true") == 0;
  if (!text || *flag || g_str_equal (text, "false"))
    return TRUE;
  g_autofree char *message = g_strdup_printf ("%s: expected true or false, got \"%s\"", name, text);
  rest_error (request, 400, "invalid_query", message);
  return FALSE;
}

/* The public client writes base64 into the query as it is, so a "+" arrives as a blank. */
GBytes *
rest_parse_topic (const char *text)
{
  g_autofree char *repaired = g_strdelimit (g_strdup (text), " ", '+');
  GBytes *topic = base64_parse (repaired);

  if (topic && g_bytes_get_size (topic) > 255)
    g_clear_pointer (&topic, g_bytes_unref);
  return topic;
}

/* *topic NULL = not given. FALSE: answered. */
static gboolean
get_query_topic (HeroHttpRequest *request, GBytes **topic)
{
  const char *text = hero_http_request_get_query (request, "topic");

  *topic = text ? rest_parse_topic (text) : NULL;
  if (!text || *topic)
    return TRUE;
  rest_error (request, 400, "invalid_topic", "topic: expected base64, padded, of at most 255 bytes");
  return FALSE;
}

/* NULL: answered. */
GBytes *
rest_get_path_topic (HeroHttpRequest *request)
{
  GBytes *topic = rest_parse_topic (hero_http_request_get_segment (request, "topic"));

  if (!topic)
    rest_error (request, 400, "invalid_topic", "topic: expected base64, padded, of at most 255 bytes");
  return topic;
}

/* The body, which must be an object. NULL: answered. transfer full */
JsonNode *
rest_get_body (HeroHttpRequest *request)
{
  gsize length;
  const char *text = g_bytes_get_data (hero_http_request_get_body (request), &length);
  g_autoptr (GError) error = NULL;
  JsonNode *node = hero_json_parse (text ? text : "", (gssize)length, &error);

  if (!node)
    rest_error (request, 400, "parse_error", error->message);
  else if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_clear_pointer (&node, json_node_unref);
      rest_error (request, 422, "invalid_body", "expected an object");
    }
  return node;
}

static gboolean
get_send (HeroHttpRequest *request, NodeSend *send)
{
  g_autoptr (JsonNode) body = rest_get_body (request);
  ShapeFlaw flaw;

  if (!body)
    return FALSE;
  if (shape_parse_send (json_node_get_object (body), send, &flaw))
    return TRUE;
  respond_flaw (request, &flaw);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------ GET /messages */

static void
respond_message (Node *node, HeroHttpRequest *request, Message *message, gboolean peek)
{
  if (!peek)
    hero_http_request_on_finished (request, popped_written, popped_new (node, message));
  rest_object (request, 200, message_to_json (message, TRUE));
}

/* One request that waits: for a message or for a reply. */
typedef struct
{
  Node *node;
  HeroHttpRequest *request;
  gboolean peek;
  InboxWaiter *waiter;
  ReplyWait *reply;
  GSource *gone;
} Wait;

static void
wait_free (Wait *wait)
{
  if (wait->gone)
    g_source_destroy (wait->gone);
  g_clear_pointer (&wait->gone, g_source_unref);
  g_free (wait);
}

/* The client went, or the service stops. */
static gboolean
on_gone (GCancellable *cancellable, gpointer data)
{
  Wait *wait = data;

  if (wait->waiter)
    inbox_cancel (wait->waiter);
  else
    outbox_cancel_wait (wait->reply);
  hero_http_respond (wait->request, 204, NULL, NULL);
  wait_free (wait);
  return G_SOURCE_REMOVE;
}

static void
watch_gone (Wait *wait)
{
  wait->gone = g_cancellable_source_new (hero_http_request_get_cancellable (wait->request));
  g_source_set_callback (wait->gone, G_SOURCE_FUNC (on_gone), wait, NULL);
  g_source_attach (wait->gone, hero_service_get_main_context (wait->node->ctx));
}

static void
on_message (gpointer data, Message *message)
{
  Wait *wait = data;

  if (message)
    respond_message (wait->node, wait->request, message, wait->peek);
  else
    hero_http_respond (wait->request, 204, NULL, NULL);
  wait_free (wait);
}

static void
wait_for_message (Node *node, HeroHttpRequest *request, GBytes *topic, gboolean peek, gint64 timeout_us)
{
  GError *error = NULL;
  Wait *wait = g_new0 (Wait, 1);

  *wait = (Wait){ .node = node, .request = request, .peek = peek };
  wait->waiter = inbox_wait (node->inbox, topic, peek, g_get_monotonic_time () + timeout_us, on_message, wait, &error);
  if (wait->waiter)
    {
      watch_gone (wait);
      return;
    }
  g_free (wait);
  rest_failure (request, error);
}

static void
on_pop (gpointer data, HeroHttpRequest *request)
{
  Node *node = ((Mycelium *)data)->node;
  g_autoptr (GBytes) topic = NULL;
  gboolean peek;
  gint64 timeout_us;

  if (!get_flag (request, "peek", &peek) || !get_seconds (request, "timeout", NULL, &timeout_us)
      || !get_query_topic (request, &topic))
    return;
  g_autoptr (Message) message = inbox_take (node->inbox, topic, peek);
  if (message)
    respond_message (node, request, message, peek);
  else if (timeout_us > 0 && !node->closed)
    wait_for_message (node, request, topic, peek, timeout_us);
  else
    hero_http_respond (request, 204, NULL, NULL);
}

/* ------------------------------------------------------------------------------------------------ POST /messages */

static void
on_reply (gpointer data, OutboxEntry *entry, Message *reply)
{
  Wait *wait = data;

  if (reply)
    rest_object (wait->request, 200, message_to_json (reply, TRUE));
  else
    rest_object (wait->request, 408, shape_push_answer (entry));
  wait_free (wait);
}

static void
wait_for_reply (Node *node, HeroHttpRequest *request, OutboxEntry *entry, gint64 timeout_us)
{
  Wait *wait = g_new0 (Wait, 1);

  *wait = (Wait){ .node = node, .request = request };
  ReplyWait *reply = outbox_wait (entry, g_get_monotonic_time () + timeout_us, on_reply, wait);
  if (!reply) /* answered, and wait is gone */
    return;
  wait->reply = reply;
  watch_gone (wait);
}

static void
on_push (gpointer data, HeroHttpRequest *request)
{
  Node *node = ((Mycelium *)data)->node;
  NodeSend send;
  GError *error = NULL;
  gint64 timeout_us;

  if (!get_seconds (request, "reply_timeout", "replyTimeout", &timeout_us) || !get_send (request, &send))
    return;
  OutboxEntry *entry = node_push (node, &send, hero_http_request_get_identity (request), timeout_us > 0, &error);
  node_send_clear (&send);
  if (!entry)
    rest_failure (request, error);
  else if (timeout_us > 0)
    wait_for_reply (node, request, entry, timeout_us);
  else
    rest_object (request, 201, shape_push_answer (entry));
}

static gboolean
get_id (HeroHttpRequest *request, guint64 *id)
{
  if (id_parse (hero_http_request_get_segment (request, "id"), id))
    return TRUE;
  rest_error (request, 400, "invalid_id", "id: expected 16 hex digits");
  return FALSE;
}

static void
on_push_reply (gpointer data, HeroHttpRequest *request)
{
  NodeSend send;
  GError *error = NULL;
  guint64 id;

  if (!get_id (request, &id) || !get_send (request, &send))
    return;
  g_bytes_unref (send.topic); /* a reply has none */
  send.topic = g_bytes_new_static (NULL, 0);
  if (node_reply (((Mycelium *)data)->node, id, &send, &error))
    hero_http_respond (request, 204, NULL, NULL);
  else
    rest_failure (request, error);
  node_send_clear (&send);
}

static void
on_status (gpointer data, HeroHttpRequest *request)
{
  Node *node = ((Mycelium *)data)->node;
  guint64 id;

  if (!get_id (request, &id))
    return;
  OutboxEntry *entry = outbox_find (node->outbox, id);
  if (entry)
    rest_object (request, 200, shape_status (node, entry));
  else
    rest_error (request, 404, "message_not_found", "no message with this id was sent from here in the last 600 s");
}

/* ------------------------------------------------------------------------------------------------ the node */

static void
on_admin (gpointer data, HeroHttpRequest *request)
{
  rest_object (request, 200, shape_info (((Mycelium *)data)->node));
}

static void
on_stats (gpointer data, HeroHttpRequest *request)
{
  rest_object (request, 200, shape_stats (((Mycelium *)data)->node));
}

static void
on_public_key (gpointer data, HeroHttpRequest *request)
{
  Node *node = ((Mycelium *)data)->node;
  JsonObject *object;
  guint8 ip[IP_BYTES];

  if (!address_parse_ip (hero_http_request_get_segment (request, "ip"), ip))
    rest_error (request, 400, "invalid_ip", "ip: expected an IP address");
  else if (!node_is_own_ip (node, ip))
    rest_error (request, 404, "no_key", "no public key is known for this address");
  else
    {
      g_autofree char *key = hex_print (node->key.address.key, KEY_BYTES);
      object = json_object_new ();
      json_object_set_string_member (object, "publicKey", key);
      rest_object (request, 200, object);
    }
}

void
mycelium_register_rest (Mycelium *self)
{
#define V1 "/api/v1"
  static const HeroHttpRoute routes[] = {
    { "GET", V1 "/messages", on_pop },
    { "POST", V1 "/messages", on_push },
    { "POST", V1 "/messages/reply/{id}", on_push_reply },
    { "GET", V1 "/messages/status/{id}", on_status },
    { "GET", V1 "/messages/topics/default", rest_on_get_default },
    { "PUT", V1 "/messages/topics/default", rest_on_put_default },
    { "GET", V1 "/messages/topics", rest_on_get_topics },
    { "POST", V1 "/messages/topics", rest_on_add_topic, HERO_HTTP_ANY_TYPE },
    { "DELETE", V1 "/messages/topics/{topic}", rest_on_delete_topic },
    { "GET", V1 "/messages/topics/{topic}/sources", rest_on_get_sources },
    { "POST", V1 "/messages/topics/{topic}/sources", rest_on_add_source },
    { "DELETE", V1 "/messages/topics/{topic}/sources/{subnet}", rest_on_delete_source },
    { "GET", V1 "/admin", on_admin },
    { "GET", V1 "/admin/stats/messages", on_stats },
    { "GET", V1 "/pubkey/{ip}", on_public_key },
    { NULL },
  };

  HERO_ADD_ROUTES (self->ctx, "rpc", routes, self);
  HERO_ADD_ROUTES (self->ctx, "rest", routes, self);
}
