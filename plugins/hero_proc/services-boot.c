/* services-boot.c: what happens to services when hero_proc starts and when it ends (contract 12, 13). Service thread.
 */
#include <hero-service/log.h>

#include "services-private.h"
#include "timer.h"

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
      proc_batch_delete_run (batch, entry->run_id);
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

static gboolean
collect_in_terminal (ProcJob *job, gpointer data)
{
  if (job->spec->tty.enabled && proc_job_is_active (job) && job->phase != PROC_PHASE_PENDING
      && job->phase != PROC_PHASE_WAITING)
    g_ptr_array_add (data, proc_job_ref (job));
  return TRUE;
}

/* Jobs in terminals that are under way. */
static GPtrArray *
list_in_terminals (ProcServices *self)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  proc_jobs_foreach (self->setup.jobs, collect_in_terminal, jobs);
  return jobs;
}

/* What is to end before we do. */
static guint
count_left (ProcServices *self)
{
  g_autoptr (GPtrArray) jobs = NULL;

  if (!self->leaving)
    return proc_jobs_count (self->setup.jobs);
  jobs = list_in_terminals (self);
  return jobs->len;
}

void
proc_services_check_shut_down (ProcServices *self)
{
  if (!self->draining || self->shut_down == NULL || count_left (self) > 0 || is_committing (self))
    return;
  if (self->kill_timer == NULL)
    return; /* finished already */
  proc_timer_clear (&self->kill_timer);
  if (self->leaving)
    proc_journal_keep (self->setup.journal, proc_batch_new (), on_all_written, self);
  else
    finish_shut_down (self);
}

static gboolean
on_kill_time (gpointer data)
{
  ProcServices *self = data;

  proc_jobs_stop_all (self->setup.jobs, PROC_FAILURE_SHUTDOWN, TRUE);
  return G_SOURCE_CONTINUE; /* what hangs in the kernel is asked again; the host's budget ends the waiting */
}

/* What waits or queues stays so, for the next start. */
static gboolean
stop_stand_alone (ProcJob *job, gpointer data)
{
  if (job->service == NULL && proc_job_is_active (job) && job->phase != PROC_PHASE_PENDING
      && job->phase != PROC_PHASE_WAITING)
    g_ptr_array_add (data, proc_job_ref (job));
  return TRUE;
}

/* The layers are down; what is left now is not of a service. */
static void
on_layers_down (gpointer data)
{
  proc_services_check_shut_down (data);
}

/* Services in layers, jobs of their own with the first; what waits for others stays as it is. */
static void
stop_in_layers (ProcServices *self, guint limit_ms)
{
  const ProcCascadeOptions options
      = { PROC_FAILURE_SHUTDOWN, FALSE, g_get_monotonic_time () + limit_ms * G_GINT64_CONSTANT (1000) };
  g_autoptr (GPtrArray) entries = proc_services_list (self), members = g_ptr_array_new ();
  g_autoptr (GPtrArray) alone = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  for (guint i = 0; i < entries->len; i++)
    if (!((ProcEntry *)entries->pdata[i])->waiting)
      g_ptr_array_add (members, entries->pdata[i]);
  proc_jobs_foreach (self->setup.jobs, stop_stand_alone, alone);
  for (guint i = 0; i < alone->len; i++)
    proc_jobs_stop (self->setup.jobs, alone->pdata[i], PROC_FAILURE_SHUTDOWN, FALSE);
  proc_cascade_begin (self, members, &options, NULL, on_layers_down, self);
}

void
proc_services_shutdown (ProcServices *self, guint kill_after_ms, void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_jobs_drain (self->setup.jobs);
  proc_timer_set (&self->kill_timer, self->setup.context, MAX (kill_after_ms, 100), on_kill_time, self);
  stop_in_layers (self, MAX (kill_after_ms, 100));
  proc_services_check_shut_down (self);
}

static void
end_terminals (ProcServices *self, gboolean force)
{
  g_autoptr (GPtrArray) jobs = list_in_terminals (self);

  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_stop (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_SHUTDOWN, force);
}

static gboolean
on_terminal_kill_time (gpointer data)
{
  end_terminals (data, TRUE);
  return G_SOURCE_CONTINUE;
}

void
proc_services_leave (ProcServices *self, guint kill_after_ms, void (*done) (gpointer data), gpointer data)
{
  self->draining = self->leaving = TRUE;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_jobs_drain (self->setup.jobs);
  proc_timer_set (&self->kill_timer, self->setup.context, MAX (kill_after_ms, 100), on_terminal_kill_time, self);
  end_terminals (self, FALSE);
  proc_services_check_shut_down (self);
}
