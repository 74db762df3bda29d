/*
 * log-files.h: the files of one source below the log directory: a.b = a/b.log, older ones .log.1, .log.2, .. Knows their
 * sizes, so that limits are kept without asking the disk. Whoever calls sees to locking; append alone may run beside
 * questions, since only the log writer's thread changes files.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 size;
  gint64 lines; /* -1 = not counted yet: it is of an earlier life */
} ProcLogFile;

typedef struct
{
  const char *log_dir; /* borrowed */
  char *path;          /* of the file being written */
  GArray *files;       /* ProcLogFile, the newest first; at least one, which may not exist yet */
} ProcLogFiles;

/*
 * What is on the disk. A last line without its end is cut off. *last_ms, *context: of the newest line; time 0 = there
 * is none.
 */
void proc_log_files_load (ProcLogFiles *self, const char *log_dir, const char *source, gint64 *last_ms,
                          guint32 *context);
void proc_log_files_clear (ProcLogFiles *self);

/* The path of file `index`; transfer full. */
char *proc_log_files_path (const ProcLogFiles *self, guint index);
gint64 proc_log_files_get_bytes (const ProcLogFiles *self);
/* The file being written gets older by one. FALSE: it could not be renamed and grows on. */
gboolean proc_log_files_rotate (ProcLogFiles *self);
/* Removes the oldest; returns its bytes. */
gint64 proc_log_files_drop_oldest (ProcLogFiles *self);
/* When the oldest was last written, seconds; 0 = it is gone by another hand. */
gint64 proc_log_files_get_oldest_time (const ProcLogFiles *self);
/* Time of the last line of file `index` in ms; 0 = none. */
gint64 proc_log_files_get_last_ms (const ProcLogFiles *self, guint index);
/* One write, all or nothing. *inode, *offset: where it went. Does not change the books. */
gboolean proc_log_files_append (const ProcLogFiles *self, const char *text, gsize length, guint64 *inode,
                                gint64 *offset);

/* Time and context of the last whole line of an open file, and where that line ends. context may be NULL. */
gint64 proc_log_read_tail (int fd, gint64 size, gint64 *whole, guint32 *context);

G_END_DECLS
