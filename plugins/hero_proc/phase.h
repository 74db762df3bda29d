/*
 * phase.h: the state machine of a job as one table (contract 4.3), the state of a service computed from its jobs (4.2),
 * and what follows an exit (7.5). All pure: no time, no process, no memory. Any thread.
 */
#pragma once

#include "words.h"

G_BEGIN_DECLS

/* What moves a job from one phase to the next. */
typedef enum
{
  PROC_CAUSE_SATISFIED,     /* what it waited for is there */
  PROC_CAUSE_UNSATISFIABLE, /* what it waited for never can be */
  PROC_CAUSE_START,         /* slot free or back-off over, intent committed */
  PROC_CAUSE_SPAWNED,       /* a process lives, its pid is recorded */
  PROC_CAUSE_SUCCEED,       /* ended well, no further attempt */
  PROC_CAUSE_RETRY,         /* ended, another attempt follows */
  PROC_CAUSE_FAIL,          /* ended badly, no further attempt */
  PROC_CAUSE_STOP,          /* stop or cancel requested, timeout: its processes are being ended */
  PROC_CAUSE_CANCEL,        /* stop or cancel done */
} ProcCause;

/* The phase after `cause`; FALSE (and *to untouched) if the contract knows no such step. */
gboolean proc_phase_next (ProcPhase from, ProcCause cause, ProcPhase *to);

/* How one attempt ended. */
typedef struct
{
  gboolean known;  /* the exit status was seen */
  int exit_code;   /* 0..255; 128 + n when killed by signal n */
  int signo;       /* 0 = ended by itself */
  gboolean forced; /* ended by us for a reason that is a failure (timeout) */
} ProcExit;

/* What may follow. */
typedef struct
{
  ProcRestart restart;
  gboolean is_process;
  gboolean may_restart; /* FALSE: the service is wanted `stop`, `ignore` or `spec`, or we are shutting down */
  guint attempt;        /* the one that ended, from 1 */
  guint max_attempts;   /* 0 = no limit */
  const int *success_codes;
  gsize n_success_codes;
} ProcPolicy;

gboolean proc_exit_is_success (const ProcExit *end, const ProcPolicy *policy);
/* PROC_CAUSE_SUCCEED, _RETRY or _FAIL. */
ProcCause proc_exit_outcome (const ProcExit *end, const ProcPolicy *policy);

/* What the state of a service depends on, of one job of its newest generation. */
typedef struct
{
  ProcPhase phase;
  gboolean live; /* its main process is seen alive */
  gboolean ready;
  gboolean is_process;
  gboolean own_stop; /* phase stopping by our own decision: nobody asked for it */
  ProcHealth health;
} ProcJobView;

ProcState proc_service_state (const ProcJobView *jobs, gsize n_jobs);

G_END_DECLS
