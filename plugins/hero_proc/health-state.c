/* health-state.c: see health-state.h. Pure; any thread. */
#include "health-state.h"

ProcHealth
proc_health_state_take (ProcHealthState *self, const ProcCheck *check, ProcAnswer answer, gint64 uptime_ms)
{
  if (answer != PROC_ANSWER_FAILED)
    {
      self->failures = 0;
      self->successes = MIN (self->successes + 1, check->success_threshold);
      if (self->successes >= check->success_threshold)
        {
          self->passed_once = TRUE;
          self->verdict = answer == PROC_ANSWER_DEGRADED ? PROC_HEALTH_DEGRADED : PROC_HEALTH_HEALTHY;
        }
      return self->verdict;
    }
  self->successes = 0;
  if (!self->passed_once && uptime_ms < check->start_period_ms)
    return self->verdict;
  self->failures = MIN (self->failures + 1, check->failure_threshold);
  if (self->failures >= check->failure_threshold)
    self->verdict = PROC_HEALTH_UNHEALTHY;
  else if (self->verdict != PROC_HEALTH_UNHEALTHY)
    self->verdict = PROC_HEALTH_FAILING;
  return self->verdict;
}

ProcHealth
proc_health_worse (ProcHealth a, ProcHealth b)
{
  static const guint weight[] = { [PROC_HEALTH_NONE] = 0,    [PROC_HEALTH_HEALTHY] = 1,  [PROC_HEALTH_UNKNOWN] = 2,
                                  [PROC_HEALTH_FAILING] = 3, [PROC_HEALTH_DEGRADED] = 4, [PROC_HEALTH_UNHEALTHY] = 5 };

  return weight[a] >= weight[b] ? a : b;
}

gboolean
proc_health_restarts (const ProcCheck *check, ProcHealth verdict, const ProcRestartView *job)
{
  return verdict == PROC_HEALTH_UNHEALTHY && check->restart && job->may_restart && job->restart != PROC_RESTART_NEVER
         && (job->max_attempts == 0 || job->attempt < job->max_attempts
             || job->uptime_ms >= job->stability_period_ms)
         && (job->restart_count == 0 || job->uptime_ms >= job->stability_period_ms);
}
