/* log-glib.c: GLib's own messages on their way to the log. Any thread. */
#include "log-glib.h"

static GPrivate thread_service = G_PRIVATE_INIT (g_free);

void
hero_log_glib_set_thread_service (const char *service)
{
  g_private_replace (&thread_service, g_strdup (service));
}

const char *
hero_log_glib_get_thread_service (void)
{
  return g_private_get (&thread_service);
}

HeroLogLevel
hero_log_glib_level (GLogLevelFlags flags)
{
  if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
    return HERO_LOG_ERROR;
  if ((flags & G_LOG_LEVEL_WARNING) != 0)
    return HERO_LOG_WARN;
  if ((flags & G_LOG_LEVEL_MESSAGE) != 0)
    return HERO_LOG_INFO;
  return (flags & G_LOG_LEVEL_INFO) != 0 ? HERO_LOG_DEBUG : HERO_LOG_TRACE;
}

typedef struct
{
  gint64 written_us;
  guint held_back;
} Repeat;

struct _HeroLogRepeats
{
  gint64 interval_us;
  guint limit; /* different messages remembered */
  GMutex lock;
  GHashTable *seen; /* domain and message -> Repeat */
};

HeroLogRepeats *
hero_log_repeats_new (gint64 interval_us, guint limit)
{
  HeroLogRepeats *repeats = g_new0 (HeroLogRepeats, 1);

  repeats->interval_us = interval_us;
  repeats->limit = limit;
  g_mutex_init (&repeats->lock);
  repeats->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return repeats;
}

void
hero_log_repeats_free (HeroLogRepeats *repeats)
{
  if (repeats == NULL)
    return;
  g_hash_table_unref (repeats->seen);
  g_mutex_clear (&repeats->lock);
  g_free (repeats);
}

gboolean
hero_log_repeats_pass (HeroLogRepeats *repeats, const char *domain, const char *message, gint64 now_us,
                       guint *held_back)
{
  g_autofree char *key = g_strdup_printf ("%s: %s", domain != NULL ? domain : "", message);
  gboolean pass;
  Repeat *repeat;

  g_mutex_lock (&repeats->lock);
  repeat = g_hash_table_lookup (repeats->seen, key);
  *held_back = 0;
  if (repeat == NULL)
    {
      /* Forgetting all now and then is enough to bound the memory. */
      if (g_hash_table_size (repeats->seen) >= repeats->limit)
        g_hash_table_remove_all (repeats->seen);
      repeat = g_new0 (Repeat, 1);
      repeat->written_us = now_us;
      g_hash_table_insert (repeats->seen, g_steal_pointer (&key), repeat);
      pass = TRUE;
    }
  else if (now_us - repeat->written_us >= repeats->interval_us)
    {
      *held_back = repeat->held_back;
      *repeat = (Repeat){ now_us, 0 };
      pass = TRUE;
    }
  else
    {
      repeat->held_back++;
      pass = FALSE;
    }
  g_mutex_unlock (&repeats->lock);
  return pass;
}
