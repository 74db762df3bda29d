/* bytes-json.c: see bytes-json.h. Any thread. */
#include "bytes-json.h"

static JsonNode *
string_node (const char *text)
{
  return json_node_init_string (json_node_alloc (), text);
}

JsonNode *
bytes_to_json (Slice bytes)
{
  JsonObject *object;
  JsonNode *node;

  /* g_utf8_validate refuses U+0000 when it is told the length. */
  if (bytes.length == 0 || g_utf8_validate (bytes.data, (gssize)bytes.length, NULL))
    {
      g_autofree char *text = g_strndup (bytes.data, bytes.length);

      return string_node (text);
    }

  {
    g_autofree char *base64 = g_base64_encode ((const guchar *)bytes.data, bytes.length);

    object = json_object_new ();
    json_object_set_string_member (object, "b64", base64);
  }
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  return node;
}

/* Standard alphabet, padded; NULL = something else. */
static GBytes *
decode_base64 (const char *text)
{
  gsize length = strlen (text), padding = 0, decoded;
  guchar *bytes;

  if (length % 4 != 0)
    return NULL;
  while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
    padding++;
  for (gsize i = 0; i < length - padding; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return NULL;
  bytes = g_base64_decode (text, &decoded);
  return g_bytes_new_take (bytes, decoded);
}

GBytes *
bytes_from_json (JsonNode *node)
{
  JsonObject *object;
  JsonNode *member;

  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      const char *text = json_node_get_string (node);

      return g_bytes_new (text, strlen (text));
    }
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  object = json_node_get_object (node);
  member = json_object_get_member (object, "b64");
  if (member == NULL || json_object_get_size (object) != 1 || !JSON_NODE_HOLDS_VALUE (member)
      || json_node_get_value_type (member) != G_TYPE_STRING)
    return NULL;
  return decode_base64 (json_node_get_string (member));
}

Slice
slice_of_bytes (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return slice (data, length);
}
