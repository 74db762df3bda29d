/* jobs-hooks.c: what the supervisor asks and tells the jobs: phases, output, health, secrets. Service thread. */
#include <hero-service/log.h>

#include "fifo.h"
#include "jobs-private.h"
#include "json-write.h"
#include "secret-env.h"

static void
hook_changed (gpointer owner, ProcJob *job, ProcPhase from)
{
  ProcJobs *self = owner;
  g_autoptr (ProcJob) held = proc_job_ref (job);

  if (from == PROC_PHASE_RETRYING && job->phase == PROC_PHASE_STARTING)
    self->restarts++;
  proc_jobs_note_phase (self, held);
  proc_jobs_tell_change (self, held, from);
  if (!proc_job_is_active (held))
    proc_jobs_start_next_single (self, held);
  proc_jobs_start_admitted (self);
}

/* A line of it says that it is ready. */
static void
on_line_seen (guint32 job_id, gpointer data)
{
  ProcJobs *self = data;
  ProcJob *job = proc_jobs_get (self, job_id);

  if (job != NULL)
    proc_supervisor_set_ready (self->supervisor, job, NULL);
}

static void
watch_lines (ProcJobs *self, const ProcJob *job)
{
  const ProcReadiness *readiness = &job->spec->health->readiness;
  ProcLineWatch *watch;

  if (readiness->type != PROC_READY_LOG || job->ready)
    return;
  watch = proc_line_watch_new (job->id, readiness->pattern, self->setup.supervisor.context, on_line_seen, self);
  proc_capture_watch (self->setup.capture, job->id, watch);
  g_hash_table_insert (self->watches, GUINT_TO_POINTER (job->id), watch);
}

static void
hook_output_begins (gpointer owner, ProcJob *job, int out_fd, int err_fd)
{
  ProcJobs *self = owner;
  const char *run_dir = self->setup.supervisor.surroundings->run_dir;
  int fds[] = { out_fd, err_fd };

  watch_lines (self, job);
  if (job->spec->tty.enabled)
    {
      proc_terminals_begin (self->setup.terminals, self->setup.capture, job, out_fd, err_fd);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autofree char *path = proc_fifo_path (run_dir, job->id, job->restart_count + 1, i == 1);

      if (fds[i] >= 0)
        proc_capture_add (self->setup.capture, job->id, job->source, job->context,
                          i == 1 ? PROC_STREAM_STDERR : PROC_STREAM_STDOUT, job->spec->log_level_max, job->redaction,
                          fds[i], path);
    }
}

static void
hook_output_ends (gpointer owner, ProcJob *job)
{
  ProcJobs *self = owner;

  g_hash_table_remove (self->watches, GUINT_TO_POINTER (job->id));
  proc_terminals_end (self->setup.terminals, job);
  proc_capture_end (self->setup.capture, job->id);
}

static gboolean
hook_may_restart (gpointer owner, ProcJob *job)
{
  ProcJobs *self = owner;

  for (guint i = 0; i < self->listening->len; i++)
    {
      ProcJobsListening *one = &g_array_index (self->listening, ProcJobsListening, i);

      if (one->listener->may_restart != NULL && !one->listener->may_restart (one->data, job))
        return FALSE;
    }
  return TRUE;
}

static void
hook_health (gpointer owner, ProcJob *job, const char *check, ProcHealth from, ProcHealth to, const char *message)
{
  ProcJobs *self = owner;
  g_autoptr (ProcJob) held = proc_job_ref (job);
  JsonObject *data = json_object_new ();
  g_autofree char *text = g_strdup_printf ("job %u (%s): health check '%s' is %s%s%s", job->id, job->action, check,
                                           proc_health_words[to], message != NULL ? ": " : "",
                                           message != NULL ? message : "");

  json_object_set_int_member (data, "id", job->id);
  json_object_set_string_member (data, "check", check);
  json_object_set_string_member (data, "from", proc_health_words[from]);
  json_object_set_string_member (data, "to", proc_health_words[to]);
  proc_json_set_text (data, "message", message);
  self->setup.event (self->setup.owner, "job.health", data);
  self->setup.log (self->setup.owner, to == PROC_HEALTH_HEALTHY ? HERO_LOG_INFO : HERO_LOG_WARN, text);
  proc_jobs_tell_listeners (self, held, held->phase);
}

static void
hook_log (gpointer owner, guint level, const char *text)
{
  ProcJobs *self = owner;

  self->setup.log (self->setup.owner, level, text);
}

void
proc_jobs_set_redaction (ProcJobs *self, ProcJob *job, ProcRedaction *redaction)
{
  g_clear_pointer (&job->redaction, proc_redaction_unref);
  if (self->setup.redact && redaction != NULL)
    job->redaction = proc_redaction_ref (redaction);
}

static char **
hook_take_secrets (gpointer owner, ProcJob *job, GError **error)
{
  ProcJobs *self = owner;
  g_autoptr (ProcSecretEnv) env = NULL;

  job->secrets_stamp = proc_secret_env_stamp (self->setup.secrets, job->spec->env_secrets, job->context);
  env = proc_secret_env_new (self->setup.secrets, job->spec->env_secrets, job->context, error);
  proc_jobs_set_redaction (self, job, env != NULL ? env->redaction : NULL);
  return env != NULL ? g_steal_pointer (&env->environment) : NULL;
}

const ProcSupervisorHooks proc_jobs_hooks
    = { proc_jobs_save,   hook_changed, hook_output_begins, hook_output_ends,
        hook_may_restart, hook_health,  hook_log,           hook_take_secrets };
