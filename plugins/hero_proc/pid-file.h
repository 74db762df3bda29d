/*
 * pid-file.h: one process in a file, "PID START\n", start in clock ticks since boot: with the pid it names one process,
 * which a pid alone does not for long. Blocks: not on the service thread.
 */
#pragma once

#include "procfs.h"

G_BEGIN_DECLS

/* FALSE: there is no such file, or the process it names is gone. */
gboolean proc_pid_file_read (const char *path, ProcStat *process);
/* 0600. */
gboolean proc_pid_file_write (const char *path, pid_t pid, guint64 start_ticks, GError **error);

G_END_DECLS
