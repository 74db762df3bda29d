/*
 * task-health.c: the health checks of one live process: each with its own timer, never twice at a time; what their
 * verdicts mean for the job (contract 7.6). Service thread.
 */
#include <hero-service/log.h>

#include "task.h"

enum
{
  UNREADY_EVERY_MS = 200, /* readiness `health`: so often until it is there */
};

/* Somebody who waits until every check has run once. The last reference tells him. */
typedef struct
{
  ProcSaved done;
  gpointer data;
} Waiter;

typedef struct
{
  ProcTask *task;
  const ProcCheck *spec;
  ProcHealthState state;
  GSource *timer;
  ProcProbeRun *run; /* NULL: none is under way */
  gboolean again;    /* somebody asked after this run had begun: one more follows at once */
  GPtrArray *waiters;
} Check;

static void run_check (Check *check);

static void
waiter_clear (gpointer data)
{
  Waiter *waiter = data;

  waiter->done (waiter->data);
}

static void
waiter_unref (gpointer waiter)
{
  g_rc_box_release_full (waiter, waiter_clear);
}

static void
check_free (gpointer data)
{
  Check *check = data;

  proc_timer_clear (&check->timer);
  g_clear_pointer (&check->run, proc_probe_cancel);
  g_ptr_array_unref (check->waiters);
  g_free (check);
}

static gboolean
on_due (gpointer data)
{
  Check *check = data;

  proc_timer_clear (&check->timer);
  run_check (check);
  return G_SOURCE_REMOVE;
}

static void
set_due (Check *check, guint delay_ms)
{
  proc_timer_set (&check->timer, check->task->supervisor->setup.context, delay_ms, on_due, check);
}

static gboolean
decides_readiness (const ProcTask *task)
{
  return !task->job->ready && task->job->spec->health->readiness.type == PROC_READY_HEALTH;
}

/* ---------------------------------------------------------------------------------------------- what it means */

static gboolean
all_passed (const ProcTask *task)
{
  for (guint i = 0; i < task->checks->len; i++)
    if (!((Check *)task->checks->pdata[i])->state.passed_once)
      return FALSE;
  return TRUE;
}

static ProcHealth
worst (const ProcTask *task)
{
  ProcHealth health = PROC_HEALTH_NONE;

  for (guint i = 0; i < task->checks->len; i++)
    health = proc_health_worse (health, ((Check *)task->checks->pdata[i])->state.verdict);
  return health;
}

static gint64
uptime_ms (const ProcTask *task)
{
  return (g_get_monotonic_time () - task->started_us) / 1000;
}

static void
restart_if_due (Check *check, const char *message)
{
  ProcTask *task = check->task;
  const ProcJob *job = task->job;
  ProcSupervisor *self = task->supervisor;
  const ProcRetry *retry = &job->spec->retry;
  ProcRestartView view
      = { .restart = job->spec->restart,
          .may_restart = !self->draining && self->setup.hooks->may_restart (self->setup.owner, task->job),
          .attempt = job->attempt,
          .max_attempts = retry->max_attempts,
          .restart_count = job->restart_count,
          .uptime_ms = uptime_ms (task),
          .stability_period_ms = retry->stability_period_ms };

  if (!proc_health_restarts (check->spec, check->state.verdict, &view))
    return;
  g_free (task->job->stop_message);
  task->job->stop_message = g_strdup_printf ("health check '%s' failed: %s", check->spec->name, message);
  proc_task_say (task, HERO_LOG_WARN, "job %u (%s): %s; it is restarted", job->id, job->action, task->job->stop_message);
  proc_task_stop (task, PROC_FAILURE_HEALTH_CHECK_FAILED, FALSE);
}

static void
on_answer (ProcAnswer answer, const char *message, gpointer data)
{
  Check *check = data;
  g_autoptr (ProcTask) task = proc_task_ref (check->task);
  ProcSupervisor *self = task->supervisor;
  ProcHealth from = check->state.verdict, to = from;
  gboolean early = decides_readiness (task);

  check->run = NULL;
  if (task->job->phase != PROC_PHASE_RUNNING) /* it is being stopped: its last verdict stays */
    {
      g_ptr_array_set_size (check->waiters, 0);
      return;
    }
  if (!early || answer != PROC_ANSWER_FAILED) /* before it is ready, the start limit decides */
    to = proc_health_state_take (&check->state, check->spec, answer, uptime_ms (task));
  set_due (check, check->again ? 0 : early ? UNREADY_EVERY_MS : check->spec->interval_ms);
  task->job->health = worst (task);
  if (!check->again)
    g_ptr_array_set_size (check->waiters, 0);
  check->again = FALSE;
  if (early && all_passed (task))
    proc_task_ready (task);
  if (task->checks == NULL || self == NULL) /* told, and stopped by the one who was told */
    return;
  if (to != from)
    self->setup.hooks->health (self->setup.owner, task->job, check->spec->name, from, to, message);
  if (task->checks != NULL && answer == PROC_ANSWER_FAILED)
    restart_if_due (check, message);
}

static void
run_check (Check *check)
{
  if (check->run == NULL)
    check->run = proc_task_ask (check->task, &check->spec->probe, check->spec->timeout_ms, on_answer, check);
}

/* ---------------------------------------------------------------------------------------------- for the task */

void
proc_task_health_begin (ProcTask *task)
{
  const GPtrArray *specs = task->job->spec->health->checks;

  proc_task_health_end (task);
  task->checks = g_ptr_array_new_with_free_func (check_free);
  for (guint i = 0; i < specs->len; i++)
    {
      Check *check = g_new0 (Check, 1);

      check->task = task;
      check->spec = specs->pdata[i];
      check->state.verdict = PROC_HEALTH_UNKNOWN;
      check->waiters = g_ptr_array_new_with_free_func (waiter_unref);
      g_ptr_array_add (task->checks, check);
      set_due (check, decides_readiness (task) ? 0 : (guint)g_random_int_range (0, (gint32)check->spec->interval_ms));
    }
  task->job->health = worst (task);
}

void
proc_task_health_end (ProcTask *task)
{
  g_autoptr (GPtrArray) checks = g_steal_pointer (&task->checks);

  task->job->health = PROC_HEALTH_NONE;
}

void
proc_task_probe_now (ProcTask *task, ProcSaved done, gpointer data)
{
  Waiter *waiter = g_rc_box_new (Waiter);

  *waiter = (Waiter){ done, data };
  for (guint i = 0; task->checks != NULL && i < task->checks->len; i++)
    {
      Check *check = task->checks->pdata[i];

      g_ptr_array_add (check->waiters, g_rc_box_acquire (waiter));
      check->again = check->run != NULL;
      if (!check->again)
        set_due (check, 0);
    }
  waiter_unref (waiter);
}
