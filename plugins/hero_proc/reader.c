/* reader.c: see reader.h. Pure; any thread. */
#include "reader.h"

#include <string.h>

#include "names.h"
#include "words.h"

/* "delayMs" -> "delay_ms"; snake_case stays. */
static char *
to_snake (const char *name)
{
  GString *snake = g_string_new (NULL);

  for (const char *c = name; *c != '\0'; c++)
    {
      if (g_ascii_isupper (*c) && c > name)
        g_string_append_c (snake, '_');
      g_string_append_c (snake, g_ascii_tolower (*c));
    }
  return g_string_free (snake, FALSE);
}

void
proc_reader_init (ProcReader *self, JsonObject *object, const char *where)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  self->where = where;
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->known = g_ptr_array_new_with_free_func (g_free);
  self->error = NULL;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      char *snake = to_snake (name);

      if (!g_hash_table_insert (self->members, snake, node))
        proc_reader_fail (self, snake, "one spelling of it", "two");
    }
}

gboolean
proc_reader_end (ProcReader *self, GPtrArray *warnings, GError **error)
{
  g_autoptr (GHashTable) members = g_steal_pointer (&self->members);
  g_autoptr (GPtrArray) known = g_steal_pointer (&self->known);
  GHashTableIter iter;
  gpointer name;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  g_hash_table_iter_init (&iter, members);
  while (warnings != NULL && g_hash_table_iter_next (&iter, &name, NULL))
    {
      const char *nearest = proc_nearest_name (name, known);

      g_ptr_array_add (warnings,
                       nearest == NULL
                           ? g_strdup_printf ("unknown member '%s.%s' is not stored", self->where, (char *)name)
                           : g_strdup_printf ("unknown member '%s.%s' is not stored; did you mean '%s'?", self->where,
                                              (char *)name, nearest));
    }
  return TRUE;
}

void
proc_reader_fail (ProcReader *self, const char *name, const char *expected, const char *found)
{
  g_autofree char *param = g_strconcat (self->where, ".", name, NULL);

  if (self->error == NULL)
    self->error = proc_error_new_param (param, expected, found);
}

const char *
proc_json_type (JsonNode *node)
{
  switch (JSON_NODE_TYPE (node))
    {
    case JSON_NODE_OBJECT:
      return "object";
    case JSON_NODE_ARRAY:
      return "array";
    case JSON_NODE_NULL:
      return "null";
    case JSON_NODE_VALUE:
    default:
      break;
    }
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      return "string";
    case G_TYPE_BOOLEAN:
      return "boolean";
    case G_TYPE_INT64:
      return "integer";
    default:
      return "number";
    }
}

JsonNode *
proc_reader_node (ProcReader *self, const char *names)
{
  g_auto (GStrv) list = g_strsplit (names, "|", -1);
  JsonNode *found = NULL;

  for (guint i = 0; list[i] != NULL; i++)
    {
      JsonNode *node = g_hash_table_lookup (self->members, list[i]);

      g_ptr_array_add (self->known, g_strdup (list[i]));
      if (node == NULL)
        continue;
      g_hash_table_remove (self->members, list[i]);
      if (JSON_NODE_HOLDS_NULL (node))
        continue;
      if (found != NULL)
        proc_reader_fail (self, list[i], "one of its names", "two");
      found = node;
    }
  return self->error == NULL ? found : NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/* The first of the names: the one messages use. */
static char *
first_name (const char *names)
{
  return g_strndup (names, strcspn (names, "|"));
}

static void
fail_type (ProcReader *self, const char *names, const char *expected, JsonNode *node)
{
  g_autofree char *name = first_name (names);

  proc_reader_fail (self, name, expected, proc_json_type (node));
}

gboolean
proc_reader_bool (ProcReader *self, const char *names, gboolean fallback)
{
  JsonNode *node = proc_reader_node (self, names);

  if (node == NULL)
    return fallback;
  if (holds (node, G_TYPE_BOOLEAN))
    return json_node_get_boolean (node);
  fail_type (self, names, "boolean", node);
  return fallback;
}

gint64
proc_reader_int (ProcReader *self, const char *names, gint64 min, gint64 max, gint64 fallback)
{
  JsonNode *node = proc_reader_node (self, names);
  g_autofree char *expected = NULL;
  gboolean integer;

  if (node == NULL)
    return fallback;
  integer = holds (node, G_TYPE_INT64)
            || (holds (node, G_TYPE_DOUBLE) && json_node_get_double (node) == (double)json_node_get_int (node));
  if (integer && json_node_get_int (node) >= min && json_node_get_int (node) <= max)
    return json_node_get_int (node);
  expected = g_strdup_printf ("integer %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, min, max);
  if (integer)
    {
      g_autofree char *found = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
      g_autofree char *name = first_name (names);

      proc_reader_fail (self, name, expected, found);
    }
  else
    fail_type (self, names, expected, node);
  return fallback;
}

double
proc_reader_number (ProcReader *self, const char *names, double min, double max, double fallback)
{
  JsonNode *node = proc_reader_node (self, names);
  g_autofree char *expected = NULL;

  if (node == NULL)
    return fallback;
  if ((holds (node, G_TYPE_INT64) || holds (node, G_TYPE_DOUBLE)) && json_node_get_double (node) >= min
      && json_node_get_double (node) <= max)
    return json_node_get_double (node);
  expected = g_strdup_printf ("number %g..%g", min, max);
  fail_type (self, names, expected, node);
  return fallback;
}

/* Text of 0..max bytes; a NUL cannot be in it, the JSON scan refuses U+0000. */
static gboolean
check_text (ProcReader *self, const char *names, JsonNode *node, gsize max)
{
  g_autofree char *expected = g_strdup_printf ("string of at most %" G_GSIZE_FORMAT " bytes", max);

  if (!holds (node, G_TYPE_STRING))
    fail_type (self, names, "string", node);
  else if (strlen (json_node_get_string (node)) > max)
    {
      g_autofree char *found = g_strdup_printf ("%" G_GSIZE_FORMAT, strlen (json_node_get_string (node)));
      g_autofree char *name = first_name (names);

      proc_reader_fail (self, name, expected, found);
    }
  return self->error == NULL;
}

char *
proc_reader_text (ProcReader *self, const char *names, gsize max)
{
  JsonNode *node = proc_reader_node (self, names);

  if (node == NULL || !check_text (self, names, node, max))
    return NULL;
  return json_node_dup_string (node);
}

guint
proc_reader_word (ProcReader *self, const char *names, const char *const *words, guint fallback)
{
  JsonNode *node = proc_reader_node (self, names);
  int index;

  if (node == NULL || !check_text (self, names, node, 64))
    return fallback;
  index = proc_word_parse (words, json_node_get_string (node));
  if (index < 0)
    {
      g_autofree char *list = proc_word_list (words);
      g_autofree char *expected = g_strdup_printf ("one of %s", list);
      g_autofree char *found = g_strdup_printf ("'%s'", json_node_get_string (node));
      g_autofree char *name = first_name (names);

      proc_reader_fail (self, name, expected, found);
      return fallback;
    }
  return (guint)index;
}

char **
proc_reader_texts (ProcReader *self, const char *names, guint max_count, gsize max)
{
  JsonNode *node = proc_reader_node (self, names);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (node == NULL)
    return g_strv_builder_end (builder);
  if (holds (node, G_TYPE_STRING) && check_text (self, names, node, max))
    {
      g_strv_builder_add (builder, json_node_get_string (node));
      return g_strv_builder_end (builder);
    }
  array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL)
    fail_type (self, names, "array of strings", node);
  else if (json_array_get_length (array) > max_count)
    {
      g_autofree char *expected = g_strdup_printf ("at most %u elements", max_count);
      g_autofree char *found = g_strdup_printf ("%u", json_array_get_length (array));
      g_autofree char *name = first_name (names);

      proc_reader_fail (self, name, expected, found);
    }
  for (guint i = 0; self->error == NULL && i < json_array_get_length (array); i++)
    if (check_text (self, names, json_array_get_element (array, i), max))
      g_strv_builder_add (builder, json_array_get_string_element (array, i));
  return g_strv_builder_end (builder);
}

JsonObject *
proc_reader_object (ProcReader *self, const char *names)
{
  JsonNode *node = proc_reader_node (self, names);

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  fail_type (self, names, "object", node);
  return NULL;
}

/* "NAME=value" lines by name. */
static int
compare_lines (gconstpointer a, gconstpointer b)
{
  const char *left = *(const char *const *)a, *right = *(const char *const *)b;
  gsize left_length = strcspn (left, "="), right_length = strcspn (right, "=");
  int order = strncmp (left, right, MIN (left_length, right_length));

  return order != 0 ? order : (left_length > right_length) - (left_length < right_length);
}

/* The text of a scalar, or NULL. Transfer full. */
static char *
scalar_text (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  if (holds (node, G_TYPE_STRING))
    return json_node_dup_string (node);
  if (holds (node, G_TYPE_BOOLEAN))
    return g_strdup (json_node_get_boolean (node) ? "true" : "false");
  if (holds (node, G_TYPE_INT64))
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  return g_strdup_printf ("%.17g", json_node_get_double (node));
}

char **
proc_reader_env (ProcReader *self, const char *names)
{
  JsonObject *object = proc_reader_object (self, names);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  gsize total = 0;

  if (object != NULL)
    json_object_iter_init (&iter, object);
  while (object != NULL && json_object_iter_next (&iter, &name, &node))
    {
      g_autofree char *value = scalar_text (node);
      g_autofree char *where = g_strconcat ("env.", name, NULL);

      if (!proc_name_is_variable (name))
        proc_reader_fail (self, "env", "names of letters, digits and '_', 128 bytes", name);
      else if (value == NULL)
        proc_reader_fail (self, where, "string, number or boolean", proc_json_type (node));
      else if (strlen (value) > PROC_MAX_ENV_VALUE)
        proc_reader_fail (self, where, "at most 32768 bytes", "more");
      else if ((total += strlen (name) + strlen (value) + 2) > PROC_MAX_ENV)
        proc_reader_fail (self, "env", "at most 131072 bytes in all", "more");
      else
        g_ptr_array_add (lines, g_strconcat (name, "=", value, NULL));
    }
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

static gboolean
is_empty_value (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_object_get_size (json_node_get_object (node)) == 0;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node)) == 0;
  if (holds (node, G_TYPE_STRING))
    return *json_node_get_string (node) == '\0';
  if (holds (node, G_TYPE_BOOLEAN))
    return !json_node_get_boolean (node);
  return json_node_get_double (node) == 0;
}

void
proc_reader_refuse (ProcReader *self, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      JsonNode *node = proc_reader_node (self, names[i]);

      if (node != NULL && !is_empty_value (node) && self->error == NULL)
        self->error = g_error_new (PROC_ERROR, PROC_ERROR_NOT_SUPPORTED_FIELD,
                                   "config error: '%s.%s' is not supported by this version", self->where, names[i]);
    }
}

static guint
edit_distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  g_autofree guint *row = g_new (guint, length + 1);

  for (gsize j = 0; j <= length; j++)
    row[j] = (guint)j;
  for (guint i = 1; *a != '\0'; a++, i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (gsize j = 1; j <= length; j++)
        {
          guint above = row[j];

          row[j] = MIN (MIN (above, row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
          diagonal = above;
        }
    }
  return row[length];
}

const char *
proc_nearest_name (const char *name, GPtrArray *names)
{
  const char *nearest = NULL;
  guint best = 4;

  for (guint i = 0; strlen (name) <= 64 && i < names->len; i++)
    {
      guint distance = edit_distance (name, names->pdata[i]);

      if (distance < best)
        {
          best = distance;
          nearest = names->pdata[i];
        }
    }
  return nearest;
}
