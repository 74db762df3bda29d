/*
 * job-waits.h: who waits for the end of a job. Service thread.
 */
#pragma once

#include "jobs.h"
#include "waits.h"

G_BEGIN_DECLS

typedef struct _ProcJobWaits ProcJobWaits;

ProcJobWaits *proc_job_waits_new (ProcJobs *jobs, ProcJournal *journal, GMainContext *context);
void proc_job_waits_free (ProcJobWaits *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcJobWaits, proc_job_waits_free)

/* done (data) comes once: when the job is over and that is on the disk, or when the limit has passed. */
void proc_job_waits_add (ProcJobWaits *self, ProcJob *job, gint64 limit_ms, ProcWaited done, gpointer data);
/* Ends these jobs (ProcJob) and tells when all are over. force: SIGKILL at once. */
void proc_job_waits_end_all (ProcJobWaits *self, GPtrArray *jobs, gboolean force, ProcWaited done, gpointer data);
/* Everybody has waited long enough: hero_proc ends, the jobs do not. */
void proc_job_waits_release (ProcJobWaits *self);

G_END_DECLS
