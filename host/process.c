/* process.c: signals and limits of the process. Main thread, before everything else. */
#include "process.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

/*
 * A service sleeps most of the time, and so do its helpers: an arena of malloc for each of some twenty threads is memory
 * that is never shared again. Small blocks come from the cache each thread has anyway.
 */
#define MALLOC_ARENAS 2

void
hero_process_prepare (HeroConfig *config)
{
  struct rlimit limit;

  mallopt (M_ARENA_MAX, MALLOC_ARENAS);
  signal (SIGPIPE, SIG_IGN);
  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    return;
  g_hash_table_replace (config->settings, g_strdup ("nofile_soft"),
                        g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64) limit.rlim_cur));
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

guint64
hero_process_get_original_nofile (const HeroConfig *config)
{
  const char *text = g_hash_table_lookup (config->settings, "nofile_soft");

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}
