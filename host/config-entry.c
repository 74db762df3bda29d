/* config-entry.c: a key in effect: its value, and whether file, environment or default gave it. Main thread. */
#include "config-private.h"

HeroConfigEntry *
hero_config_entry_new (GVariant *value, const char *source, guint line)
{
  HeroConfigEntry *entry = g_new0 (HeroConfigEntry, 1);

  entry->value = value != NULL ? g_variant_ref_sink (value) : NULL;
  entry->source = source;
  entry->line = line;
  return entry;
}

void
hero_config_entry_free (HeroConfigEntry *entry)
{
  g_clear_pointer (&entry->value, g_variant_unref);
  g_free (entry);
}

/* The node of a key under its name or one of its aliases; two of them are an error. */
static const HeroToml *
find_node (HeroConfig *config, const HeroConfigKey *key, const HeroToml *table, const char *label)
{
  const HeroToml *found = NULL;

  for (guint i = 0; table != NULL && i < table->children->len; i++)
    {
      const HeroToml *node = g_ptr_array_index (table->children, i);

      if (!g_str_equal (node->key, key->name) && !hero_words_contain (key->aliases, node->key))
        continue;
      if (found != NULL)
        hero_config_add (config, HERO_REPORT_ERROR, node->key_place, "%s: given twice, as \"%s\" in line %u too", label,
                         found->key, found->key_place.line);
      found = found != NULL ? found : node;
    }
  return found;
}

HeroConfigEntry *
hero_config_entry_read (HeroConfig *config, const HeroConfigKey *key, const HeroToml *table, const char *table_name)
{
  g_autofree char *label
      = table_name != NULL ? g_strdup_printf ("[%s] %s", table_name, key->name) : g_strdup (key->name);
  const HeroToml *node = find_node (config, key, table, label);
  GVariant *value;

  if (node != NULL && (key->flags & HERO_CONFIG_IGNORED) != 0)
    {
      hero_config_add (config, HERO_REPORT_WARNING, node->key_place, "%s: %s", label, key->meaning);
      node = NULL;
    }
  if (node != NULL)
    {
      value = hero_config_value_read (config, key, node, label);
      if (value != NULL)
        return hero_config_entry_new (value, node->place.line == 0 ? "flag" : "file", node->key_place.line);
    }
  return hero_config_entry_new (hero_config_value_default (config, key, label), "default", 0);
}
