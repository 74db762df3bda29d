/* gate.c: see gate.h. Service thread. */
#include "gate.h"

#include "services-private.h"

void
proc_gate_free (ProcGate *gate)
{
  g_ptr_array_unref (gate->waiting_on);
  g_ptr_array_unref (gate->conflicts_with);
  g_ptr_array_unref (gate->missing);
  g_ptr_array_unref (gate->failed);
  g_free (gate);
}

gboolean
proc_gate_is_open (const ProcGate *gate)
{
  return gate->waiting_on->len == 0 && gate->conflicts_with->len == 0;
}

/* It is being started, and may still become what is waited for. */
static gboolean
is_coming (const ProcEntry *entry)
{
  return proc_entry_is_active (entry) || entry->start_again;
}

/* Until when a start of `entry` is worth waiting for where only the order matters. */
static gint64
get_limit (const ProcEntry *entry)
{
  return entry->begun_us + entry->spec->start_timeout_ms * G_GINT64_CONSTANT (1000);
}

static gboolean
is_within (ProcGate *gate, gint64 limit_us)
{
  if (g_get_monotonic_time () >= limit_us)
    return FALSE;
  gate->again_us = gate->again_us == 0 ? limit_us : MIN (gate->again_us, limit_us);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------- each kind of edge */

static void
look_at_external (ProcServices *self, ProcGate *gate, const ProcEntry *entry, char *name, ProcEdge edge)
{
  ProcExternalState state = proc_externals_look (self->externals, name);

  gate->asking |= state == PROC_EXTERNAL_UNKNOWN;
  switch (edge)
    {
    case PROC_EDGE_REQUIRES:
      if (state != PROC_EXTERNAL_HEALTHY)
        g_ptr_array_add (gate->waiting_on, name);
      if (state == PROC_EXTERNAL_ABSENT)
        g_ptr_array_add (gate->missing, name);
      break;
    case PROC_EDGE_CONFLICTS:
      if (state == PROC_EXTERNAL_HEALTHY || state == PROC_EXTERNAL_UNKNOWN)
        g_ptr_array_add (gate->conflicts_with, name);
      break;
    case PROC_EDGE_WANTS:
    case PROC_EDGE_AFTER:
    default:
      if ((state == PROC_EXTERNAL_UNKNOWN || state == PROC_EXTERNAL_UNWELL) && is_within (gate, get_limit (entry)))
        g_ptr_array_add (gate->waiting_on, name);
      break;
    }
}

static void
look_at_service (ProcGate *gate, const ProcEntry *other, char *name, ProcEdge edge)
{
  switch (edge)
    {
    case PROC_EDGE_REQUIRES:
      if (!proc_entry_is_satisfied (other))
        g_ptr_array_add (gate->waiting_on, name);
      if (!is_coming (other) && proc_entry_get_state (other) == PROC_STATE_FAILED)
        g_ptr_array_add (gate->failed, name);
      break;
    case PROC_EDGE_CONFLICTS:
      if (proc_entry_is_active (other) && !other->waiting)
        g_ptr_array_add (gate->conflicts_with, name);
      break;
    case PROC_EDGE_WANTS:
    case PROC_EDGE_AFTER:
    default:
      if (!proc_entry_is_satisfied (other) && is_coming (other) && is_within (gate, get_limit (other)))
        g_ptr_array_add (gate->waiting_on, name);
      break;
    }
}

/* Who says of itself that it conflicts with `entry`: the wall stands on both sides, but not around a foreign context.
 */
static void
look_at_opponents (ProcServices *self, ProcGate *gate, const ProcEntry *entry)
{
  g_autoptr (GPtrArray) names = proc_graph_get_dependents (self->graph, entry->spec->name, PROC_EDGES_CONFLICTS);

  for (guint i = 0; i < names->len; i++)
    {
      ProcEntry *other = proc_services_get (self, names->pdata[i]);

      if (other != NULL
          && !g_strv_contains ((const char *const *)entry->spec->edges[PROC_EDGE_CONFLICTS], names->pdata[i])
          && proc_entry_may_touch (other, entry))
        look_at_service (gate, other, other->spec->name, PROC_EDGE_CONFLICTS);
    }
}

static gboolean
is_noted (const ProcGate *gate, const char *name)
{
  return g_ptr_array_find_with_equal_func (gate->waiting_on, name, g_str_equal, NULL);
}

ProcGate *
proc_gate_look (ProcServices *self, const ProcEntry *entry)
{
  ProcGate *gate = g_new0 (ProcGate, 1);

  gate->waiting_on = g_ptr_array_new ();
  gate->conflicts_with = g_ptr_array_new ();
  gate->missing = g_ptr_array_new ();
  gate->failed = g_ptr_array_new ();
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (char **name = entry->spec->edges[edge]; *name != NULL; name++)
      {
        ProcEntry *other = proc_services_get (self, *name);

        if (is_noted (gate, *name))
          continue;
        if (other != NULL)
          look_at_service (gate, other, *name, edge);
        else
          look_at_external (self, gate, entry, *name, edge);
      }
  look_at_opponents (self, gate, entry);
  return gate;
}
