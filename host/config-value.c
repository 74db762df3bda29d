/* config-value.c: one value of the file against what its key asks for (host and plugins alike). Main thread. */
#include "config-private.h"

#include "suggest.h"

#include <math.h>

static void G_GNUC_PRINTF (4, 5)
    reject (HeroConfig *config, const HeroToml *node, const char *label, const char *expected, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, expected);
  text = g_strdup_vprintf (expected, args);
  va_end (args);
  hero_config_add (config, HERO_REPORT_ERROR, node->place, "%s: expected %s", label, text);
}

static GVariant *
read_boolean (HeroConfig *config, const HeroToml *node, const char *label)
{
  if (node->type == HERO_TOML_BOOLEAN)
    return g_variant_new_boolean (node->boolean);
  reject (config, node, label, "true or false, found %s", hero_toml_type_name (node->type));
  return NULL;
}

/* "integer 0..65535"; a range of 0..0 means that the plugin sets no limits. */
static char *
describe_range (const char *noun, gint64 min, gint64 max)
{
  if (min == 0 && max == 0)
    return g_strdup (noun);
  if (max == G_MAXINT64)
    return g_strdup_printf ("%s, %" G_GINT64_FORMAT " or more", noun, min);
  return g_strdup_printf ("%s %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, noun, min, max);
}

static GVariant *
read_integer (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  g_autofree char *range = describe_range ("integer", key->min, key->max);
  const gboolean limited = key->min != 0 || key->max != 0;

  if (node->type != HERO_TOML_INTEGER)
    reject (config, node, label, "%s, found %s", range, hero_toml_type_name (node->type));
  else if (limited && (node->integer < key->min || node->integer > key->max))
    reject (config, node, label, "%s, found %" G_GINT64_FORMAT, range, node->integer);
  else
    return g_variant_new_int64 (node->integer);
  return NULL;
}

static GVariant *
read_real (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  g_autofree char *range = describe_range ("number", key->min, key->max);
  const gboolean limited = key->min != 0 || key->max != 0;
  double value = node->type == HERO_TOML_INTEGER ? (double)node->integer : node->real;

  if (node->type != HERO_TOML_REAL && node->type != HERO_TOML_INTEGER)
    reject (config, node, label, "%s, found %s", range, hero_toml_type_name (node->type));
  else if (!isfinite (value) || (limited && (value < key->min || value > key->max)))
    reject (config, node, label, "%s, found %g", range, value);
  else
    return g_variant_new_double (value);
  return NULL;
}

/* "a", "b" or "c" */
static char *
describe_choices (char **words)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (out, "%s\"%s\"", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
  return g_string_free (out, FALSE);
}

static GVariant *
read_string (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *choices = NULL;
  const char *nearest;

  if (key->choices == NULL)
    {
      if (node->type == HERO_TOML_STRING)
        return g_variant_new_string (node->string);
      reject (config, node, label, "string, found %s", hero_toml_type_name (node->type));
      return NULL;
    }
  words = g_strsplit (key->choices, "|", -1);
  choices = describe_choices (words);
  if (node->type != HERO_TOML_STRING)
    {
      reject (config, node, label, "%s, found %s", choices, hero_toml_type_name (node->type));
      return NULL;
    }
  if (g_strv_contains ((const char *const *)words, node->string))
    return g_variant_new_string (node->string);
  nearest = hero_suggest_nearest (node->string, (const char *const *)words);
  if (nearest != NULL)
    reject (config, node, label, "%s, found \"%s\"; did you mean \"%s\"?", choices, node->string, nearest);
  else
    reject (config, node, label, "%s, found \"%s\"", choices, node->string);
  return NULL;
}

static GVariant *
read_path (HeroConfig *config, const HeroToml *node, const char *label)
{
  char *path;

  if (node->type != HERO_TOML_STRING)
    {
      reject (config, node, label, "path as a string, found %s", hero_toml_type_name (node->type));
      return NULL;
    }
  if (*node->string == '\0')
    return g_variant_new_string ("");
  path = hero_config_expand (config, node->string, label, node->place);
  return path != NULL ? g_variant_new_take_string (path) : NULL;
}

static gboolean
read_mode_string (const char *text, guint *mode)
{
  char *end = NULL;

  if (g_str_has_prefix (text, "0o"))
    text += 2;
  *mode = g_ascii_strtoull (text, &end, 8);
  return g_ascii_isdigit (*text) && *end == '\0' && *mode <= 0777;
}

static GVariant *
read_mode (HeroConfig *config, const HeroToml *node, const char *label)
{
  static const char expected[] = "octal file mode \"0000\"..\"0777\"";
  guint mode = 0;

  if (node->type == HERO_TOML_STRING)
    {
      if (read_mode_string (node->string, &mode))
        return g_variant_new_take_string (g_strdup_printf ("%04o", mode));
      reject (config, node, label, "%s, found \"%s\"", expected, node->string);
    }
  else if (node->type != HERO_TOML_INTEGER)
    reject (config, node, label, "%s, found %s", expected, hero_toml_type_name (node->type));
  else if (node->integer < 0 || node->integer > 0777)
    reject (config, node, label,
            "%s, found the decimal number %" G_GINT64_FORMAT "; write it as a string: \"0%" G_GINT64_FORMAT "\"",
            expected, node->integer, node->integer);
  else
    {
      if (!node->octal)
        hero_config_add (config, HERO_REPORT_WARNING, node->place,
                         "%s: the decimal number %" G_GINT64_FORMAT " is mode %04o; write the mode as a string", label,
                         node->integer, (guint)node->integer);
      return g_variant_new_take_string (g_strdup_printf ("%04o", (guint)node->integer));
    }
  return NULL;
}

/* A list of strings or paths, or a single one where the key allows it. */
static GVariant *
read_list (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  const gboolean paths = key->type == HERO_CONFIG_PATHS;
  const gboolean single = node->type == HERO_TOML_STRING && (key->flags & HERO_CONFIG_ONE_OR_MANY) != 0;
  const guint n = single ? 1 : node->type == HERO_TOML_ARRAY ? node->children->len : 0;
  g_autoptr (GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE_STRING_ARRAY);
  gboolean good = TRUE;

  if (!single && node->type != HERO_TOML_ARRAY)
    {
      reject (config, node, label, "array of %s, found %s", paths ? "paths" : "strings",
              hero_toml_type_name (node->type));
      return NULL;
    }
  if (n < key->min || (key->max > 0 && n > key->max))
    {
      g_autofree char *range = describe_range ("array of length", key->min, key->max > 0 ? key->max : G_MAXINT64);

      reject (config, node, label, "%s, found %u elements", range, n);
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    {
      const HeroToml *element = single ? node : g_ptr_array_index (node->children, i);
      g_autofree char *place = single ? g_strdup (label) : g_strdup_printf ("%s[%u]", label, i);
      GVariant *value;

      value = paths ? read_path (config, element, place) : read_string (config, key, element, place);
      if (value == NULL)
        good = FALSE;
      else
        g_variant_builder_add_value (builder, value);
    }
  return good ? g_variant_builder_end (builder) : NULL;
}

static char **
list_columns (const HeroConfigKey *columns)
{
  GPtrArray *names = g_ptr_array_new ();

  for (; columns->name != NULL; columns++)
    g_ptr_array_add (names, g_strdup (columns->name));
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

static void
warn_unknown_columns (HeroConfig *config, const HeroConfigKey *columns, const HeroToml *row, const char *label)
{
  g_auto (GStrv) known = list_columns (columns);

  for (guint i = 0; i < row->children->len; i++)
    {
      const HeroToml *node = g_ptr_array_index (row->children, i);
      g_autofree char *hint = NULL;

      if (g_strv_contains ((const char *const *)known, node->key))
        continue;
      hint = hero_suggest_text (node->key, "keys", (const char *const *)known);
      hero_config_add (config, HERO_REPORT_WARNING, node->key_place, "%s: unknown key \"%s\"; %s", label, node->key,
                       hint);
    }
}

/* One element of an array of tables, as a{sv}; NULL after a diagnostic. */
static GVariant *
read_row (HeroConfig *config, const HeroConfigKey *columns, const HeroToml *row, const char *label)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gboolean good = TRUE;

  for (const HeroConfigKey *column = columns; column->name != NULL; column++)
    {
      const HeroToml *node = hero_toml_get (row, column->name);
      g_autofree char *place = g_strdup_printf ("%s.%s", label, column->name);
      GVariant *value = node != NULL ? hero_config_value_read (config, column, node, place)
                                     : hero_config_value_default (config, column, place);

      if (value != NULL)
        g_variant_builder_add (&values, "{sv}", column->name, value);
      else if (node != NULL)
        good = FALSE;
      else if ((column->flags & HERO_CONFIG_REQUIRED) != 0)
        {
          good = FALSE;
          hero_config_add (config, HERO_REPORT_ERROR, row->place, "%s: the key \"%s\" is missing", label, column->name);
        }
    }
  warn_unknown_columns (config, columns, row, label);
  return good ? g_variant_builder_end (&values) : NULL;
}

static GVariant *
read_tables (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  g_autoptr (GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE ("aa{sv}"));
  gboolean good = TRUE;

  if (node->type != HERO_TOML_ARRAY)
    {
      reject (config, node, label, "array of tables ([[..]]), found %s", hero_toml_type_name (node->type));
      return NULL;
    }
  for (guint i = 0; i < node->children->len; i++)
    {
      const HeroToml *row = g_ptr_array_index (node->children, i);
      g_autofree char *place = g_strdup_printf ("%s[%u]", label, i);
      GVariant *value = NULL;

      if (row->type != HERO_TOML_TABLE)
        reject (config, row, place, "table, found %s", hero_toml_type_name (row->type));
      else
        value = read_row (config, key->columns, row, place);
      if (value != NULL)
        g_variant_builder_add_value (builder, value);
      good = good && value != NULL;
    }
  return good ? g_variant_builder_end (builder) : NULL;
}

GVariant *
hero_config_value_read (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node, const char *label)
{
  switch (key->type)
    {
    case HERO_CONFIG_BOOL:
      return read_boolean (config, node, label);
    case HERO_CONFIG_INT:
      return read_integer (config, key, node, label);
    case HERO_CONFIG_REAL:
      return read_real (config, key, node, label);
    case HERO_CONFIG_STRING:
      return read_string (config, key, node, label);
    case HERO_CONFIG_PATH:
      return read_path (config, node, label);
    case HERO_CONFIG_STRINGS:
    case HERO_CONFIG_PATHS:
      return read_list (config, key, node, label);
    case HERO_CONFIG_TABLES:
      return read_tables (config, key, node, label);
    case HERO_CONFIG_MODE:
      return read_mode (config, node, label);
    default:
      hero_config_add (config, HERO_REPORT_ERROR, node->place,
                       "%s: the plugin declares the unknown type %u for this key", label, key->type);
      return NULL;
    }
}

GVariant *
hero_config_value_default (HeroConfig *config, const HeroConfigKey *key, const char *label)
{
  g_autofree char *text = NULL, *whose = NULL;
  g_autoptr (HeroToml) toml = NULL;

  if (key->fallback == NULL)
    return NULL;
  text = g_strdup_printf ("x = %s", key->fallback);
  toml = hero_toml_parse (text, strlen (text), NULL, NULL);
  whose = g_strdup_printf ("%s (default)", label);
  if (toml == NULL)
    {
      hero_config_add (config, HERO_REPORT_ERROR, (HeroTomlPlace){ 0, 0 },
                       "%s: the plugin declares %s, which is not TOML", whose, key->fallback);
      return NULL;
    }
  return hero_config_value_read (config, key, hero_toml_get (toml, "x"), whose);
}

static guint
find_word (const char *choices, const char *word)
{
  g_auto (GStrv) words = g_strsplit (choices, "|", -1);
  guint i = 0;

  while (words[i] != NULL && !g_str_equal (words[i], word))
    i++;
  return words[i] != NULL ? i : 0;
}

void
hero_config_value_store (const HeroHostKey *row, gpointer target, GVariant *value)
{
  gpointer member = G_STRUCT_MEMBER_P (target, row->offset);

  switch (row->store)
    {
    case HERO_STORE_NONE:
      return;
    case HERO_STORE_TEXT:
      g_clear_pointer ((char **)member, g_free);
      if (value != NULL)
        *(char **)member = g_variant_dup_string (value, NULL);
      return;
    case HERO_STORE_LIST:
      g_clear_pointer ((char ***)member, g_strfreev);
      *(char ***)member = value != NULL ? g_variant_dup_strv (value, NULL) : g_new0 (char *, 1);
      return;
    case HERO_STORE_BOOL:
      *(gboolean *)member = value != NULL && g_variant_get_boolean (value);
      return;
    case HERO_STORE_UINT:
      *(guint *)member = value != NULL ? g_variant_get_int64 (value) : 0;
      return;
    case HERO_STORE_WORD:
      *(guint *)member = value != NULL ? find_word (row->key.choices, g_variant_get_string (value, NULL)) : 0;
      return;
    case HERO_STORE_MODE:
      *(guint *)member = value != NULL ? g_ascii_strtoull (g_variant_get_string (value, NULL), NULL, 8) : 0;
      return;
    }
}

static void
print (GString *out, GVariant *value)
{
  g_autofree char *text = NULL;
  const char *separator = "";

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      g_autoptr (GVariant) inner = g_variant_get_variant (value);
      print (out, inner);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    {
      text = hero_toml_quote (g_variant_get_string (value, NULL));
      g_string_append (out, text);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    {
      GVariantIter iter;
      const char *name;
      GVariant *child;

      g_string_append (out, "{ ");
      g_variant_iter_init (&iter, value);
      for (; g_variant_iter_loop (&iter, "{&sv}", &name, &child); separator = ", ")
        {
          g_string_append_printf (out, "%s%s = ", separator, name);
          print (out, child);
        }
      g_string_append (out, " }");
    }
  else if (g_variant_is_container (value))
    {
      g_string_append_c (out, '[');
      for (gsize i = 0; i < g_variant_n_children (value); i++, separator = ", ")
        {
          g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

          g_string_append (out, separator);
          print (out, child);
        }
      g_string_append_c (out, ']');
    }
  else
    {
      text = g_variant_print (value, FALSE);
      g_string_append (out, text);
    }
}

char *
hero_config_value_print (GVariant *value)
{
  GString *out = g_string_new (NULL);

  print (out, value);
  return g_string_free (out, FALSE);
}
