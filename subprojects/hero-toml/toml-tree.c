/* toml-tree.c: the tree that hero_toml_parse gives, and the limits a text must keep. Pure; any thread. */
#include "toml-tree.h"

G_DEFINE_QUARK (hero - toml - error - quark, hero_toml_error)

HeroToml *
hero_toml_new (HeroTomlType type, guint line, guint column)
{
  HeroToml *toml = g_new0 (HeroToml, 1);

  toml->type = type;
  toml->place = (HeroTomlPlace){ line, column };
  if (type == HERO_TOML_TABLE || type == HERO_TOML_ARRAY)
    toml->children = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_toml_free);
  return toml;
}

void
hero_toml_free (HeroToml *toml)
{
  if (toml == NULL)
    return;
  g_clear_pointer (&toml->children, g_ptr_array_unref);
  g_free (toml->key);
  g_free (toml->string);
  g_free (toml);
}

HeroToml *
hero_toml_get (const HeroToml *table, const char *key)
{
  g_return_val_if_fail (table->type == HERO_TOML_TABLE, NULL);

  for (guint i = 0; i < table->children->len; i++)
    {
      HeroToml *child = g_ptr_array_index (table->children, i);

      if (g_str_equal (child->key, key))
        return child;
    }
  return NULL;
}

const char *
hero_toml_type_name (HeroTomlType type)
{
  static const char *const names[]
      = { "table", "array", "string", "integer", "real number", "boolean", "date or time" };

  return names[type];
}

char *
hero_toml_quote (const char *text)
{
  GString *out = g_string_new ("\"");

  for (const char *p = text; *p != '\0'; p++)
    if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else if ((guchar)*p < 0x20 || *p == 0x7f)
      g_string_append_printf (out, "\\u%04x", (guchar)*p);
    else
      g_string_append_c (out, *p);
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

static gint
compare_places (gconstpointer a, gconstpointer b)
{
  const HeroToml *x = *(HeroToml *const *)a, *y = *(HeroToml *const *)b;

  if (x->key_place.line != y->key_place.line)
    return x->key_place.line < y->key_place.line ? -1 : 1;
  return x->key_place.column < y->key_place.column ? -1 : x->key_place.column > y->key_place.column;
}

void
hero_toml_sort (HeroToml *table)
{
  g_ptr_array_sort (table->children, compare_places);
}

/* The first byte behind the string that starts at p: "..", '..', """..""" or '''..'''. */
static const char *
skip_string (const char *p, const char *end)
{
  const char quote = *p;
  const gboolean block = end - p >= 3 && p[1] == quote && p[2] == quote;

  for (p += block ? 3 : 1; p < end; p++)
    {
      if (*p == '\n' && !block)
        return p;
      else if (*p == '\\' && quote == '"')
        p++;
      else if (*p == quote && !block)
        return p + 1;
      else if (*p == quote && end - p >= 3 && p[1] == quote && p[2] == quote)
        {
          /* A block may end in up to two quotes of its own: """a""""" */
          for (p += 3; p < end && *p == quote; p++)
            ;
          return p;
        }
    }
  return end;
}

/* The first byte at which the nesting passes the limit, or NULL. */
static const char *
find_too_deep (const char *text, const char *end)
{
  guint brackets = 0, dots = 0;

  for (const char *p = text; p < end;)
    {
      if (*p == '"' || *p == '\'')
        {
          p = skip_string (p, end);
          continue;
        }
      if (*p == '#')
        {
          p = memchr (p, '\n', end - p) ?: end;
          continue;
        }
      if (*p == '.')
        dots++;
      else if (strchr ("\n[]{}=,", *p) != NULL)
        dots = 0;
      if (*p == '[' || *p == '{')
        brackets++;
      else if ((*p == ']' || *p == '}') && brackets > 0)
        brackets--;
      if (brackets > HERO_TOML_MAX_DEPTH || dots >= HERO_TOML_MAX_DEPTH)
        return p;
      p++;
    }
  return NULL;
}

static HeroTomlPlace
place_of (const char *text, const char *p)
{
  HeroTomlPlace place = { 1, 1 };

  for (const char *q = text; q < p; q++)
    if (*q == '\n')
      place = (HeroTomlPlace){ place.line + 1, 1 };
    else if ((*q & 0xc0) != 0x80)
      place.column++;
  return place;
}

gboolean
hero_toml_check_limits (const char *text, gsize length, HeroTomlPlace *where, GError **error)
{
  const char *deep;

  *where = (HeroTomlPlace){ 1, 1 };
  if (length > HERO_TOML_MAX_BYTES)
    {
      g_set_error (error, HERO_TOML_ERROR, HERO_TOML_ERROR_LIMIT,
                   "the text has %" G_GSIZE_FORMAT " bytes, the limit is %u", length, HERO_TOML_MAX_BYTES);
      return FALSE;
    }
  deep = find_too_deep (text, text + length);
  if (deep != NULL)
    {
      *where = place_of (text, deep);
      g_set_error (error, HERO_TOML_ERROR, HERO_TOML_ERROR_LIMIT, "nested deeper than %u levels", HERO_TOML_MAX_DEPTH);
      return FALSE;
    }
  return TRUE;
}
