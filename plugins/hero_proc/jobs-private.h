/* jobs-private.h: the inside of the jobs, shared by jobs.c, jobs-hooks.c and jobs-recover.c. Service thread. */
#pragma once

#include "jobs.h"

G_BEGIN_DECLS

typedef struct
{
  const ProcJobsListener *listener;
  gpointer data;
} ProcJobsListening;

struct _ProcJobs
{
  ProcJobsSetup setup;
  ProcSupervisor *supervisor;
  ProcAdmission *admission;
  GHashTable *by_id;     /* id -> Place */
  GSequence *ordered;    /* ProcJob, the oldest first; ids only rise */
  GHashTable *by_action; /* name of the action -> GQueue of ProcJob, the oldest first */
  GArray *listening;     /* ProcJobsListening */
  GHashTable *watches;   /* job id -> ProcLineWatch, of attempts whose output tells when they are ready */
  guint32 next_job, next_run;
  guint64 restarts;
  gboolean draining;
  GSource *turn;     /* when the rate of starts allows more; NULL = now */
  gboolean starting; /* proc_jobs_start_admitted is under way */
};

/* ---- jobs.c */
/* Its record is written; saved (NULL = nobody) comes when it is durable. A hook of the supervisor, too. */
void proc_jobs_save (gpointer self, ProcJob *job, ProcSaved saved, gpointer saved_data);
/* Clients and listeners learn that it went from one phase to another, or became ready (from == its phase). */
void proc_jobs_tell_change (ProcJobs *self, ProcJob *job, ProcPhase from);
void proc_jobs_tell_listeners (ProcJobs *self, ProcJob *job, ProcPhase from);
/* Its slot follows its phase. */
void proc_jobs_note_phase (ProcJobs *self, ProcJob *job);
/* It is over: who waited for that may start. */
void proc_jobs_start_next_single (ProcJobs *self, const ProcJob *job);
/* Starts what may start now. */
void proc_jobs_start_admitted (ProcJobs *self);

/* ---- jobs-hooks.c */
extern const ProcSupervisorHooks proc_jobs_hooks;
/* What is taken out of its output from here on; NULL = nothing. */
void proc_jobs_set_redaction (ProcJobs *self, ProcJob *job, ProcRedaction *redaction);

G_END_DECLS
