/*
 * jobs-recover.c: jobs of our last life: what of them still runs is ours again, what the shutdown has ended starts anew
 * (contract 12). Service thread.
 */
#include <unistd.h>

#include <hero-service/log.h>

#include "jobs-private.h"
#include "procfs.h"
#include "secret-env.h"

static GPtrArray *
list_active (ProcJobs *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  for (GSequenceIter *at = g_sequence_get_begin_iter (self->ordered); !g_sequence_iter_is_end (at);
       at = g_sequence_iter_next (at))
    if (proc_job_is_active (g_sequence_get (at)))
      g_ptr_array_add (list, proc_job_ref (g_sequence_get (at)));
  return list;
}

/* Spawned, and we died before the pid was written: such a process is found by its token. */
static GHashTable *
find_unrecorded (GPtrArray *active, const char *boot_id)
{
  g_autoptr (GHashTable) tokens = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < active->len; i++)
    {
      const ProcJob *job = active->pdata[i];

      if (job->pid == 0 && job->token != NULL && g_strcmp0 (job->boot_id, boot_id) == 0)
        g_hash_table_add (tokens, job->token);
    }
  return g_hash_table_size (tokens) > 0 ? proc_find_by_tokens (tokens) : g_hash_table_new (g_str_hash, g_str_equal);
}

/* Scripts and pipes of jobs that are over. */
static void
clean_run_dir (ProcJobs *self)
{
  const char *path = self->setup.supervisor.surroundings->run_dir, *name;
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      guint64 id = g_ascii_strtoull (name, NULL, 10);
      ProcJob *job = id > 0 && id <= G_MAXUINT32 ? proc_jobs_get (self, (guint32)id) : NULL;
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (id > 0 && !g_str_has_suffix (name, ".pid") && (job == NULL || !proc_job_is_active (job)))
        unlink (file);
    }
}

/*
 * A process that outlived us goes on speaking of its secrets. Which values it was given is known as long as they are
 * still the newest; otherwise nothing of its output can be shown.
 */
static void
find_redaction (ProcJobs *self, ProcJob *job)
{
  g_autoptr (ProcSecretEnv) env = NULL;
  g_autoptr (ProcRedaction) all = NULL;

  if (job->secrets_stamp == 0)
    return;
  if (!proc_jobs_has_old_secrets (self, job))
    env = proc_secret_env_new (self->setup.secrets, job->spec->env_secrets, job->context, NULL);
  if (env != NULL)
    {
      proc_jobs_set_redaction (self, job, env->redaction);
      return;
    }
  all = proc_redaction_new_all ();
  proc_jobs_set_redaction (self, job, all);
  if (self->setup.redact)
    {
      g_autofree char *text = g_strdup_printf ("job %u (%s): its output is hidden until it is started anew, since the "
                                               "secrets it was given are not known any more",
                                               job->id, job->action);

      self->setup.log (self->setup.owner, HERO_LOG_WARN, text);
    }
}

void
proc_jobs_recover (ProcJobs *self)
{
  g_autofree char *boot_id = proc_boot_id ();
  g_autoptr (GPtrArray) active = list_active (self);
  g_autoptr (GHashTable) found = find_unrecorded (active, boot_id);

  clean_run_dir (self);
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];

      if (job->phase == PROC_PHASE_PENDING && job->service == NULL)
        proc_admission_queue (self->admission, job);
    }
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];
      const ProcStat *process = job->token != NULL ? g_hash_table_lookup (found, job->token) : NULL;

      if (job->phase != PROC_PHASE_PENDING && job->phase != PROC_PHASE_WAITING)
        {
          find_redaction (self, job);
          proc_supervisor_adopt (self->supervisor, job, boot_id, process != NULL ? process->pid : 0,
                                 process != NULL ? process->start_ticks : 0);
        }
    }
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];

      if (job->phase == PROC_PHASE_WAITING && job->run_id == 0) /* for the only one its action may have */
        proc_jobs_release (self, job);
    }
  proc_jobs_start_admitted (self);
}

static void
on_autostart_recorded (const GError *error, gpointer data)
{
  ProcJobs *self = data;
  g_autoptr (GPtrArray) active = list_active (self);

  if (error != NULL)
    self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];

      if (job->trigger != PROC_TRIGGER_AUTOSTART || job->service != NULL || job->phase != PROC_PHASE_PENDING)
        continue;
      if (error == NULL)
        proc_jobs_start (self, job);
      else
        proc_jobs_forget (self, job);
    }
}

void
proc_jobs_autostart (ProcJobs *self)
{
  ProcBatch *batch = proc_batch_new ();
  GSequenceIter *end = g_sequence_get_end_iter (self->ordered);
  GSequenceIter *last = g_sequence_iter_prev (end); /* what is added on the way is not looked at */

  for (GSequenceIter *at = g_sequence_get_begin_iter (self->ordered); !g_sequence_iter_is_end (at);
       at = g_sequence_iter_next (at))
    {
      ProcJob *job = g_sequence_get (at);
      ProcJobSeed seed = {
        .spec = job->spec, .name = job->name, .tags = (const char *const *)job->tags, .trigger = PROC_TRIGGER_AUTOSTART
      };

      if (job->service == NULL && job->run_id == 0 && job->spec->is_process && job->failure == PROC_FAILURE_SHUTDOWN
          && job->phase == PROC_PHASE_CANCELLED && !job->archived)
        {
          job->archived = TRUE;
          proc_batch_put_job (batch, job);
          proc_jobs_add (self, batch, &seed);
        }
      if (at == last)
        break;
    }
  proc_journal_commit (self->setup.journal, batch, on_autostart_recorded, self);
}
