/* dependencies.c: see dependencies.h. One thread at a time. */
#include "dependencies.h"

#include <string.h>

const char *const proc_edge_words[] = { "requires", "wants", "after", "conflicts", NULL };

typedef struct
{
  char *name;
  GPtrArray *to[PROC_N_EDGES];   /* Node */
  GPtrArray *from[PROC_N_EDGES]; /* Node */

  /* ---- of the question under way, told apart by its number */
  guint mark;
  gpointer came_from; /* Node */
  const char *given;  /* the caller's own spelling of its name */
  guint pending;      /* dependents that have no layer yet */
  guint layer;
} Node;

struct _ProcGraph
{
  GHashTable *nodes; /* name -> Node */
  guint mark;        /* number of the last question */
};

/* ---------------------------------------------------------------------------------------------- the graph */

static void
node_free (gpointer data)
{
  Node *node = data;

  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    {
      g_ptr_array_unref (node->to[edge]);
      g_ptr_array_unref (node->from[edge]);
    }
  g_free (node->name);
  g_free (node);
}

static Node *
get_node (ProcGraph *self, const char *name)
{
  Node *node = g_hash_table_lookup (self->nodes, name);

  if (node != NULL)
    return node;
  node = g_new0 (Node, 1);
  node->name = g_strdup (name);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    {
      node->to[edge] = g_ptr_array_new ();
      node->from[edge] = g_ptr_array_new ();
    }
  g_hash_table_insert (self->nodes, node->name, node);
  return node;
}

/* A name that nothing leads to or from is not kept. */
static void
drop_if_lonely (ProcGraph *self, Node *node)
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    if (node->to[edge]->len > 0 || node->from[edge]->len > 0)
      return;
  g_hash_table_remove (self->nodes, node->name);
}

ProcGraph *
proc_graph_new (void)
{
  ProcGraph *self = g_new0 (ProcGraph, 1);

  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);
  return self;
}

void
proc_graph_free (ProcGraph *self)
{
  g_hash_table_unref (self->nodes);
  g_free (self);
}

void
proc_graph_remove (ProcGraph *self, const char *name)
{
  Node *node = g_hash_table_lookup (self->nodes, name);

  if (node == NULL)
    return;
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    while (node->to[edge]->len > 0)
      {
        Node *target = g_ptr_array_steal_index_fast (node->to[edge], node->to[edge]->len - 1);

        g_ptr_array_remove_fast (target->from[edge], node);
        if (target != node)
          drop_if_lonely (self, target);
      }
  drop_if_lonely (self, node);
}

void
proc_graph_put (ProcGraph *self, const char *name, char *const *const lists[PROC_N_EDGES])
{
  Node *node;

  proc_graph_remove (self, name);
  node = get_node (self, name);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (guint i = 0; lists[edge] != NULL && lists[edge][i] != NULL; i++)
      {
        Node *target = get_node (self, lists[edge][i]);

        g_ptr_array_add (node->to[edge], target);
        g_ptr_array_add (target->from[edge], node);
      }
  drop_if_lonely (self, node);
}

/* ---------------------------------------------------------------------------------------------- cycles */

static char **
read_path (const char *name, const Node *last)
{
  g_autoptr (GPtrArray) path = g_ptr_array_new ();
  GStrvBuilder *builder = g_strv_builder_new ();
  char **cycle;

  for (const Node *node = last; node != NULL; node = node->came_from)
    g_ptr_array_add (path, node->name);
  g_strv_builder_add (builder, name);
  for (guint i = path->len; i > 0; i--)
    g_strv_builder_add (builder, path->pdata[i - 1]);
  g_strv_builder_add (builder, name);
  cycle = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return cycle;
}

/* Breadth first from what the new edges lead to; what is stored goes in no circle, so every new one leads to `name`. */
char **
proc_graph_find_cycle (ProcGraph *self, const char *name, char *const *const lists[PROC_N_EDGES])
{
  g_autoptr (GPtrArray) queue = g_ptr_array_new ();
  guint mark = ++self->mark;

  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (guint i = 0; (PROC_EDGES_ORDER & 1 << edge) != 0 && lists[edge] != NULL && lists[edge][i] != NULL; i++)
      {
        Node *node = g_hash_table_lookup (self->nodes, lists[edge][i]);

        if (strcmp (lists[edge][i], name) == 0)
          return read_path (name, NULL);
        if (node == NULL || node->mark == mark)
          continue;
        node->mark = mark;
        node->came_from = NULL;
        g_ptr_array_add (queue, node);
      }
  for (guint at = 0; at < queue->len; at++)
    for (guint edge = 0; edge < PROC_N_EDGES; edge++)
      {
        Node *node = queue->pdata[at];

        for (guint i = 0; (PROC_EDGES_ORDER & 1 << edge) != 0 && i < node->to[edge]->len; i++)
          {
            Node *next = node->to[edge]->pdata[i];

            if (strcmp (next->name, name) == 0)
              return read_path (name, node);
            if (next->mark == mark)
              continue;
            next->mark = mark;
            next->came_from = node;
            g_ptr_array_add (queue, next);
          }
      }
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- walks */

GPtrArray *
proc_graph_get_dependents (ProcGraph *self, const char *name, guint edges)
{
  Node *node = g_hash_table_lookup (self->nodes, name);
  GPtrArray *names = g_ptr_array_new ();
  guint mark = ++self->mark;

  for (guint edge = 0; node != NULL && edge < PROC_N_EDGES; edge++)
    for (guint i = 0; (edges & 1 << edge) != 0 && i < node->from[edge]->len; i++)
      {
        Node *dependent = node->from[edge]->pdata[i];

        if (dependent->mark == mark)
          continue;
        dependent->mark = mark;
        g_ptr_array_add (names, dependent->name);
      }
  return names;
}

GPtrArray *
proc_graph_reach (ProcGraph *self, const char *name, guint edges, gboolean backwards, ProcGraphFollow follow,
                  gpointer data)
{
  Node *start = g_hash_table_lookup (self->nodes, name);
  g_autoptr (GPtrArray) queue = g_ptr_array_new ();
  GPtrArray *names = g_ptr_array_new ();
  guint mark = ++self->mark;

  g_ptr_array_add (names, start != NULL ? start->name : (char *)name);
  if (start == NULL)
    return names;
  start->mark = mark;
  g_ptr_array_add (queue, start);
  for (guint at = 0; at < queue->len; at++)
    for (guint edge = 0; edge < PROC_N_EDGES; edge++)
      {
        Node *node = queue->pdata[at];
        GPtrArray *neighbours = backwards ? node->from[edge] : node->to[edge];

        for (guint i = 0; (edges & 1 << edge) != 0 && i < neighbours->len; i++)
          {
            Node *next = neighbours->pdata[i];

            if (next->mark == mark || (follow != NULL && !follow (node->name, next->name, edge, data)))
              continue;
            next->mark = mark;
            g_ptr_array_add (queue, next);
            g_ptr_array_add (names, next->name);
          }
      }
  return names;
}

/* ---------------------------------------------------------------------------------------------- layers */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
put_into_layer (GPtrArray *layers, guint layer, const char *name)
{
  while (layers->len <= layer)
    g_ptr_array_add (layers, g_ptr_array_new ());
  g_ptr_array_add (layers->pdata[layer], (gpointer)name);
}

/* What `node` leads to sits at least one layer after it; what nobody is left to wait for joins the queue. */
static void
push_down (const Node *node, guint mark, GPtrArray *queue)
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (guint i = 0; (PROC_EDGES_ORDER & 1 << edge) != 0 && i < node->to[edge]->len; i++)
      {
        Node *target = node->to[edge]->pdata[i];

        if (target->mark != mark)
          continue;
        target->layer = MAX (target->layer, node->layer + 1);
        if (--target->pending == 0)
          g_ptr_array_add (queue, target);
      }
}

/* Records that go in a circle all the same (written by another program): nobody is forgotten. */
static void
put_rest (ProcGraph *self, GPtrArray *names, GPtrArray *layers, guint mark)
{
  guint last = layers->len;

  for (guint i = 0; i < names->len; i++)
    {
      const Node *node = g_hash_table_lookup (self->nodes, names->pdata[i]);

      if (node != NULL && node->mark == mark && node->pending > 0)
        put_into_layer (layers, last, names->pdata[i]);
    }
}

GPtrArray *
proc_graph_layers (ProcGraph *self, GPtrArray *names)
{
  GPtrArray *layers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autoptr (GPtrArray) queue = g_ptr_array_new ();
  guint mark = ++self->mark;

  for (guint i = 0; i < names->len; i++)
    {
      Node *node = g_hash_table_lookup (self->nodes, names->pdata[i]);

      if (node == NULL)
        put_into_layer (layers, 0, names->pdata[i]);
      else
        {
          node->mark = mark;
          node->layer = node->pending = 0;
          node->given = names->pdata[i];
        }
    }
  for (guint i = 0; i < names->len; i++)
    {
      Node *node = g_hash_table_lookup (self->nodes, names->pdata[i]);

      for (guint edge = 0; node != NULL && edge < PROC_N_EDGES; edge++)
        for (guint j = 0; (PROC_EDGES_ORDER & 1 << edge) != 0 && j < node->from[edge]->len; j++)
          node->pending += ((Node *)node->from[edge]->pdata[j])->mark == mark;
      if (node != NULL && node->pending == 0)
        g_ptr_array_add (queue, node);
    }
  for (guint at = 0; at < queue->len; at++)
    {
      const Node *node = queue->pdata[at];

      put_into_layer (layers, node->layer, node->given);
      push_down (node, mark, queue);
    }
  put_rest (self, names, layers, mark);
  for (guint i = 0; i < layers->len; i++)
    g_ptr_array_sort (layers->pdata[i], compare_names);
  return layers;
}
