/* services-boot.c: what happens to services when hero_proc starts and when it ends (contract 12, 13). Service thread.
 */
#include <hero-service/log.h>

#include "services-private.h"

/* ---------------------------------------------------------------------------------------------- recovery */

void
proc_services_assign_jobs (ProcServices *self, const ProcLoaded *loaded)
{
  ProcBatch *batch = proc_batch_new ();
  GHashTableIter iter;
  gpointer value;

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

      if (job->service == NULL)
        continue;
      if (entry == NULL || job->run_id != entry->run_id)
        {
          proc_batch_delete_job (batch, job->id);
          proc_jobs_forget (self->setup.jobs, job);
          continue;
        }
      g_ptr_array_add (entry->jobs, proc_job_ref (job));
      entry->last_start = job->created_at;
      entry->last_stop = MAX (entry->last_stop, job->finished_at);
    }
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((ProcEntry *)value)->known_state = proc_entry_get_state (value);
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
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
  if (!self->draining || self->shut_down == NULL || proc_jobs_count (self->setup.jobs) > 0
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

  proc_jobs_stop_all (self->setup.jobs, PROC_FAILURE_SHUTDOWN, TRUE);
  return G_SOURCE_CONTINUE; /* what hangs in the kernel is asked again; the host's budget ends the waiting */
}

void
proc_services_shutdown (ProcServices *self, guint kill_after_ms, void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_jobs_drain (self->setup.jobs);
  self->kill_timer = g_timeout_source_new (MAX (kill_after_ms, 100));
  g_source_set_callback (self->kill_timer, on_kill_time, self, NULL);
  g_source_attach (self->kill_timer, self->setup.context);
  proc_jobs_stop_all (self->setup.jobs, PROC_FAILURE_SHUTDOWN, FALSE);
  proc_services_check_shut_down (self);
}

void
proc_services_leave (ProcServices *self, void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_jobs_drain (self->setup.jobs);
  proc_journal_keep (self->setup.journal, proc_batch_new (), on_all_written, self);
}
