/*
 * run-plan.h: what follows in a run from where its jobs are: which may start, which never will, and what the run as a
 * whole is (contract 4.3, 7.9). Pure; any thread.
 */
#pragma once

#include "words.h"

G_BEGIN_DECLS

typedef struct
{
  guint node; /* index of the job it waits for */
  ProcWhen when;
} ProcRunEdge;

typedef struct
{
  ProcPhase phase;
  gboolean started; /* it has had a process */
  gboolean ready;
  const ProcRunEdge *edges;
  guint n_edges;
} ProcRunNode;

typedef enum
{
  PROC_RUN_STEP_NONE,
  PROC_RUN_STEP_RELEASE, /* waiting, and may start */
  PROC_RUN_STEP_SKIP,    /* waiting for what never comes */
  PROC_RUN_STEP_CANCEL,
} ProcRunStep;

typedef struct
{
  ProcOnFailure on_failure;
  guint max_parallel;     /* 0 = no limit */
  gboolean cancelled;     /* on request */
  gboolean waits;         /* for another run */
  gboolean waits_in_vain; /* another run has failed */
} ProcRunRules;

/* steps: n of them, filled in. The state is that before the steps. */
ProcRunState proc_run_plan (const ProcRunNode *nodes, guint n, const ProcRunRules *rules, ProcRunStep *steps);

/* A way through the edges that comes back to where it began: indices, NULL = there is none. Transfer full. */
GArray *proc_run_find_cycle (const ProcRunNode *nodes, guint n);

G_END_DECLS
