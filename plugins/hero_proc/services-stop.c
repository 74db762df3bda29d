/* services-stop.c: how services go down: stop with what requires them, restart, delete (contract 7.3). Service thread.
 */
#include "errors.h"
#include "services-private.h"

void
proc_entry_stop_jobs (ProcServices *self, ProcEntry *entry, ProcFailure why, gboolean force)
{
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);
  ProcRun *run = proc_runs_get (self->setup.runs, entry->run_id);

  entry->waiting = FALSE;
  if (run != NULL)
    proc_runs_cancel (self->setup.runs, run, why, force);
  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_stop (self->setup.jobs, jobs->pdata[i], why, force);
}

GPtrArray *
proc_services_collect_dependents (ProcServices *self, ProcEntry *entry, gboolean cascade)
{
  g_autoptr (GPtrArray) names = NULL;
  GPtrArray *members = g_ptr_array_new ();

  g_ptr_array_add (members, entry);
  if (!cascade)
    return members;
  names = proc_graph_reach (self->graph, entry->spec->name, PROC_EDGES_REQUIRES, TRUE, NULL, NULL);
  for (guint i = 1; i < names->len; i++)
    {
      ProcEntry *dependent = proc_services_get (self, names->pdata[i]);

      if (dependent != NULL && !dependent->waiting && proc_entry_is_active (dependent))
        g_ptr_array_add (members, dependent);
    }
  return members;
}

GPtrArray *
proc_services_get_dependents_up (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GPtrArray) members = proc_services_collect_dependents (self, entry, TRUE);
  g_autoptr (GPtrArray) names = g_ptr_array_new (), layers = NULL;
  GPtrArray *sorted = g_ptr_array_new ();

  for (guint i = 1; i < members->len; i++)
    g_ptr_array_add (names, ((ProcEntry *)members->pdata[i])->spec->name);
  layers = proc_graph_layers (self->graph, names);
  for (guint i = 0; i < layers->len; i++)
    g_ptr_array_extend (sorted, layers->pdata[i], NULL, NULL);
  return sorted;
}

/* ---------------------------------------------------------------------------------------------- stop */

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
on_down (gpointer data)
{
  Answer *answer = data;

  proc_journal_keep (answer->services->setup.journal, proc_batch_new (), on_stop_recorded, answer);
}

/* Nobody waits for the end. */
static void
on_down_unasked (gpointer data)
{
}

/* It is not wanted any more: not by a restart, nor together with another. */
static void
unwant (ProcServices *self, ProcEntry *entry, gboolean persist, ProcBatch *batch)
{
  entry->start_again = FALSE;
  proc_entry_hold (self, entry, NULL);
  if (entry->waiting) /* nothing runs yet: that is all */
    proc_entry_stop_jobs (self, entry, PROC_FAILURE_CANCELLED, FALSE);
  if (!persist || entry->spec->wanted != PROC_WANTED_START)
    return;
  proc_entry_set_wanted (entry, PROC_WANTED_STOP);
  proc_batch_put_service (batch, entry->spec);
}

/* The first of members is the one that was named: the others come back with it. */
static void
begin_cascade (ProcServices *self, GPtrArray *members, gboolean force, GPtrArray *stopped, ProcCascadeDone done,
               gpointer data)
{
  const ProcCascadeOptions options = { PROC_FAILURE_CANCELLED, force, 0 };
  const ProcEntry *named = members->pdata[0];

  for (guint i = 1; i < members->len; i++)
    {
      ProcEntry *member = members->pdata[i];

      if (member->spec->wanted == PROC_WANTED_START)
        proc_entry_hold (self, member, named->spec->name);
    }
  proc_cascade_begin (self, members, &options, stopped, done, data);
  for (guint i = 0; i < members->len; i++)
    proc_entry_settle (self, members->pdata[i]);
}

static void
add_planned (ProcServices *self, GPtrArray *members, GPtrArray *stopped)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new (), layers = NULL;

  for (guint i = 0; i < members->len; i++)
    if (proc_entry_is_active (members->pdata[i]))
      g_ptr_array_add (names, ((ProcEntry *)members->pdata[i])->spec->name);
  layers = proc_graph_layers (self->graph, names);
  for (guint i = 0; stopped != NULL && i < layers->len; i++)
    for (guint j = 0; j < ((GPtrArray *)layers->pdata[i])->len; j++)
      g_ptr_array_add (stopped, g_strdup (((GPtrArray *)layers->pdata[i])->pdata[j]));
}

void
proc_services_stop (ProcServices *self, const char *name, const ProcStopOptions *options, GPtrArray *stopped,
                    ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  g_autoptr (GPtrArray) members = proc_services_collect_dependents (self, entry, options->cascade);
  ProcCascade *under_way = proc_cascade_find (self, entry);
  ProcBatch *batch = proc_batch_new ();
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ self, done, data };
  unwant (self, entry, options->persist, batch);
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
  if (!options->wait)
    add_planned (self, members, stopped);
  if (under_way != NULL)
    proc_cascade_join (under_way, options->force, options->wait ? stopped : NULL,
                       options->wait ? on_down : on_down_unasked, answer);
  else
    begin_cascade (self, members, options->force, options->wait ? stopped : NULL,
                   options->wait ? on_down : on_down_unasked, answer);
  if (!options->wait)
    on_down (answer);
}

void
proc_services_stop_many (ProcServices *self, GPtrArray *entries, gboolean force, GPtrArray *stopped, ProcDone done,
                         gpointer data)
{
  const ProcCascadeOptions options = { PROC_FAILURE_CANCELLED, force, 0 };
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  ProcBatch *batch = proc_batch_new ();
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ self, done, data };
  for (guint i = 0; i < entries->len; i++)
    {
      unwant (self, entries->pdata[i], TRUE, batch);
      g_ptr_array_add (members, entries->pdata[i]);
    }
  for (guint i = 0; i < entries->len; i++) /* and what requires one of them */
    {
      g_autoptr (GPtrArray) more = proc_services_collect_dependents (self, entries->pdata[i], TRUE);

      for (guint j = 1; j < more->len; j++)
        {
          ProcEntry *dependent = more->pdata[j];

          if (dependent->spec->wanted != PROC_WANTED_START || dependent->held_by != NULL)
            continue;
          proc_entry_hold (self, dependent, ((ProcEntry *)entries->pdata[i])->spec->name);
          g_ptr_array_add (members, dependent);
        }
    }
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
  proc_cascade_begin (self, members, &options, stopped, on_down, answer);
  for (guint i = 0; i < members->len; i++)
    proc_entry_settle (self, members->pdata[i]);
}

/* ---------------------------------------------------------------------------------------------- restart */

void
proc_services_restart (ProcServices *self, const char *name, gboolean force, gboolean wait, guint timeout_ms,
                       GPtrArray *started, ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  g_autoptr (GPtrArray) members = NULL;
  ProcCascade *under_way = proc_cascade_find (self, entry);

  if (entry->waiting || (!proc_entry_is_active (entry) && !entry->committing))
    {
      proc_services_start (self, name, wait, timeout_ms, started, done, data);
      return;
    }
  members = proc_services_collect_dependents (self, entry, entry->spec->cascade_stop);
  if (entry->spec->wanted == PROC_WANTED_STOP)
    proc_entry_set_wanted (entry, PROC_WANTED_START);
  entry->start_again = TRUE;
  if (started != NULL)
    g_ptr_array_add (started, g_strdup (name));
  proc_entry_wait (self, entry, wait ? PROC_WAIT_READY : PROC_WAIT_RECORDED, timeout_ms, done, data);
  if (under_way != NULL)
    proc_cascade_join (under_way, force, NULL, on_down_unasked, NULL);
  else
    begin_cascade (self, members, force, NULL, on_down_unasked, NULL);
}

/* ---------------------------------------------------------------------------------------------- delete */

typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  gboolean with_actions;
  gboolean down;
  ProcDone done;
  gpointer data;
} Deletion;

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
  g_autofree Deletion *deletion = data;
  ProcServices *self = deletion->services;
  ProcEntry *entry = deletion->entry;
  g_autofree char *name = g_strdup (entry->spec->name);

  entry->committing = FALSE;
  entry->deletion = NULL;
  if (error != NULL)
    {
      entry->deleting = FALSE;
      deletion->done (error, deletion->data);
      return;
    }
  proc_services_tell_name (self, "service.deleted", name);
  for (guint i = 0; deletion->with_actions && entry->spec->actions[i] != NULL; i++)
    if (!is_used_elsewhere (self, entry, entry->spec->actions[i])
        && proc_actions_remove (self->setup.actions, entry->spec->actions[i]))
      proc_services_tell_name (self, "action.deleted", entry->spec->actions[i]);
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_jobs_forget (self->setup.jobs, entry->jobs->pdata[i]);
  if (proc_runs_get (self->setup.runs, entry->run_id) != NULL)
    proc_runs_forget (self->setup.runs, proc_runs_get (self->setup.runs, entry->run_id));
  for (int kind = PROC_WAIT_RECORDED; kind <= PROC_WAIT_READY; kind++) /* whoever waits for a start of it learns so */
    proc_entry_release (entry, kind, NULL);
  proc_entry_hold (self, entry, NULL);
  proc_graph_remove (self->graph, name);
  g_hash_table_remove (self->entries, name);
  proc_services_look_again (self, name);
  deletion->done (NULL, deletion->data);
  proc_services_check_shut_down (self);
}

/* Nothing of it runs any more: out of the journal. */
void
proc_entry_try_delete (ProcServices *self, ProcEntry *entry)
{
  Deletion *deletion = entry->deletion;
  ProcBatch *batch;

  if (deletion == NULL || !deletion->down || entry->committing || entry->stops > 0 || proc_entry_is_active (entry))
    return;
  batch = proc_batch_new ();
  proc_batch_delete_service (batch, entry->spec->name);
  for (guint i = 0; i < entry->jobs->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *)entry->jobs->pdata[i])->id);
  proc_batch_delete_run (batch, entry->run_id);
  for (guint i = 0; deletion->with_actions && entry->spec->actions[i] != NULL; i++)
    if (!is_used_elsewhere (self, entry, entry->spec->actions[i]))
      proc_batch_delete_action (batch, entry->spec->actions[i]);
  entry->committing = TRUE;
  proc_journal_commit (self->setup.journal, batch, on_delete_recorded, deletion);
}

static void
on_deletion_down (gpointer data)
{
  Deletion *deletion = data;

  deletion->down = TRUE;
  proc_entry_try_delete (deletion->services, deletion->entry);
}

/* NULL, or the error that names who requires it. */
static GError *
check_dependents (ProcServices *self, const char *name)
{
  g_autoptr (GPtrArray) names = proc_graph_get_dependents (self->graph, name, PROC_EDGES_REQUIRES);
  g_autoptr (GPtrArray) text = g_ptr_array_new ();
  g_autofree char *begin = g_strdup_printf ("dependency error: '%s' is required by ", name);

  for (guint i = 0; i < names->len; i++)
    if (proc_services_get (self, names->pdata[i]) != NULL)
      g_ptr_array_add (text, names->pdata[i]);
  if (text->len == 0)
    return NULL;
  g_ptr_array_add (text, NULL);
  return proc_error_new_names (PROC_ERROR_HAS_DEPENDENTS, begin, ", ", (const char *const *)text->pdata);
}

void
proc_services_delete (ProcServices *self, const char *name, gboolean force, gboolean with_actions, GPtrArray *stopped,
                      ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  g_autoptr (GError) error = force ? NULL : check_dependents (self, name);
  g_autoptr (GPtrArray) members = NULL;
  Deletion *deletion;

  if (error != NULL)
    {
      done (error, data);
      return;
    }
  members = proc_services_collect_dependents (self, entry, TRUE);
  deletion = g_new0 (Deletion, 1);
  *deletion = (Deletion){ self, entry, with_actions, FALSE, done, data };
  entry->deleting = TRUE;
  entry->start_again = FALSE;
  entry->deletion = deletion;
  if (entry->waiting)
    proc_entry_stop_jobs (self, entry, PROC_FAILURE_CANCELLED, FALSE);
  begin_cascade (self, members, FALSE, stopped, on_deletion_down, deletion);
}
