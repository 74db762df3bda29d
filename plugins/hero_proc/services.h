/*
 * services.h: the services and actions that are defined, and what of them runs: set, start, stop, restart, delete, boot
 * and shutdown (contract 4.1, 4.2, 6.1, 7.2, 13). Everything is in memory; the journal is written before a call is
 * answered. Service thread.
 */
#pragma once

#include "actions.h"
#include "dependencies.h"
#include "externals.h"
#include "runs.h"

G_BEGIN_DECLS

typedef struct _ProcServices ProcServices;

/* One service as it is now. Read only outside services.c; valid until the next return to the loop. */
typedef struct
{
  ProcService *spec;
  GPtrArray *jobs; /* ProcJob, of the newest generation, in the order of its actions */
  guint32 run_id;  /* 0 = never started */
  gint64 last_start, last_stop;
  ProcState known_state; /* what the last event said */

  gboolean committing;  /* its new jobs are on their way to the disk, or its deletion */
  gboolean waiting;     /* its jobs are pending, until nothing holds them */
  gboolean blocked;     /* and something did when it was last looked at */
  gboolean start_again; /* as soon as it is down */
  gboolean deleting;
  gpointer deletion;   /* what to do when it is down */
  char *held_by;       /* it went down with this service, and comes back with it; NULL = not */
  guint stops;         /* cascades that stop it */
  gint64 begun_us;     /* monotonic: when its start was asked for */
  GSource *look_timer; /* a time limit of what it waits for */
  GPtrArray *waiters;
} ProcEntry;

typedef struct
{
  GMainContext *context;
  ProcJournal *journal;
  ProcActions *actions;
  ProcJobs *jobs;
  ProcRuns *runs;
  const char *socket_root; /* where services that are not ours have their sockets */
  ProcEventFunc event;
  ProcLogFunc log;
  gpointer owner;
} ProcServicesSetup;

/* Everything in setup outlives the services. loaded: what the journal held. Before proc_jobs_recover. */
ProcServices *proc_services_new (const ProcServicesSetup *setup, const ProcLoaded *loaded);
void proc_services_free (ProcServices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcServices, proc_services_free)

/* ---- boot and shutdown */
/* Goes on where the last life ended: starts that waited wait on, stops that were asked for are done. */
void proc_services_resume (ProcServices *self);
/* Starts what is wanted and not up, class `system` first, dependencies before dependents. */
void proc_services_autostart (ProcServices *self);
/*
 * Stops everything, dependents before dependencies, each layer within its share of kill_after_ms; then, with 0 at once,
 * SIGKILL to what is left. leave: all processes go on, for the next start to adopt, but those in a terminal, which does
 * not last. done (data) comes when what is to end has ended and all is written; after give_up_after_ms what is left is
 * named in the log and no longer waited for.
 */
void proc_services_shut_down (ProcServices *self, gboolean leave, guint kill_after_ms, guint give_up_after_ms,
                              void (*done) (gpointer data), gpointer data);
/* SIGKILL to whatever a shutdown under way still waits for. */
void proc_services_kill_rest (ProcServices *self);

/* ---- calls. done comes once, now or later; error is NULL or borrowed. */
typedef void (*ProcDone) (const GError *error, gpointer data);

typedef struct
{
  gboolean created, changed, needs_restart;
} ProcSetResult;

typedef struct
{
  gboolean start, restart_if_changed;
} ProcSetOptions;

/*
 * Stores the service and the actions (ProcAction) that came with it. *result is filled in before done. Fails with
 * PROC_ERROR_CONFIG (an action nobody defined), PROC_ERROR_DEPENDENCY_CYCLE, PROC_ERROR_LIMIT, or the store's error;
 * the old record then stays.
 */
void proc_services_set (ProcServices *self, ProcService *service, GPtrArray *actions, const ProcSetOptions *options,
                        ProcSetResult *result, ProcDone done, gpointer data);
/*
 * Starts it and what it needs. wait: done comes when it is ready, has failed for good (PROC_ERROR_PROCESS) or
 * timeout_ms are over; otherwise when the start is recorded. Up already: done at once. started: the names (owned) of
 * what begins, dependencies first; may be NULL.
 */
void proc_services_start (ProcServices *self, const char *name, gboolean wait, guint timeout_ms, GPtrArray *started,
                          ProcDone done, gpointer data);

typedef struct
{
  gboolean cascade; /* what requires it, too, and first */
  gboolean force;   /* SIGKILL at once */
  gboolean wait;    /* done comes when nothing is left */
  gboolean persist; /* the wish is stored */
} ProcStopOptions;

/* stopped: holds the names (owned) when done comes, in the order of their ends; without wait, of those that will end.
 */
void proc_services_stop (ProcServices *self, const char *name, const ProcStopOptions *options, GPtrArray *stopped,
                         ProcDone done, gpointer data);
/* The same for several at once. of ProcEntry, their wishes change too. */
void proc_services_stop_many (ProcServices *self, GPtrArray *entries, gboolean force, GPtrArray *stopped, ProcDone done,
                              gpointer data);
void proc_services_restart (ProcServices *self, const char *name, gboolean force, gboolean wait, guint timeout_ms,
                            GPtrArray *started, ProcDone done, gpointer data);
/*
 * Stops it first, and what requires it. force: although something requires it, which is PROC_ERROR_HAS_DEPENDENTS
 * otherwise. with_actions: its actions too, those no other service uses.
 */
void proc_services_delete (ProcServices *self, const char *name, gboolean force, gboolean with_actions,
                           GPtrArray *stopped, ProcDone done, gpointer data);

/* ---- questions */
ProcEntry *proc_services_get (ProcServices *self, const char *name); /* NULL = unknown */
GPtrArray *proc_services_list (ProcServices *self);                  /* of ProcEntry, by name; transfer container */
/* Name of an action -> GPtrArray of the names of the services that use it. Transfer full, the names borrowed. */
GHashTable *proc_services_get_users (ProcServices *self);
ProcState proc_entry_get_state (const ProcEntry *entry);
/* Its first job with a live process, or NULL. */
ProcJob *proc_entry_get_live (const ProcEntry *entry);
gboolean proc_entry_is_active (const ProcEntry *entry);
/* What depends on it may start: its processes are ready, its other actions have succeeded, and it is to stay so. */
gboolean proc_entry_is_satisfied (const ProcEntry *entry);
/* It runs something else than what is defined now. */
gboolean proc_services_needs_restart (ProcServices *self, const ProcEntry *entry);
/* What is to be stopped with it: all that require it and are up, most dependent first. Names; transfer container. */
GPtrArray *proc_services_get_dependents_up (ProcServices *self, ProcEntry *entry);
ProcGraph *proc_services_get_graph (ProcServices *self);
ProcExternals *proc_services_get_externals (ProcServices *self);
ProcJobs *proc_services_get_jobs (ProcServices *self);
guint proc_services_count_up (ProcServices *self, guint *failed);

G_END_DECLS
