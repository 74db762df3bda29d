/*
 * describe-keys.c: the tables of docs/configuration.md, printed from what the code itself declares: the host's keys,
 * its environment variables, and the keys of every plugin file named as an argument.
 */
#include <stdio.h>

#include "config-keys.h"
#include "plugin-file.h"

static char *
type_text (const HeroConfigKey *key)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *joined = NULL;

  switch (key->type)
    {
    case HERO_CONFIG_BOOL:
      return g_strdup ("`true`, `false`");
    case HERO_CONFIG_INT:
    case HERO_CONFIG_REAL:
      if (key->min == 0 && key->max == 0)
        return g_strdup (key->type == HERO_CONFIG_INT ? "integer" : "number");
      if (key->max == G_MAXINT64)
        return g_strdup_printf ("%s from %" G_GINT64_FORMAT, key->type == HERO_CONFIG_INT ? "integer" : "number",
                                key->min);
      return g_strdup_printf ("%s %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT,
                              key->type == HERO_CONFIG_INT ? "integer" : "number", key->min, key->max);
    case HERO_CONFIG_STRING:
      if (key->choices == NULL)
        return g_strdup ("string");
      words = g_strsplit (key->choices, "|", -1);
      joined = g_strjoinv ("\"`, `\"", words);
      return g_strdup_printf ("`\"%s\"`", joined);
    case HERO_CONFIG_PATH:
      return g_strdup ("path");
    case HERO_CONFIG_STRINGS:
      return g_strdup (key->flags & HERO_CONFIG_ONE_OR_MANY ? "string or array of strings" : "array of strings");
    case HERO_CONFIG_PATHS:
      return g_strdup (key->flags & HERO_CONFIG_ONE_OR_MANY ? "path or array of paths" : "array of paths");
    case HERO_CONFIG_TABLES:
      return g_strdup ("array of tables");
    case HERO_CONFIG_MODE:
      return g_strdup ("file mode");
    default:
      return g_strdup_printf ("unknown type %u", key->type);
    }
}

static void
print_row (const char *prefix, const HeroConfigKey *key)
{
  g_autofree char *type = type_text (key);
  g_autofree char *fallback = key->fallback != NULL ? g_strdup_printf ("`%s`", key->fallback) : g_strdup ("");
  g_autoptr (GString) meaning = g_string_new (key->meaning);

  g_string_replace (meaning, "|", "\\|", 0);
  g_string_replace (meaning, "<", "&lt;", 0);
  if (key->aliases != NULL)
    {
      g_auto (GStrv) names = g_strsplit (key->aliases, "|", -1);
      g_autofree char *joined = g_strjoinv ("`, `", names);

      g_string_append_printf (meaning, " Also named `%s`.", joined);
    }
  if ((key->flags & HERO_CONFIG_SECRET) != 0)
    g_string_append (meaning, " Never shown.");
  if ((key->flags & HERO_CONFIG_REQUIRED) != 0)
    g_string_append (meaning, " Must be there.");
  printf ("| `%s%s` | %s | %s | %s |\n", prefix, key->name, type, fallback, meaning->str);
}

static void
print_head (void)
{
  puts ("| key | type | default | meaning |\n|---|---|---|---|");
}

static void
print_host_keys (const char *title, HeroKeyScope scope)
{
  printf ("\n### %s\n\n", title);
  print_head ();
  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    if (row->scope == scope)
      print_row ("", &row->key);
}

static void
print_variables (void)
{
  puts ("\n### Environment\n\n| variable | default | meaning |\n|---|---|---|");
  for (const HeroHostVariable *variable = hero_host_variables; variable->name != NULL; variable++)
    {
      const gboolean build = g_str_equal (variable->name, "HERO_BUNDLE_PLUGIN_DIR");
      const char *fallback = build ? "chosen at build time" : variable->fallback;

      printf ("| `%s` | %s%s%s | %s |\n", variable->name, build || *fallback == '\0' ? "" : "`", fallback,
              build || *fallback == '\0' ? "" : "`", variable->meaning);
    }
}

static void
print_keys (const HeroConfigKey *keys, guint key_size, const char *prefix)
{
  for (const guint8 *p = (const guint8 *)keys; p != NULL && *(const char *const *)p != NULL; p += key_size)
    {
      const HeroConfigKey *key = (const HeroConfigKey *)p;

      if ((key->flags & HERO_CONFIG_IGNORED) != 0)
        continue;
      print_row (prefix, key);
      if (key->columns != NULL)
        {
          g_autofree char *inner = g_strdup_printf ("%s%s[].", prefix, key->name);

          print_keys (key->columns, key_size, inner);
        }
    }
}

static void
print_ignored (const HeroConfigKey *keys, guint key_size)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (const guint8 *p = (const guint8 *)keys; p != NULL && *(const char *const *)p != NULL; p += key_size)
    if ((((const HeroConfigKey *)p)->flags & HERO_CONFIG_IGNORED) != 0)
      g_string_append_printf (names, "%s`%s`", names->len > 0 ? ", " : "", ((const HeroConfigKey *)p)->name);
  if (names->len > 0)
    printf ("\nTaken from old files with a warning, without effect: %s.\n", names->str);
}

int
main (int argc, char **argv)
{
  print_host_keys ("Host: top level or `[host]`", HERO_SCOPE_HOST);
  print_host_keys ("Host and services: a service's table wins", HERO_SCOPE_COMMON);
  print_host_keys ("Every service", HERO_SCOPE_SERVICE);
  print_variables ();
  for (int i = 1; i < argc; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (HeroPluginFile) file = hero_plugin_file_open ("/", argv[i], NULL, &error);

      if (file == NULL)
        {
          fprintf (stderr, "%s\n", error->message);
          return 1;
        }
      printf ("\n### `[%s]`\n\n%s\n\n", file->descriptor.name, file->descriptor.description);
      if (file->descriptor.config_keys == NULL || file->descriptor.config_keys->name == NULL)
        {
          puts ("It has no keys of its own.");
          continue;
        }
      print_head ();
      print_keys (file->descriptor.config_keys, file->descriptor.config_key_size, "");
      print_ignored (file->descriptor.config_keys, file->descriptor.config_key_size);
    }
  return 0;
}
