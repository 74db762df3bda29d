/*
 * admission.h: which pending job may start now: only so many have a process at a time, plain jobs and long-lived
 * processes counted apart, and they start in the order they came; of a singleton only one job is under way at all.
 * Bookkeeping only. Service thread.
 */
#pragma once

#include "job.h"

G_BEGIN_DECLS

typedef struct _ProcAdmission ProcAdmission;

/* 0 = no limit. */
typedef struct
{
  guint max_running_jobs; /* plain ones that have a process */
  guint max_processes;    /* long-lived ones */
  guint max_queued_jobs;  /* that have none yet */
} ProcAdmissionLimits;

ProcAdmission *proc_admission_new (const ProcAdmissionLimits *limits);
void proc_admission_free (ProcAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcAdmission, proc_admission_free)

/* A job is there, in whatever phase; and it is not any more. */
void proc_admission_add (ProcAdmission *self, const ProcJob *job);
void proc_admission_remove (ProcAdmission *self, ProcJob *job);
/* It went from one phase to its present one. */
void proc_admission_moved (ProcAdmission *self, ProcJob *job, ProcPhase from);

/* FALSE: another job of its action is under way, and it is a singleton: it has to wait, and is one of
 * proc_admission_next_single. */
gboolean proc_admission_admit (ProcAdmission *self, ProcJob *job);
/* The next of an action that may be pending now; NULL = none. Transfer full. */
ProcJob *proc_admission_next_single (ProcAdmission *self, const char *action);
/* Why a job that has no process yet has none: a clause, transfer full; NULL = it may start any moment. */
char *proc_admission_explain (ProcAdmission *self, const ProcJob *job);

/* A pending job wants to start. */
void proc_admission_queue (ProcAdmission *self, ProcJob *job);
/* The next that may, taken out of the queue; NULL = none. Transfer full. */
ProcJob *proc_admission_next (ProcAdmission *self);

/* Those that have no process yet. */
guint proc_admission_count_waiting (ProcAdmission *self);
/* TRUE: `more` further jobs would be too many that wait. */
gboolean proc_admission_is_full (ProcAdmission *self, guint more);

G_END_DECLS
