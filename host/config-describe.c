/* config-describe.c: every key in effect with its source, for host.config and pages. Main thread; the result anywhere.
 */
#include "config-private.h"

void
hero_config_line_free (HeroConfigLine *line)
{
  g_free (line->table);
  g_free (line->name);
  g_free (line->meaning);
  g_clear_pointer (&line->entry.value, g_variant_unref);
  g_free (line);
}

void
hero_config_note (HeroConfig *config, const char *table, const HeroConfigKey *key, const HeroConfigEntry *entry)
{
  GPtrArray *lines = g_hash_table_lookup (config->file->lines, table);
  HeroConfigLine *line;

  if ((key->flags & HERO_CONFIG_IGNORED) != 0)
    return;
  if (lines == NULL)
    {
      lines = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_config_line_free);
      g_hash_table_insert (config->file->lines, g_strdup (table), lines);
    }
  line = g_new0 (HeroConfigLine, 1);
  line->table = g_strdup (table);
  line->name = g_strdup (key->name);
  line->meaning = g_strdup (key->meaning != NULL ? key->meaning : "");
  line->secret = (key->flags & HERO_CONFIG_SECRET) != 0;
  line->entry
      = (HeroConfigEntry){ entry->value != NULL ? g_variant_ref (entry->value) : NULL, entry->source, entry->line };
  g_ptr_array_add (lines, line);
}

static void
add_lines (HeroConfig *config, const char *table, GVariantBuilder *out)
{
  GPtrArray *lines = g_hash_table_lookup (config->file->lines, table);

  for (guint i = 0; lines != NULL && i < lines->len; i++)
    {
      HeroConfigLine *line = g_ptr_array_index (lines, i);
      g_autofree char *text = NULL;

      if (line->entry.value == NULL)
        text = g_strdup ("");
      else if (line->secret)
        text = g_strdup ("\"***\"");
      else
        text = hero_config_value_print (line->entry.value);
      g_variant_builder_add (out, "(sssssu)", line->table, line->name, text, line->entry.source, line->meaning,
                             line->entry.line);
    }
}

GVariant *
hero_config_describe (HeroConfig *config)
{
  g_auto (GVariantBuilder) out = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssssu)"));

  add_lines (config, "host", &out);
  for (guint i = 0; i < config->services->len; i++)
    add_lines (config, ((HeroServiceConfig *)g_ptr_array_index (config->services, i))->name, &out);
  return g_variant_ref_sink (g_variant_builder_end (&out));
}
