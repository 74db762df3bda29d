/*
 * deadlines.h: many deadlines behind one source of a context, since each source of its own costs at every turn of the
 * loop. The context's thread.
 */
#pragma once

#include <glib.h>

typedef struct _Deadlines Deadlines;
typedef struct _Deadline Deadline;

Deadlines *deadlines_new (GMainContext *context);
void deadlines_free (Deadlines *self);
/* func (data) once, at monotonic time at_us; the deadline is gone then. */
Deadline *deadlines_add (Deadlines *self, gint64 at_us, void (*func) (gpointer data), gpointer data);
void deadlines_remove (Deadline *deadline);
