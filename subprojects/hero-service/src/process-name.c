/*
 * process-name.c: what to call another process in a message, and how to tell it from its pid's next owner. Any thread.
 */
#include "process-name.h"

#include <string.h>

static char *
process_name (pid_t pid)
{
  g_autofree char *link = g_strdup_printf ("/proc/%d/exe", (int)pid);
  g_autofree char *exe = g_file_read_link (link, NULL);
  if (exe)
    {
      if (g_str_has_suffix (exe, " (deleted)"))
        exe[strlen (exe) - strlen (" (deleted)")] = '\0';
      return g_path_get_basename (exe);
    }

  /* exe of another user's process cannot be read, comm can. */
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", (int)pid);
  char *comm = NULL;
  if (g_file_get_contents (path, &comm, NULL, NULL))
    g_strchomp (comm);
  return comm;
}

char *
hero_process_describe (pid_t pid)
{
  if (pid <= 0)
    return g_strdup ("another process");

  g_autofree char *name = process_name (pid);
  return name ? g_strdup_printf ("pid %d (%s)", (int)pid, name) : g_strdup_printf ("pid %d", (int)pid);
}

guint64
hero_process_start_time (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)pid);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;

  /* The name in field 2 may hold blanks and brackets; the last bracket ends it. Field 22 is then the 20th word. */
  const char *rest = strrchr (text, ')');
  if (!rest)
    return 0;
  g_auto (GStrv) words = g_strsplit (rest + 2, " ", 21);
  return g_strv_length (words) > 19 ? g_ascii_strtoull (words[19], NULL, 10) : 0;
}
