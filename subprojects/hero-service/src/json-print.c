/* json-print.c: compact JSON text of json-glib's tree. Several times faster than JsonGenerator, same text. Any thread.
 */
#include "json-internal.h"

#include <math.h>
#include <string.h>

/* Bytes that cannot stand in a JSON string as they are; for those above 0x7f the text must be valid UTF-8. */
static const guint8 needs_care[256] = { [0x00 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1 };

static void
append_escaped (GString *out, char c)
{
  switch (c)
    {
    case '"':
      g_string_append (out, "\\\"");
      break;
    case '\\':
      g_string_append (out, "\\\\");
      break;
    case '\b':
      g_string_append (out, "\\b");
      break;
    case '\f':
      g_string_append (out, "\\f");
      break;
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      g_string_append_printf (out, "\\u%04x", (guint8)c);
    }
}

void
hero_json_append_string (GString *out, const char *text)
{
  g_autofree char *valid = NULL;
  gboolean ascii = TRUE;
  const char *run, *p;

  for (p = text; *p != '\0'; p++)
    ascii = ascii && (guint8)*p < 0x80;
  if (!ascii && !g_utf8_validate_len (text, p - text, NULL))
    text = valid = g_utf8_make_valid (text, -1);

  g_string_append_c (out, '"');
  for (run = p = text; *p != '\0'; p++)
    if (needs_care[(guint8)*p])
      {
        g_string_append_len (out, run, p - run);
        append_escaped (out, *p);
        run = p + 1;
      }
  g_string_append_len (out, run, p - run);
  g_string_append_c (out, '"');
}

static void
append_int (GString *out, gint64 value)
{
  char digits[24], *p = digits + sizeof digits;
  guint64 rest = value < 0 ? 0 - (guint64)value : (guint64)value;

  do
    *--p = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    *--p = '-';
  g_string_append_len (out, p, digits + sizeof digits - p);
}

/* The shortest form that reads back as the same number, with a sign that it is no integer. */
static void
append_double (GString *out, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    {
      g_string_append (out, "null");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strtod (g_ascii_formatd (digits, sizeof digits, formats[i], value), NULL) == value)
      break;
  g_string_append (out, digits);
  if (strpbrk (digits, ".e") == NULL)
    g_string_append (out, ".0");
}

static void
append_value (GString *out, JsonNode *node)
{
  GType type = json_node_get_value_type (node);

  if (type == G_TYPE_STRING)
    hero_json_append_string (out, json_node_get_string (node));
  else if (type == G_TYPE_INT64)
    append_int (out, json_node_get_int (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  else
    append_double (out, json_node_get_double (node));
}

static void
append_object (GString *out, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;
  char separator = '{';

  if (json_object_get_size (object) == 0)
    g_string_append_c (out, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      g_string_append_c (out, separator);
      separator = ',';
      hero_json_append_string (out, name);
      g_string_append_c (out, ':');
      hero_json_append (out, value);
    }
  g_string_append_c (out, '}');
}

static void
append_array (GString *out, JsonArray *array)
{
  guint length = json_array_get_length (array);

  g_string_append_c (out, '[');
  for (guint i = 0; i < length; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      hero_json_append (out, json_array_get_element (array, i));
    }
  g_string_append_c (out, ']');
}

void
hero_json_append (GString *out, JsonNode *node)
{
  switch (node == NULL ? JSON_NODE_NULL : json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      append_object (out, json_node_get_object (node));
      break;
    case JSON_NODE_ARRAY:
      append_array (out, json_node_get_array (node));
      break;
    case JSON_NODE_VALUE:
      append_value (out, node);
      break;
    default:
      g_string_append (out, "null");
    }
}

char *
hero_json_print (JsonNode *node, gsize *length)
{
  GString *out = g_string_sized_new (256);

  hero_json_append (out, node);
  if (length != NULL)
    *length = out->len;
  return g_string_free (out, FALSE);
}
