/* services-boot.c: what happens to services when hero_proc starts (contract 12). Service thread. */
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
    {
      ProcEntry *entry = value;

      for (guint i = 0; i < entry->jobs->len; i++)
        entry->waiting |= proc_job_is_unbegun (entry->jobs->pdata[i]);
      entry->blocked = entry->waiting;
      entry->begun_us = g_get_monotonic_time ();
      entry->known_state = proc_entry_get_state (entry);
    }
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------- start */

/* Nobody waits for it: whoever asked died with our last life. */
static void
on_rest_stopped (gpointer data)
{
}

void
proc_services_resume (ProcServices *self)
{
  const ProcCascadeOptions options = { PROC_FAILURE_CANCELLED, FALSE, 0 };
  g_autoptr (GPtrArray) entries = proc_services_list (self), unwanted = g_ptr_array_new ();

  for (guint i = 0; i < entries->len; i++)
    {
      ProcEntry *entry = entries->pdata[i];

      if (entry->spec->wanted == PROC_WANTED_STOP && proc_entry_is_active (entry))
        g_ptr_array_add (unwanted, entry);
    }
  for (guint i = 0, n = unwanted->len; i < n; i++)
    {
      g_autoptr (GPtrArray) more = proc_services_collect_dependents (self, unwanted->pdata[i], TRUE);

      for (guint j = 1; j < more->len; j++)
        if (!g_ptr_array_find (unwanted, more->pdata[j], NULL))
          {
            g_ptr_array_add (unwanted, more->pdata[j]);
            ((ProcEntry *)more->pdata[j])->start_again
                = ((ProcEntry *)more->pdata[j])->spec->wanted == PROC_WANTED_START;
          }
    }
  for (guint i = 0; i < entries->len; i++)
    if (!((ProcEntry *)entries->pdata[i])->waiting)
      proc_entry_begin_run (self, entries->pdata[i]);
  if (unwanted->len > 0)
    proc_cascade_begin (self, unwanted, &options, NULL, on_rest_stopped, NULL);
  for (guint i = 0; i < entries->len; i++)
    proc_entry_look_again (self, entries->pdata[i]);
}

/* Names of a class in the order of their start, dependencies first. */
static GPtrArray *
sort_for_start (ProcServices *self, ProcClass service_class)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self), names = g_ptr_array_new (), layers = NULL;
  GPtrArray *order = g_ptr_array_new ();

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if (entry->spec->service_class == service_class && entry->spec->wanted == PROC_WANTED_START)
        g_ptr_array_add (names, entry->spec->name);
    }
  layers = proc_graph_layers (self->graph, names);
  for (guint i = layers->len; i > 0; i--)
    g_ptr_array_extend (order, layers->pdata[i - 1], NULL, NULL);
  return order;
}

void
proc_services_autostart (ProcServices *self)
{
  for (int pass = PROC_CLASS_SYSTEM; pass >= PROC_CLASS_USER; pass--)
    {
      g_autoptr (GPtrArray) names = sort_for_start (self, pass);

      for (guint i = 0; i < names->len; i++)
        {
          ProcEntry *entry = g_hash_table_lookup (self->entries, names->pdata[i]);
          g_autoptr (GError) error = NULL;

          if (!proc_entry_is_active (entry))
            proc_entry_start (self, entry, PROC_TRIGGER_AUTOSTART, &error);
          else if (proc_entry_get_state (entry) == PROC_STATE_STOPPING)
            entry->start_again = TRUE; /* we died in the middle of its restart, or of a shutdown */
          if (error != NULL)
            self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
          proc_entry_settle (self, entry);
        }
    }
}
