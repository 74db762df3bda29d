/* rest-topic.c: /api/v1/messages/topics: which topics are taken from where (contract 5, 9). Service thread. */
#include "rest.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ topics */

/* A change that is being stored: then it is answered with this status. */
typedef struct
{
  HeroHttpRequest *request;
  guint status;
} Change;

static Change *
change_new (HeroHttpRequest *request, guint status)
{
  Change *self = g_new (Change, 1);

  *self = (Change){ request, status };
  return self;
}

static void
on_stored (gpointer data, GError *error)
{
  Change *change = data;

  if (error)
    rest_failure (change->request, error);
  else
    hero_http_respond (change->request, change->status, NULL, NULL);
  g_free (change);
}

/* Changes are for who reaches the socket, not for a TCP port (contract 8.1). */
static gboolean
may_change (HeroHttpRequest *request)
{
  if (hero_http_request_get_identity (request)->origin != HERO_ORIGIN_TCP)
    return TRUE;
  rest_error (request, 403, "forbidden", "topics are not changed over TCP: use rpc.sock");
  return FALSE;
}

void
rest_on_get_default (gpointer data, HeroHttpRequest *request)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "accept", acl_get_default (((Mycelium *)data)->node->acl));
  rest_object (request, 200, object);
}

void
rest_on_put_default (gpointer data, HeroHttpRequest *request)
{
  g_autoptr (JsonNode) body = may_change (request) ? rest_get_body (request) : NULL;

  if (!body)
    return;
  JsonNode *accept = json_object_get_member (json_node_get_object (body), "accept");
  if (accept && JSON_NODE_HOLDS_VALUE (accept) && json_node_get_value_type (accept) == G_TYPE_BOOLEAN)
    node_set_default_action (((Mycelium *)data)->node, json_node_get_boolean (accept), on_stored,
                             change_new (request, 204));
  else
    rest_error (request, 422, "invalid_body", "accept: expected true or false");
}

void
rest_on_get_topics (gpointer data, HeroHttpRequest *request)
{
  g_autoptr (GPtrArray) topics = acl_get_topics (((Mycelium *)data)->node->acl);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < topics->len; i++)
    {
      g_autofree char *text = base64_print (topics->pdata[i]);
      json_array_add_string_element (array, text);
    }
  rest_array (request, array);
}

/* [116,101], "dGU=", {"topic":"dGU="}: the daemon's own clients differ. */
static GBytes *
topic_of_json (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    node = json_object_get_member (json_node_get_object (node), "topic");
  if (!node)
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return rest_parse_topic (json_node_get_string (node));
  if (!JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) > 255)
    return NULL;

  JsonArray *numbers = json_node_get_array (node);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  for (guint i = 0; i < json_array_get_length (numbers); i++)
    {
      JsonNode *number = json_array_get_element (numbers, i);
      gboolean integer = JSON_NODE_HOLDS_VALUE (number) && json_node_get_value_type (number) == G_TYPE_INT64;
      if (!integer || json_node_get_int (number) < 0 || json_node_get_int (number) > 255)
        return NULL;
      guint8 byte = (guint8)json_node_get_int (number);
      g_byte_array_append (bytes, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

void
rest_on_add_topic (gpointer data, HeroHttpRequest *request)
{
  const char *type = hero_http_request_get_header (request, "Content-Type");
  gboolean json = type && g_ascii_strncasecmp (type, "application/json", strlen ("application/json")) == 0;
  gboolean text = !type || g_ascii_strncasecmp (type, "text/plain", strlen ("text/plain")) == 0;
  gsize length;
  const char *body = g_bytes_get_data (hero_http_request_get_body (request), &length);
  g_autofree char *copy = g_strndup (body ? body : "", length);
  g_autoptr (GBytes) topic = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (!may_change (request))
    return;
  if (!json && !text)
    {
      rest_error (request, 415, "unsupported_media_type", "expected application/json or text/plain");
      return;
    }
  if (json && !(node = hero_json_parse (copy, (gssize)length, NULL)))
    {
      rest_error (request, 400, "parse_error", "the body is not JSON");
      return;
    }
  topic = json ? topic_of_json (node) : rest_parse_topic (g_strstrip (copy));
  if (topic)
    node_add_topic (((Mycelium *)data)->node, topic, on_stored, change_new (request, 201));
  else
    rest_error (request, json ? 422 : 400, "invalid_topic", "topic: expected base64, padded, of at most 255 bytes");
}

void
rest_on_delete_topic (gpointer data, HeroHttpRequest *request)
{
  g_autoptr (GBytes) topic = may_change (request) ? rest_get_path_topic (request) : NULL;

  if (topic)
    node_remove_topic (((Mycelium *)data)->node, topic, on_stored, change_new (request, 204));
}

void
rest_on_get_sources (gpointer data, HeroHttpRequest *request)
{
  g_autoptr (GBytes) topic = rest_get_path_topic (request);
  g_auto (GStrv) sources = topic ? acl_get_sources (((Mycelium *)data)->node->acl, topic) : NULL;
  JsonArray *array;

  if (!topic)
    return;
  if (!sources)
    {
      rest_error (request, 404, "unknown_topic", "the topic is not configured");
      return;
    }
  array = json_array_new ();
  for (guint i = 0; sources[i]; i++)
    json_array_add_string_element (array, sources[i]);
  rest_array (request, array);
}

static gboolean
get_subnet (HeroHttpRequest *request, const char *text, Subnet *subnet)
{
  if (text && subnet_parse (text, subnet))
    return TRUE;
  rest_error (request, 400, "invalid_subnet", "subnet: expected an address or a network such as 400::/7");
  return FALSE;
}

void
rest_on_add_source (gpointer data, HeroHttpRequest *request)
{
  g_autoptr (GBytes) topic = may_change (request) ? rest_get_path_topic (request) : NULL;
  g_autoptr (JsonNode) body = topic ? rest_get_body (request) : NULL;
  Subnet subnet;

  if (!body)
    return;
  JsonNode *node = json_object_get_member (json_node_get_object (body), "subnet");
  const char *text = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  if (get_subnet (request, text, &subnet))
    node_add_source (((Mycelium *)data)->node, topic, &subnet, on_stored, change_new (request, 201));
}

void
rest_on_delete_source (gpointer data, HeroHttpRequest *request)
{
  Node *node = ((Mycelium *)data)->node;
  g_autoptr (GBytes) topic = may_change (request) ? rest_get_path_topic (request) : NULL;
  Subnet subnet;

  if (!topic || !get_subnet (request, hero_http_request_get_segment (request, "subnet"), &subnet))
    return;
  if (acl_has_topic (node->acl, topic))
    node_remove_source (node, topic, &subnet, on_stored, change_new (request, 204));
  else
    hero_http_respond (request, 204, NULL, NULL);
}
