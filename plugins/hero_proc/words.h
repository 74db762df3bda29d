/*
 * words.h: the closed word lists of the contract (3, 4) as enums. Output is lower snake_case; on input case, '-' and
 * '_' do not matter. Pure; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a service should do (contract 4.1). */
typedef enum
{
  PROC_WANTED_START,
  PROC_WANTED_STOP,
  PROC_WANTED_IGNORE,
  PROC_WANTED_SPEC,
} ProcWanted;

typedef enum
{
  PROC_CLASS_USER,
  PROC_CLASS_SYSTEM,
} ProcClass;

/* What a service does, computed from its jobs (4.2). */
typedef enum
{
  PROC_STATE_INACTIVE,
  PROC_STATE_STARTING,
  PROC_STATE_RUNNING,
  PROC_STATE_UNHEALTHY,
  PROC_STATE_DEGRADED,
  PROC_STATE_STOPPING,
  PROC_STATE_BLOCKED,
  PROC_STATE_FAILED,
  PROC_STATE_SUCCESS,
  PROC_STATE_EXITED,
} ProcState;

/* The phases of a job (4.3); the first six are active, the others terminal. */
typedef enum
{
  PROC_PHASE_PENDING,
  PROC_PHASE_WAITING,
  PROC_PHASE_STARTING,
  PROC_PHASE_RUNNING,
  PROC_PHASE_RETRYING,
  PROC_PHASE_STOPPING,
  PROC_PHASE_SUCCEEDED,
  PROC_PHASE_FAILED,
  PROC_PHASE_CANCELLED,
  PROC_PHASE_SKIPPED,
} ProcPhase;

/* Why a job or an attempt failed (4.4). */
typedef enum
{
  PROC_FAILURE_NONE,
  PROC_FAILURE_EXIT_CODE,
  PROC_FAILURE_SIGNAL,
  PROC_FAILURE_TIMEOUT,
  PROC_FAILURE_START_TIMEOUT,
  PROC_FAILURE_STOP_TIMEOUT,
  PROC_FAILURE_HEALTH_CHECK_FAILED,
  PROC_FAILURE_BLOCKED_BY_OTHER,
  PROC_FAILURE_SPAWN_ERROR,
  PROC_FAILURE_SECRET_MISSING,
  PROC_FAILURE_EXIT_UNKNOWN,
  PROC_FAILURE_HOST_RESTART,
  PROC_FAILURE_SHUTDOWN,
  PROC_FAILURE_CANCELLED,
  PROC_FAILURE_DEPENDENCY_FAILED,
  PROC_FAILURE_TERMINAL_LOST,
} ProcFailure;

typedef enum
{
  PROC_RESTART_ALWAYS,
  PROC_RESTART_ON_FAILURE,
  PROC_RESTART_NEVER,
} ProcRestart;

typedef enum
{
  PROC_BACKOFF_EXPONENTIAL,
  PROC_BACKOFF_LINEAR,
  PROC_BACKOFF_FIXED,
} ProcBackoff;

/* What of a dependency inside a run counts (3.3). */
typedef enum
{
  PROC_WHEN_SUCCESS,
  PROC_WHEN_DONE,
  PROC_WHEN_STARTED,
  PROC_WHEN_READY,
} ProcWhen;

/* What a failed job means for its run (7.9). */
typedef enum
{
  PROC_ON_FAILURE_STOP,
  PROC_ON_FAILURE_CANCEL,
  PROC_ON_FAILURE_CONTINUE,
} ProcOnFailure;

/* The state of a run (4.3); the first four are active. */
typedef enum
{
  PROC_RUN_CREATED,
  PROC_RUN_WAITING_DEPS,
  PROC_RUN_RUNNING,
  PROC_RUN_STOPPING,
  PROC_RUN_SUCCEEDED,
  PROC_RUN_FAILED,
  PROC_RUN_CANCELLED,
} ProcRunState;

typedef enum
{
  PROC_LOG_STORE,
  PROC_LOG_NONE,
} ProcLogMode;

typedef enum
{
  PROC_TRIGGER_API,
  PROC_TRIGGER_SERVICE,
  PROC_TRIGGER_AUTOSTART,
  PROC_TRIGGER_RUN,
  PROC_TRIGGER_RETRY,
  PROC_TRIGGER_SCHEDULE,
} ProcTrigger;

/* What becomes of ticks that were missed (3.3). */
typedef enum
{
  PROC_CATCH_UP_NONE,
  PROC_CATCH_UP_ONCE,
} ProcCatchUp;

/* States of a schedule (3.5). */
typedef enum
{
  PROC_SCHEDULE_ACTIVE,
  PROC_SCHEDULE_PAUSED,
  PROC_SCHEDULE_WAITING, /* before its start_time */
  PROC_SCHEDULE_ENDED,   /* no tick is left */
  PROC_SCHEDULE_INVALID, /* stored, but no longer understood */
} ProcScheduleState;

/* Where the exit status of a process came from (3.4). */
typedef enum
{
  PROC_EXIT_NONE,
  PROC_EXIT_WAIT,
  PROC_EXIT_PIDFD,
  PROC_EXIT_UNKNOWN,
} ProcExitSource;

/* What a health check asks (3.3). */
typedef enum
{
  PROC_PROBE_TCP,
  PROC_PROBE_HTTP,
  PROC_PROBE_EXEC,
  PROC_PROBE_SOCKET,
} ProcProbeType;

/* What makes a job ready (3.3). */
typedef enum
{
  PROC_READY_NONE,
  PROC_READY_NOTIFY,
  PROC_READY_HEALTH,
  PROC_READY_TCP,
  PROC_READY_HTTP,
  PROC_READY_SOCKET,
  PROC_READY_EXEC,
  PROC_READY_LOG,
} ProcReadyType;

/* Of a job (3.4), from good to bad but for the first two. */
typedef enum
{
  PROC_HEALTH_NONE,
  PROC_HEALTH_UNKNOWN,
  PROC_HEALTH_HEALTHY,
  PROC_HEALTH_FAILING,
  PROC_HEALTH_DEGRADED,
  PROC_HEALTH_UNHEALTHY,
} ProcHealth;

/* NULL-terminated, indexed by the enum; a word after '|' is a further spelling taken as input. */
extern const char *const proc_wanted_words[];
extern const char *const proc_class_words[];
extern const char *const proc_state_words[];
extern const char *const proc_phase_words[];
extern const char *const proc_failure_words[];
extern const char *const proc_restart_words[];
extern const char *const proc_backoff_words[];
extern const char *const proc_when_words[];
extern const char *const proc_on_failure_words[];
extern const char *const proc_run_state_words[];
extern const char *const proc_log_mode_words[];
extern const char *const proc_trigger_words[];
extern const char *const proc_catch_up_words[];
extern const char *const proc_schedule_state_words[];
extern const char *const proc_exit_source_words[];
extern const char *const proc_probe_type_words[];
extern const char *const proc_ready_type_words[];
extern const char *const proc_health_words[];
/* The same without the further spellings, for output. */
extern const char *const proc_probe_type_names[];
extern const char *const proc_ready_type_names[];

/* The index of `text` in `words`, or -1. */
int proc_word_parse (const char *const *words, const char *text);
/* "start|stop|ignore|spec": for messages. Transfer full. */
char *proc_word_list (const char *const *words);

/* A signal that is fatal by default, from "SIGTERM", "term" or "15"; 0 if it is none. */
int proc_signal_parse (const char *text);
/* Any signal that may be sent: also those that stop, continue or are ignored by default. 0 = there is none such. */
int proc_any_signal_parse (const char *text);
/* "SIGTERM"; NULL for a number without a name here. */
const char *proc_signal_name (int signo);

/* cancelled, shutdown: somebody wanted it. */
gboolean proc_failure_is_request (ProcFailure failure);
gboolean proc_phase_is_active (ProcPhase phase);
/* starting, running, unhealthy, degraded, stopping. */
gboolean proc_state_is_up (ProcState state);

G_END_DECLS
