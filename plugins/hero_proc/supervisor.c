/* supervisor.c: see supervisor.h. Service thread. */
#include "supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "exit-status.h"
#include "fifo.h"
#include "procfs.h"
#include "task.h"

/* ---------------------------------------------------------------------------------------------- stop */

gboolean
proc_supervisor_stop (ProcSupervisor *self, ProcJob *job, ProcFailure why, gboolean force)
{
  ProcTask *task = g_hash_table_lookup (self->tasks, GUINT_TO_POINTER (job->id));

  if (task == NULL)
    return FALSE;
  proc_task_stop (task, why, force);
  return TRUE;
}

gboolean
proc_supervisor_signal (ProcSupervisor *self, ProcJob *job, int number)
{
  ProcTask *task = g_hash_table_lookup (self->tasks, GUINT_TO_POINTER (job->id));

  return task != NULL && job->pid != 0 && !task->ended && task->pidfd >= 0 && proc_pidfd_signal (task->pidfd, number);
}

void
proc_supervisor_stop_all (ProcSupervisor *self, ProcFailure why, gboolean force)
{
  g_autoptr (GList) tasks = g_hash_table_get_values (self->tasks);

  for (GList *l = tasks; l != NULL; l = l->next)
    proc_task_ref (l->data);
  for (GList *l = tasks; l != NULL; l = l->next)
    {
      ProcTask *task = l->data;

      if (task->supervisor != NULL)
        proc_task_stop (task, why, force);
      proc_task_unref (task);
    }
}

/* ---------------------------------------------------------------------------------------------- adoption */

/* The process with this pid and start time, if it is alive: a pidfd, else -1. */
static int
open_exactly (pid_t pid, guint64 start_ticks)
{
  int fd = proc_pidfd_open (pid);
  ProcStat now;

  if (fd < 0)
    return -1;
  if (proc_stat_read (pid, &now) && now.start_ticks == start_ticks)
    return fd;
  close (fd);
  return -1;
}

static int
reopen_pipe (ProcTask *task, gboolean is_stderr)
{
  ProcSupervisor *self = task->supervisor;
  g_autofree char *path
      = proc_fifo_path (self->setup.surroundings->run_dir, task->job->id, task->job->restart_count + 1, is_stderr);
  g_autoptr (GError) error = NULL;
  int fd = proc_fifo_open (path, self->setup.pipe_bytes, &error);

  if (fd < 0)
    proc_task_say (task, HERO_LOG_WARN, "job %u (%s): %s", task->job->id, task->job->action, error->message);
  return fd;
}

/* The job's process ended while nobody was looking. */
static void
end_unseen (ProcTask *task, gboolean same_boot)
{
  ProcJob *job = task->job;

  task->end = (ProcExit){ .known = FALSE };
  task->source = PROC_EXIT_UNKNOWN;
  if (job->stop_reason == PROC_FAILURE_NONE || proc_failure_is_request (job->stop_reason))
    job->failure = !same_boot               ? PROC_FAILURE_HOST_RESTART
                   : job->spec->tty.enabled ? PROC_FAILURE_TERMINAL_LOST
                                            : PROC_FAILURE_EXIT_UNKNOWN;
  if (job->stop_reason != PROC_FAILURE_NONE) /* recorded before we died; our own decision says how it failed */
    job->phase = PROC_PHASE_STOPPING;
  task->ended = TRUE;
  task->leader = same_boot ? job->pid : 0;
  job->pid = 0;
  if (same_boot)
    proc_task_sweep (task);
  else
    proc_task_finish (task, NULL);
}

void
proc_supervisor_adopt (ProcSupervisor *self, ProcJob *job, const char *boot_id, pid_t found_pid, guint64 found_start)
{
  ProcTask *task = proc_task_new (self, job);
  gboolean same_boot = g_strcmp0 (job->boot_id, boot_id) == 0;
  g_autoptr (GError) error = NULL;
  ProcPhase phase = job->phase;

  if (phase == PROC_PHASE_PENDING || phase == PROC_PHASE_WAITING)
    {
      proc_task_begin (task);
      return;
    }
  if (phase == PROC_PHASE_RETRYING)
    {
      gint64 wait = CLAMP (job->next_attempt_at - proc_now_ms (), 0, G_MAXINT);

      proc_task_begin_in (task, (guint)wait);
      return;
    }
  if (job->pid == 0 && found_pid != 0)
    {
      job->pid = found_pid;
      job->proc_start = found_start;
      job->started_at = job->started_at > 0 ? job->started_at : proc_now_ms ();
    }
  if (phase == PROC_PHASE_STARTING)
    proc_phase_next (phase, PROC_CAUSE_SPAWNED, &job->phase);
  task->pidfd = same_boot && job->pid != 0 ? open_exactly (job->pid, job->proc_start) : -1;
  if (job->spec->log == PROC_LOG_STORE && !job->spec->tty.enabled && same_boot && job->pid != 0)
    {
      int out_fd = reopen_pipe (task, FALSE);

      self->setup.hooks->output_begins (self->setup.owner, job, out_fd, reopen_pipe (task, TRUE));
    }
  if (task->pidfd < 0 || !proc_task_watch (task, &error))
    {
      end_unseen (task, same_boot);
      return;
    }
  job->adopted = TRUE;
  proc_task_say (task, HERO_LOG_INFO, "job %u (%s): adopted pid %d", job->id, job->action, job->pid);
  self->setup.hooks->save (self->setup.owner, job, NULL, NULL);
  self->setup.hooks->changed (self->setup.owner, job, phase);
  if (job->stop_reason != PROC_FAILURE_NONE)
    {
      job->phase = PROC_PHASE_RUNNING;
      proc_task_request_stop (task);
    }
  else if (job->spec->tty.enabled) /* what is left of it has nothing to read from or write to */
    {
      job->stop_reason = PROC_FAILURE_TERMINAL_LOST;
      proc_task_request_stop (task);
    }
  else
    proc_task_look_after (task);
  /* A zombie that nobody has reaped yet has a start time too; it is not called running. */
  proc_task_on_pidfd (task->pidfd, 0, task);
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcSupervisor *
proc_supervisor_new (const ProcSupervisorSetup *setup)
{
  ProcSupervisor *self = g_new0 (ProcSupervisor, 1);

  self->setup = *setup;
  self->probes = (ProcProbeSetup){ setup->context, setup->reactor, setup->spawner, setup->surroundings,
                                   setup->kill_list };
  self->rate = setup->spawn_rate > 0 ? proc_spawn_rate_new (setup->spawn_rate) : NULL;
  self->tasks = g_hash_table_new_full (NULL, NULL, NULL, proc_task_drop);
  return self;
}

void
proc_supervisor_free (ProcSupervisor *self)
{
  g_hash_table_unref (self->tasks);
  g_clear_pointer (&self->rate, proc_spawn_rate_free);
  g_free (self);
}

void
proc_supervisor_start (ProcSupervisor *self, ProcJob *job)
{
  proc_task_begin (proc_task_new (self, job));
}

void
proc_supervisor_probe (ProcSupervisor *self, ProcJob *job, ProcSaved done, gpointer data)
{
  ProcTask *task = g_hash_table_lookup (self->tasks, GUINT_TO_POINTER (job->id));

  if (task != NULL)
    proc_task_probe_now (task, done, data);
  else
    done (data);
}

guint
proc_supervisor_get_spawn_wait_ms (ProcSupervisor *self)
{
  return self->rate != NULL ? proc_spawn_rate_get_wait_ms (self->rate, g_get_monotonic_time ()) : 0;
}

gboolean
proc_supervisor_runs (ProcSupervisor *self, const ProcJob *except, const ProcHolder *process)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const ProcTask *task = value;

      if (task->job != except && task->leader != 0
          && (task->leader == process->process.pgid || g_strcmp0 (process->token, task->job->token) == 0))
        return TRUE;
    }
  return FALSE;
}

void
proc_supervisor_drain (ProcSupervisor *self)
{
  self->draining = TRUE;
}

guint
proc_supervisor_count (ProcSupervisor *self)
{
  return g_hash_table_size (self->tasks);
}

guint
proc_supervisor_count_running (ProcSupervisor *self)
{
  GHashTableIter iter;
  gpointer task;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &task))
    n += ((ProcTask *)task)->job->pid != 0;
  return n;
}
