/*
 * line-watch.h: waits for a line that matches in the output of one attempt, and tells once. Lines come on the reader's
 * thread; everything else is the service thread's.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcLineWatch ProcLineWatch;

typedef void (*ProcLineSeen) (guint32 job_id, gpointer data);

/* pattern: a legal regular expression. seen comes on context, unless proc_line_watch_cancel came first. */
ProcLineWatch *proc_line_watch_new (guint32 job_id, const char *pattern, GMainContext *context, ProcLineSeen seen,
                                    gpointer data);
/* Service thread: it is not told any more, and the caller's reference goes. */
void proc_line_watch_cancel (gpointer line_watch);
/* Reader's thread. line: NUL-terminated or not, valid UTF-8. */
void proc_line_watch_feed (ProcLineWatch *self, const char *line, gsize length);
ProcLineWatch *proc_line_watch_ref (ProcLineWatch *self);
void proc_line_watch_unref (ProcLineWatch *self);

G_END_DECLS
