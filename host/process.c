/* process.c: signals and limits of the process. Main thread, before everything else. */
#include "process.h"

#include <signal.h>
#include <sys/resource.h>

void
hero_process_prepare (HeroConfig *config)
{
  struct rlimit limit;

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
