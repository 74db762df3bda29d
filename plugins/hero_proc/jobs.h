/*
 * jobs.h: every job there is: those under way, which the supervisor takes through their phases, and those that ended
 * and are kept. Gives out ids, keeps the records in the journal, and tells whoever listens of every change: services,
 * runs, schedules. Service thread.
 */
#pragma once

#include "admission.h"
#include "capture.h"
#include "journal.h"
#include "secrets.h"
#include "supervisor.h"
#include "terminals.h"

G_BEGIN_DECLS

typedef struct _ProcJobs ProcJobs;

/* What happened, for clients: event "job.phase", data taken. */
typedef void (*ProcEventFunc) (gpointer owner, const char *event, JsonObject *data);
typedef void (*ProcLogFunc) (gpointer owner, guint level, const char *text);

typedef struct
{
  ProcSupervisorSetup supervisor; /* hooks and owner are set by proc_jobs_new */
  ProcJournal *journal;
  ProcCapture *capture;
  ProcTerminals *terminals;
  ProcSecrets *secrets; /* NULL = there are none */
  gboolean redact;      /* take their values out of output and errors */
  ProcAdmissionLimits limits;
  ProcEventFunc event;
  ProcLogFunc log;
  gpointer owner; /* of event and log */
} ProcJobsSetup;

/* Who has to do with jobs beside us; every function may be NULL. */
typedef struct
{
  /* It went from one phase to another, or became ready (from == its phase). */
  void (*changed) (gpointer data, ProcJob *job, ProcPhase from);
  /* May its policy restart it? FALSE from one listener is enough. */
  gboolean (*may_restart) (gpointer data, ProcJob *job);
  /* Its record is deleted, it is about to be forgotten; not told by whoever calls proc_jobs_forget itself. */
  void (*removed) (gpointer data, ProcJob *job);
} ProcJobsListener;

/* Everything in setup outlives the jobs. loaded: what the journal held; nothing is started yet. */
ProcJobs *proc_jobs_new (const ProcJobsSetup *setup, const ProcLoaded *loaded);
/* Lets go of all processes without touching them. */
void proc_jobs_free (ProcJobs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcJobs, proc_jobs_free)

/* listener: static. */
void proc_jobs_listen (ProcJobs *self, const ProcJobsListener *listener, gpointer data);
/* Takes up every active job of the journal: its process, if it still lives, is ours again. Before anybody can ask. */
void proc_jobs_recover (ProcJobs *self);

/* Starts long-lived jobs of their own again that the last shutdown has ended: as new jobs, the old ones are archived. */
void proc_jobs_autostart (ProcJobs *self);

/* ---- life of a job */
/* A job with the next id, known from here on; its record is put into batch, and the counters. Transfer none. */
ProcJob *proc_jobs_add (ProcJobs *self, ProcBatch *batch, const ProcJobSeed *seed);
/* The next id of a run. */
guint32 proc_jobs_take_run_id (ProcJobs *self);
/* Its record is durable: it is announced, and, if it is pending, starts as soon as there is room. */
void proc_jobs_start (ProcJobs *self, ProcJob *job);
/* What a waiting job waits for is there (it starts as above, a singleton when it is alone; again is harmless), or never will be (it ends `skipped`). */
void proc_jobs_release (ProcJobs *self, ProcJob *job);
void proc_jobs_skip (ProcJobs *self, ProcJob *job, ProcFailure why, const char *message);
/* End it, whatever its phase: why is PROC_FAILURE_CANCELLED or PROC_FAILURE_SHUTDOWN. force: SIGKILL at once. */
void proc_jobs_stop (ProcJobs *self, ProcJob *job, ProcFailure why, gboolean force);
void proc_jobs_stop_all (ProcJobs *self, ProcFailure why, gboolean force);
/* Sends a signal to its main process. FALSE: it has none. */
gboolean proc_jobs_signal (ProcJobs *self, ProcJob *job, int number);
/* Out of memory; the record is deleted by the caller's batch, if it ever was written. Only of a job that is over. */
void proc_jobs_forget (ProcJobs *self, ProcJob *job);
/* The same, and the listeners are told. */
void proc_jobs_remove (ProcJobs *self, ProcJob *job);
/* A message on the notify socket. */
void proc_jobs_notice (ProcJobs *self, pid_t sender, const ProcNotice *notice);
/* It is ready by its own account. FALSE: it has no live process. message may be NULL. */
gboolean proc_jobs_set_ready (ProcJobs *self, ProcJob *job, const char *message);
/* Runs its health checks now; done comes when they have answered. */
void proc_jobs_probe (ProcJobs *self, ProcJob *job, ProcSaved done, gpointer data);
/* No process is started from here on. */
void proc_jobs_drain (ProcJobs *self);

/* ---- questions */
ProcJob *proc_jobs_get (ProcJobs *self, guint32 id); /* NULL = unknown; transfer none */
/* A secret its process was given was set anew or deleted since. */
gboolean proc_jobs_has_old_secrets (ProcJobs *self, const ProcJob *job);
/* Of all jobs, the newest first; func returns FALSE to end the walk, and changes nothing. */
void proc_jobs_foreach (ProcJobs *self, gboolean (*func) (ProcJob *job, gpointer data), gpointer data);
/* Of one action by its name, oldest first; NULL = none. Transfer none. */
const GQueue *proc_jobs_of_action (ProcJobs *self, const char *action_name);
/* TRUE: `more` further jobs would be too many that wait. */
gboolean proc_jobs_is_full (ProcJobs *self, guint more);
/* Why it has no process yet, a clause, transfer full; NULL = it may start any moment, or waits for other jobs. */
char *proc_jobs_explain (ProcJobs *self, const ProcJob *job);
/* Lines of its output that were dropped, those of the attempt under way too. */
guint64 proc_jobs_get_dropped (ProcJobs *self, const ProcJob *job);
guint proc_jobs_count (ProcJobs *self);          /* that the supervisor has under way */
guint proc_jobs_count_waiting (ProcJobs *self);  /* that have no process yet */
guint proc_jobs_count_running (ProcJobs *self);  /* with a live process */
guint64 proc_jobs_get_restarts (ProcJobs *self); /* since our start */

G_END_DECLS
