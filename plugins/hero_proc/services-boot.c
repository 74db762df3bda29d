/* services-boot.c: what happens to services when hero_proc starts and when it ends (contract 12, 13). Service thread.
 */
#include <string.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "procfs.h"
#include "services-private.h"

/* ---------------------------------------------------------------------------------------------- recovery */

/* The jobs of the newest run belong to their service; those before, and those of no service, are forgotten. */
static void
assign_jobs (ProcServices *self, const ProcLoaded *loaded)
{
  ProcBatch *batch = proc_batch_new ();

  for (guint i = 0; i < loaded->jobs->len; i++)
    {
      const ProcJob *job = loaded->jobs->pdata[i];
      ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

      if (entry != NULL)
        entry->run_id = MAX (entry->run_id, job->run_id);
    }
  for (guint i = 0; i < loaded->jobs->len; i++)
    {
      ProcJob *job = loaded->jobs->pdata[i];
      ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

      if (entry == NULL || job->run_id != entry->run_id)
        {
          proc_batch_delete_job (batch, job->id);
          continue;
        }
      g_ptr_array_add (entry->jobs, proc_job_ref (job));
      entry->last_start = job->created_at;
      entry->last_stop = MAX (entry->last_stop, job->finished_at);
    }
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
}

/* Spawned, and we died before the pid was written: such a process is found by its token. */
static GHashTable *
find_unrecorded (ProcServices *self, const char *boot_id)
{
  g_autoptr (GHashTable) tokens = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      for (guint j = 0; j < entry->jobs->len; j++)
        {
          const ProcJob *job = entry->jobs->pdata[j];

          if (proc_job_is_active (job) && job->pid == 0 && job->token != NULL && g_strcmp0 (job->boot_id, boot_id) == 0)
            g_hash_table_add (tokens, job->token);
        }
    }
  return g_hash_table_size (tokens) > 0 ? proc_find_by_tokens (tokens) : g_hash_table_new (g_str_hash, g_str_equal);
}

/* Scripts and pipes of jobs that are over. */
static void
clean_run_dir (ProcServices *self, GHashTable *active)
{
  const char *path = self->setup.supervisor.surroundings->run_dir, *name;
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      guint64 id = g_ascii_strtoull (name, NULL, 10);
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (id > 0 && !g_hash_table_contains (active, GUINT_TO_POINTER ((guint)id)))
        unlink (file);
    }
}

void
proc_services_recover (ProcServices *self, const ProcLoaded *loaded)
{
  g_autofree char *boot_id = proc_boot_id ();
  g_autoptr (GHashTable) found = NULL, active = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  assign_jobs (self, loaded);
  entries = proc_services_list (self);
  found = find_unrecorded (self, boot_id);
  for (guint i = 0; i < entries->len; i++)
    {
      ProcEntry *entry = entries->pdata[i];
      g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

      entry->known_state = proc_entry_get_state (entry);
      for (guint j = 0; j < jobs->len; j++)
        {
          ProcJob *job = jobs->pdata[j];
          const ProcStat *process = job->token != NULL ? g_hash_table_lookup (found, job->token) : NULL;

          if (!proc_job_is_active (job))
            continue;
          g_hash_table_add (active, GUINT_TO_POINTER (job->id));
          proc_supervisor_adopt (self->supervisor, job, boot_id, process != NULL ? process->pid : 0,
                                 process != NULL ? process->start_ticks : 0);
        }
    }
  clean_run_dir (self, active);
}

/* ---------------------------------------------------------------------------------------------- start */

void
proc_services_autostart (ProcServices *self)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (int pass = PROC_CLASS_SYSTEM; pass >= PROC_CLASS_USER; pass--)
    for (guint i = 0; i < entries->len; i++)
      {
        ProcEntry *entry = entries->pdata[i];
        g_autoptr (GError) error = NULL;

        if ((int)entry->spec->service_class != pass || entry->spec->wanted != PROC_WANTED_START)
          continue;
        /* We died in the middle of its restart, or of a shutdown: first the rest of its stop. */
        entry->start_again = proc_entry_get_state (entry) == PROC_STATE_STOPPING;
        if (!proc_entry_is_active (entry) && !proc_entry_start (self, entry, PROC_TRIGGER_AUTOSTART, &error))
          self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
        proc_entry_settle (self, entry);
      }
}

/* ---------------------------------------------------------------------------------------------- shutdown */

static void
on_all_written (const GError *error, gpointer data)
{
  ProcServices *self = data;

  self->shut_down (self->shut_down_data);
}

/* Nothing is left; services that were to last until now go, and everything written is waited for. */
static void
finish_shut_down (ProcServices *self)
{
  ProcBatch *batch = proc_batch_new ();
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if (entry->spec->persist)
        continue;
      proc_batch_delete_service (batch, entry->spec->name);
      for (guint j = 0; j < entry->jobs->len; j++)
        proc_batch_delete_job (batch, ((ProcJob *)entry->jobs->pdata[j])->id);
    }
  proc_journal_keep (self->setup.journal, batch, on_all_written, self);
}

static gboolean
is_committing (ProcServices *self)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (guint i = 0; i < entries->len; i++)
    if (((ProcEntry *)entries->pdata[i])->committing)
      return TRUE;
  return FALSE;
}

void
proc_services_check_shut_down (ProcServices *self)
{
  if (!self->draining || self->shut_down == NULL || proc_supervisor_count (self->supervisor) > 0
      || is_committing (self))
    return;
  if (self->kill_timer == NULL)
    return; /* finished already */
  g_source_destroy (self->kill_timer);
  g_clear_pointer (&self->kill_timer, g_source_unref);
  finish_shut_down (self);
}

static gboolean
on_kill_time (gpointer data)
{
  ProcServices *self = data;

  proc_supervisor_stop_all (self->supervisor, PROC_FAILURE_SHUTDOWN, TRUE);
  return G_SOURCE_CONTINUE; /* what hangs in the kernel is asked again; the host's budget ends the waiting */
}

void
proc_services_shutdown (ProcServices *self, guint kill_after_ms, void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_supervisor_drain (self->supervisor);
  self->kill_timer = g_timeout_source_new (MAX (kill_after_ms, 100));
  g_source_set_callback (self->kill_timer, on_kill_time, self, NULL);
  g_source_attach (self->kill_timer, self->setup.supervisor.context);
  proc_supervisor_stop_all (self->supervisor, PROC_FAILURE_SHUTDOWN, FALSE);
  proc_services_check_shut_down (self);
}

void
proc_services_leave (ProcServices *self, void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_supervisor_drain (self->supervisor);
  proc_journal_keep (self->setup.journal, proc_batch_new (), on_all_written, self);
}
