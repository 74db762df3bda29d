/* task.c: see task.h. Service thread. */
#include "task.h"

#include <string.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "procfs.h"

void
proc_task_set_timer (ProcTask *task, GSource **timer, guint delay_ms, GSourceFunc func)
{
  proc_timer_set (timer, task->supervisor->setup.context, delay_ms, func, task);
}

static void
task_clear (gpointer data)
{
  ProcTask *task = data;

  proc_job_unref (task->job);
  g_strfreev (task->secrets);
}

ProcTask *
proc_task_ref (ProcTask *task)
{
  return g_rc_box_acquire (task);
}

void
proc_task_unref (gpointer data)
{
  g_rc_box_release_full (data, task_clear);
}

/* Stops looking after the process: descriptors and timers go, the process does not. */
void
proc_task_forget_process (ProcTask *task)
{
  proc_task_ready_end (task);
  proc_task_health_end (task);
  proc_timer_clear (&task->timer);
  g_clear_pointer (&task->watch, hero_reactor_remove);
  if (task->leader != 0)
    proc_kill_list_remove (task->supervisor->setup.kill_list, task->leader);
  if (task->pidfd >= 0)
    close (task->pidfd);
  task->pidfd = -1;
}

/* Out of the table: the supervisor knows it no more. */
void
proc_task_drop (gpointer data)
{
  ProcTask *task = data;

  proc_task_forget_process (task);
  proc_task_forget_clearing (task);
  task->supervisor = NULL;
  proc_task_unref (task);
}

ProcTask *
proc_task_new (ProcSupervisor *self, ProcJob *job)
{
  ProcTask *task = g_rc_box_new0 (ProcTask);

  task->supervisor = self;
  task->job = proc_job_ref (job);
  task->pidfd = -1;
  g_hash_table_insert (self->tasks, GUINT_TO_POINTER (job->id), task);
  return task;
}

ProcIdentity
proc_task_identity (const ProcTask *task)
{
  const ProcJob *job = task->job;

  return (ProcIdentity){ job->id, job->run_id, job->context, job->service, job->action_name, job->attempt, job->token, task->secrets };
}

/* The values the live process got for its secrets: they may be others by now, or we may have adopted it. Transfer full,
 * NULL = none. */
static char **
read_secrets (const ProcJob *job)
{
  g_auto (GStrv) environment = job->spec->env_secrets[0] != NULL ? proc_environ_read (job->pid) : NULL;
  g_autoptr (GStrvBuilder) secrets = g_strv_builder_new ();

  for (guint i = 0; environment != NULL && environment[i] != NULL; i++)
    for (guint j = 0; job->spec->env_secrets[j] != NULL; j++)
      {
        gsize name = strcspn (job->spec->env_secrets[j], "=") + 1;

        if (strncmp (environment[i], job->spec->env_secrets[j], name) == 0)
          g_strv_builder_add (secrets, environment[i]);
      }
  return g_strv_builder_end (secrets);
}

ProcProbeRun *
proc_task_ask (ProcTask *task, const ProcProbe *probe, guint timeout_ms, ProcProbeDone done, gpointer data)
{
  ProcIdentity identity = proc_task_identity (task);
  g_auto (GStrv) secrets = NULL;

  if (probe->type == PROC_PROBE_EXEC)
    secrets = read_secrets (task->job);
  identity.secrets = secrets;
  return proc_probe_start (&task->supervisor->probes, probe, task->job->spec, &identity, timeout_ms, done, data);
}

void
proc_task_say (ProcTask *task, guint level, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  task->supervisor->setup.hooks->log (task->supervisor->setup.owner, level, text);
}

/* One step of the table; then the record is kept and the owner told. A terminal job is let go of. */
void
proc_task_step (ProcTask *task, ProcCause cause)
{
  ProcSupervisor *self = task->supervisor;
  g_autoptr (ProcJob) job = proc_job_ref (task->job);
  ProcPhase from = job->phase;

  if (!proc_phase_next (from, cause, &job->phase))
    {
      proc_task_say (task, HERO_LOG_ERROR, "job %u (%s): no step from '%s' by cause %d", job->id, job->action,
                     proc_phase_words[from], cause);
      g_return_if_reached ();
    }
  if (!proc_job_is_active (job))
    {
      proc_command_remove_script (self->setup.surroundings, job->id);
      g_hash_table_remove (self->tasks, GUINT_TO_POINTER (job->id));
    }
  if (cause != PROC_CAUSE_START) /* the intent is saved by proc_task_begin, which waits for it */
    self->setup.hooks->save (self->setup.owner, job, NULL, NULL);
  self->setup.hooks->changed (self->setup.owner, job, from);
}
