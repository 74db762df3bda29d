/*
 * singles.h: of some actions only one job may be under way at a time: how many are, by action, and who waits for that
 * (contract 7.7). Bookkeeping only. Service thread.
 */
#pragma once

#include "job.h"

G_BEGIN_DECLS

typedef struct _ProcSingles ProcSingles;

ProcSingles *proc_singles_new (void);
void proc_singles_free (ProcSingles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSingles, proc_singles_free)

/* A job of whatever action is under way from here on (pending, or further), and is no more. */
void proc_singles_enter (ProcSingles *self, const ProcJob *job);
void proc_singles_leave (ProcSingles *self, const ProcJob *job);
/* FALSE: it may not be under way yet, since another job of its action is; it stands in line from here on, once. */
gboolean proc_singles_admit (ProcSingles *self, ProcJob *job);
gboolean proc_singles_is_waiting (ProcSingles *self, const ProcJob *job);
/* It waits no more. */
void proc_singles_forget (ProcSingles *self, ProcJob *job);
/* The first in line of an action of which none is under way, out of the line; NULL = none. Transfer full. */
ProcJob *proc_singles_next (ProcSingles *self, const char *action);

G_END_DECLS
