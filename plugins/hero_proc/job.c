/* job.c: see job.h. Service thread. */
#include "job.h"

#include <string.h>

#include "errors.h"
#include "names.h"

gint64
proc_now_ms (void)
{
  return g_get_real_time () / 1000;
}

static void
attempt_free (gpointer data)
{
  ProcAttempt *attempt = data;

  g_free (attempt->message);
  g_free (attempt);
}

static void
job_clear (gpointer data)
{
  ProcJob *self = data;

  g_free (self->service);
  g_free (self->name);
  g_free (self->key);
  g_strfreev (self->tags);
  g_free (self->action_name);
  g_free (self->action);
  g_free (self->source);
  g_clear_pointer (&self->spec, proc_action_unref);
  g_free (self->boot_id);
  g_free (self->token);
  g_ptr_array_unref (self->attempts);
  g_free (self->error);
  g_free (self->stop_message);
  g_clear_pointer (&self->holders, json_array_unref);
  g_clear_pointer (&self->redaction, proc_redaction_unref);
  g_free (self->message);
}

ProcJob *
proc_job_ref (ProcJob *self)
{
  return g_rc_box_acquire (self);
}

void
proc_job_unref (ProcJob *self)
{
  g_rc_box_release_full (self, job_clear);
}

/* The tags of both, each once. Transfer full. */
static char **
join_tags (char **tags, const char *const *more)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **)tags);
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *)tags, more[i]))
      g_strv_builder_add (builder, more[i]);
  return g_strv_builder_end (builder);
}

ProcJob *
proc_job_new (guint32 id, const ProcJobSeed *seed, gint64 now_ms)
{
  ProcJob *self = g_rc_box_new0 (ProcJob);
  ProcAction *spec = seed->spec;

  self->id = id;
  self->run_id = seed->run_id;
  self->context = spec->context;
  self->service = g_strdup (seed->service);
  self->name = g_strdup (seed->name != NULL ? seed->name : spec->name);
  self->key = g_strdup (seed->key);
  self->tags = join_tags (spec->tags, seed->tags);
  self->action_name = g_strdup (spec->name);
  self->action = seed->service != NULL ? g_strconcat (seed->service, ".", spec->name, NULL) : g_strdup (spec->name);
  self->source = proc_log_source (seed->service, spec->name);
  self->trigger = seed->trigger;
  self->spec = proc_action_ref (spec);
  self->phase = seed->waits ? PROC_PHASE_WAITING : PROC_PHASE_PENDING;
  self->attempts = g_ptr_array_new_with_free_func (attempt_free);
  self->created_at = now_ms;
  self->queued_at = seed->waits ? 0 : now_ms;
  self->exit_code = -1;
  return self;
}

void
proc_job_add_attempt (ProcJob *self, pid_t pid, const char *message)
{
  ProcAttempt *attempt = g_new0 (ProcAttempt, 1);

  attempt->attempt = self->attempt;
  attempt->pid = pid;
  attempt->started_at = self->started_at;
  attempt->finished_at = self->finished_at;
  attempt->exit_code = self->exit_code;
  attempt->signo = self->signo;
  attempt->failure = self->failure;
  attempt->message = g_strdup (message);
  if (self->attempts->len == PROC_KEEP_ATTEMPTS)
    g_ptr_array_remove_index (self->attempts, 0);
  g_ptr_array_add (self->attempts, attempt);
}

static gpointer
copy_job (gconstpointer job, gpointer data)
{
  return proc_job_ref ((ProcJob *)job);
}

GPtrArray *
proc_jobs_copy (GPtrArray *jobs)
{
  GPtrArray *copy = g_ptr_array_copy (jobs, copy_job, NULL);

  g_ptr_array_set_free_func (copy, (GDestroyNotify)proc_job_unref);
  return copy;
}

gboolean
proc_job_is_active (const ProcJob *self)
{
  return proc_phase_is_active (self->phase);
}

gboolean
proc_job_is_unbegun (const ProcJob *self)
{
  return self->phase == PROC_PHASE_PENDING && self->attempt == 0;
}

ProcJobView
proc_job_get_view (const ProcJob *self)
{
  return (ProcJobView){ .phase = self->phase,
                        .live = self->pid != 0,
                        .ready = self->ready,
                        .is_process = self->spec->is_process,
                        .own_stop = self->phase == PROC_PHASE_STOPPING && !proc_failure_is_request (self->stop_reason),
                        .health = self->health };
}

/* ---------------------------------------------------------------------------------------------- records */

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
}

static JsonArray *
attempts_to_json (const ProcJob *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->attempts->len; i++)
    {
      const ProcAttempt *attempt = self->attempts->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "attempt", attempt->attempt);
      json_object_set_int_member (object, "pid", attempt->pid);
      json_object_set_int_member (object, "started_at", attempt->started_at);
      json_object_set_int_member (object, "finished_at", attempt->finished_at);
      json_object_set_int_member (object, "exit_code", attempt->exit_code);
      json_object_set_int_member (object, "signal", attempt->signo);
      json_object_set_string_member (object, "failure", proc_failure_words[attempt->failure]);
      set_text (object, "message", attempt->message);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
tags_to_json (const ProcJob *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; self->tags[i] != NULL; i++)
    json_array_add_string_element (array, self->tags[i]);
  return array;
}

JsonObject *
proc_job_to_record (const ProcJob *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "id", self->id);
  json_object_set_int_member (object, "run_id", self->run_id);
  set_text (object, "service", self->service);
  if (strcmp (self->name, self->action_name) != 0)
    set_text (object, "name", self->name);
  set_text (object, "key", self->key);
  if (self->tags[0] != NULL)
    json_object_set_array_member (object, "tags", tags_to_json (self));
  if (self->archived)
    json_object_set_boolean_member (object, "archived", TRUE);
  if (self->dropped_lines > 0)
    json_object_set_int_member (object, "dropped_lines", (gint64)self->dropped_lines);
  json_object_set_string_member (object, "trigger", proc_trigger_words[self->trigger]);
  json_object_set_object_member (object, "spec", proc_action_to_json (self->spec));
  json_object_set_string_member (object, "phase", proc_phase_words[self->phase]);
  json_object_set_boolean_member (object, "ready", self->ready);
  json_object_set_boolean_member (object, "adopted", self->adopted);
  json_object_set_int_member (object, "pid", self->pid);
  json_object_set_int_member (object, "proc_start", (gint64)self->proc_start);
  set_text (object, "boot_id", self->boot_id);
  set_text (object, "token", self->token);
  json_object_set_int_member (object, "attempt", self->attempt);
  json_object_set_int_member (object, "restart_count", self->restart_count);
  json_object_set_array_member (object, "attempts", attempts_to_json (self));
  json_object_set_int_member (object, "created_at", self->created_at);
  json_object_set_int_member (object, "queued_at", self->queued_at);
  json_object_set_int_member (object, "started_at", self->started_at);
  json_object_set_int_member (object, "ready_at", self->ready_at);
  json_object_set_int_member (object, "finished_at", self->finished_at);
  json_object_set_int_member (object, "next_attempt_at", self->next_attempt_at);
  json_object_set_int_member (object, "exit_code", self->exit_code);
  json_object_set_int_member (object, "signal", self->signo);
  json_object_set_string_member (object, "exit_source", proc_exit_source_words[self->exit_source]);
  json_object_set_string_member (object, "failure", proc_failure_words[self->failure]);
  set_text (object, "error", self->error);
  if (self->stop_reason != PROC_FAILURE_NONE)
    json_object_set_string_member (object, "stop_reason", proc_failure_words[self->stop_reason]);
  set_text (object, "stop_message", self->stop_message);
  json_object_set_int_member (object, "secrets_stamp", (gint64)self->secrets_stamp);
  return object;
}

static gint64
get_int (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static char *
get_text (JsonObject *object, const char *name)
{
  return g_strdup (json_object_get_string_member_with_default (object, name, NULL));
}

/* A word of the record; an unknown one (a record of a later version) is the fallback. */
static int
get_word (JsonObject *object, const char *name, const char *const *words, int fallback)
{
  int index = proc_word_parse (words, json_object_get_string_member_with_default (object, name, ""));

  return index >= 0 ? index : fallback;
}

static void
read_attempts (ProcJob *self, JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array) && i < PROC_KEEP_ATTEMPTS; i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      ProcAttempt *attempt = g_new0 (ProcAttempt, 1);

      attempt->attempt = (guint)get_int (object, "attempt");
      attempt->pid = (pid_t)get_int (object, "pid");
      attempt->started_at = get_int (object, "started_at");
      attempt->finished_at = get_int (object, "finished_at");
      attempt->exit_code = (int)get_int (object, "exit_code");
      attempt->signo = (int)get_int (object, "signal");
      attempt->failure = get_word (object, "failure", proc_failure_words, PROC_FAILURE_NONE);
      attempt->message = get_text (object, "message");
      g_ptr_array_add (self->attempts, attempt);
    }
}

static void
read_tags (ProcJob *self, JsonObject *object)
{
  JsonArray *array = json_object_has_member (object, "tags") ? json_object_get_array_member (object, "tags") : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_strv_builder_add (builder, json_array_get_string_element (array, i));
  g_strfreev (self->tags);
  self->tags = g_strv_builder_end (builder);
}

ProcJob *
proc_job_from_record (JsonObject *object, GError **error)
{
  JsonNode *spec_node = json_object_get_member (object, "spec");
  g_autoptr (ProcAction) spec = NULL;
  g_autoptr (ProcJob) self = NULL;
  ProcJobSeed seed;
  int phase = get_word (object, "phase", proc_phase_words, -1);

  if (spec_node == NULL || !JSON_NODE_HOLDS_OBJECT (spec_node) || phase < 0)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "the record of job %" G_GINT64_FORMAT " cannot be read",
                   get_int (object, "id"));
      return NULL;
    }
  spec = proc_action_from_record (json_node_get_object (spec_node), "job.spec", error);
  if (spec == NULL)
    return NULL;
  seed = (ProcJobSeed){ .spec = spec,
                        .service = json_object_get_string_member_with_default (object, "service", NULL),
                        .run_id = (guint32)get_int (object, "run_id"),
                        .name = json_object_get_string_member_with_default (object, "name", NULL),
                        .key = json_object_get_string_member_with_default (object, "key", NULL),
                        .trigger = get_word (object, "trigger", proc_trigger_words, PROC_TRIGGER_API) };
  self = proc_job_new ((guint32)get_int (object, "id"), &seed, get_int (object, "created_at"));
  self->phase = phase;
  read_tags (self, object);
  self->archived = json_object_get_boolean_member_with_default (object, "archived", FALSE);
  self->dropped_lines = (guint64)get_int (object, "dropped_lines");
  self->ready = json_object_get_boolean_member_with_default (object, "ready", FALSE);
  self->adopted = json_object_get_boolean_member_with_default (object, "adopted", FALSE);
  self->pid = (pid_t)get_int (object, "pid");
  self->proc_start = (guint64)get_int (object, "proc_start");
  self->boot_id = get_text (object, "boot_id");
  self->token = get_text (object, "token");
  self->attempt = (guint)get_int (object, "attempt");
  self->restart_count = (guint)get_int (object, "restart_count");
  if (json_object_has_member (object, "attempts"))
    read_attempts (self, json_object_get_array_member (object, "attempts"));
  self->queued_at = get_int (object, "queued_at");
  self->started_at = get_int (object, "started_at");
  self->ready_at = get_int (object, "ready_at");
  self->finished_at = get_int (object, "finished_at");
  self->next_attempt_at = get_int (object, "next_attempt_at");
  self->exit_code = (int)get_int (object, "exit_code");
  self->signo = (int)get_int (object, "signal");
  self->exit_source = get_word (object, "exit_source", proc_exit_source_words, PROC_EXIT_NONE);
  self->failure = get_word (object, "failure", proc_failure_words, PROC_FAILURE_NONE);
  self->error = get_text (object, "error");
  /* Who stops without a reason in the record was asked to. */
  self->stop_reason = get_word (object, "stop_reason", proc_failure_words,
                                phase == PROC_PHASE_STOPPING ? PROC_FAILURE_CANCELLED : PROC_FAILURE_NONE);
  self->stop_message = get_text (object, "stop_message");
  self->secrets_stamp = (guint64)get_int (object, "secrets_stamp");
  return g_steal_pointer (&self);
}
