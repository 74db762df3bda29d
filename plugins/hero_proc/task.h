/*
 * task.h: the inside of the supervisor: the running side of one active job. task.c has its frame and the steps of the
 * phase table, attempt.c how an attempt begins and is settled, clearing.c what makes room
 * for it, task-ready.c and task-health.c how its process does,
 * ending.c how it ends: exit, stop, what is left behind.
 * Service thread.
 */
#pragma once

#include "probe.h"
#include "spawn-rate.h"
#include "supervisor.h"
#include "timer.h"

G_BEGIN_DECLS

struct _ProcSupervisor
{
  ProcSupervisorSetup setup;
  GHashTable *tasks; /* job id -> Task */
  ProcSpawnRate *rate; /* NULL = no limit */
  gboolean draining;
  ProcProbeSetup probes;
};

typedef struct _ProcClearing ProcClearing;

/* The running side of one active job. Counted, since spawns, saves and sweeps come back later. */
typedef struct
{
  ProcSupervisor *supervisor; /* NULL: let go of; whatever comes back is for nobody */
  ProcJob *job;
  pid_t leader; /* the main process of this attempt, dead or alive: its group, and the number in `attempts` */
  int pidfd;
  HeroReactorWatch *watch;
  GSource *ready_timer;    /* 300 ms, then `ready`; or the next try */
  GSource *start_limit;    /* until then it has to be ready */
  ProcProbeRun *ready_run; /* a try under way */
  GPtrArray *checks;       /* of the live process; NULL = none run */
  GSource *timer;       /* back-off, or time limit, or stop limit, or next look at what is left */

  gboolean force;
  gboolean signalled; /* the group has had the stop signal */
  gboolean killed;    /* SIGKILL was sent */
  gint64 kill_at_us;  /* when SIGKILL follows */

  char **secrets;         /* for the spawn that follows */
  ProcClearing *clearing; /* what is in the way of it is being ended; NULL = nothing is */

  gboolean ended; /* the main process has; what it left behind is being ended */
  ProcExit end;
  ProcExitSource source;
  guint reap_tries;
  gint64 started_us; /* monotonic; uptime decides about the next attempt */
  gboolean told_leftovers;
  gboolean sweeping; /* a walk through /proc is under way */
} ProcTask;

/* ---- task.c */
ProcTask *proc_task_new (ProcSupervisor *supervisor, ProcJob *job);
ProcTask *proc_task_ref (ProcTask *task);
void proc_task_unref (gpointer task);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcTask, proc_task_unref)
/* The supervisor lets go: the process is left alone, whatever comes back later finds no supervisor. */
void proc_task_drop (gpointer task);
void proc_task_set_timer (ProcTask *task, GSource **timer, guint delay_ms, GSourceFunc func);
/* Descriptors and timers go; the process does not. */
void proc_task_forget_process (ProcTask *task);
ProcIdentity proc_task_identity (const ProcTask *task); /* of the attempt under way; strings borrowed */
/* Asks the live process a question, with its environment where a command does the asking. */
ProcProbeRun *proc_task_ask (ProcTask *task, const ProcProbe *probe, guint timeout_ms, ProcProbeDone done,
                             gpointer data);
void proc_task_say (ProcTask *task, guint level, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* One step of the phase table; then the record is kept and the owner told. A terminal job is let go of. */
void proc_task_step (ProcTask *task, ProcCause cause);

/* ---- attempt.c */
void proc_task_begin (ProcTask *task);                     /* pending or retrying -> starting */
void proc_task_begin_in (ProcTask *task, guint delay_ms);  /* the same, later */
gboolean proc_task_watch (ProcTask *task, GError **error); /* the process of pid and pidfd is alive: wait for its end */
/* It runs, by the record too: readiness and checks begin. */
void proc_task_look_after (ProcTask *task);
void proc_task_finish (ProcTask *task,
                       const char *message); /* it and all it left are gone; message: for `error`, or NULL */

void proc_task_spawn (ProcTask *task); /* its intent is durable, nothing is in the way */
/* The start fails: somebody is in the way. holders: `data.holders`, taken. */
void proc_task_blocked (ProcTask *task, const char *message, JsonArray *holders);
/* It was to be stopped before it had a process. */
void proc_task_call_off (ProcTask *task);

/* ---- clearing.c */
/* FALSE: nothing has to be free for it. Else one of the three above follows. */
gboolean proc_task_clear (ProcTask *task);
void proc_task_forget_clearing (ProcTask *task);
/* Where the pid of a singleton is noted; NULL = it is none. Transfer full. */
char *proc_task_pid_file (const ProcTask *task);

/* ---- task-ready.c */
void proc_task_ready_begin (ProcTask *task, gint64 age_ms);
void proc_task_ready_end (ProcTask *task);
void proc_task_ready (ProcTask *task); /* it is; nothing happens if it cannot be */
guint proc_task_start_limit_ms (const ProcTask *task);

/* ---- task-health.c */
void proc_task_health_begin (ProcTask *task);
void proc_task_health_end (ProcTask *task);
/* Runs every check at once; done comes when all have, or there are none. */
void proc_task_probe_now (ProcTask *task, ProcSaved done, gpointer data);

/* ---- ending.c */
void proc_task_on_pidfd (int pidfd, guint32 events, gpointer task);
void proc_task_sweep (ProcTask *task);        /* look for what the process left behind, and end it */
void proc_task_request_stop (ProcTask *task); /* stop_reason of the job and force are set: act on them */
void proc_task_stop (ProcTask *task, ProcFailure why, gboolean force);

G_END_DECLS
