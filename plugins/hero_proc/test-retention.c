/* test-retention.c: which ended jobs have had their time. */
#include "retention.h"

#define HOUR_MS G_GINT64_CONSTANT (3600000)
#define NOW_MS (1000000 * HOUR_MS)

/* Fields of the jobs that loading keeps: three of action a, two of b, one of them alive; hours since their end. */
static const struct
{
  const char *action;
  gint64 hours;
} jobs[] = { { "a", 300 }, { "a", 30 }, { "b", 29 }, { "a", 2 }, { "b", -1 }, { "a", 0 } };

static ProcJobs *
make_jobs (ProcCapture *capture)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  const ProcLoaded loaded = { .jobs = records, .next_job = G_N_ELEMENTS (jobs) + 1, .next_run = 1 };
  ProcJobsSetup setup = { .capture = capture };

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      g_autoptr (JsonObject) object = json_object_new ();
      g_autoptr (ProcAction) action = NULL;
      g_autoptr (GError) error = NULL;
      ProcJob *job;

      json_object_set_string_member (object, "name", jobs[i].action);
      json_object_set_string_member (object, "script", "true");
      action = proc_action_from_json (object, "action", NULL, &error);
      g_assert_no_error (error);
      job = proc_job_new (i + 1, &(ProcJobSeed){ .spec = action }, NOW_MS - 400 * HOUR_MS);
      job->phase = jobs[i].hours < 0 ? PROC_PHASE_RUNNING : PROC_PHASE_SUCCEEDED;
      job->finished_at = NOW_MS - jobs[i].hours * HOUR_MS;
      g_ptr_array_add (records, job);
    }
  return proc_jobs_new (&setup, &loaded);
}

static void
append (gpointer job, gpointer text)
{
  g_string_append_printf (text, "%u", ((ProcJob *)job)->id);
}

static void
check (ProcJobs *all, ProcRetentionRules rules, const char *deleted, const char *archived)
{
  g_autoptr (GPtrArray) archive = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  g_autoptr (GPtrArray) delete = proc_retention_choose (all, &rules, NOW_MS, archive);
  g_autoptr (GString) text = g_string_new (NULL);

  g_ptr_array_foreach (delete, append, text);
  g_assert_cmpstr (text->str, ==, deleted);
  g_string_truncate (text, 0);
  g_ptr_array_foreach (archive, append, text);
  g_assert_cmpstr (text->str, ==, archived);
}

/* Runs that ended so many hours ago; -1 = still going. */
static void
check_runs (ProcJobs *jobs_of_all, guint keep_run_days, const char *expected)
{
  static const gint64 hours[] = { 300, 30, -1, 2 };
  ProcLoaded loaded = { .runs = g_ptr_array_new () };
  const ProcRunsSetup setup = { .jobs = jobs_of_all };
  g_autoptr (ProcRuns) runs = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (hours); i++)
    {
      ProcRun *run = proc_run_new (i + 1);

      run->state = hours[i] < 0 ? PROC_RUN_RUNNING : PROC_RUN_FAILED;
      run->finished_at = hours[i] < 0 ? 0 : NOW_MS - hours[i] * HOUR_MS;
      g_ptr_array_add (loaded.runs, run);
    }
  runs = proc_runs_new (&setup, &loaded);
  g_ptr_array_unref (loaded.runs);
  ids = proc_retention_choose_runs (runs, &(ProcRetentionRules){ .keep_run_days = keep_run_days }, NOW_MS);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (text, "%u", g_array_index (ids, guint32, i));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_rules (void)
{
  g_autofree char *dir = g_dir_make_tmp ("proc-XXXXXX", NULL);
  const ProcLogLimits limits = { .file_max = 1 << 20,
                                 .source_max = 4 << 20,
                                 .total_max = 4 << 20,
                                 .flush_ms = 10,
                                 .queue_lines = 100,
                                 .queue_bytes = 1 << 20 };
  const char *const no_sources[] = { NULL };
  ProcLogStore *logs = proc_log_store_new (dir, &limits, no_sources, NULL, NULL);
  g_autoptr (ProcCapture) capture = proc_capture_new (logs, 80, NULL);
  g_autoptr (ProcJobs) all = make_jobs (capture);

  check (all, (ProcRetentionRules){ 0 }, "", "");
  check (all, (ProcRetentionRules){ .keep_days = 7 }, "1", "");
  check (all, (ProcRetentionRules){ .keep_all = 2 }, "321", "");
  check (all, (ProcRetentionRules){ .keep_all = 1, .archive_hours = 24 }, "4321", "");
  check (all, (ProcRetentionRules){ .keep_per_action = 1 }, "421", "");
  check (all, (ProcRetentionRules){ .keep_per_action = 2, .archive_hours = 24 }, "21", "3");
  check_runs (all, 0, "");
  check_runs (all, 7, "1");
  check_runs (all, 1, "21");
  g_clear_pointer (&all, proc_jobs_free);
  g_clear_pointer (&capture, proc_capture_free);
  proc_log_store_free (logs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/retention/rules", test_rules);
  return g_test_run ();
}
