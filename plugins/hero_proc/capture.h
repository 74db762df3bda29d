/*
 * capture.h: reads the output of all jobs, cuts it into lines and gives them to the log store. A thread of its own, so
 * that a noisy child costs nobody else time. What the store does not take is thrown away and counted there, so that a
 * child never waits (contract 10.1, 10.2). Calls: service thread.
 */
#pragma once

#include "line-watch.h"
#include "log-store.h"
#include "redaction.h"
#include "terminal.h"

G_BEGIN_DECLS

typedef struct _ProcCapture ProcCapture;

/* line_max: bytes of a line; the rest of it is cut. */
ProcCapture *proc_capture_new (ProcLogStore *store, gsize line_max, GError **error);
/* Reads what is there, closes, leaves the pipes where they are. */
void proc_capture_free (ProcCapture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcCapture, proc_capture_free)

/* One attempt's pipe: fd is taken, path is removed at its end. level_min: lines below are not kept. redaction:
 * taken out of every line; NULL = nothing. */
void proc_capture_add (ProcCapture *self, guint32 job_id, const char *source, guint32 context, ProcStream stream,
                       guint level_min, ProcRedaction *redaction, int fd, const char *path);
/* One attempt's terminal, which also gets its output. source: NULL = nothing of it is kept as lines, which are without
 * escape sequences. */
void proc_capture_add_terminal (ProcCapture *self, guint32 job_id, const char *source, guint32 context,
                                guint level_min, ProcRedaction *redaction, ProcTerminal *terminal);
/* Lines of the job's pipes that are added after this go past the watch; referenced until the attempt's end. */
void proc_capture_watch (ProcCapture *self, guint32 job_id, ProcLineWatch *watch);
/* The attempt is over, nobody writes any more: what is left is read, the pipes are removed. */
void proc_capture_end (ProcCapture *self, guint32 job_id);
/* Waits until every command before the call is done: what ended jobs have said is with the log store. Never on the
 * service's thread. */
void proc_capture_sync (ProcCapture *self);
/* Lines of the job's attempt under way that were dropped. */
guint64 proc_capture_get_job_dropped (ProcCapture *self, guint32 job_id);
/* func (data, ..) comes on context when an attempt that had lines dropped has been read to its end. func NULL = no
 * more.
 */
typedef void (*ProcDroppedFunc) (gpointer data, guint32 job_id, guint64 lines);
void proc_capture_set_dropped_func (ProcCapture *self, GMainContext *context, ProcDroppedFunc func, gpointer data);

G_END_DECLS
