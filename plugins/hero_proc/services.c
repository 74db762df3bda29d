/* services.c: see services.h. Service thread. */
#include "services.h"

#include <string.h>

#include <hero-service/log.h>

#include "errors.h"
#include "fifo.h"
#include "names.h"
#include "services-private.h"

/* Who waits for a service, and for what. */
typedef enum
{
  WAIT_RECORDED, /* the start is in the journal */
  WAIT_READY,
  WAIT_DOWN,
  WAIT_GONE, /* deleted */
} WaitKind;

typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  WaitKind kind;
  gboolean with_actions; /* GONE */
  ProcDone done;
  gpointer data;
  GSource *limit;
} Waiter;

/* ---------------------------------------------------------------------------------------------- entries */

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->limit != NULL)
    {
      g_source_destroy (waiter->limit);
      g_source_unref (waiter->limit);
    }
  g_free (waiter);
}

static void
entry_free (gpointer data)
{
  ProcEntry *entry = data;

  proc_service_unref (entry->spec);
  g_ptr_array_unref (entry->jobs);
  g_ptr_array_unref (entry->waiters);
  g_free (entry);
}

ProcEntry *
proc_entry_new (ProcServices *self, ProcService *spec)
{
  ProcEntry *entry = g_new0 (ProcEntry, 1);

  entry->spec = proc_service_ref (spec);
  entry->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) proc_job_unref);
  entry->waiters = g_ptr_array_new_with_free_func (waiter_free);
  g_hash_table_insert (self->entries, g_strdup (spec->name), entry);
  return entry;
}

ProcState
proc_entry_get_state (const ProcEntry *entry)
{
  g_autofree ProcJobView *views = g_new (ProcJobView, MAX (entry->jobs->len, 1));

  for (guint i = 0; i < entry->jobs->len; i++)
    views[i] = proc_job_get_view (entry->jobs->pdata[i]);
  return proc_service_state (views, entry->jobs->len);
}

ProcJob *
proc_entry_get_live (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    if (((ProcJob *) entry->jobs->pdata[i])->pid != 0)
      return entry->jobs->pdata[i];
  return NULL;
}

gboolean
proc_entry_is_active (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    if (proc_job_is_active (entry->jobs->pdata[i]))
      return TRUE;
  return FALSE;
}

/* TRUE if every job is ready, or has done what it is for. */
static gboolean
is_ready (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    if (!((ProcJob *) entry->jobs->pdata[i])->ready)
      return FALSE;
  return TRUE;
}

/* The error of the first job that failed, as what a start for nothing is answered with. */
static GError *
failure_of (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->phase != PROC_PHASE_FAILED)
        continue;
      return g_error_new (PROC_ERROR, PROC_ERROR_PROCESS, "%s%s", job->failure == PROC_FAILURE_SPAWN_ERROR ? "" : "process error: ",
                          job->error != NULL ? job->error : proc_failure_words[job->failure]);
    }
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- events */

void
proc_services_tell (ProcServices *self, const char *event, JsonObject *data)
{
  self->setup.event (self->setup.owner, event, data);
}

static void
tell_name (ProcServices *self, const char *event, const char *name)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", name);
  proc_services_tell (self, event, data);
}

static void
tell_state (ProcServices *self, ProcEntry *entry, ProcState state)
{
  JsonObject *data = json_object_new ();
  const ProcJob *live = proc_entry_get_live (entry);
  const ProcJob *first = entry->jobs->len > 0 ? entry->jobs->pdata[0] : NULL;

  json_object_set_string_member (data, "name", entry->spec->name);
  json_object_set_string_member (data, "from", proc_state_words[entry->known_state]);
  json_object_set_string_member (data, "to", proc_state_words[state]);
  json_object_set_int_member (data, "pid", live != NULL ? live->pid : 0);
  if (first != NULL && first->error != NULL)
    json_object_set_string_member (data, "reason", first->error);
  else
    json_object_set_null_member (data, "reason");
  proc_services_tell (self, "service.state", data);
}

static void
tell_job (ProcServices *self, const char *event, const ProcJob *job, ProcPhase from)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "id", job->id);
  json_object_set_string_member (data, "action", job->action);
  json_object_set_string_member (data, "from", proc_phase_words[from]);
  json_object_set_string_member (data, "to", proc_phase_words[job->phase]);
  json_object_set_int_member (data, "pid", job->pid);
  if (job->exit_code >= 0)
    json_object_set_int_member (data, "exit_code", job->exit_code);
  else
    json_object_set_null_member (data, "exit_code");
  if (job->failure != PROC_FAILURE_NONE)
    json_object_set_string_member (data, "failure", proc_failure_words[job->failure]);
  else
    json_object_set_null_member (data, "failure");
  proc_services_tell (self, event, data);
}

/* ---------------------------------------------------------------------------------------------- waiting */

static void
finish_waiter (Waiter *waiter, const GError *error)
{
  ProcDone done = waiter->done;
  gpointer data = waiter->data;

  g_ptr_array_remove (waiter->entry->waiters, waiter);
  done (error, data);
}

static gboolean
on_wait_limit (gpointer data)
{
  finish_waiter (data, NULL); /* the answer says how far it came */
  return G_SOURCE_REMOVE;
}

/* timeout_ms 0 = for ever. */
static Waiter *
wait_for (ProcServices *self, ProcEntry *entry, WaitKind kind, guint timeout_ms, ProcDone done, gpointer data)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  *waiter = (Waiter){ self, entry, kind, FALSE, done, data, NULL };
  if (timeout_ms > 0)
    {
      waiter->limit = g_timeout_source_new (timeout_ms);
      g_source_set_callback (waiter->limit, on_wait_limit, waiter, NULL);
      g_source_attach (waiter->limit, self->setup.supervisor.context);
    }
  g_ptr_array_add (entry->waiters, waiter);
  return waiter;
}

/* Answers everybody of one kind. */
static void
release (ProcEntry *entry, WaitKind kind, const GError *error)
{
  g_autoptr (GPtrArray) due = g_ptr_array_new ();

  for (guint i = 0; i < entry->waiters->len; i++)
    if (((Waiter *) entry->waiters->pdata[i])->kind == kind)
      g_ptr_array_add (due, entry->waiters->pdata[i]);
  for (guint i = 0; i < due->len; i++)
    finish_waiter (due->pdata[i], error);
}

/* ---------------------------------------------------------------------------------------------- start */

static void
on_start_recorded (const GError *error, gpointer data)
{
  Waiter *note = data; /* only names service and entry */
  ProcServices *self = note->services;
  ProcEntry *entry = note->entry;
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

  g_free (note);
  entry->committing = FALSE;
  if (error != NULL)
    g_ptr_array_set_size (entry->jobs, 0);
  for (guint i = 0; i < jobs->len; i++)
    {
      ProcJob *job = jobs->pdata[i];

      if (error == NULL && !entry->cancel_start && !self->draining)
        {
          tell_job (self, "job.created", job, job->phase);
          proc_supervisor_start (self->supervisor, job);
        }
      else if (error == NULL)
        {
          ProcBatch *batch = proc_batch_new ();

          proc_phase_next (job->phase, PROC_CAUSE_CANCEL, &job->phase);
          job->failure = self->draining ? PROC_FAILURE_SHUTDOWN : PROC_FAILURE_CANCELLED;
          job->finished_at = proc_now_ms ();
          proc_batch_put_job (batch, job);
          proc_journal_keep (self->setup.journal, batch, NULL, NULL);
        }
    }
  entry->cancel_start = FALSE;
  release (entry, WAIT_RECORDED, error);
  if (error != NULL)
    release (entry, WAIT_READY, error);
  proc_entry_settle (self, entry);
  proc_services_check_shut_down (self);
}

gboolean
proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) proc_job_unref);
  ProcBatch *batch;
  Waiter *note;

  for (guint i = 0; entry->spec->actions[i] != NULL; i++)
    {
      ProcAction *action = g_hash_table_lookup (self->actions, entry->spec->actions[i]);
      g_autoptr (ProcAction) spec = NULL;

      if (action == NULL)
        {
          g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "config error: service '%s' names the unknown action '%s'",
                       entry->spec->name, entry->spec->actions[i]);
          return FALSE;
        }
      spec = proc_action_for_service (action, entry->spec);
      g_ptr_array_add (jobs, proc_job_new (self->next_job + i, self->next_run, entry->spec->name, spec, trigger, proc_now_ms ()));
    }
  batch = proc_batch_new ();
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *) entry->jobs->pdata[i])->id);
  for (guint i = 0; i < jobs->len; i++)
    proc_batch_put_job (batch, jobs->pdata[i]);
  entry->run_id = self->next_run++;
  self->next_job += jobs->len;
  proc_batch_put_counters (batch, self->next_job, self->next_run);
  proc_batch_put_service (batch, entry->spec);
  g_ptr_array_unref (entry->jobs);
  entry->jobs = g_steal_pointer (&jobs);
  entry->last_start = proc_now_ms ();
  entry->start_again = FALSE;
  entry->committing = TRUE;
  note = g_new0 (Waiter, 1);
  note->services = self;
  note->entry = entry;
  proc_journal_commit (self->setup.journal, batch, on_start_recorded, note);
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
    proc_supervisor_stop (self->supervisor, jobs->pdata[i], PROC_FAILURE_CANCELLED, FALSE);
}

void
proc_services_start (ProcServices *self, const char *name, gboolean wait, guint timeout_ms, ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  WaitKind kind = wait ? WAIT_READY : WAIT_RECORDED;
  ProcState state = proc_entry_get_state (entry);
  ProcWanted before = entry->spec->wanted;
  g_autoptr (GError) error = NULL;

  if (before == PROC_WANTED_STOP)
    set_wanted (entry, PROC_WANTED_START);
  entry->cancel_start = FALSE;
  if (entry->committing || (proc_state_is_up (state) && state != PROC_STATE_STOPPING))
    {
      if (entry->committing || (wait && !is_ready (entry)))
        wait_for (self, entry, kind, timeout_ms, done, data);
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
  wait_for (self, entry, kind, timeout_ms, done, data);
  proc_entry_settle (self, entry);
}

/* ---------------------------------------------------------------------------------------------- stop */

static void
stop_jobs (ProcServices *self, ProcEntry *entry, gboolean force)
{
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

  entry->cancel_start = entry->committing;
  for (guint i = 0; i < jobs->len; i++)
    proc_supervisor_stop (self->supervisor, jobs->pdata[i], PROC_FAILURE_CANCELLED, force);
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
proc_services_stop (ProcServices *self, const char *name, gboolean force, gboolean wait, gboolean persist, ProcDone done,
                    gpointer data)
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
    wait_for (self, entry, WAIT_DOWN, 0, on_down, answer);
  else
    on_down (NULL, answer);
  proc_entry_settle (self, entry);
}

void
proc_services_restart (ProcServices *self, const char *name, gboolean force, gboolean wait, guint timeout_ms, ProcDone done,
                       gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);

  if (entry->spec->wanted == PROC_WANTED_STOP)
    set_wanted (entry, PROC_WANTED_START);
  stop_jobs (self, entry, force);
  entry->start_again = TRUE;
  wait_for (self, entry, wait ? WAIT_READY : WAIT_RECORDED, timeout_ms, done, data);
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
    if (other != entry && g_strv_contains ((const char *const *) ((ProcEntry *) other)->spec->actions, action))
      return TRUE;
  return FALSE;
}

static void
on_delete_recorded (const GError *error, gpointer data)
{
  Waiter *note = data;
  ProcServices *self = note->services;
  ProcEntry *entry = note->entry;
  gboolean with_actions = note->with_actions;

  g_free (note);
  if (error != NULL)
    {
      entry->deleting = FALSE;
      release (entry, WAIT_GONE, error);
      return;
    }
  tell_name (self, "service.deleted", entry->spec->name);
  for (guint i = 0; with_actions && entry->spec->actions[i] != NULL; i++)
    if (!is_used_elsewhere (self, entry, entry->spec->actions[i])
        && g_hash_table_remove (self->actions, entry->spec->actions[i]))
      tell_name (self, "action.deleted", entry->spec->actions[i]);
  release (entry, WAIT_GONE, NULL);
  g_hash_table_remove (self->entries, entry->spec->name);
}

/* Nothing of it runs any more: out of the journal. */
static void
delete_record (ProcServices *self, ProcEntry *entry, gboolean with_actions)
{
  ProcBatch *batch = proc_batch_new ();
  Waiter *note = g_new0 (Waiter, 1);

  proc_batch_delete_service (batch, entry->spec->name);
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *) entry->jobs->pdata[i])->id);
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
proc_services_delete (ProcServices *self, const char *name, gboolean force, gboolean with_actions, ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);

  entry->deleting = TRUE;
  entry->start_again = FALSE;
  stop_jobs (self, entry, force);
  wait_for (self, entry, WAIT_GONE, 0, done, data)->with_actions = with_actions;
  proc_entry_settle (self, entry);
}

/* ---------------------------------------------------------------------------------------------- what follows */

static Waiter *
find_waiter (const ProcEntry *entry, WaitKind kind)
{
  for (guint i = 0; i < entry->waiters->len; i++)
    if (((Waiter *) entry->waiters->pdata[i])->kind == kind)
      return entry->waiters->pdata[i];
  return NULL;
}

/* It is down: what was put off until now. */
static void
settle_down (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GError) error = NULL;
  Waiter *deletion;

  release (entry, WAIT_DOWN, NULL);
  if (entry->committing)
    return;
  if (entry->deleting && (deletion = find_waiter (entry, WAIT_GONE)) != NULL)
    delete_record (self, entry, deletion->with_actions);
  else if (entry->start_again && !self->draining)
    {
      entry->start_again = FALSE;
      if (!proc_entry_start (self, entry, PROC_TRIGGER_SERVICE, &error))
        {
          release (entry, WAIT_RECORDED, error);
          release (entry, WAIT_READY, error);
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
      tell_state (self, entry, state);
      if (!proc_state_is_up (state) && proc_state_is_up (entry->known_state))
        entry->last_stop = proc_now_ms ();
      entry->known_state = state;
    }
  if (!active)
    settle_down (self, entry);
  if (entry->committing || entry->start_again)
    return;
  if (proc_entry_is_active (entry) && is_ready (entry))
    release (entry, WAIT_READY, NULL);
  else if (!proc_entry_is_active (entry) && entry->waiters->len > 0)
    {
      g_autoptr (GError) error = failure_of (entry);

      release (entry, WAIT_READY, error);
      release (entry, WAIT_RECORDED, NULL);
    }
}

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
    tell_job (self, "job.phase", job, from);
  else if (job->ready)
    tell_job (self, "job.ready", job, from);
  if (!proc_job_is_active (job))
    tell_job (self, "job.finished", job, from);
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
        proc_capture_add (self->setup.capture, job->id, job->source, job->context, i == 1 ? PROC_STREAM_STDERR : PROC_STREAM_STDOUT,
                          job->spec->log_level_max, fds[i], path);
    }
}

static void
hook_output_ends (gpointer owner, ProcJob *job)
{
  proc_capture_end (((ProcServices *) owner)->setup.capture, job->id);
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
  return strcmp ((*(ProcEntry *const *) a)->spec->name, (*(ProcEntry *const *) b)->spec->name);
}

GPtrArray *
proc_services_list (ProcServices *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (!((ProcEntry *) entry)->deleting)
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
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  self->actions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) proc_action_unref);
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
