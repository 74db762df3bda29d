/* zinit.c: see zinit.h. Service thread. */
#include "zinit.h"

#include "gate.h"
#include "json-write.h"
#include "stats-json.h"

/* Our ten states folded into zinit's seven. */
static ProcState
fold (ProcState state)
{
  switch (state)
    {
    case PROC_STATE_UNHEALTHY:
    case PROC_STATE_DEGRADED:
      return PROC_STATE_RUNNING;
    case PROC_STATE_SUCCESS:
      return PROC_STATE_EXITED;
    case PROC_STATE_INACTIVE:
    case PROC_STATE_STARTING:
    case PROC_STATE_RUNNING:
    case PROC_STATE_STOPPING:
    case PROC_STATE_BLOCKED:
    case PROC_STATE_FAILED:
    case PROC_STATE_EXITED:
    default:
      return state;
    }
}

static const ProcJob *
find_failed (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->phase == PROC_PHASE_FAILED || job->phase == PROC_PHASE_RETRYING)
        return job;
    }
  return NULL;
}

/* Why it failed; a kind zinit does not know becomes its spawn_error, with our words. */
static JsonObject *
reason_to_json (const ProcJob *job)
{
  JsonObject *object = json_object_new ();

  if (job->failure == PROC_FAILURE_EXIT_CODE)
    {
      json_object_set_string_member (object, "type", "exit_code");
      json_object_set_int_member (object, "code", job->exit_code);
    }
  else if (job->failure == PROC_FAILURE_SIGNAL)
    {
      json_object_set_string_member (object, "type", "signal");
      json_object_set_int_member (object, "signal", job->signo);
    }
  else if (job->failure == PROC_FAILURE_HEALTH_CHECK_FAILED)
    {
      json_object_set_string_member (object, "type", "health_check_failed");
      json_object_set_int_member (object, "attempts", job->attempt);
    }
  else
    {
      json_object_set_string_member (object, "type", "spawn_error");
      json_object_set_string_member (object, "message",
                                     job->error != NULL ? job->error : proc_failure_words[job->failure]);
    }
  return object;
}

static JsonArray *
join_names (const ProcGate *gate)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; gate != NULL && i < gate->waiting_on->len; i++)
    json_array_add_string_element (array, gate->waiting_on->pdata[i]);
  for (guint i = 0; gate != NULL && i < gate->conflicts_with->len; i++)
    json_array_add_string_element (array, gate->conflicts_with->pdata[i]);
  return array;
}

static JsonObject *
state_to_json (const ProcEntry *entry, const ProcGate *gate)
{
  JsonObject *object = json_object_new ();
  ProcState state = fold (proc_entry_get_state (entry));
  const ProcJob *live = proc_entry_get_live (entry), *failed = find_failed (entry);

  json_object_set_string_member (object, "state", proc_state_words[state]);
  if (state == PROC_STATE_STARTING || state == PROC_STATE_RUNNING || state == PROC_STATE_STOPPING)
    json_object_set_int_member (object, "pid", live != NULL ? live->pid : 0);
  else if (state == PROC_STATE_BLOCKED)
    json_object_set_array_member (object, "waiting_on", join_names (gate));
  else if (state == PROC_STATE_FAILED && failed != NULL)
    json_object_set_object_member (object, "reason", reason_to_json (failed));
  else if (state == PROC_STATE_EXITED)
    {
      const ProcJob *job = entry->jobs->len > 0 ? entry->jobs->pdata[0] : NULL;

      proc_json_set_number (object, "exit_code", job != NULL ? job->exit_code : -1, -1);
    }
  return object;
}

/* How a dependency stands: its folded state, and whether it holds nobody. */
static void
set_dependency_state (JsonObject *object, ProcServices *services, const char *name, ProcEdge edge)
{
  const ProcEntry *other = proc_services_get (services, name);
  ProcState state = PROC_STATE_INACTIVE;
  gboolean satisfied;

  if (other != NULL)
    {
      state = fold (proc_entry_get_state (other));
      satisfied = edge == PROC_EDGE_CONFLICTS ? !proc_state_is_up (state) : proc_entry_is_satisfied (other);
    }
  else
    {
      satisfied = proc_externals_look (proc_services_get_externals (services), name) == PROC_EXTERNAL_HEALTHY;
      if (satisfied)
        state = PROC_STATE_RUNNING;
      if (edge == PROC_EDGE_CONFLICTS)
        satisfied = !satisfied;
    }
  json_object_set_string_member (object, "state", proc_state_words[state]);
  json_object_set_boolean_member (object, "satisfied", satisfied);
}

static JsonArray *
dependencies_to_json (ProcServices *services, const ProcEntry *entry)
{
  JsonArray *array = json_array_new ();

  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (char **name = entry->spec->edges[edge]; *name != NULL; name++)
      {
        JsonObject *object = json_object_new ();

        json_object_set_string_member (object, "name", *name);
        json_object_set_string_member (object, "dep_type", proc_edge_words[edge]);
        set_dependency_state (object, services, *name, edge);
        json_array_add_object_element (array, object);
      }
  return array;
}

JsonObject *
proc_zinit_to_json (ProcServices *services, const ProcEntry *entry)
{
  JsonObject *object = json_object_new ();
  gboolean blocked = proc_entry_get_state (entry) == PROC_STATE_BLOCKED;
  g_autoptr (ProcGate) gate = blocked ? proc_gate_look (services, entry) : NULL;
  const ProcJob *live = proc_entry_get_live (entry);
  gint64 uptime_ms = live != NULL ? MAX (proc_now_ms () - live->started_at, 1) : 0;
  guint restarts = 0;

  for (guint i = 0; i < entry->jobs->len; i++)
    restarts += ((ProcJob *)entry->jobs->pdata[i])->restart_count;
  json_object_set_string_member (object, "name", entry->spec->name);
  json_object_set_object_member (object, "state", state_to_json (entry, gate));
  json_object_set_boolean_member (object, "is_target", FALSE);
  json_object_set_int_member (object, "uptime_secs", uptime_ms / 1000);
  json_object_set_array_member (object, "dependencies", dependencies_to_json (services, entry));
  json_object_set_int_member (object, "pid", live != NULL ? live->pid : 0);
  proc_json_set_number (object, "uptime_ms", uptime_ms, 0);
  json_object_set_int_member (object, "restart_count", restarts);
  proc_json_set_number (object, "last_start", entry->last_start, 0);
  proc_json_set_number (object, "last_stop", entry->last_stop, 0);
  proc_usage_set_sums (object, entry->jobs);
  json_object_set_array_member (object, "blocked_by", join_names (gate));
  return object;
}
