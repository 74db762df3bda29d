/* runs.c: see runs.h. Service thread. */
#include "runs.h"

#include "errors.h"

struct _ProcRuns
{
  ProcRunsSetup setup;
  GHashTable *by_id;    /* id -> ProcRun */
  GPtrArray *dependent; /* ProcRun that are not over and depend on other runs */
  ProcWaits *waits;
};

/* ---------------------------------------------------------------------------------------------- questions */

ProcRun *
proc_runs_get (ProcRuns *self, guint32 id)
{
  return g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint32 left = (*(ProcRun *const *)a)->id, right = (*(ProcRun *const *)b)->id;

  return (left < right) - (left > right);
}

GPtrArray *
proc_runs_list (ProcRuns *self)
{
  GPtrArray *list = g_ptr_array_sized_new (g_hash_table_size (self->by_id));
  GHashTableIter iter;
  gpointer run;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &run))
    g_ptr_array_add (list, run);
  g_ptr_array_sort (list, compare_ids);
  return list;
}

ProcJob *
proc_runs_get_job (ProcRuns *self, const ProcRun *run, guint index)
{
  return proc_jobs_get (self->setup.jobs, proc_run_get_member (run, index)->job_id);
}

ProcPhase
proc_runs_get_phase (ProcRuns *self, const ProcRun *run, guint index)
{
  const ProcRunMember *member = proc_run_get_member (run, index);
  const ProcJob *job = proc_runs_get_job (self, run, index);

  /* No record and no note of it: only a damaged store tells so. How it ended is not known. */
  return job != NULL ? job->phase : member->gone ? member->end_phase : PROC_PHASE_CANCELLED;
}

static gboolean
has_jobs (ProcRuns *self, const ProcRun *run)
{
  for (guint i = 0; i < run->members->len; i++)
    if (proc_runs_get_job (self, run, i) != NULL)
      return TRUE;
  return FALSE;
}

gboolean
proc_runs_is_empty (ProcRuns *self, const ProcRun *run)
{
  return !proc_run_is_active (run) && !has_jobs (self, run);
}

void
proc_runs_wait (ProcRuns *self, ProcRun *run, gint64 limit_ms, ProcWaited done, gpointer data)
{
  proc_waits_add (self->waits, run->id, limit_ms, done, data);
  if (!proc_run_is_active (run))
    proc_waits_tell (self->waits, run->id);
}

void
proc_runs_release (ProcRuns *self)
{
  proc_waits_release (self->waits);
}

/* ---------------------------------------------------------------------------------------------- going on */

static void settle (ProcRuns *self, ProcRun *run);

static void
keep (ProcRuns *self, ProcRun *run)
{
  ProcBatch *batch = proc_batch_new ();

  proc_batch_put_run (batch, run);
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
}

static void
tell (ProcRuns *self, const char *event, const ProcRun *run, ProcRunState from)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "id", run->id);
  json_object_set_string_member (data, "name", run->name);
  json_object_set_string_member (data, "from", proc_run_state_words[from]);
  json_object_set_string_member (data, "to", proc_run_state_words[run->state]);
  self->setup.event (self->setup.owner, event, data);
}

static void
enter (ProcRuns *self, ProcRun *run, ProcRunState state)
{
  ProcRunState from = run->state;

  run->state = state;
  if (state == PROC_RUN_RUNNING && run->started_at == 0)
    run->started_at = proc_now_ms ();
  if (!proc_run_is_active (run))
    run->finished_at = proc_now_ms ();
  keep (self, run);
  tell (self, "run.state", run, from);
  if (!proc_run_is_active (run))
    tell (self, "run.finished", run, from);
}

/* Runs that wait for this one go on, or never will. */
static void
settle_dependents (ProcRuns *self, guint32 id)
{
  g_autoptr (GPtrArray) runs = g_ptr_array_copy (self->dependent, NULL, NULL);

  for (guint i = 0; i < runs->len; i++)
    {
      ProcRun *run = runs->pdata[i];

      for (guint j = 0; j < run->depends_on_runs->len; j++)
        if (g_array_index (run->depends_on_runs, guint32, j) == id)
          {
            settle (self, run);
            break;
          }
    }
}

static void
finish (ProcRuns *self, ProcRun *run)
{
  g_ptr_array_remove_fast (self->dependent, run);
  settle_dependents (self, run->id);
  proc_waits_tell (self->waits, run->id);
}

static void
read_rules (ProcRuns *self, const ProcRun *run, ProcRunRules *rules)
{
  *rules = (ProcRunRules){ .on_failure = run->on_failure,
                           .max_parallel = run->max_parallel,
                           .cancelled = run->cancelled };
  for (guint i = 0; i < run->depends_on_runs->len; i++)
    {
      const ProcRun *other = proc_runs_get (self, g_array_index (run->depends_on_runs, guint32, i));

      /* Only a run that is over can be forgotten. */
      rules->waits |= other != NULL && proc_run_is_active (other);
      rules->waits_in_vain |= other != NULL && !proc_run_is_active (other) && other->state != PROC_RUN_SUCCEEDED;
    }
}

/* What the run is now, and what follows for each job. */
static ProcRunState
plan (ProcRuns *self, const ProcRun *run, const ProcRunRules *rules, ProcRunStep *steps)
{
  guint n = run->members->len;
  g_autofree ProcRunNode *nodes = g_new (ProcRunNode, n);

  for (guint i = 0; i < n; i++)
    {
      const ProcJob *job = proc_runs_get_job (self, run, i);
      const ProcRunMember *member = proc_run_get_member (run, i);
      ProcPhase phase = proc_runs_get_phase (self, run, i);
      gboolean done = phase == PROC_PHASE_SUCCEEDED;

      nodes[i] = (ProcRunNode){ phase, job != NULL ? job->started_at > 0 : done, job != NULL ? job->ready : done,
                                (const ProcRunEdge *)(gpointer)member->edges->data, member->edges->len };
    }
  return proc_run_plan (nodes, n, rules, steps);
}

static void
take_step (ProcRuns *self, ProcJob *job, ProcRunStep step, gboolean in_vain)
{
  if (step == PROC_RUN_STEP_CANCEL && proc_job_is_active (job))
    proc_jobs_stop (self->setup.jobs, job, PROC_FAILURE_CANCELLED, FALSE);
  else if (job->phase != PROC_PHASE_WAITING)
    return; /* the steps before have moved it */
  else if (step == PROC_RUN_STEP_RELEASE)
    proc_jobs_release (self->setup.jobs, job);
  else if (step == PROC_RUN_STEP_SKIP)
    proc_jobs_skip (self->setup.jobs, job, PROC_FAILURE_DEPENDENCY_FAILED,
                    in_vain ? "a run it depends on has not succeeded"
                            : "a job it depends on has not done what it waits for");
}

static void
advance (ProcRuns *self, ProcRun *run)
{
  guint n = run->members->len;
  g_autofree ProcRunStep *steps = g_new0 (ProcRunStep, n);
  ProcRunRules rules;
  ProcRunState state;

  read_rules (self, run, &rules);
  state = plan (self, run, &rules, steps);
  if (rules.waits_in_vain && run->error == NULL)
    run->error = g_strdup ("dependency_failed: a run it depends on has not succeeded");
  if (state != run->state)
    enter (self, run, state);
  for (guint i = 0; i < n; i++)
    {
      ProcJob *job = steps[i] != PROC_RUN_STEP_NONE ? proc_runs_get_job (self, run, i) : NULL;

      if (job != NULL)
        take_step (self, job, steps[i], rules.waits_in_vain);
    }
}

/* Plans and takes steps until nothing more follows; what the steps change comes back here while they are taken. */
static void
settle (ProcRuns *self, ProcRun *run)
{
  run->again = TRUE;
  if (run->busy)
    return;
  run->busy = TRUE;
  while (run->again && run->begun && proc_run_is_active (run))
    {
      run->again = FALSE;
      advance (self, run);
      if (!proc_run_is_active (run))
        finish (self, run);
    }
  run->busy = FALSE;
}

static void
on_job_changed (gpointer data, ProcJob *job, ProcPhase from)
{
  ProcRun *run = job->run_id != 0 ? proc_runs_get (data, job->run_id) : NULL;

  if (run != NULL)
    settle (data, run);
}

static const ProcJobsListener listener = { .changed = on_job_changed };

ProcRun *
proc_runs_note_end (ProcRuns *self, const ProcJob *job)
{
  ProcRun *run = job->run_id != 0 ? proc_runs_get (self, job->run_id) : NULL;

  for (guint i = 0; run != NULL && i < run->members->len; i++)
    {
      ProcRunMember *member = run->members->pdata[i];

      if (member->job_id != job->id)
        continue;
      member->gone = TRUE;
      member->end_phase = job->phase;
    }
  return run;
}

/* ---------------------------------------------------------------------------------------------- new runs */

/* The run with its graph, without ids; NULL + error. */
static ProcRun *
make_run (ProcRuns *self, const ProcRunSeed *seed, GError **error)
{
  for (guint i = 0; seed->depends_on_runs != NULL && i < seed->depends_on_runs->len; i++)
    {
      guint32 id = g_array_index (seed->depends_on_runs, guint32, i);

      if (proc_runs_get (self, id) != NULL)
        continue;
      g_set_error (error, PROC_ERROR, PROC_ERROR_RUN_NOT_FOUND, "run not found: %u", id);
      return NULL;
    }
  return proc_run_from_seed (seed, error);
}

gboolean
proc_runs_check (ProcRuns *self, const ProcRunSeed *seed, GError **error)
{
  g_autoptr (ProcRun) run = make_run (self, seed, error);

  return run != NULL;
}

static void
add_jobs (ProcRuns *self, ProcRun *run, ProcBatch *batch, const ProcRunSeed *seed)
{
  for (guint i = 0; i < seed->items->len; i++)
    {
      const ProcRunItem *item = seed->items->pdata[i];
      ProcRunMember *member = run->members->pdata[i];
      ProcJobSeed job = { .spec = item->spec,
                          .service = seed->service,
                          .run_id = run->id,
                          .key = item->key,
                          .tags = (const char *const *)item->tags,
                          .trigger = seed->service != NULL ? seed->trigger : PROC_TRIGGER_RUN,
                          .waits = seed->service == NULL || member->edges->len > 0 };

      member->job_id = proc_jobs_add (self->setup.jobs, batch, &job)->id;
    }
}

ProcRun *
proc_runs_add (ProcRuns *self, ProcBatch *batch, const ProcRunSeed *seed, GError **error)
{
  ProcRun *run = make_run (self, seed, error);

  if (run == NULL)
    return NULL;
  run->id = proc_jobs_take_run_id (self->setup.jobs);
  run->created_at = proc_now_ms ();
  add_jobs (self, run, batch, seed);
  proc_batch_put_run (batch, run);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (run->id), run);
  if (run->depends_on_runs->len > 0)
    g_ptr_array_add (self->dependent, run);
  return run;
}

void
proc_runs_begin (ProcRuns *self, ProcRun *run)
{
  run->begun = TRUE;
  settle (self, run);
}

typedef struct
{
  ProcRuns *runs;
  ProcRun *run;
  ProcRunDone done;
  gpointer data;
} Submission;

static void
on_recorded (const GError *error, gpointer data)
{
  g_autofree Submission *submission = data;
  ProcRuns *self = submission->runs;
  ProcRun *run = submission->run;

  for (guint i = 0; i < run->members->len; i++)
    {
      ProcJob *job = proc_runs_get_job (self, run, i);

      if (job != NULL && error == NULL)
        proc_jobs_start (self->setup.jobs, job); /* it waits: it is announced */
      else if (job != NULL)
        proc_jobs_forget (self->setup.jobs, job);
    }
  if (error == NULL)
    proc_runs_begin (self, run);
  submission->done (error, error == NULL ? run : NULL, submission->data);
  if (error != NULL)
    proc_runs_forget (self, run);
}

gboolean
proc_runs_submit (ProcRuns *self, const ProcRunSeed *seed, ProcRunDone done, gpointer data, GError **error)
{
  ProcBatch *batch = proc_batch_new ();
  ProcRun *run = proc_runs_add (self, batch, seed, error);
  Submission *submission;

  if (run == NULL)
    {
      proc_batch_free (batch);
      return FALSE;
    }
  submission = g_new (Submission, 1);
  *submission = (Submission){ self, run, done, data };
  proc_journal_commit (self->setup.journal, batch, on_recorded, submission);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------- the end of runs */

void
proc_runs_cancel (ProcRuns *self, ProcRun *run, ProcFailure why, gboolean force)
{
  gboolean busy = run->busy;

  if (!proc_run_is_active (run))
    return;
  run->cancelled = run->begun = TRUE;
  run->busy = TRUE; /* each for this reason, and by force if so: not by the next plan */
  for (guint i = 0; i < run->members->len; i++)
    {
      ProcJob *job = proc_runs_get_job (self, run, i);

      if (job != NULL)
        proc_jobs_stop (self->setup.jobs, job, why, force);
    }
  run->busy = busy;
  settle (self, run);
}

void
proc_runs_forget (ProcRuns *self, ProcRun *run)
{
  guint32 id = run->id;

  g_ptr_array_remove_fast (self->dependent, run);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (id));
  proc_waits_tell (self->waits, id);
}

typedef struct
{
  ProcRuns *runs;
  guint32 run_id;
  gboolean before;
  ProcCommitted done;
  gpointer data;
} Archiving;

static void
on_archived (const GError *error, gpointer data)
{
  g_autofree Archiving *archiving = data;
  ProcRun *run = proc_runs_get (archiving->runs, archiving->run_id);

  if (error != NULL && run != NULL)
    run->archived = archiving->before;
  archiving->done (error, archiving->data);
}

void
proc_runs_archive (ProcRuns *self, ProcRun *run, gboolean archived, ProcCommitted done, gpointer data)
{
  ProcBatch *batch = proc_batch_new ();
  Archiving *archiving = g_new (Archiving, 1);

  *archiving = (Archiving){ self, run->id, run->archived, done, data };
  run->archived = archived;
  proc_batch_put_run (batch, run);
  proc_journal_commit (self->setup.journal, batch, on_archived, archiving);
}

/* ---------------------------------------------------------------------------------------------- the whole */

static gboolean
add_lost (ProcJob *job, gpointer data)
{
  if (job->phase == PROC_PHASE_WAITING && job->run_id != 0)
    g_ptr_array_add (data, proc_job_ref (job));
  return TRUE;
}

/* Its run cannot be read any more: nothing would ever let it go. */
static void
skip_lost_jobs (ProcRuns *self)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  proc_jobs_foreach (self->setup.jobs, add_lost, jobs);
  for (guint i = 0; i < jobs->len; i++)
    if (proc_runs_get (self, ((ProcJob *)jobs->pdata[i])->run_id) == NULL)
      proc_jobs_skip (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_DEPENDENCY_FAILED,
                      "the record of its run is lost");
}

void
proc_runs_recover (ProcRuns *self)
{
  g_autoptr (GPtrArray) runs = proc_runs_list (self);
  ProcBatch *batch = proc_batch_new ();

  for (guint i = runs->len; i > 0; i--)
    {
      ProcRun *run = runs->pdata[i - 1];

      if (!has_jobs (self, run)) /* we died before it followed, or its service has newer ones */
        {
          proc_batch_delete_run (batch, run->id);
          proc_runs_forget (self, run);
        }
      else if (run->service == NULL)
        proc_runs_begin (self, run);
    }
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
  skip_lost_jobs (self);
}

ProcRuns *
proc_runs_new (const ProcRunsSetup *setup, ProcLoaded *loaded)
{
  ProcRuns *self = g_new0 (ProcRuns, 1);

  self->setup = *setup;
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, proc_run_free);
  self->dependent = g_ptr_array_new ();
  self->waits = proc_waits_new (setup->journal, setup->context);
  while (loaded->runs->len > 0)
    {
      ProcRun *run = g_ptr_array_steal_index_fast (loaded->runs, loaded->runs->len - 1);

      g_hash_table_insert (self->by_id, GUINT_TO_POINTER (run->id), run);
      if (proc_run_is_active (run) && run->depends_on_runs->len > 0)
        g_ptr_array_add (self->dependent, run);
    }
  proc_jobs_listen (setup->jobs, &listener, self);
  return self;
}

void
proc_runs_free (ProcRuns *self)
{
  proc_waits_free (self->waits);
  g_ptr_array_unref (self->dependent);
  g_hash_table_unref (self->by_id);
  g_free (self);
}
