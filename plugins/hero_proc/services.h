/*
 * services.h: the services and actions that are defined, and what of them runs: set, start, stop, restart, delete, boot
 * and shutdown (contract 4.1, 4.2, 6.1, 7.2, 13). Everything is in memory; the journal is written before a call is
 * answered. Service thread.
 */
#pragma once

#include "actions.h"
#include "jobs.h"

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
  gboolean start_again; /* as soon as it is down */
  gboolean deleting;
  GPtrArray *waiters;
} ProcEntry;

typedef struct
{
  GMainContext *context;
  ProcJournal *journal;
  ProcActions *actions;
  ProcJobs *jobs;
  ProcEventFunc event;
  ProcLogFunc log;
  gpointer owner;
} ProcServicesSetup;

/* Everything in setup outlives the services. loaded: what the journal held. Before proc_jobs_recover. */
ProcServices *proc_services_new (const ProcServicesSetup *setup, const ProcLoaded *loaded);
void proc_services_free (ProcServices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcServices, proc_services_free)

/* ---- boot and shutdown */
/* Starts what is wanted and not up, class `system` first. */
void proc_services_autostart (ProcServices *self);
/*
 * Stops everything: the stop signal at once, SIGKILL to what is left after kill_after_ms. done (data) comes when
 * nothing is left and all is written.
 */
void proc_services_shutdown (ProcServices *self, guint kill_after_ms, void (*done) (gpointer data), gpointer data);

/* Ends our side and leaves all processes running, for the next start to adopt. done: as above. */
void proc_services_leave (ProcServices *self, void (*done) (gpointer data), gpointer data);

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
 * PROC_ERROR_CONFIG (an action nobody defined), PROC_ERROR_LIMIT, or the store's error; the old record then stays.
 */
void proc_services_set (ProcServices *self, ProcService *service, GPtrArray *actions, const ProcSetOptions *options,
                        ProcSetResult *result, ProcDone done, gpointer data);
/*
 * wait: done comes when it is ready, has failed for good (PROC_ERROR_PROCESS) or timeout_ms are over; otherwise when
 * the start is recorded. Up already: done at once.
 */
void proc_services_start (ProcServices *self, const char *name, gboolean wait, guint timeout_ms, ProcDone done,
                          gpointer data);
/* wait: done comes when nothing of it is left. persist: the wish is stored. force: SIGKILL at once. */
void proc_services_stop (ProcServices *self, const char *name, gboolean force, gboolean wait, gboolean persist,
                         ProcDone done, gpointer data);
void proc_services_restart (ProcServices *self, const char *name, gboolean force, gboolean wait, guint timeout_ms,
                            ProcDone done, gpointer data);
/* Stops it first. with_actions: its actions too, those no other service uses. */
void proc_services_delete (ProcServices *self, const char *name, gboolean force, gboolean with_actions, ProcDone done,
                           gpointer data);

/* ---- questions */
ProcEntry *proc_services_get (ProcServices *self, const char *name); /* NULL = unknown */
GPtrArray *proc_services_list (ProcServices *self);                  /* of ProcEntry, by name; transfer container */
ProcState proc_entry_get_state (const ProcEntry *entry);
/* Its first job with a live process, or NULL. */
ProcJob *proc_entry_get_live (const ProcEntry *entry);
gboolean proc_entry_is_active (const ProcEntry *entry);
/* It runs something else than what is defined now. */
gboolean proc_services_needs_restart (ProcServices *self, const ProcEntry *entry);
guint proc_services_count_up (ProcServices *self, guint *failed);

G_END_DECLS
