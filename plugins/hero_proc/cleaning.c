/* cleaning.c: see cleaning.h. Service thread. */
#include "cleaning.h"

enum
{
  RECORDS_PER_COMMIT = 500,
};

typedef struct
{
  const ProcCleaner *cleaner;
  GPtrArray *jobs;                 /* ProcJob, left to do */
  GPtrArray *actions;              /* char *, left to do */
  GArray *runs;                    /* guint32, left to do */
  guint n_jobs, n_actions, n_runs; /* of them in the transaction under way: the last ones */
  ProcCleaned cleaned;
  ProcCleanedFunc done;
  gpointer data;
} Cleaning;

static void go_on (Cleaning *cleaning);

static void
finish (Cleaning *cleaning, const GError *error)
{
  cleaning->done (error, &cleaning->cleaned, cleaning->data);
  g_ptr_array_unref (cleaning->jobs);
  g_ptr_array_unref (cleaning->actions);
  g_array_unref (cleaning->runs);
  g_free (cleaning);
}

static void
tell_job (const ProcCleaner *self, const ProcJob *job)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "id", job->id);
  json_object_set_string_member (data, "action", job->action);
  self->event (self->owner, "job.deleted", data);
}

static void
tell_action (const ProcCleaner *self, const char *name)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", name);
  self->event (self->owner, "action.deleted", data);
}

/* Its last job is gone: an ephemeral action follows, and a run. */
static void
follow (Cleaning *cleaning, const ProcJob *job)
{
  const ProcCleaner *self = cleaning->cleaner;
  const ProcAction *action = proc_actions_get (self->actions, job->action_name);
  const ProcRun *run = job->run_id != 0 ? proc_runs_get (self->runs, job->run_id) : NULL;

  if (action != NULL && action->ephemeral && proc_jobs_of_action (self->jobs, job->action_name) == NULL)
    g_ptr_array_add (cleaning->actions, g_strdup (job->action_name));
  if (run != NULL && proc_runs_is_empty (self->runs, run))
    g_array_append_val (cleaning->runs, run->id);
}

/* The last of the list. */
static guint32
pop_run (GArray *runs)
{
  guint32 id = g_array_index (runs, guint32, runs->len - 1);

  g_array_set_size (runs, runs->len - 1);
  return id;
}

static void
drop_actions (Cleaning *cleaning)
{
  const ProcCleaner *self = cleaning->cleaner;

  for (guint i = 0; i < cleaning->n_actions; i++)
    {
      g_autofree char *name = g_ptr_array_steal_index_fast (cleaning->actions, cleaning->actions->len - 1);

      if (!proc_actions_remove (self->actions, name))
        continue;
      cleaning->cleaned.actions++;
      tell_action (self, name);
    }
}

static void
drop_runs (Cleaning *cleaning)
{
  const ProcCleaner *self = cleaning->cleaner;

  for (guint i = 0; i < cleaning->n_runs; i++)
    {
      ProcRun *run = proc_runs_get (self->runs, pop_run (cleaning->runs));

      if (run == NULL)
        continue; /* named, and followed its last job too */
      proc_runs_forget (self->runs, run);
      cleaning->cleaned.runs++;
    }
}

static void
drop_jobs (Cleaning *cleaning)
{
  const ProcCleaner *self = cleaning->cleaner;

  for (guint i = 0; i < cleaning->n_jobs; i++)
    {
      g_autoptr (ProcJob) job = g_ptr_array_steal_index_fast (cleaning->jobs, cleaning->jobs->len - 1);

      if (proc_jobs_get (self->jobs, job->id) != job)
        continue; /* somebody else was faster */
      proc_jobs_remove (self->jobs, job);
      cleaning->cleaned.jobs++;
      tell_job (self, job);
      follow (cleaning, job);
    }
}

static void
on_committed (const GError *error, gpointer data)
{
  Cleaning *cleaning = data;

  if (error != NULL)
    {
      finish (cleaning, error);
      return;
    }
  drop_actions (cleaning);
  drop_runs (cleaning);
  drop_jobs (cleaning); /* last: what follows them is added to the lists */
  go_on (cleaning);
}

/* In one transaction: a job is gone, and its run knows how it ended. */
static void
delete_jobs (Cleaning *cleaning, ProcBatch *batch)
{
  g_autoptr (GHashTable) runs = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer run;

  for (guint i = 0; i < cleaning->n_jobs; i++)
    {
      const ProcJob *job = cleaning->jobs->pdata[cleaning->jobs->len - 1 - i];

      proc_batch_delete_job (batch, job->id);
      run = proc_runs_note_end (cleaning->cleaner->runs, job);
      if (run != NULL && proc_run_is_active (run))
        g_hash_table_add (runs, run);
    }
  g_hash_table_iter_init (&iter, runs);
  while (g_hash_table_iter_next (&iter, &run, NULL))
    proc_batch_put_run (batch, run);
}

static void
go_on (Cleaning *cleaning)
{
  guint room = RECORDS_PER_COMMIT;
  ProcBatch *batch;

  if (cleaning->jobs->len + cleaning->actions->len + cleaning->runs->len == 0)
    {
      finish (cleaning, NULL);
      return;
    }
  batch = proc_batch_new ();
  cleaning->n_jobs = MIN (cleaning->jobs->len, room);
  room -= cleaning->n_jobs;
  cleaning->n_actions = MIN (cleaning->actions->len, room);
  room -= cleaning->n_actions;
  cleaning->n_runs = MIN (cleaning->runs->len, room);
  delete_jobs (cleaning, batch);
  for (guint i = 0; i < cleaning->n_actions; i++)
    proc_batch_delete_action (batch, cleaning->actions->pdata[cleaning->actions->len - 1 - i]);
  for (guint i = 0; i < cleaning->n_runs; i++)
    proc_batch_delete_run (batch, g_array_index (cleaning->runs, guint32, cleaning->runs->len - 1 - i));
  proc_journal_commit (cleaning->cleaner->journal, batch, on_committed, cleaning);
}

void
proc_clean (const ProcCleaner *self, GPtrArray *jobs, GPtrArray *actions, GArray *runs, ProcCleanedFunc done,
            gpointer data)
{
  Cleaning *cleaning = g_new0 (Cleaning, 1);

  cleaning->cleaner = self;
  cleaning->jobs = jobs;
  cleaning->actions = actions != NULL ? actions : g_ptr_array_new_with_free_func (g_free);
  cleaning->runs = runs != NULL ? runs : g_array_new (FALSE, FALSE, sizeof (guint32));
  cleaning->done = done;
  cleaning->data = data;
  go_on (cleaning);
}
