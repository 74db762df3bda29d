/* services.c: see services.h. What the supervisor asks, what others ask, and the whole. Service thread. */
#include "services.h"

#include <string.h>

#include "fifo.h"
#include "services-private.h"

/* ---------------------------------------------------------------------------------------------- hooks */

typedef struct
{
  ProcSaved saved;
  gpointer data;
} SaveNote;

static void
on_saved (const GError *error, gpointer data)
{
  g_autofree SaveNote *note = data;

  note->saved (note->data);
}

static void
hook_save (gpointer owner, ProcJob *job, ProcSaved saved, gpointer saved_data)
{
  ProcServices *self = owner;
  ProcBatch *batch = proc_batch_new ();
  SaveNote *note = saved != NULL ? g_new (SaveNote, 1) : NULL;

  if (note != NULL)
    *note = (SaveNote){ saved, saved_data };
  proc_batch_put_job (batch, job);
  proc_journal_keep (self->setup.journal, batch, note != NULL ? on_saved : NULL, note);
}

static void
hook_changed (gpointer owner, ProcJob *job, ProcPhase from)
{
  ProcServices *self = owner;
  ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

  if (from == PROC_PHASE_RETRYING && job->phase == PROC_PHASE_STARTING)
    self->restarts++;
  if (from != job->phase)
    proc_services_tell_job (self, "job.phase", job, from);
  else if (job->ready)
    proc_services_tell_job (self, "job.ready", job, from);
  if (!proc_job_is_active (job))
    proc_services_tell_job (self, "job.finished", job, from);
  if (entry != NULL)
    proc_entry_settle (self, entry);
  proc_services_check_shut_down (self);
}

static void
hook_output_begins (gpointer owner, ProcJob *job, int out_fd, int err_fd)
{
  ProcServices *self = owner;
  const char *run_dir = self->setup.supervisor.surroundings->run_dir;
  int fds[] = { out_fd, err_fd };

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autofree char *path = proc_fifo_path (run_dir, job->id, job->restart_count + 1, i == 1);

      if (fds[i] >= 0)
        proc_capture_add (self->setup.capture, job->id, job->source, job->context,
                          i == 1 ? PROC_STREAM_STDERR : PROC_STREAM_STDOUT, job->spec->log_level_max, fds[i], path);
    }
}

static void
hook_output_ends (gpointer owner, ProcJob *job)
{
  proc_capture_end (((ProcServices *)owner)->setup.capture, job->id);
}

static gboolean
hook_may_restart (gpointer owner, ProcJob *job)
{
  ProcServices *self = owner;
  ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

  return job->service == NULL || (entry != NULL && entry->spec->wanted == PROC_WANTED_START && !entry->deleting);
}

static void
hook_log (gpointer owner, guint level, const char *text)
{
  ProcServices *self = owner;

  self->setup.log (self->setup.owner, level, text);
}

static const ProcSupervisorHooks hooks
    = { hook_save, hook_changed, hook_output_begins, hook_output_ends, hook_may_restart, hook_log };

/* ---------------------------------------------------------------------------------------------- questions */

ProcEntry *
proc_services_get (ProcServices *self, const char *name)
{
  ProcEntry *entry = g_hash_table_lookup (self->entries, name);

  return entry != NULL && !entry->deleting ? entry : NULL;
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(ProcEntry *const *)a)->spec->name, (*(ProcEntry *const *)b)->spec->name);
}

GPtrArray *
proc_services_list (ProcServices *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (!((ProcEntry *)entry)->deleting)
      g_ptr_array_add (list, entry);
  g_ptr_array_sort (list, compare_entries);
  return list;
}

ProcAction *
proc_services_get_action (ProcServices *self, const char *name)
{
  return g_hash_table_lookup (self->actions, name);
}

gboolean
proc_services_needs_restart (ProcServices *self, const ProcEntry *entry)
{
  if (!proc_entry_is_active (entry))
    return FALSE;
  if (g_strv_length (entry->spec->actions) != entry->jobs->len)
    return TRUE;
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];
      ProcAction *action = g_hash_table_lookup (self->actions, entry->spec->actions[i]);
      g_autoptr (ProcAction) now = action != NULL ? proc_action_for_service (action, entry->spec) : NULL;

      if (now == NULL || !proc_action_equal (now, job->spec))
        return TRUE;
    }
  return FALSE;
}

guint
proc_services_count_jobs (ProcServices *self)
{
  return proc_supervisor_count (self->supervisor);
}

guint
proc_services_count_running (ProcServices *self)
{
  return proc_supervisor_count_running (self->supervisor);
}

guint
proc_services_count_up (ProcServices *self, guint *failed)
{
  GHashTableIter iter;
  gpointer entry;
  guint up = 0;

  *failed = 0;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    {
      ProcState state = proc_entry_get_state (entry);

      up += proc_state_is_up (state);
      *failed += state == PROC_STATE_FAILED;
    }
  return up;
}

guint64
proc_services_get_restarts (ProcServices *self)
{
  return self->restarts;
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcServices *
proc_services_new (const ProcServicesSetup *setup, const ProcLoaded *loaded)
{
  ProcServices *self = g_new0 (ProcServices, 1);

  self->setup = *setup;
  self->setup.supervisor.hooks = &hooks;
  self->setup.supervisor.owner = self;
  self->supervisor = proc_supervisor_new (&self->setup.supervisor);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, proc_entry_free);
  self->actions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)proc_action_unref);
  self->next_job = loaded->next_job;
  self->next_run = loaded->next_run;
  for (guint i = 0; i < loaded->actions->len; i++)
    {
      ProcAction *action = loaded->actions->pdata[i];

      g_hash_table_replace (self->actions, action->name, proc_action_ref (action));
    }
  for (guint i = 0; i < loaded->services->len; i++)
    proc_entry_new (self, loaded->services->pdata[i]);
  return self;
}

void
proc_services_free (ProcServices *self)
{
  proc_supervisor_free (self->supervisor);
  if (self->kill_timer != NULL)
    {
      g_source_destroy (self->kill_timer);
      g_source_unref (self->kill_timer);
    }
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->actions);
  g_free (self);
}
