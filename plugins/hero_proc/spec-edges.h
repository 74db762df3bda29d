/* spec-edges.h: the lists of dependencies in the definition of a service (contract 3.1, 7.3). Any thread. */
#pragma once

#include "dependencies.h"
#include "reader.h"

G_BEGIN_DECLS

/*
 * `requires`, `wants`, `after` and `conflicts`, each as a member of the object or inside its `dependencies`. name: of
 * the service. edges: filled in, never NULL each; transfer full.
 */
void proc_edges_read (ProcReader *reader, const char *name, char **edges[PROC_N_EDGES], GPtrArray *warnings);
void proc_edges_write (JsonObject *object, char *const *const edges[PROC_N_EDGES]);

G_END_DECLS
