/*
 * health-state.h: what the answers to one health check mean: thresholds, start period, verdict (contract 7.6), and when
 * a job may be restarted for it. Pure; any thread.
 */
#pragma once

#include "spec-health.h"

G_BEGIN_DECLS

/* What one question came to. */
typedef enum
{
  PROC_ANSWER_PASSED,
  PROC_ANSWER_DEGRADED, /* it works in part and says so: no failure */
  PROC_ANSWER_FAILED,
} ProcAnswer;

/* One check. Zero-initialised with verdict PROC_HEALTH_UNKNOWN. */
typedef struct
{
  ProcHealth verdict;
  guint failures, successes; /* in a row */
  gboolean passed_once;
} ProcHealthState;

/* Takes an answer in. uptime_ms: of the job's process. Returns the verdict from here on. */
ProcHealth proc_health_state_take (ProcHealthState *self, const ProcCheck *check, ProcAnswer answer, gint64 uptime_ms);

/* Of a whole job or service: the one that says most. */
ProcHealth proc_health_worse (ProcHealth a, ProcHealth b);

/* How a job stands, for the question of a restart. */
typedef struct
{
  ProcRestart restart;
  gboolean may_restart; /* its service is wanted, or it has none */
  guint attempt, max_attempts;
  guint restart_count;
  gint64 uptime_ms;
  guint stability_period_ms;
} ProcRestartView;

/* TRUE: restart it now. FALSE: the next failure asks again. */
gboolean proc_health_restarts (const ProcCheck *check, ProcHealth verdict, const ProcRestartView *job);

G_END_DECLS
