/* phase.c: see phase.h. Pure; any thread. */
#include "phase.h"

static const struct
{
  guint8 from, cause, to;
} steps[] = {
  { PROC_PHASE_WAITING, PROC_CAUSE_SATISFIED, PROC_PHASE_PENDING },
  { PROC_PHASE_WAITING, PROC_CAUSE_UNSATISFIABLE, PROC_PHASE_SKIPPED },
  { PROC_PHASE_WAITING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
  { PROC_PHASE_PENDING, PROC_CAUSE_START, PROC_PHASE_STARTING },
  { PROC_PHASE_PENDING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
  { PROC_PHASE_STARTING, PROC_CAUSE_SPAWNED, PROC_PHASE_RUNNING },
  { PROC_PHASE_STARTING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
  { PROC_PHASE_STARTING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
  { PROC_PHASE_STARTING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED }, /* it has no process yet */
  { PROC_PHASE_RUNNING, PROC_CAUSE_SUCCEED, PROC_PHASE_SUCCEEDED },
  { PROC_PHASE_RUNNING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
  { PROC_PHASE_RUNNING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
  { PROC_PHASE_RUNNING, PROC_CAUSE_STOP, PROC_PHASE_STOPPING },
  { PROC_PHASE_STOPPING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
  { PROC_PHASE_STOPPING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
  { PROC_PHASE_STOPPING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
  { PROC_PHASE_RETRYING, PROC_CAUSE_START, PROC_PHASE_STARTING },
  { PROC_PHASE_RETRYING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
};

gboolean
proc_phase_next (ProcPhase from, ProcCause cause, ProcPhase *to)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i].from == from && steps[i].cause == cause)
      {
        *to = steps[i].to;
        return TRUE;
      }
  return FALSE;
}

gboolean
proc_exit_is_success (const ProcExit *end, const ProcPolicy *policy)
{
  if (!end->known || end->signo != 0 || end->forced)
    return FALSE;
  for (gsize i = 0; i < policy->n_success_codes; i++)
    if (policy->success_codes[i] == end->exit_code)
      return TRUE;
  return FALSE;
}

ProcCause
proc_exit_outcome (const ProcExit *end, const ProcPolicy *policy)
{
  gboolean success = proc_exit_is_success (end, policy);
  gboolean again = policy->restart == PROC_RESTART_ALWAYS || (policy->restart == PROC_RESTART_ON_FAILURE && !success);

  /* What a plain job has done while nobody could see how it ended is not done twice; what we ended ourselves was not
   * done. */
  if (!end->known && !end->forced && !policy->is_process)
    again = FALSE;
  if (again && policy->may_restart && (policy->max_attempts == 0 || policy->attempt < policy->max_attempts))
    return PROC_CAUSE_RETRY;
  return success ? PROC_CAUSE_SUCCEED : PROC_CAUSE_FAIL;
}

ProcState
proc_service_state (const ProcJobView *jobs, gsize n_jobs)
{
  gboolean stopping = FALSE, starting = FALSE, live = FALSE, dead_process = FALSE, failed = FALSE, all_done = TRUE,
           process = FALSE, unhealthy = FALSE, degraded = FALSE;

  for (gsize i = 0; i < n_jobs; i++)
    {
      const ProcJobView *job = &jobs[i];

      /* A job whose main process has ended while its group is still being ended is on its way out. */
      stopping |= (job->phase == PROC_PHASE_STOPPING && !(job->own_stop && job->live))
                  || (job->phase == PROC_PHASE_RUNNING && !job->live);
      starting |= job->phase == PROC_PHASE_PENDING || job->phase == PROC_PHASE_WAITING
                  || job->phase == PROC_PHASE_STARTING || (job->live && !job->ready);
      live |= job->live;
      dead_process |= job->is_process && !job->live;
      failed |= job->phase == PROC_PHASE_FAILED || job->phase == PROC_PHASE_RETRYING;
      all_done &= job->phase == PROC_PHASE_SUCCEEDED;
      process |= job->is_process;
      unhealthy |= job->live && job->health == PROC_HEALTH_UNHEALTHY;
      degraded |= job->live && job->health == PROC_HEALTH_DEGRADED;
    }
  if (n_jobs == 0)
    return PROC_STATE_INACTIVE;
  if (stopping)
    return PROC_STATE_STOPPING;
  if (starting)
    return PROC_STATE_STARTING;
  if (unhealthy)
    return PROC_STATE_UNHEALTHY;
  if (live)
    return dead_process || degraded ? PROC_STATE_DEGRADED : PROC_STATE_RUNNING;
  if (failed)
    return PROC_STATE_FAILED;
  return all_done && !process ? PROC_STATE_SUCCESS : PROC_STATE_EXITED;
}
