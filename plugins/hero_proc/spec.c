/* spec.c: see spec.h. Any thread. */
#include "spec.h"

#include <signal.h>
#include <string.h>

#include "json-write.h"
#include "names.h"
#include "reader.h"
#include "secret-ref.h"
#include "spec-edges.h"

/* What there never will be; a set value is refused, an empty one is what every record has. */
static const char *const action_never[] = { "user", "group", "umask", "nice", "limits", NULL };
/* Told to readers, ignored as input, so that what was read can be set again. */
static const char *const read_only[] = { "origin", "file", "services", "needs_restart", NULL };

static void
action_clear (gpointer data)
{
  ProcAction *self = data;

  g_free (self->name);
  g_free (self->description);
  g_strfreev (self->tags);
  g_free (self->interpreter);
  g_free (self->script);
  g_strfreev (self->args);
  g_free (self->cwd);
  g_strfreev (self->env);
  g_strfreev (self->env_secrets);
  g_free (self->success_codes);
  g_clear_pointer (&self->health, proc_health_spec_unref);
  g_clear_pointer (&self->depends_on, g_array_unref);
  g_clear_pointer (&self->schedule, proc_schedule_policy_unref);
  g_clear_pointer (&self->bad_schedule, json_node_unref);
  g_free (self->schedule_error);
}

static void
service_clear (gpointer data)
{
  ProcService *self = data;

  g_free (self->name);
  g_free (self->description);
  g_strfreev (self->tags);
  g_strfreev (self->actions);
  g_strfreev (self->env);
  g_strfreev (self->env_secrets);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    g_strfreev (self->edges[edge]);
  g_clear_pointer (&self->endpoints, proc_endpoints_unref);
}

ProcAction *
proc_action_ref (ProcAction *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_action_unref (ProcAction *self)
{
  g_atomic_rc_box_release_full (self, action_clear);
}

ProcService *
proc_service_ref (ProcService *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_service_unref (ProcService *self)
{
  g_atomic_rc_box_release_full (self, service_clear);
}

/* ---------------------------------------------------------------------------------------------- reading */

static char *
text_or_empty (char *text)
{
  return text != NULL ? text : g_strdup ("");
}

static char **
read_tags (ProcReader *reader)
{
  char **tags = proc_reader_texts (reader, "tags", PROC_MAX_TAGS, 64);

  for (guint i = 0; tags[i] != NULL; i++)
    if (!proc_name_is_tag (tags[i]))
      proc_reader_fail (reader, "tags", "letters, digits and _.:/=@-", tags[i]);
  return tags;
}

static guint32
read_context (ProcReader *reader, guint32 fallback)
{
  JsonNode *node = proc_reader_node (reader, "context");
  guint32 context = fallback;

  if (node == NULL)
    return fallback;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64 && json_node_get_int (node) >= 0
      && json_node_get_int (node) <= G_MAXUINT32)
    return (guint32)json_node_get_int (node);
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
      && proc_context_parse (json_node_get_string (node), &context))
    return context;
  proc_reader_fail (reader, "context", "integer 0..4294967295 or \"core\"", proc_json_type (node));
  return fallback;
}

static void
read_retry (ProcReader *reader, ProcAction *self, GPtrArray *warnings)
{
  JsonObject *object = proc_reader_object (reader, "retry_policy");
  gint64 retry = proc_reader_int (reader, "retry", 0, G_MAXINT - 1, -1);
  g_autoptr (JsonObject) empty = json_object_new ();
  g_autofree char *where = NULL;
  ProcReader sub;
  gint64 max_restarts;
  guint attempts = self->is_process ? 0 : 1;

  if (retry >= 0)
    attempts = (guint)retry + 1;
  where = g_strconcat (reader->where, ".retry_policy", NULL);
  proc_reader_init (&sub, object != NULL ? object : empty, where);
  max_restarts = proc_reader_int (&sub, "max_restarts", 0, G_MAXINT - 1, -1);
  if (max_restarts >= 0)
    attempts = max_restarts == 0 ? 0 : (guint)max_restarts + 1;
  self->retry.max_attempts = (guint)proc_reader_int (&sub, "max_attempts", 0, G_MAXINT, attempts);
  self->retry.delay_ms = (guint)proc_reader_int (&sub, "delay_ms|initial_delay_ms|restart_delay_ms", 0, G_MAXINT, 1000);
  self->retry.max_delay_ms = (guint)proc_reader_int (&sub, "max_delay_ms|restart_delay_max_ms", 0, G_MAXINT, 60000);
  self->retry.backoff = proc_reader_word (&sub, "backoff|strategy", proc_backoff_words, PROC_BACKOFF_EXPONENTIAL);
  self->retry.jitter = proc_reader_number (&sub, "jitter", 0, 1, 0.1);
  self->retry.stability_period_ms = (guint)proc_reader_int (&sub, "stability_period_ms", 0, G_MAXINT, 60000);
  proc_reader_end (&sub, warnings, reader->error == NULL ? &reader->error : NULL);
}

static void
read_success_codes (ProcReader *reader, ProcAction *self)
{
  JsonNode *node = proc_reader_node (reader, "success_exit_codes");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (node != NULL && (array == NULL || json_array_get_length (array) > 256))
    proc_reader_fail (reader, "success_exit_codes", "array of at most 256 integers 0..255", proc_json_type (node));
  if (array == NULL)
    {
      self->n_success_codes = 1;
      self->success_codes = g_new0 (int, 1);
      return;
    }
  self->success_codes = g_new0 (int, MAX (json_array_get_length (array), 1));
  for (guint i = 0; reader->error == NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *code = json_array_get_element (array, i);

      if (g_strcmp0 (proc_json_type (code), "integer") != 0 || json_node_get_int (code) < 0
          || json_node_get_int (code) > 255)
        proc_reader_fail (reader, "success_exit_codes", "integers 0..255", proc_json_type (code));
      self->success_codes[self->n_success_codes++] = (int)json_node_get_int (code);
    }
}

static void
read_stop_signal (ProcReader *reader, ProcAction *self)
{
  JsonNode *node = proc_reader_node (reader, "stop_signal");
  g_autofree char *text = NULL;

  self->stop_signal = self->tty.enabled ? SIGHUP : SIGTERM;
  if (node == NULL)
    return;
  if (g_strcmp0 (proc_json_type (node), "integer") == 0)
    text = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  else if (g_strcmp0 (proc_json_type (node), "string") == 0)
    text = json_node_dup_string (node);
  else
    proc_reader_fail (reader, "stop_signal", "name or number of a signal", proc_json_type (node));
  self->stop_signal = text != NULL ? proc_signal_parse (text) : SIGTERM;
  if (self->stop_signal == 0 && reader->error == NULL)
    reader->error = g_error_new (PROC_ERROR, PROC_ERROR_INVALID_SIGNAL,
                                 "invalid signal: %s is not a signal that ends a process by default", text);
}

gboolean
proc_action_is_interactive (const ProcAction *self)
{
  return self->tty.enabled && *self->script == '\0' && strcmp (self->interpreter, "exec") != 0;
}

static void
read_script (ProcReader *reader, ProcAction *self)
{
  g_autofree char *command = NULL;

  self->script = proc_reader_text (reader, "script", PROC_MAX_SCRIPT);
  command = proc_reader_text (reader, "exec|command|cmd", PROC_MAX_SCRIPT);
  self->interpreter = proc_reader_text (reader, "interpreter", 64);
  if (self->script != NULL && command != NULL)
    proc_reader_fail (reader, "script", "either script or exec", "both");
  if (self->interpreter == NULL)
    self->interpreter = g_strdup (command != NULL ? "exec" : "auto");
  if (self->script == NULL)
    self->script = text_or_empty (g_steal_pointer (&command));
  if (reader->error == NULL && *self->script == '\0' && !proc_action_is_interactive (self))
    reader->error = g_error_new (PROC_ERROR, PROC_ERROR_CONFIG, "config error: '%s.script' is empty", reader->where);
}

static void
read_restart (ProcReader *reader, ProcAction *self, GPtrArray *warnings)
{
  gboolean always = proc_reader_bool (reader, "restart_always", FALSE);
  JsonNode *oneshot = proc_reader_node (reader, "oneshot");
  ProcRestart restart;

  if (oneshot != NULL && g_strcmp0 (proc_json_type (oneshot), "boolean") != 0)
    proc_reader_fail (reader, "oneshot", "boolean", proc_json_type (oneshot));
  else if (oneshot != NULL)
    self->is_process = !json_node_get_boolean (oneshot);
  self->is_process = proc_reader_bool (reader, "is_process", self->is_process || always);
  read_retry (reader, self, warnings);
  restart = self->tty.enabled               ? PROC_RESTART_NEVER
            : self->is_process              ? PROC_RESTART_ALWAYS
            : self->retry.max_attempts != 1 ? PROC_RESTART_ON_FAILURE
                                            : PROC_RESTART_NEVER;
  self->restart = proc_reader_word (reader, "restart", proc_restart_words, always ? PROC_RESTART_ALWAYS : restart);
}

static void
check_cwd (ProcReader *reader, const char *cwd)
{
  if (cwd != NULL && *cwd != '/' && strcmp (cwd, "~") != 0 && !g_str_has_prefix (cwd, "~/"))
    proc_reader_fail (reader, "cwd", "an absolute path or ~/..", cwd);
}

static void
read_schedule (ProcReader *reader, ProcAction *self, GPtrArray *warnings)
{
  JsonObject *object = proc_reader_object (reader, "schedule_policy|schedule");
  g_autofree char *where = g_strconcat (reader->where, ".schedule_policy", NULL);

  if (object == NULL || reader->error != NULL)
    return;
  self->schedule = proc_schedule_policy_from_json (object, where, warnings, &reader->error);
  if (self->schedule != NULL && proc_schedule_policy_is_empty (self->schedule))
    g_clear_pointer (&self->schedule, proc_schedule_policy_unref);
}

ProcAction *
proc_action_from_json (JsonObject *object, const char *where, GPtrArray *warnings, GError **error)
{
  g_autoptr (ProcAction) self = g_atomic_rc_box_new0 (ProcAction);
  gint64 timeout_s;
  ProcReader reader;

  proc_reader_init (&reader, object, where);
  self->name = text_or_empty (proc_reader_text (&reader, "name", 1024));
  if (!proc_name_is_action (self->name))
    proc_reader_fail (&reader, "name", "1 to 128 letters, digits and _.:-", *self->name ? self->name : "nothing");
  self->description = text_or_empty (proc_reader_text (&reader, "description", 4096));
  self->tags = read_tags (&reader);
  self->context = read_context (&reader, 0);
  self->log = proc_reader_word (&reader, "log", proc_log_mode_words, PROC_LOG_STORE);
  self->log_level_max = (guint)proc_reader_int (&reader, "log_level_max|log_level_min", 0, 255, 0);
  self->tty = proc_tty_read (&reader, warnings);
  read_script (&reader, self);
  self->args = proc_reader_texts (&reader, "args", PROC_MAX_ARGS, PROC_MAX_ENV);
  self->cwd = proc_reader_text (&reader, "cwd|dir|workdir|working_dir", PROC_MAX_PATH);
  check_cwd (&reader, self->cwd);
  self->env = proc_reader_env (&reader, "env");
  self->env_secrets = proc_secret_refs_read (&reader);
  read_restart (&reader, self, warnings);
  timeout_s = proc_reader_int (&reader, "timeout_secs", 0, G_MAXINT / 1000, 0);
  self->timeout_ms = (guint)proc_reader_int (&reader, "timeout_ms", 0, G_MAXINT, timeout_s * 1000);
  if (self->timeout_ms != 0 && self->is_process)
    proc_reader_fail (&reader, "timeout_ms", "0 for a process", "a limit");
  read_success_codes (&reader, self);
  read_stop_signal (&reader, self);
  self->stop_timeout_ms = (guint)proc_reader_int (&reader, "stop_timeout_ms", 0, G_MAXINT, 10000);
  self->health = proc_health_spec_read (&reader, warnings);
  if (self->health->readiness.type == PROC_READY_LOG && self->log == PROC_LOG_NONE)
    proc_reader_fail (&reader, "log", "store, since readiness is read from it", "none");
  self->ephemeral = proc_reader_bool (&reader, "ephemeral", FALSE);
  self->depends_on = proc_action_deps_read (&reader, "depends_on");
  read_schedule (&reader, self, warnings);
  self->revision = (guint)proc_reader_int (&reader, "revision", 0, G_MAXINT, 0);
  self->created_at = proc_reader_int (&reader, "created_at", 0, G_MAXINT64, 0);
  self->updated_at = proc_reader_int (&reader, "updated_at", 0, G_MAXINT64, 0);
  for (guint i = 0; read_only[i] != NULL; i++)
    proc_reader_node (&reader, read_only[i]);
  proc_reader_refuse (&reader, action_never);
  return proc_reader_end (&reader, warnings, error) ? g_steal_pointer (&self) : NULL;
}

ProcAction *
proc_action_from_record (JsonObject *object, const char *where, GError **error)
{
  g_autoptr (GError) first = NULL;
  g_autoptr (JsonNode) schedule = json_object_dup_member (object, "schedule_policy");
  ProcAction *action = proc_action_from_json (object, where, NULL, &first);

  if (action == NULL && schedule != NULL)
    {
      json_object_remove_member (object, "schedule_policy");
      action = proc_action_from_json (object, where, NULL, NULL);
      json_object_set_member (object, "schedule_policy", json_node_copy (schedule));
    }
  if (action == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&first));
      return NULL;
    }
  if (first != NULL)
    {
      action->bad_schedule = g_steal_pointer (&schedule);
      action->schedule_error = g_strdup (first->message);
    }
  return action;
}

/* `actions`: names, or ActionSpec objects, which are added to `actions` and stand for their names. */
static char **
read_actions (ProcReader *reader, guint32 context, GPtrArray *actions, GPtrArray *warnings)
{
  JsonNode *node = proc_reader_node (reader, "actions");
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (node != NULL && array == NULL)
    proc_reader_fail (reader, "actions", "array of names or action objects", proc_json_type (node));
  if (n > PROC_MAX_ACTIONS_PER_SERVICE && reader->error == NULL)
    reader->error
        = g_error_new (PROC_ERROR, PROC_ERROR_LIMIT, "limit exceeded: a service has at most %u actions, got %u",
                       PROC_MAX_ACTIONS_PER_SERVICE, n);
  for (guint i = 0; reader->error == NULL && i < n; i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      g_autofree char *where = g_strdup_printf ("%s.actions[%u]", reader->where, i);
      const char *name;

      if (JSON_NODE_HOLDS_OBJECT (element))
        {
          ProcAction *action = proc_action_from_json (json_node_get_object (element), where, warnings, &reader->error);

          if (action == NULL)
            break;
          if (!json_object_has_member (json_node_get_object (element), "context"))
            action->context = context;
          g_ptr_array_add (actions, action);
          name = action->name;
        }
      else if (g_strcmp0 (proc_json_type (element), "string") == 0)
        name = json_node_get_string (element);
      else
        {
          proc_reader_fail (reader, "actions", "names or action objects", proc_json_type (element));
          break;
        }
      if (!proc_name_is_action (name))
        proc_reader_fail (reader, "actions", "names of actions", name);
      if (!g_hash_table_add (seen, g_strdup (name)))
        proc_reader_fail (reader, "actions", "each action once", name);
      g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

ProcService *
proc_service_from_json (JsonObject *object, const char *where, guint32 default_context, GPtrArray *actions,
                        GPtrArray *warnings, GError **error)
{
  g_autoptr (ProcService) self = g_atomic_rc_box_new0 (ProcService);
  ProcReader reader;

  proc_reader_init (&reader, object, where);
  self->name = text_or_empty (proc_reader_text (&reader, "name", 1024));
  if (!proc_name_is_service (self->name) && reader.error == NULL)
    reader.error = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NAME,
                                "parameter '%s.name': expected 1 to 64 letters, digits, '_' and '-', got '%s'", where,
                                self->name);
  self->description = text_or_empty (proc_reader_text (&reader, "description", 4096));
  self->tags = read_tags (&reader);
  self->context = read_context (&reader, default_context);
  self->persist = proc_reader_bool (&reader, "persist", TRUE);
  self->env = proc_reader_env (&reader, "env");
  self->env_secrets = proc_secret_refs_read (&reader);
  self->wanted = proc_reader_word (&reader, "status|wanted", proc_wanted_words, PROC_WANTED_START);
  self->service_class = proc_reader_word (&reader, "class", proc_class_words, PROC_CLASS_USER);
  proc_edges_read (&reader, self->name, self->edges, warnings);
  self->cascade_stop = proc_reader_bool (&reader, "cascade_stop", TRUE);
  self->require_ready = proc_reader_bool (&reader, "require_ready", FALSE);
  self->start_timeout_ms = (guint)proc_reader_int (&reader, "start_timeout_ms", 0, G_MAXINT, 30000);
  self->stop_timeout_ms = (guint)proc_reader_int (&reader, "stop_timeout_ms", 0, G_MAXINT, 0);
  self->endpoints = proc_endpoints_read (&reader, warnings);
  self->actions = read_actions (&reader, self->context, actions, warnings);
  self->revision = (guint)proc_reader_int (&reader, "revision", 0, G_MAXINT, 0);
  self->created_at = proc_reader_int (&reader, "created_at", 0, G_MAXINT64, 0);
  self->updated_at = proc_reader_int (&reader, "updated_at", 0, G_MAXINT64, 0);
  for (guint i = 0; read_only[i] != NULL; i++)
    proc_reader_node (&reader, read_only[i]);
  if (!proc_reader_end (&reader, warnings, error))
    return NULL;
  if (self->actions[0] == NULL)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "config error: service '%s' has no actions", self->name);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* ---------------------------------------------------------------------------------------------- writing */

static JsonObject *
env_to_json (char **env)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; env[i] != NULL; i++)
    {
      const char *equals = strchr (env[i], '=');
      g_autofree char *name = g_strndup (env[i], (gsize)(equals - env[i]));

      json_object_set_string_member (object, name, equals + 1);
    }
  return object;
}

static JsonObject *
retry_to_json (const ProcRetry *retry)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "max_attempts", retry->max_attempts);
  json_object_set_int_member (object, "delay_ms", retry->delay_ms);
  json_object_set_int_member (object, "max_delay_ms", retry->max_delay_ms);
  json_object_set_string_member (object, "backoff", proc_backoff_words[retry->backoff]);
  json_object_set_double_member (object, "jitter", retry->jitter);
  json_object_set_int_member (object, "stability_period_ms", retry->stability_period_ms);
  return object;
}

static void
set_record_members (JsonObject *object, guint revision, gint64 created_at, gint64 updated_at)
{
  json_object_set_string_member (object, "origin", "api");
  json_object_set_int_member (object, "revision", revision);
  json_object_set_int_member (object, "created_at", created_at);
  json_object_set_int_member (object, "updated_at", updated_at);
}

JsonObject *
proc_action_to_json (const ProcAction *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *codes = json_array_new ();

  json_object_set_string_member (object, "name", self->name);
  json_object_set_string_member (object, "description", self->description);
  json_object_set_array_member (object, "tags", proc_json_from_texts (self->tags));
  json_object_set_int_member (object, "context", self->context);
  json_object_set_string_member (object, "log", self->log == PROC_LOG_STORE ? "store" : "none");
  json_object_set_int_member (object, "log_level_max", self->log_level_max);
  json_object_set_string_member (object, "interpreter", self->interpreter);
  json_object_set_string_member (object, "script", self->script);
  json_object_set_array_member (object, "args", proc_json_from_texts (self->args));
  json_object_set_string_member (object, "cwd", self->cwd != NULL ? self->cwd : "~");
  json_object_set_object_member (object, "env", env_to_json (self->env));
  json_object_set_object_member (object, "env_secrets", proc_secret_refs_to_json (self->env_secrets));
  json_object_set_boolean_member (object, "is_process", self->is_process);
  json_object_set_int_member (object, "timeout_ms", self->timeout_ms);
  for (gsize i = 0; i < self->n_success_codes; i++)
    json_array_add_int_element (codes, self->success_codes[i]);
  json_object_set_array_member (object, "success_exit_codes", codes);
  json_object_set_string_member (object, "restart", proc_restart_words[self->restart]);
  json_object_set_object_member (object, "retry_policy", retry_to_json (&self->retry));
  json_object_set_string_member (object, "stop_signal", proc_signal_name (self->stop_signal));
  json_object_set_int_member (object, "stop_timeout_ms", self->stop_timeout_ms);
  proc_health_spec_to_json (self->health, object);
  proc_tty_to_json (&self->tty, object);
  json_object_set_boolean_member (object, "ephemeral", self->ephemeral);
  if (self->depends_on->len > 0)
    json_object_set_array_member (object, "depends_on", proc_action_deps_to_json (self->depends_on));
  else
    json_object_set_null_member (object, "depends_on");
  if (self->schedule != NULL)
    json_object_set_object_member (object, "schedule_policy", proc_schedule_policy_to_json (self->schedule));
  else if (self->bad_schedule != NULL)
    json_object_set_member (object, "schedule_policy", json_node_copy (self->bad_schedule));
  else
    json_object_set_null_member (object, "schedule_policy");
  set_record_members (object, self->revision, self->created_at, self->updated_at);
  return object;
}

JsonObject *
proc_service_to_json (const ProcService *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", self->name);
  json_object_set_string_member (object, "description", self->description);
  json_object_set_array_member (object, "tags", proc_json_from_texts (self->tags));
  json_object_set_int_member (object, "context", self->context);
  json_object_set_boolean_member (object, "persist", self->persist);
  json_object_set_array_member (object, "actions", proc_json_from_texts (self->actions));
  json_object_set_object_member (object, "env", env_to_json (self->env));
  json_object_set_object_member (object, "env_secrets", proc_secret_refs_to_json (self->env_secrets));
  proc_edges_write (object, (char *const *const *)self->edges);
  json_object_set_boolean_member (object, "cascade_stop", self->cascade_stop);
  json_object_set_string_member (object, "status", proc_wanted_words[self->wanted]);
  json_object_set_string_member (object, "class", proc_class_words[self->service_class]);
  json_object_set_boolean_member (object, "require_ready", self->require_ready);
  json_object_set_int_member (object, "start_timeout_ms", self->start_timeout_ms);
  json_object_set_int_member (object, "stop_timeout_ms", self->stop_timeout_ms);
  proc_endpoints_to_json (self->endpoints, object);
  set_record_members (object, self->revision, self->created_at, self->updated_at);
  return object;
}

/* Compares two objects, but for what changes with every set. Takes both. */
static gboolean
same_definition (JsonObject *a, JsonObject *b)
{
  g_autoptr (JsonNode) left = json_node_init_object (json_node_alloc (), a);
  g_autoptr (JsonNode) right = json_node_init_object (json_node_alloc (), b);

  set_record_members (a, 0, 0, 0);
  set_record_members (b, 0, 0, 0);
  json_object_unref (a);
  json_object_unref (b);
  return json_node_equal (left, right);
}

gboolean
proc_action_equal (const ProcAction *a, const ProcAction *b)
{
  return same_definition (proc_action_to_json (a), proc_action_to_json (b));
}

gboolean
proc_service_equal (const ProcService *a, const ProcService *b)
{
  return same_definition (proc_service_to_json (a), proc_service_to_json (b));
}

/* Later lines win; both are sorted by name. Transfer full. */
static char **
merge_env (char **below, char **above)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  while (*below != NULL || *above != NULL)
    {
      gsize lower = *below != NULL ? strcspn (*below, "=") : 0, upper = *above != NULL ? strcspn (*above, "=") : 0;
      int order = *below == NULL ? 1 : *above == NULL ? -1 : strncmp (*below, *above, MIN (lower, upper));

      if (order == 0 && *below != NULL && *above != NULL)
        order = (lower > upper) - (lower < upper);
      if (order < 0)
        g_strv_builder_add (builder, *below++);
      else
        {
          g_strv_builder_add (builder, *above++);
          below += order == 0;
        }
    }
  return g_strv_builder_end (builder);
}

static ProcAction *
copy_action (const ProcAction *self)
{
  ProcAction *copy = g_atomic_rc_box_dup (sizeof *self, (gpointer)self);

  copy->name = g_strdup (self->name);
  copy->description = g_strdup (self->description);
  copy->tags = g_strdupv (self->tags);
  copy->interpreter = g_strdup (self->interpreter);
  copy->script = g_strdup (self->script);
  copy->args = g_strdupv (self->args);
  copy->cwd = g_strdup (self->cwd);
  copy->env = g_strdupv (self->env);
  copy->env_secrets = g_strdupv (self->env_secrets);
  copy->success_codes = g_memdup2 (self->success_codes, self->n_success_codes * sizeof *self->success_codes);
  copy->health = proc_health_spec_ref (self->health);
  copy->depends_on = g_array_ref (self->depends_on);
  copy->schedule = self->schedule != NULL ? proc_schedule_policy_ref (self->schedule) : NULL;
  copy->bad_schedule = self->bad_schedule != NULL ? json_node_copy (self->bad_schedule) : NULL;
  copy->schedule_error = g_strdup (self->schedule_error);
  return copy;
}

ProcAction *
proc_action_with_schedule (const ProcAction *self, ProcSchedulePolicy *schedule)
{
  ProcAction *copy = copy_action (self);

  if (schedule != NULL)
    proc_schedule_policy_ref (schedule);
  g_clear_pointer (&copy->schedule, proc_schedule_policy_unref);
  copy->schedule = schedule;
  g_clear_pointer (&copy->bad_schedule, json_node_unref);
  g_clear_pointer (&copy->schedule_error, g_free);
  return copy;
}

ProcAction *
proc_action_for_service (const ProcAction *self, const ProcService *service, gboolean main)
{
  ProcAction *copy = proc_action_with_schedule (self, NULL); /* whose change is no reason to restart the service */
  g_auto (GStrv) service_secrets = proc_secret_refs_resolve (service->env_secrets, service->context);

  g_strfreev (copy->env);
  copy->env = merge_env (service->env, self->env);
  g_strfreev (copy->env_secrets);
  copy->env_secrets = merge_env (service_secrets, self->env_secrets);
  proc_health_spec_unref (copy->health);
  copy->health
      = proc_health_spec_for_service (self->health, service->name, service->endpoints, service->start_timeout_ms, main);
  if (service->stop_timeout_ms > 0)
    copy->stop_timeout_ms = service->stop_timeout_ms;
  return copy;
}

ProcAction *
proc_action_for_command (const ProcAction *self, const char *command)
{
  ProcAction *copy = copy_action (self);

  g_free (copy->interpreter);
  copy->interpreter = g_strdup ("exec");
  g_free (copy->script);
  copy->script = g_strdup (command);
  g_strfreev (copy->args);
  copy->args = g_new0 (char *, 1);
  copy->tty.enabled = FALSE;
  return copy;
}

ProcAction *
proc_action_for_job (const ProcAction *self, char **env, char **args, guint32 context, GError **error)
{
  g_autoptr (ProcAction) copy = copy_action (self);
  g_autoptr (GStrvBuilder) all_args = g_strv_builder_new ();
  gsize bytes = 0;

  g_strfreev (copy->env);
  copy->env = merge_env (self->env, env);
  for (guint i = 0; copy->env[i] != NULL; i++)
    bytes += strlen (copy->env[i]) + 1;
  if (bytes > PROC_MAX_ENV)
    {
      g_propagate_error (error, proc_error_new_param ("env", "at most 131072 bytes in all", "more"));
      return NULL;
    }
  g_strv_builder_addv (all_args, (const char **)self->args);
  g_strv_builder_addv (all_args, (const char **)args);
  g_strfreev (copy->args);
  copy->args = g_strv_builder_end (all_args);
  copy->context = context;
  return g_steal_pointer (&copy);
}

ProcService *
proc_service_with_wanted (const ProcService *self, ProcWanted wanted)
{
  ProcService *copy = g_atomic_rc_box_dup (sizeof *self, (gpointer)self);

  copy->name = g_strdup (self->name);
  copy->description = g_strdup (self->description);
  copy->tags = g_strdupv (self->tags);
  copy->actions = g_strdupv (self->actions);
  copy->env = g_strdupv (self->env);
  copy->env_secrets = g_strdupv (self->env_secrets);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    copy->edges[edge] = g_strdupv (self->edges[edge]);
  copy->endpoints = proc_endpoints_ref (self->endpoints);
  copy->wanted = wanted;
  return copy;
}
