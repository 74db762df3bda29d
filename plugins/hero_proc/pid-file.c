/* pid-file.c: see pid-file.h. */
#include "pid-file.h"

#include <stdio.h>

gboolean
proc_pid_file_read (const char *path, ProcStat *process)
{
  char text[64];
  guint64 start;
  int pid;

  return proc_read_small (path, text, sizeof text) > 0 && sscanf (text, "%d %" G_GUINT64_FORMAT, &pid, &start) == 2
         && pid > 0 && proc_stat_read (pid, process) && process->start_ticks == start && process->state != 'Z';
}

gboolean
proc_pid_file_write (const char *path, pid_t pid, guint64 start_ticks, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d %" G_GUINT64_FORMAT "\n", pid, start_ticks);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
