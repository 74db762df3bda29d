/*
 * cascade.h: stops services in layers: those that need others first, those of one layer at the same time (contract 7.3,
 * 13). Service thread.
 */
#pragma once

#include "services.h"

G_BEGIN_DECLS

typedef struct _ProcCascade ProcCascade;
typedef void (*ProcCascadeDone) (gpointer data);

typedef struct
{
  ProcFailure why; /* as proc_jobs_stop */
  gboolean force;
  /* Monotonic: when the last layer gets SIGKILL, those before it in even shares of the time; 0 = the jobs' own limits.
   */
  gint64 limit_us;
} ProcCascadeOptions;

/*
 * members: ProcEntry; what of them is down already is passed over. stopped: holds their names when done comes, in the
 * order in which they ended; may be NULL. done comes once, from the loop.
 */
ProcCascade *proc_cascade_begin (ProcServices *services, GPtrArray *members, const ProcCascadeOptions *options,
                                 GPtrArray *stopped, ProcCascadeDone done, gpointer data);
/* The one under way that began with this service, or NULL. */
ProcCascade *proc_cascade_find (ProcServices *services, const ProcEntry *first);
/* Somebody else who wants the same. force is added. */
void proc_cascade_join (ProcCascade *self, gboolean force, GPtrArray *stopped, ProcCascadeDone done, gpointer data);
void proc_cascade_free (gpointer cascade);

/* A service has gone down. */
void proc_cascades_note_down (ProcServices *services, ProcEntry *entry);

G_END_DECLS
