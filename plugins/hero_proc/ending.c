/*
 * ending.c: how a process of a job ends: by itself or stopped by steps, and with it everything it left behind
 * (contract 7.4). Service thread, but for the walk through /proc, which runs on a worker.
 */
#include <signal.h>

#include <hero-service/log.h>

#include "exit-status.h"
#include "procfs.h"
#include "task.h"

enum
{
  LEFTOVER_TERM_MS = 1000, /* 7.4: what a main process leaves behind: SIGTERM, this, SIGKILL */
  VERIFY_MS = 1000,        /* 7.4 (5) */
  SWEEP_EVERY_MS = 100,
  REAP_EVERY_MS = 20, /* an adopted process has ended, its parent has not reaped it yet */
  REAP_TRIES = 100,
};

/* ---------------------------------------------------------------------------------------------- what is left behind */

typedef struct
{
  pid_t leader;
  guint64 start_ticks;
  char *token;
} SweepInput;

static void
sweep_input_free (gpointer data)
{
  SweepInput *input = data;

  g_free (input->token);
  g_free (input);
}

/* Worker thread. */
static void
sweep_thread (GTask *gtask, gpointer source, gpointer data, GCancellable *cancellable)
{
  SweepInput *input = data;

  g_task_return_pointer (gtask, proc_find_members (input->leader, input->start_ticks, input->token),
                         (GDestroyNotify)g_array_unref);
}

static gboolean
on_sweep_again (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->timer);
  proc_task_sweep (task);
  return G_SOURCE_REMOVE;
}

/* "sleep (4711), sh (4712)" for messages. */
static char *
describe (GArray *members)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (members->len, 10); i++)
    {
      const ProcStat *member = &g_array_index (members, ProcStat, i);

      g_string_append_printf (text, "%s%s (%d)", i > 0 ? ", " : "", member->comm, member->pid);
    }
  return g_string_free (text, FALSE);
}

/* The first look at what the ended main process left: each member that was not asked to end yet is asked, and gets a
 * limit. */
static void
ask_leftovers (ProcTask *task, GArray *members)
{
  gint64 now = g_get_monotonic_time ();
  gboolean group = FALSE;

  task->told_leftovers = TRUE;
  for (guint i = 0; i < members->len; i++)
    {
      ProcStat *member = &g_array_index (members, ProcStat, i);

      group |= member->pgid == task->leader;
      if (!task->signalled || member->pgid != task->leader)
        proc_signal_exactly (member, SIGTERM);
    }
  if (!task->signalled || !group)
    task->kill_at_us = now + LEFTOVER_TERM_MS * 1000;
}

static void
kill_members (ProcTask *task, GArray *members)
{
  for (guint i = 0; i < members->len; i++)
    proc_signal_exactly (&g_array_index (members, ProcStat, i), SIGKILL);
  if (!task->killed)
    task->kill_at_us = g_get_monotonic_time ();
  task->killed = TRUE;
}

/* Service thread: the members that are alive now. */
static void
on_swept (GObject *source, GAsyncResult *result, gpointer data)
{
  ProcTask *task = data;
  g_autoptr (GArray) members = g_task_propagate_pointer (G_TASK (result), NULL);
  gint64 now = g_get_monotonic_time ();

  task->sweeping = FALSE;
  if (task->supervisor == NULL)
    ;
  else if (!task->ended)
    kill_members (task, members); /* the stop limit has passed, the main process gets its SIGKILL with its group */
  else if (members->len == 0)
    proc_task_finish (task, NULL);
  else if (task->killed && now >= task->kill_at_us + VERIFY_MS * 1000)
    {
      g_autofree char *names = describe (members);
      g_autofree char *text = g_strdup_printf ("still alive after SIGKILL: %s", names);

      proc_task_say (task, HERO_LOG_WARN, "job %u (%s): %s", task->job->id, task->job->action, text);
      task->job->failure = PROC_FAILURE_STOP_TIMEOUT;
      proc_task_finish (task, text);
    }
  else
    {
      if (!task->told_leftovers && !task->force)
        ask_leftovers (task, members);
      if (task->force || task->killed || now >= task->kill_at_us)
        kill_members (task, members);
      proc_task_set_timer (task, &task->timer, SWEEP_EVERY_MS, on_sweep_again);
    }
  proc_task_unref (task);
}

void
proc_task_sweep (ProcTask *task)
{
  ProcJob *job = task->job;
  g_autoptr (GTask) gtask = NULL;
  SweepInput *input;

  if (task->sweeping)
    return;
  task->sweeping = TRUE;
  input = g_new0 (SweepInput, 1);
  input->leader = task->leader;
  input->start_ticks = job->proc_start;
  input->token = g_strdup (job->token);
  gtask = g_task_new (NULL, NULL, on_swept, proc_task_ref (task));
  g_task_set_task_data (gtask, input, sweep_input_free);
  g_task_run_in_thread (gtask, sweep_thread);
}

/* ---------------------------------------------------------------------------------------------- the exit */

static void read_exit (ProcTask *task);

static gboolean
on_reap_again (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->timer);
  read_exit (task);
  return G_SOURCE_REMOVE;
}

/* The main process may have ended: how? Then everything it left behind is looked for. */
static void
read_exit (ProcTask *task)
{
  ProcExitResult result = proc_exit_read (task->pidfd, &task->end, &task->source);

  if (result == PROC_EXIT_ALIVE)
    return;
  g_clear_pointer (&task->watch, hero_reactor_remove);
  task->job->pid = 0;
  if (result == PROC_EXIT_PENDING && task->reap_tries++ < REAP_TRIES)
    {
      proc_task_set_timer (task, &task->timer, REAP_EVERY_MS, on_reap_again);
      return;
    }
  proc_task_ready_end (task);
  proc_task_health_end (task);
  proc_timer_clear (&task->timer);
  task->ended = TRUE;
  proc_task_sweep (task);
}

void
proc_task_on_pidfd (int fd, guint32 events, gpointer data)
{
  read_exit (data);
}

/* ---------------------------------------------------------------------------------------------- stop */

/* SIGKILL to the group now, to every other descendant as soon as /proc was read. */
static void
kill_now (ProcTask *task)
{
  if (!task->ended && proc_pidfd_signal (task->pidfd, SIGKILL))
    kill (-task->leader, SIGKILL);
  task->killed = TRUE;
  task->kill_at_us = g_get_monotonic_time ();
  proc_task_sweep (task);
}

static gboolean
on_stop_limit (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->timer);
  kill_now (task);
  return G_SOURCE_REMOVE;
}

/* The job's process is alive or on its way out: steps 1 to 4 of contract 7.4. */
void
proc_task_request_stop (ProcTask *task)
{
  ProcJob *job = task->job;

  if (job->phase == PROC_PHASE_STARTING)
    return; /* on_spawned comes back to it */
  if (job->phase == PROC_PHASE_RUNNING)
    {
      proc_task_ready_end (task);
      proc_task_step (task, PROC_CAUSE_STOP);
      /* Without a watch it has ended and its exit is about to be read: the timer is that reading's. */
      if (!task->ended && task->watch != NULL)
        {
          if (!task->force && proc_pidfd_signal (task->pidfd, 0)) /* still there: its group is its own */
            {
              kill (-task->leader, job->spec->stop_signal);
              kill (-task->leader, SIGCONT);
            }
          task->signalled = TRUE;
          task->kill_at_us = g_get_monotonic_time () + job->spec->stop_timeout_ms * G_GINT64_CONSTANT (1000);
          proc_task_set_timer (task, &task->timer, job->spec->stop_timeout_ms, on_stop_limit);
        }
    }
  if (task->force && !task->killed)
    kill_now (task);
}

void
proc_task_stop (ProcTask *task, ProcFailure why, gboolean force)
{
  ProcJob *job = task->job;
  ProcFailure before = job->stop_reason;

  if (!proc_failure_is_request (job->stop_reason)) /* a request wins over our own decision */
    job->stop_reason = why;
  task->force |= force;
  if (job->phase == PROC_PHASE_PENDING || job->phase == PROC_PHASE_WAITING || job->phase == PROC_PHASE_RETRYING)
    {
      proc_timer_clear (&task->timer);
      job->failure = job->stop_reason;
      job->next_attempt_at = 0;
      if (job->finished_at == 0)
        job->finished_at = proc_now_ms ();
      proc_task_step (task, PROC_CAUSE_CANCEL);
    }
  else
    {
      /* The step to `stopping` records the reason; where it comes later or was made, the reason alone is news. */
      if (job->stop_reason != before && (job->phase == PROC_PHASE_STARTING || job->phase == PROC_PHASE_STOPPING))
        task->supervisor->setup.hooks->save (task->supervisor->setup.owner, job, NULL, NULL);
      proc_task_request_stop (task);
    }
}
