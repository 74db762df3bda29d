/* test-phase.c: the whole table of phases, the state of a service, outcomes and back-off. */
#include "backoff.h"
#include "phase.h"

typedef struct
{
  ProcPhase from;
  ProcCause cause;
  int to; /* -1: no such step */
} Row;

/* Every pair of contract 4.3, and the ones it does not have. */
static void
test_every_step (void)
{
  static const Row rows[] = {
    { PROC_PHASE_WAITING, PROC_CAUSE_SATISFIED, PROC_PHASE_PENDING },
    { PROC_PHASE_WAITING, PROC_CAUSE_UNSATISFIABLE, PROC_PHASE_SKIPPED },
    { PROC_PHASE_WAITING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
    { PROC_PHASE_PENDING, PROC_CAUSE_START, PROC_PHASE_STARTING },
    { PROC_PHASE_PENDING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
    { PROC_PHASE_STARTING, PROC_CAUSE_SPAWNED, PROC_PHASE_RUNNING },
    { PROC_PHASE_STARTING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
    { PROC_PHASE_STARTING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
    { PROC_PHASE_STARTING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
    { PROC_PHASE_RUNNING, PROC_CAUSE_SUCCEED, PROC_PHASE_SUCCEEDED },
    { PROC_PHASE_RUNNING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
    { PROC_PHASE_RUNNING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
    { PROC_PHASE_RUNNING, PROC_CAUSE_STOP, PROC_PHASE_STOPPING },
    { PROC_PHASE_STOPPING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
    { PROC_PHASE_STOPPING, PROC_CAUSE_RETRY, PROC_PHASE_RETRYING },
    { PROC_PHASE_STOPPING, PROC_CAUSE_FAIL, PROC_PHASE_FAILED },
    { PROC_PHASE_RETRYING, PROC_CAUSE_START, PROC_PHASE_STARTING },
    { PROC_PHASE_RETRYING, PROC_CAUSE_CANCEL, PROC_PHASE_CANCELLED },
  };

  for (int from = PROC_PHASE_PENDING; from <= PROC_PHASE_SKIPPED; from++)
    for (int cause = PROC_CAUSE_SATISFIED; cause <= PROC_CAUSE_CANCEL; cause++)
      {
        ProcPhase to = PROC_PHASE_SKIPPED;
        int expected = -1;

        for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
          if ((int)rows[i].from == from && (int)rows[i].cause == cause)
            expected = rows[i].to;
        g_assert_cmpint (proc_phase_next (from, cause, &to), ==, expected >= 0);
        if (expected >= 0)
          g_assert_cmpint (to, ==, expected);
      }
}

/* Terminal never changes. */
static void
test_terminal_stays (void)
{
  for (int from = PROC_PHASE_SUCCEEDED; from <= PROC_PHASE_SKIPPED; from++)
    for (int cause = PROC_CAUSE_SATISFIED; cause <= PROC_CAUSE_CANCEL; cause++)
      {
        ProcPhase to = PROC_PHASE_PENDING;

        g_assert_false (proc_phase_next (from, cause, &to));
        g_assert_cmpint (to, ==, PROC_PHASE_PENDING);
      }
}

static void
test_service_state (void)
{
  static const struct
  {
    ProcJobView jobs[2];
    gsize n;
    ProcState state;
  } rows[] = {
    { { { 0 } }, 0, PROC_STATE_INACTIVE },
    { { { PROC_PHASE_PENDING } }, 1, PROC_STATE_STARTING },
    { { { PROC_PHASE_STARTING } }, 1, PROC_STATE_STARTING },
    { { { PROC_PHASE_RUNNING, TRUE, FALSE, TRUE } }, 1, PROC_STATE_STARTING },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE } }, 1, PROC_STATE_RUNNING },
    { { { PROC_PHASE_RUNNING, FALSE, TRUE, TRUE } }, 1, PROC_STATE_STOPPING },
    { { { PROC_PHASE_STOPPING, TRUE, TRUE, TRUE } }, 1, PROC_STATE_STOPPING },
    { { { PROC_PHASE_RETRYING, FALSE, FALSE, TRUE } }, 1, PROC_STATE_FAILED },
    { { { PROC_PHASE_FAILED, FALSE, FALSE, TRUE } }, 1, PROC_STATE_FAILED },
    { { { PROC_PHASE_CANCELLED, FALSE, FALSE, TRUE } }, 1, PROC_STATE_EXITED },
    { { { PROC_PHASE_SUCCEEDED, FALSE, FALSE, FALSE } }, 1, PROC_STATE_SUCCESS },
    { { { PROC_PHASE_SUCCEEDED, FALSE, FALSE, TRUE } }, 1, PROC_STATE_EXITED },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE }, { PROC_PHASE_FAILED, FALSE, FALSE, TRUE } }, 2, PROC_STATE_DEGRADED },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE }, { PROC_PHASE_SUCCEEDED } }, 2, PROC_STATE_RUNNING },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE }, { PROC_PHASE_STARTING, FALSE, FALSE, TRUE } },
      2,
      PROC_STATE_STARTING },
    { { { PROC_PHASE_SUCCEEDED }, { PROC_PHASE_FAILED } }, 2, PROC_STATE_FAILED },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE, .health = PROC_HEALTH_UNHEALTHY } }, 1, PROC_STATE_UNHEALTHY },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE, .health = PROC_HEALTH_DEGRADED } }, 1, PROC_STATE_DEGRADED },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE, .health = PROC_HEALTH_FAILING } }, 1, PROC_STATE_RUNNING },
    { { { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE, .health = PROC_HEALTH_DEGRADED },
        { PROC_PHASE_RUNNING, TRUE, TRUE, TRUE, .health = PROC_HEALTH_UNHEALTHY } },
      2,
      PROC_STATE_UNHEALTHY },
    { { { PROC_PHASE_RUNNING, TRUE, FALSE, TRUE, .health = PROC_HEALTH_UNHEALTHY } }, 1, PROC_STATE_STARTING },
    { { { PROC_PHASE_STOPPING, TRUE, TRUE, TRUE, TRUE, PROC_HEALTH_UNHEALTHY } }, 1, PROC_STATE_UNHEALTHY },
    { { { PROC_PHASE_STOPPING, TRUE, TRUE, TRUE, FALSE, PROC_HEALTH_UNHEALTHY } }, 1, PROC_STATE_STOPPING },
    { { { PROC_PHASE_STOPPING, FALSE, TRUE, TRUE, TRUE } }, 1, PROC_STATE_STOPPING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %u", i);
      g_assert_cmpstr (proc_state_words[proc_service_state (rows[i].jobs, rows[i].n)], ==,
                       proc_state_words[rows[i].state]);
    }
}

static void
test_outcome (void)
{
  static const int zero[] = { 0 };
  static const ProcExit well = { TRUE, 0, 0, FALSE }, seven = { TRUE, 7, 0, FALSE }, killed = { TRUE, 137, 9, FALSE },
                        lost = { FALSE, 0, 0, FALSE }, forced = { TRUE, 0, 0, TRUE }, forced_lost = { FALSE, 0, 0, TRUE };
  static const struct
  {
    const ProcExit *end;
    ProcPolicy policy;
    ProcCause cause;
  } rows[] = {
    { &well, { PROC_RESTART_ALWAYS, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_RETRY },
    { &well, { PROC_RESTART_ALWAYS, TRUE, FALSE, 1, 0, zero, 1 }, PROC_CAUSE_SUCCEED },
    { &well, { PROC_RESTART_ON_FAILURE, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_SUCCEED },
    { &seven, { PROC_RESTART_ON_FAILURE, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_RETRY },
    { &seven, { PROC_RESTART_ON_FAILURE, FALSE, TRUE, 2, 3, zero, 1 }, PROC_CAUSE_RETRY },
    { &seven, { PROC_RESTART_ON_FAILURE, FALSE, TRUE, 3, 3, zero, 1 }, PROC_CAUSE_FAIL },
    { &seven, { PROC_RESTART_NEVER, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_FAIL },
    { &killed, { PROC_RESTART_NEVER, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_FAIL },
    { &lost, { PROC_RESTART_ALWAYS, TRUE, TRUE, 1, 0, zero, 1 }, PROC_CAUSE_RETRY },
    { &lost, { PROC_RESTART_ON_FAILURE, FALSE, TRUE, 1, 5, zero, 1 }, PROC_CAUSE_FAIL },
    { &lost, { PROC_RESTART_NEVER, FALSE, TRUE, 1, 1, zero, 1 }, PROC_CAUSE_FAIL },
    { &forced, { PROC_RESTART_NEVER, FALSE, TRUE, 1, 1, zero, 1 }, PROC_CAUSE_FAIL },
    { &forced_lost, { PROC_RESTART_ON_FAILURE, FALSE, TRUE, 1, 5, zero, 1 }, PROC_CAUSE_RETRY },
    { &forced_lost, { PROC_RESTART_NEVER, FALSE, TRUE, 1, 1, zero, 1 }, PROC_CAUSE_FAIL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %u", i);
      g_assert_cmpint (proc_exit_outcome (rows[i].end, &rows[i].policy), ==, rows[i].cause);
    }
}

static void
test_backoff (void)
{
  ProcRetry retry = { 0, 1000, 60000, PROC_BACKOFF_EXPONENTIAL, 0, 60000 };

  g_assert_cmpuint (proc_backoff_delay (&retry, 1, 0), ==, 1000);
  g_assert_cmpuint (proc_backoff_delay (&retry, 2, 0), ==, 2000);
  g_assert_cmpuint (proc_backoff_delay (&retry, 6, 0), ==, 32000);
  g_assert_cmpuint (proc_backoff_delay (&retry, 7, 0), ==, 60000);
  g_assert_cmpuint (proc_backoff_delay (&retry, 4000000, 0), ==, 60000);
  retry.backoff = PROC_BACKOFF_LINEAR;
  g_assert_cmpuint (proc_backoff_delay (&retry, 3, 0), ==, 3000);
  retry.backoff = PROC_BACKOFF_FIXED;
  g_assert_cmpuint (proc_backoff_delay (&retry, 9, 0), ==, 1000);
  retry.jitter = 0.5;
  g_assert_cmpuint (proc_backoff_delay (&retry, 9, 1), ==, 1500);
  g_assert_cmpuint (proc_backoff_delay (&retry, 9, 0), ==, 1000);
  g_assert_cmpuint (proc_backoff_next_attempt (&retry, 5, 59999), ==, 6);
  g_assert_cmpuint (proc_backoff_next_attempt (&retry, 5, 60000), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/phase/every-step", test_every_step);
  g_test_add_func ("/phase/terminal-stays", test_terminal_stays);
  g_test_add_func ("/phase/service-state", test_service_state);
  g_test_add_func ("/phase/outcome", test_outcome);
  g_test_add_func ("/phase/backoff", test_backoff);
  return g_test_run ();
}
