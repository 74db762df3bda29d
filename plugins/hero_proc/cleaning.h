/*
 * cleaning.h: takes records of ended jobs and runs, and actions, out of the journal and out of memory, a bounded number
 * a transaction, so that nobody else waits long for the store (contract 7.9, 12). Service thread.
 */
#pragma once

#include "actions.h"
#include "runs.h"

G_BEGIN_DECLS

typedef struct
{
  ProcJournal *journal;
  ProcJobs *jobs;
  ProcRuns *runs;
  ProcActions *actions;
  ProcEventFunc event;
  gpointer owner; /* of event */
} ProcCleaner;

typedef struct
{
  guint jobs, actions, runs; /* that were deleted */
} ProcCleaned;

/* error NULL: all of it is gone; else what came before the error. */
typedef void (*ProcCleanedFunc) (const GError *error, const ProcCleaned *cleaned, gpointer data);

/*
 * jobs: ProcJob, none active, taken. actions: names (char *), taken; NULL = none. runs: ids (guint32) of runs that are
 * over, taken; NULL = none. An ephemeral action and a run go with the last of their jobs.
 */
void proc_clean (const ProcCleaner *self, GPtrArray *jobs, GPtrArray *actions, GArray *runs,
                 ProcCleanedFunc done, gpointer data);

G_END_DECLS
