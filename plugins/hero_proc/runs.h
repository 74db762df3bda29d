/*
 * runs.h: every run there is (contract 7.9): starts and skips their jobs as the plan says, keeps their records, and
 * tells whoever waits for one. A start of a service is a run too. Service thread.
 */
#pragma once

#include "jobs.h"
#include "run-seed.h"
#include "waits.h"

G_BEGIN_DECLS

typedef struct _ProcRuns ProcRuns;

typedef struct
{
  GMainContext *context;
  ProcJournal *journal;
  ProcJobs *jobs;
  ProcEventFunc event;
  gpointer owner; /* of event */
} ProcRunsSetup;

/* Everything in setup outlives the runs. The runs in loaded are taken. Before proc_jobs_recover. */
ProcRuns *proc_runs_new (const ProcRunsSetup *setup, ProcLoaded *loaded);
void proc_runs_free (ProcRuns *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcRuns, proc_runs_free)
/* Goes on with what was under way; services go on with theirs. After proc_jobs_recover. */
void proc_runs_recover (ProcRuns *self);

/* ---- life of a run */
/*
 * May these jobs be a run? FALSE + error: PROC_ERROR_DEPENDENCY_CYCLE, _MISSING_DEPENDENCY (a key that is not in it),
 * _INVALID_PARAM (a key that is in it twice), _RUN_NOT_FOUND.
 */
gboolean proc_runs_check (ProcRuns *self, const ProcRunSeed *seed, GError **error);
/*
 * A run and its jobs, with the next ids; their records are put into batch. Of a service, only jobs that wait for
 * another one are `waiting`. Nothing happens before proc_runs_begin. Fails as proc_runs_check. Transfer none.
 */
ProcRun *proc_runs_add (ProcRuns *self, ProcBatch *batch, const ProcRunSeed *seed, GError **error);
/* Its records are durable and nothing holds it: it goes its way. Its pending jobs are its owner's to start. */
void proc_runs_begin (ProcRuns *self, ProcRun *run);

/* run is NULL with an error, which is borrowed. */
typedef void (*ProcRunDone) (const GError *error, ProcRun *run, gpointer data);
/* Adds a run, records it and begins it. FALSE + error as proc_runs_check: nothing was stored, done does not come. */
gboolean proc_runs_submit (ProcRuns *self, const ProcRunSeed *seed, ProcRunDone done, gpointer data, GError **error);
/* Ends its jobs, whatever their phase, as proc_jobs_stop does. */
void proc_runs_cancel (ProcRuns *self, ProcRun *run, ProcFailure why, gboolean force);
/* Out of memory; the record is deleted by the caller's batch, if it ever was written. */
void proc_runs_forget (ProcRuns *self, ProcRun *run);
/* Marks it; durable when done comes, unmarked again with an error. */
void proc_runs_archive (ProcRuns *self, ProcRun *run, gboolean archived, ProcCommitted done, gpointer data);

/*
 * The record of job, which is over, is about to be deleted: how it ended still counts for those of its run that wait for
 * it. Put the run into the same batch. Its run, or NULL; transfer none.
 */
ProcRun *proc_runs_note_end (ProcRuns *self, const ProcJob *job);

/* ---- questions */
ProcRun *proc_runs_get (ProcRuns *self, guint32 id); /* NULL = unknown; transfer none */
GPtrArray *proc_runs_list (ProcRuns *self);          /* the newest first; transfer container */
/* NULL = its record is gone. */
ProcJob *proc_runs_get_job (ProcRuns *self, const ProcRun *run, guint index);
ProcPhase proc_runs_get_phase (ProcRuns *self, const ProcRun *run, guint index);
/* It is over, and so are the records of its jobs: it may go too. */
gboolean proc_runs_is_empty (ProcRuns *self, const ProcRun *run);

/* done (data) when the run is over, which is on the disk, or gone; or when the limit (ms) has passed. */
void proc_runs_wait (ProcRuns *self, ProcRun *run, gint64 limit_ms, ProcWaited done, gpointer data);
void proc_runs_release (ProcRuns *self); /* everybody has waited long enough */

G_END_DECLS
