/* status.c: see status.h. Service thread. */
#include "status.h"

#include "health-state.h"
#include "json-write.h"
#include "stats-json.h"
#include "why.h"

static void
set_exit (JsonObject *object, const ProcJob *job)
{
  proc_json_set_number (object, "exit_code", job != NULL ? job->exit_code : -1, -1);
  proc_json_set_text (object, "failure",
                      job != NULL && job->failure != PROC_FAILURE_NONE ? proc_failure_words[job->failure] : NULL);
}

/* The job that says most about its service: one in trouble, else a live one, else the first. */
static const ProcJob *
speaker (const ProcEntry *entry)
{
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (job->phase == PROC_PHASE_FAILED || job->phase == PROC_PHASE_RETRYING)
        return job;
    }
  return proc_entry_get_live (entry) != NULL ? proc_entry_get_live (entry)
         : entry->jobs->len > 0              ? entry->jobs->pdata[0]
                                             : NULL;
}

static ProcHealth
health_of (const ProcEntry *entry)
{
  ProcHealth health = PROC_HEALTH_NONE;

  for (guint i = 0; i < entry->jobs->len; i++)
    health = proc_health_worse (health, ((const ProcJob *)entry->jobs->pdata[i])->health);
  return health;
}

static JsonArray *
actions_to_json (const ProcEntry *entry)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", job->action_name);
      json_object_set_int_member (object, "job_id", job->id);
      json_object_set_string_member (object, "phase", proc_phase_words[job->phase]);
      json_object_set_int_member (object, "pid", job->pid);
      json_object_set_boolean_member (object, "ready", job->ready);
      json_object_set_string_member (object, "health", proc_health_words[job->health]);
      json_object_set_int_member (object, "restart_count", job->restart_count);
      set_exit (object, job);
      json_object_set_boolean_member (object, "tty", job->spec->tty.enabled);
      json_array_add_object_element (array, object);
    }
  return array;
}

static void
set_jobs (JsonObject *object, const ProcEntry *entry)
{
  gboolean ready = entry->jobs->len > 0, restarting = FALSE;
  gint64 next_attempt_at = 0;
  guint restarts = 0;

  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      ready &= job->ready;
      restarts += job->restart_count;
      if (job->phase != PROC_PHASE_RETRYING)
        continue;
      restarting = TRUE;
      if (next_attempt_at == 0 || job->next_attempt_at < next_attempt_at)
        next_attempt_at = job->next_attempt_at;
    }
  json_object_set_boolean_member (object, "ready", ready);
  json_object_set_int_member (object, "restart_count", restarts);
  json_object_set_boolean_member (object, "restarting", restarting);
  proc_json_set_number (object, "next_attempt_at", next_attempt_at, 0);
}

static JsonObject *
common (ProcServices *services, const ProcEntry *entry)
{
  JsonObject *object = json_object_new ();
  const ProcJob *live = proc_entry_get_live (entry), *job = speaker (entry);

  json_object_set_string_member (object, "name", entry->spec->name);
  json_object_set_string_member (object, "state", proc_state_words[proc_entry_get_state (entry)]);
  json_object_set_int_member (object, "pid", live != NULL ? live->pid : 0);
  json_object_set_string_member (object, "status", proc_wanted_words[entry->spec->wanted]);
  json_object_set_string_member (object, "class", proc_class_words[entry->spec->service_class]);
  json_object_set_string_member (object, "health", proc_health_words[health_of (entry)]);
  set_jobs (object, entry);
  proc_json_set_number (object, "uptime_ms", live != NULL ? MAX (proc_now_ms () - live->started_at, 1) : 0, 0);
  json_object_set_int_member (object, "attempt", job != NULL ? job->attempt : 0);
  proc_json_set_number (object, "last_start", entry->last_start, 0);
  proc_json_set_number (object, "last_stop", entry->last_stop, 0);
  set_exit (object, job);
  proc_json_set_text (object, "signal", job != NULL && job->signo != 0 ? proc_signal_name (job->signo) : NULL);
  proc_json_set_text (object, "error", job != NULL ? job->error : NULL);
  proc_json_set_text (object, "message", job != NULL ? job->message : NULL);
  proc_why_add_holds (object, services, entry);
  proc_json_set_number (object, "run_id", entry->run_id, 0);
  json_object_set_boolean_member (object, "needs_restart", proc_services_needs_restart (services, entry));
  proc_usage_set_sums (object, entry->jobs);
  return object;
}

JsonObject *
proc_status_to_json (ProcServices *services, const ProcEntry *entry)
{
  JsonObject *object = common (services, entry);

  json_object_set_array_member (object, "actions", actions_to_json (entry));
  return object;
}

JsonObject *
proc_info_to_json (ProcServices *services, const ProcEntry *entry)
{
  JsonObject *object = common (services, entry);

  json_object_set_string_member (object, "description", entry->spec->description);
  json_object_set_array_member (object, "tags", proc_json_from_texts (entry->spec->tags));
  json_object_set_int_member (object, "context", entry->spec->context);
  json_object_set_string_member (object, "origin", "api");
  json_object_set_array_member (object, "requires", proc_json_from_texts (entry->spec->edges[PROC_EDGE_REQUIRES]));
  return object;
}
