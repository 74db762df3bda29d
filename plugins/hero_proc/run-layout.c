/* run-layout.c: see run-layout.h. Pure; any thread. */
#include "run-layout.h"

/* A node stands one column right of the last it waits for: again and again until nothing moves, n times at most. */
static void
find_columns (ProcRunLayout *self, const ProcRunNode *nodes, guint n)
{
  gboolean moved = TRUE;

  for (guint pass = 0; moved && pass < n; pass++)
    {
      moved = FALSE;
      for (guint i = 0; i < n; i++)
        for (guint j = 0; j < nodes[i].n_edges; j++)
          {
            guint column = self->places[nodes[i].edges[j].node].column + 1;

            if (column <= self->places[i].column)
              continue;
            self->places[i].column = column;
            self->n_columns = MAX (self->n_columns, column + 1);
            moved = TRUE;
          }
    }
}

typedef struct
{
  guint node;
  double wish; /* the row it would like: the mean of those it waits for */
} Seat;

static int
compare_seats (gconstpointer a, gconstpointer b)
{
  const Seat *left = a, *right = b;

  if (left->wish != right->wish)
    return left->wish < right->wish ? -1 : 1;
  return left->node < right->node ? -1 : left->node > right->node;
}

static double
get_wish (const ProcRunLayout *self, const ProcRunNode *node, guint index)
{
  double sum = 0;

  if (node->n_edges == 0)
    return index;
  for (guint j = 0; j < node->n_edges; j++)
    sum += self->places[node->edges[j].node].row;
  return sum / node->n_edges;
}

/* Column by column, so that those to the left have their rows. */
static void
find_rows (ProcRunLayout *self, const ProcRunNode *nodes, guint n)
{
  g_autoptr (GArray) seats = g_array_new (FALSE, FALSE, sizeof (Seat));

  for (guint column = 0; column < self->n_columns; column++)
    {
      g_array_set_size (seats, 0);
      for (guint i = 0; i < n; i++)
        if (self->places[i].column == column)
          {
            Seat seat = { i, get_wish (self, &nodes[i], i) };

            g_array_append_val (seats, seat);
          }
      g_array_sort (seats, compare_seats);
      for (guint row = 0; row < seats->len; row++)
        self->places[g_array_index (seats, Seat, row).node].row = row;
      self->n_rows = MAX (self->n_rows, seats->len);
    }
}

ProcRunLayout *
proc_run_layout_new (const ProcRunNode *nodes, guint n)
{
  ProcRunLayout *self = g_new0 (ProcRunLayout, 1);

  self->places = g_new0 (ProcRunPlace, n);
  self->n_columns = n > 0 ? 1 : 0;
  find_columns (self, nodes, n);
  find_rows (self, nodes, n);
  return self;
}

void
proc_run_layout_free (ProcRunLayout *self)
{
  g_free (self->places);
  g_free (self);
}
