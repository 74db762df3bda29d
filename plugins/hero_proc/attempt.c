/* attempt.c: how an attempt of a job begins, in two commits, and what follows its end (contract 7.5, 12). Service
 * thread. */
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "exit-status.h"
#include "fifo.h"
#include "procfs.h"
#include "task.h"

/* ---------------------------------------------------------------------------------------------- the end */

static ProcCause
decide (ProcTask *task, guint next_attempt)
{
  ProcJob *job = task->job;
  const ProcAction *spec = job->spec;
  ProcSupervisor *self = task->supervisor;
  gboolean stop = proc_failure_is_request (job->stop_reason);
  ProcPolicy policy
      = { .restart = spec->restart,
          .is_process = spec->is_process,
          .may_restart = !stop && !self->draining && self->setup.hooks->may_restart (self->setup.owner, job),
          .attempt = next_attempt - 1,
          .max_attempts = spec->retry.max_attempts,
          .success_codes = spec->success_codes,
          .n_success_codes = spec->n_success_codes };
  ProcCause cause;

  if (stop && job->phase != PROC_PHASE_RUNNING)
    {
      job->failure = job->failure == PROC_FAILURE_NONE ? job->stop_reason : job->failure;
      return PROC_CAUSE_CANCEL;
    }
  task->end.forced = job->stop_reason != PROC_FAILURE_NONE && !stop;
  cause = proc_exit_outcome (&task->end, &policy);
  if (job->failure == PROC_FAILURE_NONE && !proc_exit_is_success (&task->end, &policy))
    job->failure = task->end.forced       ? job->stop_reason
                   : !task->end.known     ? PROC_FAILURE_EXIT_UNKNOWN
                   : task->end.signo != 0 ? PROC_FAILURE_SIGNAL
                                          : PROC_FAILURE_EXIT_CODE;
  return cause;
}

static gboolean
on_backoff_over (gpointer data)
{
  ProcTask *task = data;
  guint wait_ms = proc_supervisor_get_spawn_wait_ms (task->supervisor);

  proc_timer_clear (&task->timer);
  if (wait_ms > 0)
    proc_task_begin_in (task, wait_ms);
  else
    proc_task_begin (task);
  return G_SOURCE_REMOVE;
}

void
proc_task_begin_in (ProcTask *task, guint delay_ms)
{
  proc_task_set_timer (task, &task->timer, delay_ms, on_backoff_over);
}

static void
retry_later (ProcTask *task, guint next_attempt)
{
  ProcJob *job = task->job;
  guint delay = proc_backoff_delay (&job->spec->retry, MAX (next_attempt, 2) - 1, g_random_double ());

  job->next_attempt_at = proc_now_ms () + delay;
  job->attempt = next_attempt - 1;
  proc_task_begin_in (task, delay);
}

/* What `error` says of an attempt that failed without a message of its own. Transfer full, NULL = it did not fail. */
static char *
describe_end (const ProcJob *job)
{
  switch (job->failure)
    {
    case PROC_FAILURE_EXIT_CODE:
      return g_strdup_printf ("exited with code %d", job->exit_code);
    case PROC_FAILURE_SIGNAL:
      return proc_signal_name (job->signo) != NULL ? g_strdup_printf ("killed by %s", proc_signal_name (job->signo))
                                                   : g_strdup_printf ("killed by signal %d", job->signo);
    case PROC_FAILURE_TIMEOUT:
      return g_strdup_printf ("ran longer than %u ms", job->spec->timeout_ms);
    case PROC_FAILURE_EXIT_UNKNOWN:
      return g_strdup ("ended while nobody could see how");
    case PROC_FAILURE_TERMINAL_LOST:
      return g_strdup ("its terminal went with the hero_proc that had it");
    case PROC_FAILURE_HOST_RESTART:
      return g_strdup ("ended with the machine");
    case PROC_FAILURE_NONE:
    case PROC_FAILURE_START_TIMEOUT:
    case PROC_FAILURE_STOP_TIMEOUT:
    case PROC_FAILURE_HEALTH_CHECK_FAILED:
    case PROC_FAILURE_BLOCKED_BY_OTHER:
    case PROC_FAILURE_SPAWN_ERROR:
    case PROC_FAILURE_SECRET_MISSING:
    case PROC_FAILURE_SHUTDOWN:
    case PROC_FAILURE_CANCELLED:
    case PROC_FAILURE_DEPENDENCY_FAILED:
    default:
      return NULL;
    }
}

/* Transfer full. */
static char *
hide_secrets (const ProcJob *job, const char *text)
{
  char *redacted = proc_redaction_apply (job->redaction, text, FALSE);

  return redacted != NULL ? redacted : g_strdup (text);
}

void
proc_task_finish (ProcTask *task, const char *message)
{
  ProcJob *job = task->job;
  gint64 uptime_ms = task->started_us != 0 ? (g_get_monotonic_time () - task->started_us) / 1000 : 0;
  guint next = proc_backoff_next_attempt (&job->spec->retry, job->attempt, uptime_ms);
  ProcCause cause;

  if (task->pidfd >= 0)
    {
      proc_kill_list_remove (task->supervisor->setup.kill_list, task->leader);
      proc_exit_reap (task->pidfd);
    }
  proc_task_forget_process (task);
  job->finished_at = proc_now_ms ();
  job->exit_code = task->end.known ? task->end.exit_code : -1;
  job->signo = task->end.signo;
  job->exit_source = task->source;
  cause = decide (task, next);
  g_free (job->error);
  if (message == NULL && task->end.forced)
    message = job->stop_message;
  job->error = message != NULL ? hide_secrets (job, message) : describe_end (job);
  proc_job_add_attempt (job, task->leader, job->error);
  task->leader = 0;
  task->supervisor->setup.hooks->output_ends (task->supervisor->setup.owner, job);
  job->pid = 0;
  job->ready = cause == PROC_CAUSE_SUCCEED;
  if (cause == PROC_CAUSE_RETRY)
    retry_later (task, next);
  proc_task_step (task, cause);
}

/* ---------------------------------------------------------------------------------------------- watching */

static gboolean
on_time_limit (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->timer);
  task->job->stop_reason = PROC_FAILURE_TIMEOUT;
  proc_task_request_stop (task);
  return G_SOURCE_REMOVE;
}

gboolean
proc_task_watch (ProcTask *task, GError **error)
{
  ProcSupervisor *self = task->supervisor;
  ProcJob *job = task->job;
  gint64 age_ms = MAX (proc_now_ms () - job->started_at, 0);

  task->started_us = g_get_monotonic_time () - age_ms * 1000;
  task->watch = hero_reactor_add (self->setup.reactor, task->pidfd, EPOLLIN, proc_task_on_pidfd, task, error);
  if (task->watch == NULL)
    return FALSE;
  task->leader = job->pid;
  proc_kill_list_add (self->setup.kill_list, task->leader, task->pidfd);
  if (job->spec->timeout_ms > 0)
    proc_task_set_timer (task, &task->timer, (guint)MAX (job->spec->timeout_ms - age_ms, 0), on_time_limit);
  return TRUE;
}

void
proc_task_look_after (ProcTask *task)
{
  proc_task_ready_begin (task, MAX (proc_now_ms () - task->job->started_at, 0));
  proc_task_health_begin (task);
}

/* ---------------------------------------------------------------------------------------------- the beginning */

/* No process came of it. */
static void
fail_spawn (ProcTask *task, ProcFailure failure, const char *message)
{
  g_autofree char *shown = hide_secrets (task->job, message);

  task->end = (ProcExit){ .known = TRUE, .exit_code = -1 };
  task->source = PROC_EXIT_NONE;
  task->job->failure = failure;
  proc_task_say (task, HERO_LOG_WARN, "job %u (%s): %s", task->job->id, task->job->action, shown);
  proc_task_finish (task, shown);
}

static void
on_spawned (ProcSpawnResult *result, gpointer data)
{
  ProcTask *task = data;
  ProcJob *job = task->job;
  int fds[] = { result->pidfd, result->out_fd, result->err_fd };
  g_autoptr (GError) error = NULL;

  if (task->supervisor == NULL) /* let go of: what was started goes again */
    {
      if (result->pid != 0)
        kill (-result->pid, SIGKILL);
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        if (fds[i] >= 0)
          close (fds[i]);
    }
  else
    {
      job->pid = result->pid;
      job->proc_start = result->start_ticks;
      job->started_at = proc_now_ms ();
      task->pidfd = result->pidfd;
      task->supervisor->setup.hooks->output_begins (task->supervisor->setup.owner, job, result->out_fd, result->err_fd);
      if (result->pid_file_error != NULL)
        proc_task_say (task, HERO_LOG_WARN, "job %u (%s): its pid file: %s", job->id, job->action,
                       result->pid_file_error->message);
      if (result->error != NULL)
        fail_spawn (task, PROC_FAILURE_SPAWN_ERROR, result->error->message);
      else if (task->pidfd < 0 || !proc_task_watch (task, &error))
        {
          kill (-job->pid, SIGKILL);
          fail_spawn (task, PROC_FAILURE_SPAWN_ERROR,
                      "process error: the process cannot be watched: out of file descriptors");
        }
      else
        {
          proc_task_step (task, PROC_CAUSE_SPAWNED);
          if (task->supervisor != NULL && task->watch != NULL && job->phase == PROC_PHASE_RUNNING)
            proc_task_look_after (task);
          if (job->stop_reason != PROC_FAILURE_NONE)
            proc_task_request_stop (task);
        }
    }
}

void
proc_task_spawn (ProcTask *task)
{
  ProcJob *job = task->job;
  ProcSupervisor *self = task->supervisor;
  ProcIdentity identity = proc_task_identity (task);
  const char *run_dir = self->setup.surroundings->run_dir;
  gboolean output = job->spec->log == PROC_LOG_STORE && !job->spec->tty.enabled;
  g_autofree char *out = output ? proc_fifo_path (run_dir, job->id, job->restart_count + 1, FALSE) : NULL;
  g_autofree char *err = output ? proc_fifo_path (run_dir, job->id, job->restart_count + 1, TRUE) : NULL;
  g_autofree char *pid_file = proc_task_pid_file (task);

  identity.pid_file = pid_file;
  proc_spawner_spawn (self->setup.spawner, job->spec, self->setup.surroundings, &identity, out, err, on_spawned,
                      proc_task_ref (task), proc_task_unref);
  g_clear_pointer (&task->secrets, g_strfreev);
}

void
proc_task_blocked (ProcTask *task, const char *message, JsonArray *holders)
{
  g_clear_pointer (&task->job->holders, json_array_unref);
  task->job->holders = holders;
  fail_spawn (task, PROC_FAILURE_BLOCKED_BY_OTHER, message);
}

void
proc_task_call_off (ProcTask *task)
{
  task->end = (ProcExit){ .known = TRUE, .exit_code = -1 };
  task->source = PROC_EXIT_NONE;
  proc_task_finish (task, NULL);
}

static void
on_intent_saved (gpointer data)
{
  ProcTask *task = data;

  if (task->supervisor != NULL && !proc_task_clear (task))
    proc_task_spawn (task);
  proc_task_unref (task);
}

/* FALSE + error: one that its definition refers to is not to be had. */
static gboolean
take_secrets (ProcTask *task, GError **error)
{
  const ProcSupervisorSetup *setup = &task->supervisor->setup;

  g_clear_pointer (&task->secrets, g_strfreev);
  if (task->job->spec->env_secrets[0] == NULL)
    return TRUE;
  task->secrets = setup->hooks->take_secrets (setup->owner, task->job, error);
  return task->secrets != NULL;
}

/* The first commit of two: token and attempt are known before a process with them can exist. */
void
proc_task_begin (ProcTask *task)
{
  ProcSupervisor *self = task->supervisor;
  ProcJob *job = task->job;
  g_autoptr (GError) error = NULL;

  if (self->draining)
    return;
  if (self->rate != NULL)
    proc_spawn_rate_note (self->rate, g_get_monotonic_time ());
  if (job->phase == PROC_PHASE_RETRYING)
    job->restart_count++;
  job->attempt++;
  g_free (job->token);
  job->token = g_uuid_string_random ();
  g_free (job->boot_id);
  job->boot_id = proc_boot_id ();
  job->pid = 0;
  job->proc_start = 0;
  job->ready = FALSE;
  job->adopted = FALSE;
  job->next_attempt_at = job->ready_at = job->finished_at = 0;
  job->failure = PROC_FAILURE_NONE;
  job->exit_code = -1;
  job->signo = 0;
  job->exit_source = PROC_EXIT_NONE;
  task->end = (ProcExit){ 0 };
  task->ended = task->killed = task->told_leftovers = task->force = task->signalled = FALSE;
  job->stop_reason = PROC_FAILURE_NONE;
  g_clear_pointer (&job->stop_message, g_free);
  g_clear_pointer (&job->holders, json_array_unref);
  g_clear_pointer (&job->message, g_free);
  task->reap_tries = 0;
  task->started_us = 0;
  proc_task_step (task, PROC_CAUSE_START);
  if (!take_secrets (task, &error))
    {
      fail_spawn (task, PROC_FAILURE_SECRET_MISSING, error->message);
      return;
    }
  self->setup.hooks->save (self->setup.owner, job, on_intent_saved, proc_task_ref (task));
}
