/*
 * dependencies.h: the graph of services by name (contract 7.3): who requires, wants, comes after or conflicts with
 * whom. A name may be pointed at before it is defined. Knows names only: no state, no time, no process. Every question
 * takes time linear in the part of the graph it is about. One thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_EDGE_REQUIRES,
  PROC_EDGE_WANTS,
  PROC_EDGE_AFTER,
  PROC_EDGE_CONFLICTS,
  PROC_N_EDGES,
} ProcEdge;

/* Sets of edges. */
enum
{
  PROC_EDGES_REQUIRES = 1 << PROC_EDGE_REQUIRES,
  PROC_EDGES_CONFLICTS = 1 << PROC_EDGE_CONFLICTS,
  /* What gives an order, and therefore must not go in circles. */
  PROC_EDGES_ORDER = 1 << PROC_EDGE_REQUIRES | 1 << PROC_EDGE_WANTS | 1 << PROC_EDGE_AFTER,
  PROC_EDGES_ALL = PROC_EDGES_ORDER | PROC_EDGES_CONFLICTS,
};

extern const char *const proc_edge_words[]; /* "requires", .. */

typedef struct _ProcGraph ProcGraph;

ProcGraph *proc_graph_new (void);
void proc_graph_free (ProcGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcGraph, proc_graph_free)

/* Defines `name`, or defines it anew. lists: the names each kind of edge leads to, NULL-terminated; NULL = none. */
void proc_graph_put (ProcGraph *self, const char *name, char *const *const lists[PROC_N_EDGES]);
/* Takes its edges away; those that lead to it stay. */
void proc_graph_remove (ProcGraph *self, const char *name);

/*
 * The shortest circle that proc_graph_put with these lists would close, from `name` back to it: {"a", "b", "a"}.
 * NULL = none. Transfer full.
 */
char **proc_graph_find_cycle (ProcGraph *self, const char *name, char *const *const lists[PROC_N_EDGES]);

/* Whoever has one of these edges to `name`, each once. Of const char *, valid until the graph changes; transfer
 * container. */
GPtrArray *proc_graph_get_dependents (ProcGraph *self, const char *name, guint edges);

/* Shall the walk go from one to the other? */
typedef gboolean (*ProcGraphFollow) (const char *from, const char *to, ProcEdge edge, gpointer data);

/* `name` and all that can be reached from it along the edges; backwards: against them. follow NULL = always. As above.
 */
GPtrArray *proc_graph_reach (ProcGraph *self, const char *name, guint edges, gboolean backwards, ProcGraphFollow follow,
                             gpointer data);

/*
 * The names in layers of a GPtrArray each, sorted inside: the first layer is what none of the others depends on, by
 * edges of order; what a name depends on is in a later layer. Names that are not in the graph stand alone. Transfer
 * full, the names borrowed from `names`.
 */
GPtrArray *proc_graph_layers (ProcGraph *self, GPtrArray *names);

G_END_DECLS
