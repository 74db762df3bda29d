/* test-admission.c: which job may start: slots, the only one of its action, the rate of starts. */
#include "admission.h"
#include "spawn-rate.h"

#define SECOND G_USEC_PER_SEC

static ProcJob *
make_job (guint32 id, gboolean singleton)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (ProcAction) action = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (object, "name", "a");
  json_object_set_string_member (object, "script", "true");
  json_object_set_boolean_member (object, "singleton", singleton);
  action = proc_action_from_json (object, "action", NULL, &error);
  g_assert_no_error (error);
  return proc_job_new (id, &(ProcJobSeed){ .spec = action }, 0);
}

static void
move (ProcAdmission *admission, ProcJob *job, ProcPhase to)
{
  ProcPhase from = job->phase;

  job->phase = to;
  proc_admission_moved (admission, job, from);
}

static void
test_slots (void)
{
  const ProcAdmissionLimits limits = { .max_running_jobs = 1 };
  g_autoptr (ProcAdmission) admission = proc_admission_new (&limits);
  g_autoptr (ProcJob) first = make_job (1, FALSE);
  g_autoptr (ProcJob) second = make_job (2, FALSE);
  g_autoptr (ProcJob) next = NULL;
  g_autofree char *why = NULL;

  proc_admission_add (admission, first);
  proc_admission_add (admission, second);
  proc_admission_queue (admission, first);
  proc_admission_queue (admission, second);
  next = proc_admission_next (admission);
  g_assert_true (next == first);
  g_assert_null (proc_admission_explain (admission, second));
  move (admission, first, PROC_PHASE_STARTING);
  g_assert_null (proc_admission_next (admission));
  why = proc_admission_explain (admission, second);
  g_assert_cmpstr (why, ==, "max_running_jobs = 1 are running");
  move (admission, first, PROC_PHASE_RETRYING); /* a back-off needs no slot */
  g_clear_pointer (&next, proc_job_unref);
  next = proc_admission_next (admission);
  g_assert_true (next == second);
}

/* A plain job of the action is in the way of a singleton, too: its definition may have changed meanwhile. */
static void
test_singletons (void)
{
  const ProcAdmissionLimits none = { 0 };
  g_autoptr (ProcAdmission) admission = proc_admission_new (&none);
  g_autoptr (ProcJob) plain = make_job (1, FALSE);
  g_autoptr (ProcJob) first = make_job (2, TRUE);
  g_autoptr (ProcJob) second = make_job (3, TRUE);
  g_autoptr (ProcJob) third = make_job (4, TRUE);
  g_autoptr (ProcJob) next = NULL;
  g_autofree char *why = NULL;
  ProcJob *waiting[] = { first, second, third };

  g_assert_true (proc_admission_admit (admission, first));
  proc_admission_add (admission, plain);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    {
      waiting[i]->phase = PROC_PHASE_WAITING;
      proc_admission_add (admission, waiting[i]);
      g_assert_false (proc_admission_admit (admission, waiting[i]));
      g_assert_false (proc_admission_admit (admission, waiting[i])); /* still in line once */
    }
  g_assert_true (proc_admission_admit (admission, plain));
  why = proc_admission_explain (admission, second);
  g_assert_true (g_str_has_prefix (why, "another job of this action"));
  move (admission, first, PROC_PHASE_CANCELLED);
  g_assert_null (proc_admission_next_single (admission, "a"));
  move (admission, plain, PROC_PHASE_RETRYING);
  g_assert_null (proc_admission_next_single (admission, "a"));
  move (admission, plain, PROC_PHASE_FAILED);
  g_assert_null (proc_admission_next_single (admission, "b"));
  next = proc_admission_next_single (admission, "a");
  g_assert_true (next == second);
  g_assert_true (proc_admission_admit (admission, second));
  move (admission, second, PROC_PHASE_PENDING);
  g_assert_null (proc_admission_next_single (admission, "a"));
  proc_admission_remove (admission, second); /* it was never recorded */
  g_clear_pointer (&next, proc_job_unref);
  next = proc_admission_next_single (admission, "a");
  g_assert_true (next == third);
}

static void
test_rate (void)
{
  g_autoptr (ProcSpawnRate) rate = proc_spawn_rate_new (2);

  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, 0), ==, 0);
  proc_spawn_rate_note (rate, 0);
  proc_spawn_rate_note (rate, SECOND / 2);
  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, SECOND / 2), ==, 500);
  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, SECOND - 1), ==, 1);
  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, SECOND), ==, 0);
  proc_spawn_rate_note (rate, SECOND);
  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, SECOND), ==, 500);
  g_assert_cmpuint (proc_spawn_rate_get_wait_ms (rate, 3 * SECOND), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/admission/slots", test_slots);
  g_test_add_func ("/admission/singletons", test_singletons);
  g_test_add_func ("/admission/rate", test_rate);
  return g_test_run ();
}
