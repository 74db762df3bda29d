/* task-ready.c: when a job counts as ready, and what happens if it does not get there (contract 7.6). Service thread. */
#include "task.h"

enum
{
  READY_AFTER_MS = 300,    /* without settings: alive so long */
  TRY_EVERY_MS = 200,      /* a probe for readiness */
  TRY_TIMEOUT_MS = 5000,   /* one try */
  START_TIMEOUT_MS = 30000 /* of a job without a service */
};

static void try_probe (ProcTask *task);

static gboolean
on_alive (gpointer data)
{
  proc_task_ready (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_try (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->ready_timer);
  try_probe (task);
  return G_SOURCE_REMOVE;
}

static void
on_tried (ProcAnswer answer, const char *message, gpointer data)
{
  ProcTask *task = data;

  task->ready_run = NULL;
  if (answer != PROC_ANSWER_FAILED)
    proc_task_ready (task);
  else
    proc_task_set_timer (task, &task->ready_timer, TRY_EVERY_MS, on_try);
}

static void
try_probe (ProcTask *task)
{
  task->ready_run
      = proc_task_ask (task, &task->job->spec->health->readiness.probe, TRY_TIMEOUT_MS, on_tried, task);
}

static gboolean
on_start_limit (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->start_limit);
  g_free (task->job->stop_message);
  task->job->stop_message = g_strdup_printf ("not ready within %u ms", proc_task_start_limit_ms (task));
  proc_task_stop (task, PROC_FAILURE_START_TIMEOUT, FALSE);
  return G_SOURCE_REMOVE;
}

guint
proc_task_start_limit_ms (const ProcTask *task)
{
  int limit = task->job->spec->health->readiness.timeout_ms;

  return limit == PROC_FOR_SERVICE ? START_TIMEOUT_MS : (guint)limit;
}

/* age_ms: how long the process has been alive (adopted ones: before us). */
void
proc_task_ready_begin (ProcTask *task, gint64 age_ms)
{
  const ProcHealthSpec *health = task->job->spec->health;
  ProcReadyType type = health->readiness.type;
  guint limit = proc_task_start_limit_ms (task);

  proc_task_ready_end (task);
  if (task->job->ready)
    return;
  if (type == PROC_READY_NONE || (type == PROC_READY_HEALTH && health->checks->len == 0))
    {
      proc_task_set_timer (task, &task->ready_timer, (guint)MAX (READY_AFTER_MS - age_ms, 0), on_alive);
      return;
    }
  if (limit > 0)
    proc_task_set_timer (task, &task->start_limit, (guint)MAX (limit - age_ms, 0), on_start_limit);
  if (type >= PROC_READY_TCP && type <= PROC_READY_EXEC)
    try_probe (task);
}

void
proc_task_ready_end (ProcTask *task)
{
  proc_timer_clear (&task->ready_timer);
  proc_timer_clear (&task->start_limit);
  g_clear_pointer (&task->ready_run, proc_probe_cancel);
}

void
proc_task_ready (ProcTask *task)
{
  ProcJob *job = task->job;
  ProcSupervisor *self = task->supervisor;

  if (job->ready || job->phase != PROC_PHASE_RUNNING || job->pid == 0)
    return;
  proc_task_ready_end (task);
  job->ready = TRUE;
  job->ready_at = proc_now_ms ();
  self->setup.hooks->save (self->setup.owner, job, NULL, NULL);
  self->setup.hooks->changed (self->setup.owner, job, job->phase);
}
