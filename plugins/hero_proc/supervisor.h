/*
 * supervisor.h: takes jobs through their phases: spawn in two commits, watch by pidfd, stop by steps, restart with
 * back-off, adopt what outlived a crash (contract 7.4, 7.5, 8, 12). It knows jobs, not services, and asks its owner
 * through hooks to keep records and output. Service thread; nothing here blocks.
 */
#pragma once

#include <hero-service/reactor.h>

#include "holders.h"
#include "job.h"
#include "kill-list.h"
#include "notify-message.h"
#include "spawner.h"

G_BEGIN_DECLS

typedef struct _ProcSupervisor ProcSupervisor;

typedef void (*ProcSaved) (gpointer data);

/* What the owner does for the supervisor; all on the service thread. */
typedef struct
{
  /*
   * Keep the record. saved (saved_data) comes once it is durable, or once it is clear that it cannot be now:
   * supervision goes on from memory. saved may be NULL.
   */
  void (*save) (gpointer owner, ProcJob *job, ProcSaved saved, gpointer saved_data);
  /* The job went from one phase to another, or became ready (from == its phase). Terminal: the supervisor let go of it.
   */
  void (*changed) (gpointer owner, ProcJob *job, ProcPhase from);
  /* An attempt has output pipes: read them. The descriptors are handed over; they may be -1. */
  void (*output_begins) (gpointer owner, ProcJob *job, int out_fd, int err_fd);
  /* The attempt is over: read what is left, then remove the pipes. */
  void (*output_ends) (gpointer owner, ProcJob *job);
  /* May the job be restarted by its policy (its service is wanted)? */
  gboolean (*may_restart) (gpointer owner, ProcJob *job);
  /* A health check has another verdict; message: what the answer was, or NULL. */
  void (*health) (gpointer owner, ProcJob *job, const char *check, ProcHealth from, ProcHealth to, const char *message);
  /* Something a person should know; level as HeroLogLevel. */
  void (*log) (gpointer owner, guint level, const char *text);
  /*
   * "NAME=value" of the secrets its definition refers to, transfer full; the job's stamp and redaction are set. NULL +
   * error: one of them is not to be had. Only asked when there are references.
   */
  char **(*take_secrets) (gpointer owner, ProcJob *job, GError **error);
} ProcSupervisorHooks;

typedef struct
{
  GMainContext *context;
  HeroReactor *reactor;
  ProcSpawner *spawner;
  const ProcSurroundings *surroundings;
  ProcKillList *kill_list;
  gsize pipe_bytes;
  guint spawn_rate; /* starts a second; 0 = no limit */
  const ProcSupervisorHooks *hooks;
  gpointer owner;
} ProcSupervisorSetup;

/* Everything in setup outlives the supervisor. */
ProcSupervisor *proc_supervisor_new (const ProcSupervisorSetup *setup);
/* Lets go of all jobs without touching their processes. */
void proc_supervisor_free (ProcSupervisor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSupervisor, proc_supervisor_free)

/* A pending job, its record durable: start it. */
void proc_supervisor_start (ProcSupervisor *self, ProcJob *job);
/*
 * An active job from the store, after a restart of ours. running: its process if one was found by token, else NULL: by
 * pid and start time of the record. Nothing is signalled; a process that is gone is handled as an exit nobody saw.
 */
void proc_supervisor_adopt (ProcSupervisor *self, ProcJob *job, const char *boot_id, pid_t found_pid,
                            guint64 found_start);
/*
 * End an active job: why is PROC_FAILURE_CANCELLED or PROC_FAILURE_SHUTDOWN. force: SIGKILL at once. It ends
 * `cancelled`. Again is harmless, and may add force. FALSE: it is none of ours.
 */
gboolean proc_supervisor_stop (ProcSupervisor *self, ProcJob *job, ProcFailure why, gboolean force);
/* Sends a signal to its main process. FALSE: it has none. */
gboolean proc_supervisor_signal (ProcSupervisor *self, ProcJob *job, int number);
/* The same as proc_supervisor_stop for every job. */
void proc_supervisor_stop_all (ProcSupervisor *self, ProcFailure why, gboolean force);
/* A message on the notify socket; those of strangers do not count. */
void proc_supervisor_notice (ProcSupervisor *self, pid_t sender, const ProcNotice *notice);
/* The job is ready by its own account. FALSE: it has no live process. message: what it says of itself, or NULL. */
gboolean proc_supervisor_set_ready (ProcSupervisor *self, ProcJob *job, const char *message);
/* Runs all health checks of the job now; done comes when they have answered. */
void proc_supervisor_probe (ProcSupervisor *self, ProcJob *job, ProcSaved done, gpointer data);
/* How long the next start has to wait for the rate of starts; 0 = not at all. */
guint proc_supervisor_get_spawn_wait_ms (ProcSupervisor *self);
/* TRUE: that process is of a live job other than this one. */
gboolean proc_supervisor_runs (ProcSupervisor *self, const ProcJob *except, const ProcHolder *process);
/* No spawn from here on; retries stay where they are. */
void proc_supervisor_drain (ProcSupervisor *self);
guint proc_supervisor_count (ProcSupervisor *self);         /* active jobs */
guint proc_supervisor_count_running (ProcSupervisor *self); /* with a live process */

G_END_DECLS
