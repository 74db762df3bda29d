/*
 * run-layout.h: where the jobs of a run stand in a drawing of their order: what waits stands right of what it waits
 * for. Pure; any thread.
 */
#pragma once

#include "run-plan.h"

G_BEGIN_DECLS

typedef struct
{
  guint column, row; /* from 0 */
} ProcRunPlace;

typedef struct
{
  ProcRunPlace *places; /* one for each node */
  guint n_columns, n_rows;
} ProcRunLayout;

/* nodes: n of them, without a cycle; only their edges matter. */
ProcRunLayout *proc_run_layout_new (const ProcRunNode *nodes, guint n);
void proc_run_layout_free (ProcRunLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcRunLayout, proc_run_layout_free)

G_END_DECLS
