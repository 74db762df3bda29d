/*
 * cleaning.h: takes records of ended jobs, and actions, out of the journal and out of memory, a bounded number a
 * transaction, so that nobody else waits long for the store (contract 7.9, 12). Service thread.
 */
#pragma once

#include "actions.h"
#include "jobs.h"

G_BEGIN_DECLS

typedef struct
{
  ProcJournal *journal;
  ProcJobs *jobs;
  ProcActions *actions;
  ProcEventFunc event;
  gpointer owner; /* of event */
} ProcCleaner;

typedef struct
{
  guint jobs, actions; /* that were deleted */
} ProcCleaned;

/* error NULL: all of it is gone; else what came before the error. */
typedef void (*ProcCleanedFunc) (const GError *error, const ProcCleaned *cleaned, gpointer data);

/*
 * jobs: ProcJob, none active, taken. actions: names (char *), taken; NULL = none. An ephemeral action goes with its
 * last job.
 */
void proc_clean (const ProcCleaner *self, GPtrArray *jobs, GPtrArray *actions, ProcCleanedFunc done, gpointer data);

G_END_DECLS
