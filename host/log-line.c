/* log-line.c: one log message in its three written forms. All end with a newline. Pure; any thread. */
#include "log-line.h"

#include <hero-service/json.h>
#include <string.h>
#include <time.h>

#include "log-level.h"

#define MAX_JSON_LINE 65536 /* bytes of a child's line that are read as JSON */

/* Members of the JSON form that no field may take over. */
static const char *const reserved[] = { "ts", "level", "service", "msg", "pid", NULL };

static void
append_time (gint64 time_us, GString *out)
{
  const time_t seconds = time_us / G_USEC_PER_SEC;
  struct tm tm;

  gmtime_r (&seconds, &tm);
  g_string_append_printf (out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                          tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(time_us % G_USEC_PER_SEC / 1000));
}

/* Control characters would let a message forge lines or drive a terminal. */
static void
append_safe (const char *text, gboolean quoted, GString *out)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\n')
        g_string_append (out, "\\n");
      else if (c == '\t')
        g_string_append (out, quoted ? "\\t" : "\t");
      else if (quoted && (c == '"' || c == '\\'))
        g_string_append_printf (out, "\\%c", (char)c);
      else if (g_unichar_iscntrl (c))
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_len (out, p, g_utf8_next_char (p) - p);
    }
}

/* A field's value as text, strings as they are. */
static char *
value_text (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
}

static void
append_pair (const char *key, GVariant *value, GString *out)
{
  g_autofree char *text = value_text (value);
  gboolean bare = *text != '\0';

  for (const guchar *p = (const guchar *)text; *p != '\0' && bare; p++)
    bare = *p > ' ' && *p != '"' && *p != '=' && *p != '\\' && *p != 0x7f;
  g_string_append_c (out, ' ');
  append_safe (key, FALSE, out);
  g_string_append (out, bare ? "=" : "=\"");
  append_safe (text, !bare, out);
  if (!bare)
    g_string_append_c (out, '"');
}

void
hero_log_line_plain (const HeroLogEntry *entry, GString *out)
{
  static const char *const names[] = { "OFF  ", "ERROR", "WARN ", "INFO ", "DEBUG", "TRACE" };
  GVariantIter iter;
  const char *key;
  GVariant *value;

  append_time (entry->time_us, out);
  g_string_append_printf (out, " %s %s: ", names[entry->level], entry->service);
  append_safe (entry->message, FALSE, out);
  if (entry->fields != NULL)
    {
      g_variant_iter_init (&iter, entry->fields);
      while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
        append_pair (key, value, out);
    }
  g_string_append_c (out, '\n');
}

/* A whole number among the fields, of whatever integer type; 0 if there is none. */
static gint64
find_number (GVariant *fields, const char *key)
{
  g_autoptr (GVariant) value = fields != NULL ? g_variant_lookup_value (fields, key, NULL) : NULL;

  if (value == NULL)
    return 0;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    return g_variant_get_int32 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    return g_variant_get_int64 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return g_variant_get_uint64 (value);
  return 0;
}

static JsonNode *
field_node (GVariant *value)
{
  JsonNode *node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *text = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    json_node_set_boolean (node, g_variant_get_boolean (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    json_node_set_double (node, g_variant_get_double (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    json_node_set_int (node, g_variant_get_int64 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    json_node_set_int (node, g_variant_get_int32 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    json_node_set_int (node, g_variant_get_uint32 (value));
  else
    {
      g_autofree char *raw = value_text (value);

      text = g_utf8_make_valid (raw, -1);
      json_node_set_string (node, text);
    }
  return node;
}

static void
add_fields (JsonObject *object, GVariant *fields)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, fields);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      g_autofree char *name = NULL;

      if (g_str_equal (key, "context"))
        continue;
      name = g_strconcat (key, g_strv_contains (reserved, key) ? "_" : "", NULL);
      json_object_set_member (object, name, field_node (value));
    }
}

void
hero_log_line_json (const HeroLogEntry *entry, GString *out)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autoptr (GString) time = g_string_new (NULL);
  g_autofree char *message = g_utf8_make_valid (entry->message, -1), *text = NULL;

  append_time (entry->time_us, time);
  json_object_set_string_member (object, "ts", time->str);
  json_object_set_string_member (object, "level", hero_log_level_name (entry->level));
  json_object_set_string_member (object, "service", entry->service);
  json_object_set_string_member (object, "msg", message);
  json_object_set_int_member (object, "pid", entry->pid);
  json_object_set_int_member (object, "context", find_number (entry->fields, "context"));
  if (entry->fields != NULL)
    add_fields (object, entry->fields);
  json_node_init_object (node, object);
  text = json_to_string (node, FALSE);
  g_string_append (out, text);
  g_string_append_c (out, '\n');
}

/* Text for one column of the file form: separators of the form become harmless. */
static void
append_column (const char *text, gboolean tag, GString *out)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p++)
    if (*p == '\n')
      g_string_append (out, "[BR]");
    else if (*p == '\t' || *p == '\r')
      g_string_append_c (out, ' ');
    else if (tag && *p == ',')
      g_string_append_c (out, ';');
    else
      g_string_append_c (out, *p);
}

static void
append_tags (GVariant *fields, GString *out)
{
  const char *separator = "", *key;
  gsize start = out->len;
  GVariantIter iter;
  GVariant *value;

  if (fields != NULL)
    {
      g_variant_iter_init (&iter, fields);
      while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
        {
          g_autofree char *text = value_text (value);

          if (g_str_equal (key, "context") || g_str_equal (key, "job_id"))
            continue;
          g_string_append (out, separator);
          append_column (key, TRUE, out);
          g_string_append_c (out, ':');
          append_column (text, TRUE, out);
          separator = ",";
        }
    }
  if (out->len == start)
    g_string_append_c (out, '-');
}

void
hero_log_line_file (const HeroLogEntry *entry, GString *out)
{
  static const int levels[] = { 0, 254, 30, 10, 0, 0 };

  g_string_append_printf (out, "%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%d\t",
                          entry->time_us / G_USEC_PER_SEC, find_number (entry->fields, "context"),
                          find_number (entry->fields, "job_id"), levels[entry->level]);
  append_tags (entry->fields, out);
  g_string_append_c (out, '\t');
  append_column (entry->message, FALSE, out);
  g_string_append_c (out, '\n');
}

/* ---- reading the JSON form of a child process */

static GVariant *
scalar (JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_BOOLEAN:
      return g_variant_new_boolean (json_node_get_boolean (node));
    case G_TYPE_INT64:
      return g_variant_new_int64 (json_node_get_int (node));
    case G_TYPE_DOUBLE:
      return g_variant_new_double (json_node_get_double (node));
    case G_TYPE_STRING:
      return g_variant_new_string (json_node_get_string (node));
    default:
      return NULL;
    }
}

static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static GVariant *
read_fields (JsonObject *object)
{
  g_auto (GVariantBuilder) fields = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gboolean any = FALSE;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      GVariant *value = NULL;

      if (!g_strv_contains (reserved, name) && JSON_NODE_HOLDS_VALUE (node))
        value = scalar (node);
      if (value == NULL || (g_str_equal (name, "context") && json_node_get_int (node) == 0))
        {
          if (value != NULL)
            g_variant_unref (g_variant_ref_sink (value));
          continue;
        }
      any = TRUE;
      g_variant_builder_add (&fields, "{sv}", name, value);
    }
  return any ? g_variant_ref_sink (g_variant_builder_end (&fields)) : NULL;
}

gboolean
hero_log_line_parse_json (const char *line, HeroLogLevel *level, char **message, gint64 *pid, GVariant **fields)
{
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;
  const char *text, *word;
  JsonNode *pid_node;
  guint number;

  if (*line != '{' || strlen (line) > MAX_JSON_LINE)
    return FALSE;
  root = hero_json_parse (line, -1, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return FALSE;
  object = json_node_get_object (root);
  text = get_string (object, "msg");
  word = get_string (object, "level");
  if (text == NULL || word == NULL || !hero_log_level_parse (word, &number) || number == HERO_LOG_OFF)
    return FALSE;
  pid_node = json_object_get_member (object, "pid");
  *level = number;
  *message = g_strdup (text);
  *pid = pid_node != NULL && json_node_get_value_type (pid_node) == G_TYPE_INT64 ? json_node_get_int (pid_node) : 0;
  *fields = read_fields (object);
  return TRUE;
}
