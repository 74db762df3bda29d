/* test-dependencies.c: cycles, layers and walks over small graphs written as text, and over one of 2,000 services. */
#include "dependencies.h"

#include <string.h>

/* "a requires b c; a after d" */
static void
put_text (ProcGraph *graph, const char *text)
{
  g_auto (GStrv) rules = g_strsplit (text, "; ", -1);
  g_autoptr (GHashTable) lists
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL); /* name -> char **[PROC_N_EDGES] */
  GHashTableIter iter;
  gpointer name, value;

  for (guint i = 0; rules[i] != NULL && *rules[i] != '\0'; i++)
    {
      g_auto (GStrv) words = g_strsplit (rules[i], " ", 3);
      char ***all = g_hash_table_lookup (lists, words[0]);
      guint edge = 0;

      while (strcmp (proc_edge_words[edge], words[1]) != 0)
        edge++;
      if (all == NULL)
        {
          all = g_new0 (char **, PROC_N_EDGES);
          g_hash_table_insert (lists, g_strdup (words[0]), all);
        }
      all[edge] = g_strsplit (words[2], " ", -1);
    }
  g_hash_table_iter_init (&iter, lists);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      char ***all = value;

      proc_graph_put (graph, name, (char *const *const *)all);
      for (guint edge = 0; edge < PROC_N_EDGES; edge++)
        g_strfreev (all[edge]);
      g_free (all);
    }
}

static char *
join (GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", (const char *)names->pdata[i]);
  return g_string_free (text, FALSE);
}

static void
test_cycles (void)
{
  static const struct
  {
    const char *graph, *name, *edge, *to, *cycle;
  } rows[] = {
    { "", "a", "requires", "a", "a a" },
    { "", "a", "requires", "b", NULL },
    { "a requires b", "b", "after", "a", "b a b" },
    { "a requires b", "b", "wants", "a", "b a b" },
    { "a requires b", "b", "conflicts", "a", NULL },
    { "a conflicts b", "b", "requires", "a", NULL },
    { "a requires b; b wants c; c after d", "d", "requires", "a", "d a b c d" },
    { "a requires b; b wants c; c after d; a after c", "d", "requires", "a", "d a c d" },
    { "a requires b; c requires b", "b", "requires", "x y", NULL },
    { "a requires b; b requires c", "c", "requires", "x b", "c b c" },
    /* A definition that replaces one is not measured by what it replaces. */
    { "a requires b; b requires c", "a", "requires", "c", NULL },
    { "a requires b; b requires a2", "b", "requires", "c", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ProcGraph) graph = proc_graph_new ();
      g_auto (GStrv) to = g_strsplit (rows[i].to, " ", -1), cycle = NULL;
      char *const *lists[PROC_N_EDGES] = { NULL };
      g_autofree char *text = NULL;
      guint edge = 0;

      while (strcmp (proc_edge_words[edge], rows[i].edge) != 0)
        edge++;
      lists[edge] = to;
      put_text (graph, rows[i].graph);
      cycle = proc_graph_find_cycle (graph, rows[i].name, lists);
      text = cycle != NULL ? g_strjoinv (" ", cycle) : NULL;
      g_test_message ("row %u", i);
      g_assert_cmpstr (text, ==, rows[i].cycle);
    }
}

static void
test_layers (void)
{
  static const struct
  {
    const char *graph, *names, *layers;
  } rows[] = {
    { "", "b a", "a b" },
    { "c requires b; b requires a", "a b c", "c/b/a" },
    { "c requires b; b requires a", "a c", "a c" }, /* not through what is not asked about */
    { "c requires a; b requires a; c after b", "a b c", "c/b/a" },
    { "d requires b c; b requires a; c wants a", "a b c d", "d/b c/a" },
    { "d requires a; d wants b; b after a", "a b d x", "d x/b/a" },
    { "a conflicts b; b requires c", "a b c", "a b/c" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ProcGraph) graph = proc_graph_new ();
      g_auto (GStrv) words = g_strsplit (rows[i].names, " ", -1);
      g_autoptr (GPtrArray) names = g_ptr_array_new (), layers = NULL;
      g_autoptr (GString) text = g_string_new (NULL);

      put_text (graph, rows[i].graph);
      for (guint j = 0; words[j] != NULL; j++)
        g_ptr_array_add (names, words[j]);
      layers = proc_graph_layers (graph, names);
      for (guint j = 0; j < layers->len; j++)
        {
          g_autofree char *layer = join (layers->pdata[j]);

          g_string_append_printf (text, "%s%s", j > 0 ? "/" : "", layer);
        }
      g_assert_cmpstr (text->str, ==, rows[i].layers);
    }
}

static gboolean
follow_requires_of_a (const char *from, const char *to, ProcEdge edge, gpointer data)
{
  return edge == PROC_EDGE_REQUIRES || strcmp (from, "a") != 0;
}

static void
test_walks (void)
{
  g_autoptr (ProcGraph) graph = proc_graph_new ();
  g_autoptr (GPtrArray) all = NULL, some = NULL, back = NULL, direct = NULL, nobody = NULL, again = NULL;
  char *const *none[PROC_N_EDGES] = { NULL };
  g_autofree char *text = NULL;

  put_text (graph, "a requires b; a wants c; b requires d; x requires d; x wants d; y conflicts d");
  all = proc_graph_reach (graph, "a", PROC_EDGES_ORDER, FALSE, NULL, NULL);
  g_assert_cmpstr ((text = join (all)), ==, "a b c d");
  some = proc_graph_reach (graph, "a", PROC_EDGES_ORDER, FALSE, follow_requires_of_a, NULL);
  g_assert_cmpuint (some->len, ==, 3);
  back = proc_graph_reach (graph, "d", PROC_EDGES_REQUIRES, TRUE, NULL, NULL);
  g_assert_cmpuint (back->len, ==, 4);
  direct = proc_graph_get_dependents (graph, "d", PROC_EDGES_ALL);
  g_assert_cmpuint (direct->len, ==, 3);
  proc_graph_put (graph, "b", none);
  proc_graph_remove (graph, "x");
  proc_graph_remove (graph, "none");
  nobody = proc_graph_get_dependents (graph, "d", PROC_EDGES_REQUIRES);
  g_assert_cmpuint (nobody->len, ==, 0);
  again = proc_graph_reach (graph, "unheard", PROC_EDGES_ALL, FALSE, NULL, NULL);
  g_assert_cmpstr (again->pdata[0], ==, "unheard");
}

/* As many as there may be, each on the one before: no recursion that deep, no time that is felt. */
static void
test_long_chain (void)
{
  enum
  {
    N = 2000
  };
  g_autoptr (ProcGraph) graph = proc_graph_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free), layers = NULL, reached = NULL;
  g_auto (GStrv) cycle = NULL;
  char *last[] = { NULL, NULL };
  char *const *lists[PROC_N_EDGES] = { last };

  for (guint i = 0; i < N; i++)
    g_ptr_array_add (names, g_strdup_printf ("s%u", i));
  for (guint i = 1; i < N; i++)
    {
      g_auto (GStrv) circle = NULL;

      last[0] = names->pdata[i - 1];
      circle = proc_graph_find_cycle (graph, names->pdata[i], lists);
      g_assert_null (circle);
      proc_graph_put (graph, names->pdata[i], lists);
    }
  layers = proc_graph_layers (graph, names);
  g_assert_cmpuint (layers->len, ==, N);
  reached = proc_graph_reach (graph, "s0", PROC_EDGES_REQUIRES, TRUE, NULL, NULL);
  g_assert_cmpuint (reached->len, ==, N);
  last[0] = names->pdata[N - 1];
  cycle = proc_graph_find_cycle (graph, "s0", lists);
  g_assert_cmpuint (g_strv_length (cycle), ==, N + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dependencies/cycles", test_cycles);
  g_test_add_func ("/dependencies/layers", test_layers);
  g_test_add_func ("/dependencies/walks", test_walks);
  g_test_add_func ("/dependencies/long-chain", test_long_chain);
  return g_test_run ();
}
