/* run-plan.c: see run-plan.h. Pure; any thread. */
#include "run-plan.h"

typedef enum
{
  EDGE_OPEN,
  EDGE_MET,
  EDGE_VAIN,
} EdgeState;

static EdgeState
edge_state (const ProcRunNode *node, ProcWhen when, ProcOnFailure on_failure)
{
  gboolean over = !proc_phase_is_active (node->phase);
  gboolean met = FALSE;

  switch (when)
    {
    case PROC_WHEN_DONE:
      met = over;
      break;
    case PROC_WHEN_STARTED:
      met = node->started;
      break;
    case PROC_WHEN_READY:
      met = node->ready;
      break;
    case PROC_WHEN_SUCCESS:
    default:
      met = node->phase == PROC_PHASE_SUCCEEDED;
      break;
    }
  if (met || (over && on_failure == PROC_ON_FAILURE_CONTINUE))
    return EDGE_MET;
  return over ? EDGE_VAIN : EDGE_OPEN;
}

/* All its edges are met: EDGE_MET; one never will be: EDGE_VAIN. */
static EdgeState
node_state (const ProcRunNode *nodes, const ProcRunNode *node, ProcOnFailure on_failure)
{
  EdgeState state = EDGE_MET;

  for (guint i = 0; i < node->n_edges; i++)
    {
      EdgeState edge = edge_state (&nodes[node->edges[i].node], node->edges[i].when, on_failure);

      if (edge == EDGE_VAIN)
        return EDGE_VAIN;
      if (edge == EDGE_OPEN)
        state = EDGE_OPEN;
    }
  return state;
}

static ProcRunStep
step_of (const ProcRunNode *nodes, const ProcRunNode *node, const ProcRunRules *rules, gboolean failed, guint *running)
{
  EdgeState state;

  if (!proc_phase_is_active (node->phase))
    return PROC_RUN_STEP_NONE;
  if (rules->cancelled || (failed && rules->on_failure == PROC_ON_FAILURE_CANCEL))
    return node->phase == PROC_PHASE_STOPPING ? PROC_RUN_STEP_NONE : PROC_RUN_STEP_CANCEL;
  if (node->phase != PROC_PHASE_WAITING)
    return PROC_RUN_STEP_NONE;
  if (rules->waits_in_vain)
    return PROC_RUN_STEP_SKIP;
  state = node_state (nodes, node, rules->on_failure);
  if (state == EDGE_VAIN)
    return PROC_RUN_STEP_SKIP;
  if (state == EDGE_OPEN || rules->waits || (rules->max_parallel > 0 && *running >= rules->max_parallel))
    return PROC_RUN_STEP_NONE;
  (*running)++;
  return PROC_RUN_STEP_RELEASE;
}

ProcRunState
proc_run_plan (const ProcRunNode *nodes, guint n, const ProcRunRules *rules, ProcRunStep *steps)
{
  guint active = 0, running = 0, succeeded = 0;
  gboolean failed = FALSE, cancelled = FALSE;

  for (guint i = 0; i < n; i++)
    {
      active += proc_phase_is_active (nodes[i].phase);
      running += proc_phase_is_active (nodes[i].phase) && nodes[i].phase != PROC_PHASE_WAITING;
      succeeded += nodes[i].phase == PROC_PHASE_SUCCEEDED;
      failed |= nodes[i].phase == PROC_PHASE_FAILED;
      cancelled |= nodes[i].phase == PROC_PHASE_CANCELLED;
    }
  for (guint i = 0; i < n; i++)
    steps[i] = step_of (nodes, &nodes[i], rules, failed, &running);
  if (active > 0)
    return rules->cancelled ? PROC_RUN_STOPPING : rules->waits ? PROC_RUN_WAITING_DEPS : PROC_RUN_RUNNING;
  if (rules->cancelled || (cancelled && !failed)) /* as a whole, or what somebody took out of it */
    return PROC_RUN_CANCELLED;
  return succeeded == n ? PROC_RUN_SUCCEEDED : PROC_RUN_FAILED; /* skipped is not done, either */
}

/* ---------------------------------------------------------------------------------------------- cycles */

/* Depth first without recursion: path holds the nodes being looked at, next[i] the edge of node i to follow. */
GArray *
proc_run_find_cycle (const ProcRunNode *nodes, guint n)
{
  g_autofree guint8 *seen = g_new0 (guint8, n); /* 1 = on the path, 2 = done with */
  g_autofree guint *next = g_new0 (guint, n);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint start = 0; start < n; start++)
    {
      if (seen[start] != 0)
        continue;
      g_array_append_val (path, start);
      seen[start] = 1;
      while (path->len > 0)
        {
          guint at = g_array_index (path, guint, path->len - 1), to;

          if (next[at] == nodes[at].n_edges)
            {
              seen[at] = 2;
              g_array_set_size (path, path->len - 1);
              continue;
            }
          to = nodes[at].edges[next[at]++].node;
          if (seen[to] == 1)
            {
              while (g_array_index (path, guint, 0) != to)
                g_array_remove_index (path, 0);
              g_array_append_val (path, to);
              return g_steal_pointer (&path);
            }
          if (seen[to] == 0)
            {
              seen[to] = 1;
              g_array_append_val (path, to);
            }
        }
    }
  return NULL;
}
