/* test-run-plan.c: what follows in a run, as a table. */
#include <string.h>

#include "run-plan.h"

/*
 * Jobs as letters: w waiting, p pending, r running, R running and ready, s succeeded, f failed, c cancelled, k skipped.
 * The second waits for the first, the third for the second, the fourth for nobody. Steps: . none, > start, - skip, x
 * cancel.
 */
static const struct
{
  const char *jobs;
  ProcWhen when;
  ProcRunRules rules;
  const char *steps;
  ProcRunState state;
} rows[] = {
  { "wwww", PROC_WHEN_SUCCESS, { 0 }, ">..>", PROC_RUN_RUNNING },
  { "rwwr", PROC_WHEN_SUCCESS, { 0 }, "....", PROC_RUN_RUNNING },
  { "swwr", PROC_WHEN_SUCCESS, { 0 }, ".>..", PROC_RUN_RUNNING },
  { "fwwr", PROC_WHEN_SUCCESS, { 0 }, ".-..", PROC_RUN_RUNNING },
  { "fkws", PROC_WHEN_SUCCESS, { 0 }, "..-.", PROC_RUN_RUNNING },
  { "fkks", PROC_WHEN_SUCCESS, { 0 }, "....", PROC_RUN_FAILED },
  { "cwws", PROC_WHEN_SUCCESS, { 0 }, ".-..", PROC_RUN_RUNNING },
  { "ssss", PROC_WHEN_SUCCESS, { 0 }, "....", PROC_RUN_SUCCEEDED },
  { "csss", PROC_WHEN_DONE, { 0 }, "....", PROC_RUN_CANCELLED },
  { "ckks", PROC_WHEN_SUCCESS, { 0 }, "....", PROC_RUN_CANCELLED },
  { "fkkc", PROC_WHEN_SUCCESS, { 0 }, "....", PROC_RUN_FAILED },
  { "skks", PROC_WHEN_READY, { 0 }, "....", PROC_RUN_FAILED },
  { "fwws", PROC_WHEN_DONE, { 0 }, ".>..", PROC_RUN_RUNNING },
  { "pwws", PROC_WHEN_STARTED, { 0 }, "....", PROC_RUN_RUNNING },
  { "rwws", PROC_WHEN_STARTED, { 0 }, ".>..", PROC_RUN_RUNNING },
  { "kwws", PROC_WHEN_STARTED, { 0 }, ".-..", PROC_RUN_RUNNING },
  { "rwws", PROC_WHEN_READY, { 0 }, "....", PROC_RUN_RUNNING },
  { "Rwws", PROC_WHEN_READY, { 0 }, ".>..", PROC_RUN_RUNNING },
  { "swws", PROC_WHEN_READY, { 0 }, ".>..", PROC_RUN_RUNNING },
  { "fwws", PROC_WHEN_READY, { 0 }, ".-..", PROC_RUN_RUNNING },
  { "fwwr", PROC_WHEN_SUCCESS, { .on_failure = PROC_ON_FAILURE_CANCEL }, ".xxx", PROC_RUN_RUNNING },
  { "fccc", PROC_WHEN_SUCCESS, { .on_failure = PROC_ON_FAILURE_CANCEL }, "....", PROC_RUN_FAILED },
  { "fwwr", PROC_WHEN_SUCCESS, { .on_failure = PROC_ON_FAILURE_CONTINUE }, ".>..", PROC_RUN_RUNNING },
  { "fsss", PROC_WHEN_SUCCESS, { .on_failure = PROC_ON_FAILURE_CONTINUE }, "....", PROC_RUN_FAILED },
  { "wwww", PROC_WHEN_SUCCESS, { .max_parallel = 1 }, ">...", PROC_RUN_RUNNING },
  { "rwww", PROC_WHEN_SUCCESS, { .max_parallel = 1 }, "....", PROC_RUN_RUNNING },
  { "swww", PROC_WHEN_SUCCESS, { .max_parallel = 1 }, ".>..", PROC_RUN_RUNNING },
  { "rwws", PROC_WHEN_SUCCESS, { .cancelled = TRUE }, "xxx.", PROC_RUN_STOPPING },
  { "sccs", PROC_WHEN_SUCCESS, { .cancelled = TRUE }, "....", PROC_RUN_CANCELLED },
  { "wwww", PROC_WHEN_SUCCESS, { .waits = TRUE }, "....", PROC_RUN_WAITING_DEPS },
  { "wwww", PROC_WHEN_SUCCESS, { .waits_in_vain = TRUE }, "----", PROC_RUN_RUNNING },
  { "kkkk", PROC_WHEN_SUCCESS, { .waits_in_vain = TRUE }, "....", PROC_RUN_FAILED },
};

static ProcPhase
phase_of (char letter)
{
  static const char letters[] = "wprRsfck";
  static const ProcPhase phases[]
      = { PROC_PHASE_WAITING,   PROC_PHASE_PENDING, PROC_PHASE_RUNNING,   PROC_PHASE_RUNNING,
          PROC_PHASE_SUCCEEDED, PROC_PHASE_FAILED,  PROC_PHASE_CANCELLED, PROC_PHASE_SKIPPED };

  return phases[strchr (letters, letter) - letters];
}

static void
test_plan (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const ProcRunEdge edges[] = { { 0, rows[i].when }, { 1, rows[i].when } };
      ProcRunNode nodes[4] = { { 0 } };
      ProcRunStep steps[4];
      char told[5] = "";

      for (guint j = 0; j < 4; j++)
        {
          nodes[j].phase = phase_of (rows[i].jobs[j]);
          nodes[j].started = strchr ("rRsfc", rows[i].jobs[j]) != NULL;
          nodes[j].ready = strchr ("Rs", rows[i].jobs[j]) != NULL;
          nodes[j].edges = j == 1 ? &edges[0] : &edges[1];
          nodes[j].n_edges = j == 1 || j == 2;
        }
      g_assert_cmpint (proc_run_plan (nodes, 4, &rows[i].rules, steps), ==, rows[i].state);
      for (guint j = 0; j < 4; j++)
        told[j] = ".>-x"[steps[j]];
      g_assert_cmpstr (told, ==, rows[i].steps);
    }
}

static void
test_cycles (void)
{
  const ProcRunEdge to_b = { 1, PROC_WHEN_SUCCESS }, to_c = { 2, PROC_WHEN_SUCCESS }, to_a = { 0, PROC_WHEN_SUCCESS };
  ProcRunNode nodes[3] = { { .edges = &to_b, .n_edges = 1 }, { .edges = &to_c, .n_edges = 1 }, { .edges = &to_b } };
  g_autoptr (GArray) cycle = NULL;

  g_assert_null (proc_run_find_cycle (nodes, 3));
  nodes[2].n_edges = 1;
  cycle = proc_run_find_cycle (nodes, 3);
  g_assert_cmpuint (cycle->len, ==, 3); /* b, c, b: a only leads to it */
  g_assert_cmpuint (g_array_index (cycle, guint, 0), ==, 1);
  g_assert_cmpuint (g_array_index (cycle, guint, 2), ==, 1);
  nodes[0].edges = &to_a;
  g_array_unref (cycle);
  cycle = proc_run_find_cycle (nodes, 3);
  g_assert_cmpuint (cycle->len, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/plan", test_plan);
  g_test_add_func ("/run/cycles", test_cycles);
  return g_test_run ();
}
