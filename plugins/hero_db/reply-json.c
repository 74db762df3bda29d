/* reply-json.c: reads RESP3 that this program has written, so it need not doubt it. Any thread. */
#include "reply-json.h"

#include <stdlib.h>

#include "bytes-json.h"

#define EXACT_MAX ((gint64)1 << 53)

static Slice
take_line (Slice *rest)
{
  const char *end = memchr (rest->data, '\r', rest->length);
  Slice line = slice (rest->data, (gsize)(end - rest->data));

  *rest = slice (end + 2, rest->length - line.length - 2);
  return line;
}

static Slice
take_bytes (Slice *rest, gsize length)
{
  Slice bytes = slice (rest->data, length);

  *rest = slice (bytes.data + length + 2, rest->length - length - 2);
  return bytes;
}

static JsonNode *
integer_node (gint64 value)
{
  if (ABS (value) > EXACT_MAX)
    {
      g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

      return json_node_init_string (json_node_alloc (), text);
    }
  return json_node_init_int (json_node_alloc (), value);
}

static JsonNode *read_value (Slice *rest, const char **type);

static JsonNode *
read_elements (Slice *rest, gint64 count, gboolean pairs)
{
  JsonArray *array = json_array_new ();
  JsonNode *node;
  const char *type;

  for (gint64 i = 0; i < count; i++)
    {
      JsonNode *element = read_value (rest, &type);

      if (pairs)
        {
          JsonArray *pair = json_array_new ();

          json_array_add_element (pair, element);
          json_array_add_element (pair, read_value (rest, &type));
          json_array_add_array_element (array, pair);
        }
      else
        json_array_add_element (array, element);
    }
  node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, array);
  return node;
}

static JsonNode *
read_value (Slice *rest, const char **type)
{
  Slice line = take_line (rest);
  Slice word = slice (line.data + 1, line.length - 1);
  gint64 number = g_ascii_strtoll (word.data, NULL, 10);

  switch (line.data[0])
    {
    case '+':
      *type = "status";
      return bytes_to_json (word);
    case '-':
      *type = "error";
      return bytes_to_json (word);
    case ':':
      *type = "integer";
      return integer_node (number);
    case '$':
      *type = "string";
      return bytes_to_json (take_bytes (rest, (gsize)number));
    case '=':
      {
        Slice text = take_bytes (rest, (gsize)number);

        *type = "verbatim";
        return bytes_to_json (slice (text.data + 4, text.length - 4));
      }
    case '*':
      *type = "array";
      return read_elements (rest, number, FALSE);
    case '~':
      *type = "set";
      return read_elements (rest, number, FALSE);
    case '%':
      *type = "map";
      return read_elements (rest, number, TRUE);
    default: /* "_" */
      *type = "null";
      return json_node_init_null (json_node_alloc ());
    }
}

JsonNode *
reply_to_json (Slice reply, const char **type, char **error)
{
  if (reply.length == 0)
    {
      *type = "none";
      return json_node_init_null (json_node_alloc ());
    }
  if (reply.data[0] == '-')
    {
      Slice line = take_line (&reply);

      *type = "error";
      *error = g_strndup (line.data + 1, line.length - 1);
      return NULL;
    }
  return read_value (&reply, type);
}
