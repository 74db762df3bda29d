/* retention.c: see retention.h. Service thread. */
#include "retention.h"

#define HOUR_MS G_GINT64_CONSTANT (3600000)

enum
{
  PER_COMMIT = 500,
};

struct _ProcRetention
{
  ProcRetentionSetup setup;
  GSource *timer;
};

/* ---------------------------------------------------------------------------------------------- the choice */

typedef struct
{
  const ProcRetentionRules *rules;
  gint64 now_ms;
  guint seen;            /* ended jobs, newer ones */
  GHashTable *of_action; /* name -> how many newer ones */
  GPtrArray *delete, *archive;
} Choice;

static gboolean
has_lasted (const ProcJob *job, gint64 now_ms)
{
  return now_ms - job->finished_at >= HOUR_MS;
}

/* From the newest to the oldest. */
static gboolean
choose_one (ProcJob *job, gpointer data)
{
  Choice *choice = data;
  const ProcRetentionRules *rules = choice->rules;
  gint64 age_ms = choice->now_ms - job->finished_at;
  guint of_action;

  if (proc_job_is_active (job))
    return TRUE;
  of_action = GPOINTER_TO_UINT (g_hash_table_lookup (choice->of_action, job->action_name));
  g_hash_table_insert (choice->of_action, job->action_name, GUINT_TO_POINTER (of_action + 1));
  choice->seen++;
  if (has_lasted (job, choice->now_ms)
      && ((rules->keep_days > 0 && age_ms > rules->keep_days * 24 * HOUR_MS)
          || (rules->keep_all > 0 && choice->seen > rules->keep_all)
          || (rules->keep_per_action > 0 && of_action >= rules->keep_per_action)))
    g_ptr_array_add (choice->delete, proc_job_ref (job));
  else if (choice->archive != NULL && rules->archive_hours > 0 && !job->archived
           && age_ms > rules->archive_hours * HOUR_MS)
    g_ptr_array_add (choice->archive, proc_job_ref (job));
  return TRUE;
}

GPtrArray *
proc_retention_choose (ProcJobs *jobs, const ProcRetentionRules *rules, gint64 now_ms, GPtrArray *archive)
{
  g_autoptr (GHashTable) of_action = g_hash_table_new (g_str_hash, g_str_equal);
  Choice choice
      = { rules, now_ms, 0, of_action, g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref), archive };

  proc_jobs_foreach (jobs, choose_one, &choice);
  return choice.delete;
}

GArray *
proc_retention_choose_runs (ProcRuns *runs, const ProcRetentionRules *rules, gint64 now_ms)
{
  g_autoptr (GPtrArray) all = proc_runs_list (runs);
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; rules->keep_run_days > 0 && i < all->len; i++)
    {
      const ProcRun *run = all->pdata[i];

      if (!proc_run_is_active (run) && now_ms - run->finished_at > rules->keep_run_days * 24 * HOUR_MS)
        g_array_append_val (ids, run->id);
    }
  return ids;
}

static gboolean
collect_lasted (ProcJob *job, gpointer data)
{
  if (!proc_job_is_active (job) && has_lasted (job, proc_now_ms ()))
    g_ptr_array_add (data, proc_job_ref (job));
  return TRUE;
}

/* The oldest ended jobs, as many as go in one transaction. */
static GPtrArray *
choose_oldest (ProcJobs *jobs)
{
  GPtrArray *lasted = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  proc_jobs_foreach (jobs, collect_lasted, lasted);
  if (lasted->len > PER_COMMIT)
    g_ptr_array_remove_range (lasted, 0, lasted->len - PER_COMMIT);
  return lasted;
}

/* ---------------------------------------------------------------------------------------------- a round */

typedef struct
{
  ProcRetention *retention;
  ProcRetained result;
  ProcRetentionDone done;
  gpointer data;
} Round;

static void
archive_all (ProcRetention *self, GPtrArray *jobs)
{
  ProcJournal *journal = self->setup.cleaner->journal;
  ProcBatch *batch = proc_batch_new ();

  for (guint i = 0; i < jobs->len; i++)
    {
      ProcJob *job = jobs->pdata[i];

      job->archived = TRUE;
      proc_batch_put_job (batch, job);
      if ((i + 1) % PER_COMMIT == 0)
        {
          proc_journal_keep (journal, batch, NULL, NULL);
          batch = proc_batch_new ();
        }
    }
  proc_journal_keep (journal, batch, NULL, NULL);
}

static void
tell (const ProcCleaner *cleaner, const ProcRetained *result)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "deleted_jobs", result->jobs);
  json_object_set_int_member (data, "deleted_actions", result->actions);
  json_object_set_int_member (data, "deleted_runs", result->runs);
  json_object_set_int_member (data, "archived_jobs", result->archived);
  cleaner->event (cleaner->owner, "system.retention", data);
}

static void
on_cleaned (const GError *error, const ProcCleaned *cleaned, gpointer data)
{
  Round *round = data;
  ProcRetention *self = round->retention;
  const ProcCleaner *cleaner = self->setup.cleaner;

  round->result.jobs += cleaned->jobs;
  round->result.actions += cleaned->actions;
  round->result.runs += cleaned->runs;
  if (error == NULL && proc_journal_get_bytes (cleaner->journal) > self->setup.max_bytes / 100 * 80)
    {
      g_autoptr (GPtrArray) oldest = choose_oldest (cleaner->jobs);

      if (oldest->len > 0)
        {
          proc_clean (cleaner, g_steal_pointer (&oldest), NULL, NULL, on_cleaned, round);
          return;
        }
    }
  if (round->result.jobs + round->result.runs + round->result.archived > 0)
    tell (cleaner, &round->result);
  if (round->done != NULL)
    round->done (error, &round->result, round->data);
  g_free (round);
}

void
proc_retention_run (ProcRetention *self, gboolean dry_run, ProcRetentionDone done, gpointer data)
{
  const ProcCleaner *cleaner = self->setup.cleaner;
  g_autoptr (GPtrArray) archive = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  g_autoptr (GPtrArray) jobs = proc_retention_choose (cleaner->jobs, &self->setup.rules, proc_now_ms (), archive);
  g_autoptr (GArray) runs = proc_retention_choose_runs (cleaner->runs, &self->setup.rules, proc_now_ms ());
  Round *round;

  if (dry_run)
    {
      const ProcRetained would = { .jobs = jobs->len, .runs = runs->len, .archived = archive->len };

      done (NULL, &would, data);
      return;
    }
  archive_all (self, archive);
  round = g_new (Round, 1);
  *round = (Round){ self, { .archived = archive->len }, done, data };
  proc_clean (cleaner, g_steal_pointer (&jobs), NULL, g_steal_pointer (&runs), on_cleaned, round);
}

/* ---------------------------------------------------------------------------------------------- the whole */

static gboolean
on_interval (gpointer data)
{
  proc_retention_run (data, FALSE, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

ProcRetention *
proc_retention_new (const ProcRetentionSetup *setup)
{
  ProcRetention *self = g_new0 (ProcRetention, 1);

  self->setup = *setup;
  self->timer = g_timeout_source_new_seconds (setup->interval_s);
  g_source_set_callback (self->timer, on_interval, self, NULL);
  g_source_attach (self->timer, setup->context);
  proc_retention_run (self, FALSE, NULL, NULL);
  return self;
}

void
proc_retention_free (ProcRetention *self)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_free (self);
}
