/*
 * gate.h: what keeps a service from starting now (contract 7.3): dependencies that are not ready, conflicts that are
 * up. Computed on each question, never stored. Service thread.
 */
#pragma once

#include "services.h"

G_BEGIN_DECLS

/* The names are borrowed from the definition of the service. */
typedef struct
{
  GPtrArray *waiting_on;     /* the missing and the failed among them */
  GPtrArray *conflicts_with; /* those that are up */
  GPtrArray *missing;        /* neither defined here nor serving a socket */
  GPtrArray *failed;         /* for good: somebody has to start them */
  gint64 again_us;           /* monotonic: a time limit that changes the answer; 0 = none */
  gboolean asking;           /* an external service has not answered yet */
} ProcGate;

ProcGate *proc_gate_look (ProcServices *services, const ProcEntry *entry);
void proc_gate_free (ProcGate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcGate, proc_gate_free)

gboolean proc_gate_is_open (const ProcGate *gate);

G_END_DECLS
