/*
 * waits.h: who waits for the end of something that has a number, a job or a run. Whoever asked is told when the end is
 * on the disk: what was told once is not taken back by a crash. Service thread.
 */
#pragma once

#include "journal.h"

G_BEGIN_DECLS

typedef struct _ProcWaits ProcWaits;
typedef void (*ProcWaited) (gpointer data);

enum
{
  PROC_WAIT_NO_LIMIT = -1,
};

/* context: of the time limits. */
ProcWaits *proc_waits_new (ProcJournal *journal, GMainContext *context);
void proc_waits_free (ProcWaits *self); /* nobody is told */

/* done (data) comes once: after proc_waits_tell, or when the limit (ms) has passed, at once if it is 0. */
void proc_waits_add (ProcWaits *self, guint32 id, gint64 limit_ms, ProcWaited done, gpointer data);
/* It is over: who waits for it is told once everything written until now is on the disk, or has failed to get there. */
void proc_waits_tell (ProcWaits *self, guint32 id);
/* Everybody has waited long enough, and is told now. */
void proc_waits_release (ProcWaits *self);

G_END_DECLS
