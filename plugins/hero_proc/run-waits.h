/*
 * run-waits.h: who waits for the end of a run. Service thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcRunWaits ProcRunWaits;

/* context: of the time limits. */
ProcRunWaits *proc_run_waits_new (GMainContext *context);
void proc_run_waits_free (ProcRunWaits *self); /* nobody is told */

/* done (data) comes once: by proc_run_waits_tell, or when the limit has passed; -1 = no limit. */
void proc_run_waits_add (ProcRunWaits *self, guint32 run_id, gint64 limit_ms, void (*done) (gpointer data),
                         gpointer data);
/* This run is over; 0 = everybody has waited long enough. */
void proc_run_waits_tell (ProcRunWaits *self, guint32 run_id);

G_END_DECLS
