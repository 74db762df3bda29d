/*
 * fifo.h: the named pipes through which a job's output comes. The child opens them for reading and writing, so it gets
 * no SIGPIPE and no end of file when hero_proc dies; what it writes meanwhile waits in the pipe. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* <run_dir>/<job>.<attempt>.out, or .err; attempt counts over the whole job. Transfer full. */
char *proc_fifo_path (const char *run_dir, guint32 job_id, guint attempt, gboolean is_stderr);
/* Makes the FIFO (0600) if it is not there and opens our end, non-blocking. pipe_bytes: asked for; a refusal is no
 * error. */
int proc_fifo_open (const char *path, gsize pipe_bytes, GError **error);

G_END_DECLS
