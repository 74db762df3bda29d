/* services-run.c: start, stop, restart and delete of a service, and what follows when its jobs change. Service thread.
 */
#include "errors.h"
#include "services-private.h"

/* ---------------------------------------------------------------------------------------------- start */

/* A start on its way to the disk. */
typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  GPtrArray *before; /* the jobs it replaces */
} Start;

static void
on_start_recorded (const GError *error, gpointer data)
{
  g_autofree Start *start = data;
  ProcServices *self = start->services;
  ProcEntry *entry = start->entry;
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs), gone = start->before;

  entry->committing = FALSE;
  if (error != NULL)
    {
      gone = g_steal_pointer (&entry->jobs);
      entry->jobs = start->before;
    }
  for (guint i = 0; i < gone->len; i++)
    proc_jobs_forget (self->setup.jobs, gone->pdata[i]);
  for (guint i = 0; error == NULL && i < jobs->len; i++)
    if (self->draining)
      proc_jobs_stop (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_SHUTDOWN, FALSE);
    else if (proc_job_is_active (jobs->pdata[i])) /* not stopped meanwhile */
      proc_jobs_start (self->setup.jobs, jobs->pdata[i]);
  if (error != NULL || !entry->start_again)
    proc_entry_release (entry, PROC_WAIT_RECORDED, error);
  if (error != NULL)
    proc_entry_release (entry, PROC_WAIT_READY, error);
  proc_entry_settle (self, entry);
  proc_services_check_shut_down (self);
}

/* What the service runs now, as its jobs will: its actions with what it adds to them. NULL: one is not defined. */
static GPtrArray *
collect_specs (ProcServices *self, const ProcEntry *entry, GError **error)
{
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);

  for (guint i = 0; entry->spec->actions[i] != NULL; i++)
    {
      ProcAction *action = proc_actions_get (self->setup.actions, entry->spec->actions[i]);

      if (action == NULL)
        {
          g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "config error: service '%s' names the unknown action '%s'",
                       entry->spec->name, entry->spec->actions[i]);
          return NULL;
        }
      g_ptr_array_add (specs, proc_action_for_service (action, entry->spec));
    }
  return g_steal_pointer (&specs);
}

gboolean
proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error)
{
  g_autoptr (GPtrArray) specs = collect_specs (self, entry, error);
  ProcBatch *batch;
  Start *start;

  if (specs == NULL)
    return FALSE;
  start = g_new (Start, 1);
  *start = (Start){ self, entry, entry->jobs };
  batch = proc_batch_new ();
  for (guint i = 0; i < start->before->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *)start->before->pdata[i])->id);
  entry->run_id = proc_jobs_take_run_id (self->setup.jobs);
  entry->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  for (guint i = 0; i < specs->len; i++)
    g_ptr_array_add (entry->jobs, proc_job_ref (proc_jobs_add (self->setup.jobs, batch, entry->run_id,
                                                               entry->spec->name, specs->pdata[i], trigger)));
  proc_batch_put_service (batch, entry->spec);
  entry->last_start = proc_now_ms ();
  entry->start_again = FALSE;
  entry->committing = TRUE;
  proc_journal_commit (self->setup.journal, batch, on_start_recorded, start);
  return TRUE;
}

static void
set_wanted (ProcEntry *entry, ProcWanted wanted)
{
  ProcService *changed;

  if (entry->spec->wanted == wanted)
    return;
  changed = proc_service_with_wanted (entry->spec, wanted);
  proc_service_unref (entry->spec);
  entry->spec = changed;
}

/* What keeps a start from being one: jobs that wait for their next attempt are ended, the new ones begin at once. */
static void
end_backoff (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_stop (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_CANCELLED, FALSE);
}

void
proc_services_start (ProcServices *self, const char *name, gboolean wait, guint timeout_ms, ProcDone done,
                     gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  ProcWaitKind kind = wait ? PROC_WAIT_READY : PROC_WAIT_RECORDED;
  ProcState state = proc_entry_get_state (entry);
  ProcWanted before = entry->spec->wanted;
  g_autoptr (GError) error = NULL;

  if (before == PROC_WANTED_STOP)
    set_wanted (entry, PROC_WANTED_START);
  if (entry->committing && !proc_entry_is_active (entry)) /* stopped before it was there: first that, then anew */
    {
      entry->start_again = TRUE;
      proc_entry_wait (self, entry, kind, timeout_ms, done, data);
      return;
    }
  if (entry->committing || (proc_state_is_up (state) && state != PROC_STATE_STOPPING))
    {
      if (entry->committing || (wait && !proc_entry_is_ready (entry)))
        proc_entry_wait (self, entry, kind, timeout_ms, done, data);
      else
        done (NULL, data);
      return;
    }
  if (state == PROC_STATE_STOPPING)
    entry->start_again = TRUE;
  else
    {
      if (proc_entry_is_active (entry))
        end_backoff (self, entry);
      if (!proc_entry_start (self, entry, PROC_TRIGGER_SERVICE, &error))
        {
          set_wanted (entry, before);
          done (error, data);
          return;
        }
    }
  proc_entry_wait (self, entry, kind, timeout_ms, done, data);
  proc_entry_settle (self, entry);
}

/* ---------------------------------------------------------------------------------------------- stop */

static void
stop_jobs (ProcServices *self, ProcEntry *entry, gboolean force)
{
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_stop (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_CANCELLED, force);
}

typedef struct
{
  ProcServices *services;
  ProcDone done;
  gpointer data;
} Answer;

/* Stored, or kept in memory until it can be: stopping goes on either way. */
static void
on_stop_recorded (const GError *error, gpointer data)
{
  g_autofree Answer *answer = data;

  answer->done (NULL, answer->data);
}

/* Nothing of it is left: answered once everything written until now is on the disk. */
static void
on_down (const GError *error, gpointer data)
{
  Answer *answer = data;

  proc_journal_keep (answer->services->setup.journal, proc_batch_new (), on_stop_recorded, answer);
}

void
proc_services_stop (ProcServices *self, const char *name, gboolean force, gboolean wait, gboolean persist,
                    ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ self, done, data };
  if (persist && entry->spec->wanted == PROC_WANTED_START)
    {
      ProcBatch *batch = proc_batch_new ();

      set_wanted (entry, PROC_WANTED_STOP);
      proc_batch_put_service (batch, entry->spec);
      proc_journal_keep (self->setup.journal, batch, NULL, NULL);
    }
  entry->start_again = FALSE;
  stop_jobs (self, entry, force);
  if (wait && proc_entry_is_active (entry))
    proc_entry_wait (self, entry, PROC_WAIT_DOWN, 0, on_down, answer);
  else
    on_down (NULL, answer);
  proc_entry_settle (self, entry);
}

void
proc_services_restart (ProcServices *self, const char *name, gboolean force, gboolean wait, guint timeout_ms,
                       ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);

  if (entry->spec->wanted == PROC_WANTED_STOP)
    set_wanted (entry, PROC_WANTED_START);
  stop_jobs (self, entry, force);
  entry->start_again = TRUE;
  proc_entry_wait (self, entry, wait ? PROC_WAIT_READY : PROC_WAIT_RECORDED, timeout_ms, done, data);
  proc_entry_settle (self, entry);
}

/* ---------------------------------------------------------------------------------------------- delete */

static gboolean
is_used_elsewhere (ProcServices *self, const ProcEntry *entry, const char *action)
{
  GHashTableIter iter;
  gpointer other;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &other))
    if (other != entry && g_strv_contains ((const char *const *)((ProcEntry *)other)->spec->actions, action))
      return TRUE;
  return FALSE;
}

static void
on_delete_recorded (const GError *error, gpointer data)
{
  ProcWaiter *note = data;
  ProcServices *self = note->services;
  ProcEntry *entry = note->entry;
  gboolean with_actions = note->with_actions;

  g_free (note);
  entry->committing = FALSE;
  if (error != NULL)
    {
      entry->deleting = FALSE;
      proc_entry_release (entry, PROC_WAIT_GONE, error);
      return;
    }
  proc_services_tell_name (self, "service.deleted", entry->spec->name);
  for (guint i = 0; with_actions && entry->spec->actions[i] != NULL; i++)
    if (!is_used_elsewhere (self, entry, entry->spec->actions[i])
        && proc_actions_remove (self->setup.actions, entry->spec->actions[i]))
      proc_services_tell_name (self, "action.deleted", entry->spec->actions[i]);
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_jobs_forget (self->setup.jobs, entry->jobs->pdata[i]);
  for (int kind = PROC_WAIT_RECORDED; kind <= PROC_WAIT_GONE; kind++) /* whoever waits for a start of it learns so */
    proc_entry_release (entry, kind, NULL);
  g_hash_table_remove (self->entries, entry->spec->name);
}

/* Nothing of it runs any more: out of the journal. */
static void
delete_record (ProcServices *self, ProcEntry *entry, gboolean with_actions)
{
  ProcBatch *batch = proc_batch_new ();
  ProcWaiter *note = g_new0 (ProcWaiter, 1);

  proc_batch_delete_service (batch, entry->spec->name);
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *)entry->jobs->pdata[i])->id);
  for (guint i = 0; with_actions && entry->spec->actions[i] != NULL; i++)
    if (!is_used_elsewhere (self, entry, entry->spec->actions[i]))
      proc_batch_delete_action (batch, entry->spec->actions[i]);
  note->services = self;
  note->entry = entry;
  note->with_actions = with_actions;
  entry->committing = TRUE;
  proc_journal_commit (self->setup.journal, batch, on_delete_recorded, note);
}

void
proc_services_delete (ProcServices *self, const char *name, gboolean force, gboolean with_actions, ProcDone done,
                      gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);

  entry->deleting = TRUE;
  entry->start_again = FALSE;
  stop_jobs (self, entry, force);
  proc_entry_wait (self, entry, PROC_WAIT_GONE, 0, done, data)->with_actions = with_actions;
  proc_entry_settle (self, entry);
}

/* ---------------------------------------------------------------------------------------------- what follows */

static ProcWaiter *
find_waiter (const ProcEntry *entry, ProcWaitKind kind)
{
  for (guint i = 0; i < entry->waiters->len; i++)
    if (((ProcWaiter *)entry->waiters->pdata[i])->kind == kind)
      return entry->waiters->pdata[i];
  return NULL;
}

/* It is down: what was put off until now. */
static void
settle_down (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GError) error = NULL;
  ProcWaiter *deletion;

  proc_entry_release (entry, PROC_WAIT_DOWN, NULL);
  if (entry->committing)
    return;
  if (entry->deleting && (deletion = find_waiter (entry, PROC_WAIT_GONE)) != NULL)
    delete_record (self, entry, deletion->with_actions);
  else if (entry->start_again && !self->draining)
    {
      entry->start_again = FALSE;
      if (!proc_entry_start (self, entry, PROC_TRIGGER_SERVICE, &error))
        {
          proc_entry_release (entry, PROC_WAIT_RECORDED, error);
          proc_entry_release (entry, PROC_WAIT_READY, error);
        }
    }
}

void
proc_entry_settle (ProcServices *self, ProcEntry *entry)
{
  ProcState state = proc_entry_get_state (entry);
  gboolean active = proc_entry_is_active (entry);

  if (state != entry->known_state)
    {
      proc_entry_tell_state (self, entry, state);
      if (!proc_state_is_up (state) && proc_state_is_up (entry->known_state))
        entry->last_stop = proc_now_ms ();
      entry->known_state = state;
    }
  if (!active)
    settle_down (self, entry);
  if (entry->committing || entry->start_again)
    return;
  if (proc_entry_is_active (entry) && proc_entry_is_ready (entry))
    proc_entry_release (entry, PROC_WAIT_READY, NULL);
  else if (!proc_entry_is_active (entry) && entry->waiters->len > 0)
    {
      g_autoptr (GError) error = proc_entry_failure (entry);

      proc_entry_release (entry, PROC_WAIT_READY, error);
      proc_entry_release (entry, PROC_WAIT_RECORDED, NULL);
    }
}
