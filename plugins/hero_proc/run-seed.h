/*
 * run-seed.h: what a run is made from, and whether it can be one: its keys and the order between them (contract 7.9).
 * Pure; service thread.
 */
#pragma once

#include "action-dep.h"
#include "run.h"
#include "spec.h"

G_BEGIN_DECLS

/* One job as it is asked for. */
typedef struct
{
  char *key;
  ProcAction *spec;
  GArray *depends_on; /* ProcActionDep, by key; NULL = the action's own */
  char **tags;        /* beside the action's; NULL = none */
} ProcRunItem;

void proc_run_item_free (gpointer item);

typedef struct
{
  const char *name;    /* NULL = "run" */
  const char *service; /* whose start it is; NULL = nobody's */
  guint32 context;
  const char *const *tags;
  GArray *depends_on_runs; /* guint32; NULL = none */
  ProcOnFailure on_failure;
  guint max_parallel; /* 0 = no limit */
  ProcTrigger trigger;
  GPtrArray *items; /* ProcRunItem */
} ProcRunSeed;

/*
 * The run with its graph, without ids and times. Fails with PROC_ERROR_DEPENDENCY_CYCLE, _MISSING_DEPENDENCY (a key
 * that is not in it), _INVALID_PARAM (a key that is in it twice). Transfer full.
 */
ProcRun *proc_run_from_seed (const ProcRunSeed *seed, GError **error);

G_END_DECLS
