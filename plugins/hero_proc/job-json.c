/* job-json.c: see job-json.h. Service thread. */
#include "job-json.h"

#include "json-write.h"
#include "stats-json.h"

static void
set_end (JsonObject *object, int exit_code, int signo, ProcFailure failure)
{
  proc_json_set_number (object, "exit_code", exit_code, -1);
  proc_json_set_text (object, "signal", signo != 0 ? proc_signal_name (signo) : NULL);
  proc_json_set_text (object, "failure", failure != PROC_FAILURE_NONE ? proc_failure_words[failure] : NULL);
}

static JsonArray *
attempts_to_json (const ProcJob *job)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < job->attempts->len; i++)
    {
      const ProcAttempt *attempt = job->attempts->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "attempt", attempt->attempt);
      json_object_set_int_member (object, "pid", attempt->pid);
      proc_json_set_number (object, "started_at", attempt->started_at, 0);
      proc_json_set_number (object, "finished_at", attempt->finished_at, 0);
      set_end (object, attempt->exit_code, attempt->signo, attempt->failure);
      proc_json_set_text (object, "message", attempt->message);
      json_array_add_object_element (array, object);
    }
  return array;
}

static void
set_identity (JsonObject *object, ProcContexts *contexts, const ProcJob *job)
{
  json_object_set_int_member (object, "id", job->id);
  json_object_set_string_member (object, "name", job->name);
  json_object_set_string_member (object, "action", job->action);
  json_object_set_string_member (object, "action_name", job->action_name);
  proc_json_set_text (object, "service", job->service);
  proc_json_set_number (object, "run_id", job->run_id, 0);
  proc_json_set_text (object, "key", job->key);
  json_object_set_int_member (object, "context", job->context);
  json_object_set_string_member (object, "context_name", proc_contexts_get_name (contexts, job->context));
  json_object_set_array_member (object, "tags", proc_json_from_texts (job->tags));
  json_object_set_string_member (object, "trigger", proc_trigger_words[job->trigger]);
}

static void
set_state (JsonObject *object, ProcJobs *jobs, const ProcJob *job)
{
  json_object_set_string_member (object, "phase", proc_phase_words[job->phase]);
  json_object_set_boolean_member (object, "ready", job->ready);
  json_object_set_string_member (object, "health", proc_health_words[job->health]);
  json_object_set_boolean_member (object, "tty", job->spec->tty.enabled);
  json_object_set_boolean_member (object, "is_process", job->spec->is_process);
  json_object_set_boolean_member (object, "adopted", job->adopted);
  json_object_set_boolean_member (object, "archived", job->archived);
  json_object_set_int_member (object, "dropped_lines", (gint64)proc_jobs_get_dropped (jobs, job));
  json_object_set_int_member (object, "pid", job->pid);
  json_object_set_int_member (object, "pgid", job->pid);
  proc_json_set_number (object, "proc_start", job->pid != 0 ? (gint64)job->proc_start : 0, 0);
  json_object_set_int_member (object, "attempt", job->attempt);
  json_object_set_int_member (object, "max_attempts", job->spec->retry.max_attempts);
  json_object_set_int_member (object, "restart_count", job->restart_count);
}

JsonObject *
proc_job_to_json (ProcJobs *jobs, ProcContexts *contexts, const ProcJob *job, gboolean full)
{
  JsonObject *object = json_object_new ();

  set_identity (object, contexts, job);
  set_state (object, jobs, job);
  proc_json_set_number (object, "created_at", job->created_at, 0);
  proc_json_set_number (object, "queued_at", job->queued_at, 0);
  proc_json_set_number (object, "started_at", job->started_at, 0);
  proc_json_set_number (object, "ready_at", job->ready_at, 0);
  proc_json_set_number (object, "finished_at", job->finished_at, 0);
  proc_json_set_number (object, "next_attempt_at", job->next_attempt_at, 0);
  set_end (object, job->exit_code, job->signo, job->failure);
  proc_json_set_text (object, "exit_source",
            job->exit_source != PROC_EXIT_NONE ? proc_exit_source_words[job->exit_source] : NULL);
  proc_json_set_text (object, "error", job->error);
  proc_json_set_text (object, "message", job->message);
  json_object_set_array_member (object, "attempts", attempts_to_json (job));
  proc_usage_set_json (object, job);
  if (full)
    {
      json_object_set_object_member (object, "spec", proc_action_to_json (job->spec));
      json_object_set_string_member (object, "script", job->spec->script);
    }
  return object;
}
