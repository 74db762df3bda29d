/* status.c: see status.h. What is not measured or not there is null, never a made-up value. Service thread. */
#include "status.h"

#include "health-state.h"
#include "why.h"

static void
set_time (JsonObject *object, const char *name, gint64 ms)
{
  if (ms > 0)
    json_object_set_int_member (object, name, ms);
  else
    json_object_set_null_member (object, name);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

static void
set_exit (JsonObject *object, const ProcJob *job)
{
  if (job != NULL && job->exit_code >= 0)
    json_object_set_int_member (object, "exit_code", job->exit_code);
  else
    json_object_set_null_member (object, "exit_code");
  set_text (object, "failure",
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
      json_object_set_boolean_member (object, "tty", FALSE);
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
  set_time (object, "next_attempt_at", next_attempt_at);
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
  set_time (object, "uptime_ms", live != NULL ? MAX (proc_now_ms () - live->started_at, 1) : 0);
  json_object_set_int_member (object, "attempt", job != NULL ? job->attempt : 0);
  set_time (object, "last_start", entry->last_start);
  set_time (object, "last_stop", entry->last_stop);
  set_exit (object, job);
  set_text (object, "signal", job != NULL && job->signo != 0 ? proc_signal_name (job->signo) : NULL);
  set_text (object, "error", job != NULL ? job->error : NULL);
  set_text (object, "message", job != NULL ? job->message : NULL);
  proc_why_add_holds (object, services, entry);
  if (entry->run_id != 0)
    json_object_set_int_member (object, "run_id", entry->run_id);
  else
    json_object_set_null_member (object, "run_id");
  json_object_set_boolean_member (object, "needs_restart", proc_services_needs_restart (services, entry));
  json_object_set_null_member (object, "cpu_percent");
  json_object_set_null_member (object, "memory_bytes");
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
  JsonArray *tags = json_array_new (), *requires = json_array_new ();

  json_object_set_string_member (object, "description", entry->spec->description);
  for (guint i = 0; entry->spec->tags[i] != NULL; i++)
    json_array_add_string_element (tags, entry->spec->tags[i]);
  for (guint i = 0; entry->spec->edges[PROC_EDGE_REQUIRES][i] != NULL; i++)
    json_array_add_string_element (requires, entry->spec->edges[PROC_EDGE_REQUIRES][i]);
  json_object_set_array_member (object, "tags", tags);
  json_object_set_int_member (object, "context", entry->spec->context);
  json_object_set_string_member (object, "origin", "api");
  json_object_set_array_member (object, "requires", requires);
  return object;
}
