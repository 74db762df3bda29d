/*
 * job.h: the record of one execution with all its attempts (contract 3.4), and its JSON forms. What is needed to find
 * its process again after a crash is in it: pid, start time, boot, token. Service thread.
 */
#pragma once

#include <sys/types.h>

#include "phase.h"
#include "redaction.h"
#include "spec.h"

G_BEGIN_DECLS

enum
{
  PROC_KEEP_ATTEMPTS = 20,
};

/* One attempt that ended. Times in Unix ms. */
typedef struct
{
  guint attempt;
  pid_t pid;
  gint64 started_at, finished_at;
  int exit_code; /* -1 = unknown or none */
  int signo;     /* 0 = none */
  ProcFailure failure;
  char *message; /* NULL = none */
} ProcAttempt;

/* What its processes use, all together; measured now and then, not in the record. */
typedef struct
{
  gint64 at_ms;       /* 0 = not measured yet */
  double cpu_percent; /* 100 = one core */
  guint64 memory_bytes, peak_memory_bytes;
  gint64 cpu_ms;  /* of the attempt under way */
  guint children; /* processes beside the main one */
} ProcJobUsage;

/* What a job is made from. */
typedef struct
{
  ProcAction *spec;        /* transfer none */
  const char *service;     /* NULL = stand-alone */
  guint32 run_id;          /* 0 = none */
  const char *name;        /* NULL = the action's */
  const char *key;         /* inside its run; NULL = none */
  const char *const *tags; /* beside the action's; may be NULL */
  ProcTrigger trigger;
  gboolean waits; /* for something else: phase `waiting` */
} ProcJobSeed;

typedef struct
{
  guint32 id;
  guint32 run_id;
  guint32 context;
  char *service; /* NULL = stand-alone */
  char *name;
  char *key; /* NULL = none */
  char **tags;
  char *action_name;
  char *action; /* "<service>.<action>", or the action's name */
  char *source; /* of its log lines */
  ProcTrigger trigger;
  ProcAction *spec; /* a copy, taken at creation */

  ProcPhase phase;
  gboolean ready;
  ProcHealth health;       /* of the live process */
  char *message;           /* what it last said of itself (STATUS=); NULL = nothing */
  ProcJobUsage usage;
  ProcFailure stop_reason; /* of the attempt under way: NONE = not stopped; else on request, or by our own decision */
  char *stop_message;      /* of our own decision; NULL = nothing to add */
  gboolean adopted;
  gboolean archived;
  pid_t pid; /* 0 when not alive; leads its own group */
  guint64 proc_start;
  char *boot_id;
  char *token; /* of the attempt under way; NULL before the first */
  guint attempt;
  guint restart_count;
  GPtrArray *attempts; /* ProcAttempt, the newest last */

  gint64 created_at, queued_at, started_at, ready_at, finished_at, next_attempt_at; /* 0 = did not happen */
  int exit_code;                                                                    /* -1 = none */
  int signo;
  ProcExitSource exit_source;
  ProcFailure failure;
  char *error;              /* NULL = none */
  JsonArray *holders;       /* who was in the way of the last start; not in the record; NULL = nobody */
  guint64 secrets_stamp;    /* which versions of its secrets the attempt under way was given; 0 = none */
  ProcRedaction *redaction; /* what its output must not show; not in the record; NULL = nothing */
  guint64 dropped_lines; /* of its output, over the rate of its source; of attempts that ended */
} ProcJob;

ProcJob *proc_job_new (guint32 id, const ProcJobSeed *seed, gint64 now_ms);
ProcJob *proc_job_ref (ProcJob *self);
void proc_job_unref (ProcJob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcJob, proc_job_unref)

/* The stored form. NULL + error: not a record of this version. */
JsonObject *proc_job_to_record (const ProcJob *self);
ProcJob *proc_job_from_record (JsonObject *object, GError **error);

/* Notes the end of the attempt under way in `attempts`. pid 0 = it had no process; message may be NULL. */
void proc_job_add_attempt (ProcJob *self, pid_t pid, const char *message);

/* A list of its own references; transfer full. For walking while the original may change. */
GPtrArray *proc_jobs_copy (GPtrArray *jobs);

gboolean proc_job_is_active (const ProcJob *self);
/* Pending, and never handed on: its service lets it go when nothing holds it. */
gboolean proc_job_is_unbegun (const ProcJob *self);
ProcJobView proc_job_get_view (const ProcJob *self);

gint64 proc_now_ms (void);

G_END_DECLS
