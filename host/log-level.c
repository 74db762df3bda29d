/* log-level.c: the grammar of RUST_LOG and log_level. Any thread. */
#include "log-level.h"

#include "suggest.h"

static const char *const words[] = { "off", "error", "warn", "info", "debug", "trace", NULL };

struct _HeroLogLevels
{
  guint general;
  GHashTable *targets; /* name -> level */
};

gboolean
hero_log_level_parse (const char *word, guint *level)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (g_ascii_strcasecmp (word, words[i]) == 0)
      {
        *level = i;
        return TRUE;
      }
  return FALSE;
}

const char *
hero_log_level_name (HeroLogLevel level)
{
  return words[CLAMP (level, HERO_LOG_ERROR, HERO_LOG_TRACE)];
}

static gboolean
read_level (const char *word, guint *level, GError **error)
{
  g_autofree char *hint = NULL;

  if (hero_log_level_parse (word, level))
    return TRUE;
  hint = hero_suggest_text (word, "levels", words);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "\"%s\" is no log level; %s", word, hint);
  return FALSE;
}

static char *
normalise_target (const char *target)
{
  char *name = g_strdup (target);

  if (g_str_has_suffix (name, "_server"))
    name[strlen (name) - strlen ("_server")] = '\0';
  return name;
}

HeroLogLevels *
hero_log_levels_new (const char *spec, GError **error)
{
  g_autoptr (HeroLogLevels) levels = g_new0 (HeroLogLevels, 1);
  g_auto (GStrv) parts = g_strsplit (spec, ",", -1);

  levels->general = HERO_LOG_INFO;
  levels->targets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *equals, *word = g_strstrip (parts[i]);
      guint level;

      if (*word == '\0')
        continue;
      equals = strchr (word, '=');
      if (equals == NULL)
        {
          if (!read_level (word, &levels->general, error))
            return NULL;
          continue;
        }
      *equals = '\0';
      if (!read_level (g_strstrip (equals + 1), &level, error))
        return NULL;
      g_hash_table_insert (levels->targets, normalise_target (g_strstrip (word)), GUINT_TO_POINTER (level));
    }
  return g_steal_pointer (&levels);
}

void
hero_log_levels_free (HeroLogLevels *levels)
{
  if (levels == NULL)
    return;
  g_clear_pointer (&levels->targets, g_hash_table_unref);
  g_free (levels);
}

guint
hero_log_levels_get (const HeroLogLevels *levels, const char *target)
{
  gpointer level;

  if (g_hash_table_lookup_extended (levels->targets, target, NULL, &level))
    return GPOINTER_TO_UINT (level);
  return levels->general;
}
