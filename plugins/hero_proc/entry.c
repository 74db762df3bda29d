/* entry.c: one service as it is: its state from its jobs, what is told of it, and who waits for it. Service thread. */
#include <string.h>

#include "errors.h"
#include "json-write.h"
#include "services-private.h"
#include "timer.h"

/* ---------------------------------------------------------------------------------------------- entries */

static void
waiter_free (gpointer data)
{
  ProcWaiter *waiter = data;

  proc_timer_clear (&waiter->limit);
  g_free (waiter);
}

void
proc_entry_free (gpointer data)
{
  ProcEntry *entry = data;

  proc_timer_clear (&entry->look_timer);
  proc_service_unref (entry->spec);
  g_free (entry->held_by);
  g_ptr_array_unref (entry->jobs);
  g_ptr_array_unref (entry->waiters);
  g_free (entry);
}

ProcEntry *
proc_entry_new (ProcServices *self, ProcService *spec)
{
  ProcEntry *entry = g_new0 (ProcEntry, 1);

  entry->spec = proc_service_ref (spec);
  entry->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  entry->waiters = g_ptr_array_new_with_free_func (waiter_free);
  g_hash_table_insert (self->entries, g_strdup (spec->name), entry);
  return entry;
}

ProcState
proc_entry_get_state (const ProcEntry *entry)
{
  g_autofree ProcJobView *views = g_new (ProcJobView, MAX (entry->jobs->len, 1));

  if (entry->waiting ? entry->blocked && proc_entry_is_active (entry)
                     : entry->held_by != NULL && !proc_entry_is_active (entry))
    return PROC_STATE_BLOCKED;
  for (guint i = 0; i < entry->jobs->len; i++)
    views[i] = proc_job_get_view (entry->jobs->pdata[i]);
  return proc_service_state (views, entry->jobs->len);
}

ProcJob *
proc_entry_get_live (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    if (((ProcJob *)entry->jobs->pdata[i])->pid != 0)
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

gboolean
proc_entry_is_satisfied (const ProcEntry *entry)
{
  if (entry->waiting || entry->committing || entry->stops > 0 || entry->deleting)
    return FALSE;
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->spec->is_process ? job->phase != PROC_PHASE_RUNNING || job->pid == 0 || !job->ready
                                : job->phase != PROC_PHASE_SUCCEEDED)
        return FALSE;
    }
  return entry->jobs->len > 0;
}

gboolean
proc_entry_may_touch (const ProcEntry *entry, const ProcEntry *other)
{
  return entry->spec->context == 0 || entry->spec->context == other->spec->context;
}

void
proc_entry_set_wanted (ProcEntry *entry, ProcWanted wanted)
{
  ProcService *changed;

  if (entry->spec->wanted == wanted)
    return;
  changed = proc_service_with_wanted (entry->spec, wanted);
  proc_service_unref (entry->spec);
  entry->spec = changed;
}

void
proc_entry_hold (ProcServices *self, ProcEntry *entry, const char *by)
{
  char *copy = g_strdup (by);

  self->n_held += (by != NULL) - (entry->held_by != NULL);
  g_free (entry->held_by);
  entry->held_by = copy;
}

/* TRUE if every job is ready, or has done what it is for. */
gboolean
proc_entry_is_ready (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    if (!((ProcJob *)entry->jobs->pdata[i])->ready)
      return FALSE;
  return TRUE;
}

/* The error of the first job that failed, as what a start for nothing is answered with. */
GError *
proc_entry_failure (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->failure == PROC_FAILURE_BLOCKED_BY_OTHER
          && (job->phase == PROC_PHASE_FAILED || job->phase == PROC_PHASE_RETRYING))
        return proc_error_new_blocked (job->error, job->holders);
      if (job->phase != PROC_PHASE_FAILED)
        continue;
      return g_error_new (PROC_ERROR, PROC_ERROR_PROCESS, "%s%s",
                          job->failure == PROC_FAILURE_SPAWN_ERROR ? "" : "process error: ",
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

void
proc_services_tell_name (ProcServices *self, const char *event, const char *name)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", name);
  proc_services_tell (self, event, data);
}

static void
set_blocked_reason (ProcServices *self, const ProcEntry *entry, JsonObject *data)
{
  g_autoptr (ProcGate) gate = proc_gate_look (self, entry);
  GPtrArray *names = gate->waiting_on->len > 0 ? gate->waiting_on : gate->conflicts_with;
  g_autoptr (GString) text = g_string_new (gate->waiting_on->len > 0 ? "waiting on: " : "conflicts with: ");

  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *)names->pdata[i]);
  if (names->len == 0)
    g_string_printf (text, "stopped with %s", entry->held_by);
  json_object_set_string_member (data, "reason", text->str);
}

void
proc_entry_tell_state (ProcServices *self, ProcEntry *entry, ProcState state)
{
  JsonObject *data = json_object_new ();
  const ProcJob *live = proc_entry_get_live (entry);
  const ProcJob *first = entry->jobs->len > 0 ? entry->jobs->pdata[0] : NULL;

  json_object_set_string_member (data, "name", entry->spec->name);
  json_object_set_string_member (data, "from", proc_state_words[entry->known_state]);
  json_object_set_string_member (data, "to", proc_state_words[state]);
  json_object_set_int_member (data, "pid", live != NULL ? live->pid : 0);
  if (state == PROC_STATE_BLOCKED)
    set_blocked_reason (self, entry, data);
  else
    proc_json_set_text (data, "reason", first != NULL ? first->error : NULL);
  proc_services_tell (self, "service.state", data);
}

/* ---------------------------------------------------------------------------------------------- waiting */

static void
finish_waiter (ProcWaiter *waiter, const GError *error)
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
void
proc_entry_wait (ProcServices *self, ProcEntry *entry, ProcWaitKind kind, guint timeout_ms, ProcDone done,
                 gpointer data)
{
  ProcWaiter *waiter = g_new0 (ProcWaiter, 1);

  *waiter = (ProcWaiter){ self, entry, kind, done, data, NULL };
  if (timeout_ms > 0)
    proc_timer_set (&waiter->limit, self->setup.context, timeout_ms, on_wait_limit, waiter);
  g_ptr_array_add (entry->waiters, waiter);
}

/* Answers everybody of one kind. */
void
proc_entry_release (ProcEntry *entry, ProcWaitKind kind, const GError *error)
{
  g_autoptr (GPtrArray) due = g_ptr_array_new ();

  for (guint i = 0; i < entry->waiters->len; i++)
    if (((ProcWaiter *)entry->waiters->pdata[i])->kind == kind)
      g_ptr_array_add (due, entry->waiters->pdata[i]);
  for (guint i = 0; i < due->len; i++)
    finish_waiter (due->pdata[i], error);
}
