/*
 * wall-timer.h: one timer on the wall clock, which also tells when somebody set that clock (or the machine slept). For
 * one GMainContext; all calls and the callback on its thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ProcWallTimer ProcWallTimer;

/* stepped: the clock was set since the last call. The timer must be armed again. */
typedef void (*ProcWallTimerFunc) (gboolean stepped, gpointer data);

/* Not armed. context: NULL = the default one. */
ProcWallTimer *proc_wall_timer_new (GMainContext *context, ProcWallTimerFunc func, gpointer data, GError **error);
/* Calls back once at `wall_ms` (Unix ms; at once if that is past) or when the clock is set; G_MAXINT64 = only then. */
void proc_wall_timer_arm (ProcWallTimer *self, gint64 wall_ms);
void proc_wall_timer_free (ProcWallTimer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcWallTimer, proc_wall_timer_free)

G_END_DECLS
