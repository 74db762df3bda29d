/* test-run-layout.c: what waits stands right of what it waits for, and near it. */
#include "run-layout.h"

static void
test_empty (void)
{
  g_autoptr (ProcRunLayout) layout = proc_run_layout_new (NULL, 0);

  g_assert_cmpuint (layout->n_columns, ==, 0);
  g_assert_cmpuint (layout->n_rows, ==, 0);
}

/* a and b first; c after a, d after b and c, given in the wrong order: d c b a. */
static void
test_columns (void)
{
  const ProcRunEdge of_d[] = { { .node = 2 }, { .node = 1 } }, of_c[] = { { .node = 3 } };
  const ProcRunNode nodes[] = { { .edges = of_d, .n_edges = 2 }, { .edges = of_c, .n_edges = 1 }, { 0 }, { 0 } };
  g_autoptr (ProcRunLayout) layout = proc_run_layout_new (nodes, G_N_ELEMENTS (nodes));

  g_assert_cmpuint (layout->n_columns, ==, 3);
  g_assert_cmpuint (layout->n_rows, ==, 2);
  g_assert_cmpuint (layout->places[0].column, ==, 2);
  g_assert_cmpuint (layout->places[1].column, ==, 1);
  g_assert_cmpuint (layout->places[2].column, ==, 0);
  g_assert_cmpuint (layout->places[3].column, ==, 0);
  g_assert_cmpuint (layout->places[2].row, ==, 0);
  g_assert_cmpuint (layout->places[3].row, ==, 1);
}

/* Two lines side by side do not cross: 2 waits for 1, 3 for 0. */
static void
test_rows (void)
{
  const ProcRunEdge of_2[] = { { .node = 1 } }, of_3[] = { { .node = 0 } };
  const ProcRunNode nodes[] = { { 0 }, { 0 }, { .edges = of_2, .n_edges = 1 }, { .edges = of_3, .n_edges = 1 } };
  g_autoptr (ProcRunLayout) layout = proc_run_layout_new (nodes, G_N_ELEMENTS (nodes));

  g_assert_cmpuint (layout->places[2].row, ==, 1);
  g_assert_cmpuint (layout->places[3].row, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run-layout/empty", test_empty);
  g_test_add_func ("/run-layout/columns", test_columns);
  g_test_add_func ("/run-layout/rows", test_rows);
  return g_test_run ();
}
