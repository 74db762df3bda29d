/* rpc-action.c: the methods of action.*. Service thread. */
#include <string.h>

#include "errors.h"
#include "json-write.h"
#include "reader.h"
#include "rpc-job.h"
#include "schedule-json.h"

void
proc_rpc_tell_action (HeroProc *self, const char *event, const char *name)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", name);
  hero_service_publish (self->ctx, "jobs", event, data);
}

/* ---------------------------------------------------------------------------------------------- reading */

/* The action the parameter `name` means, or NULL: answered. */
static ProcAction *
get_action (HeroProc *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "name");
  ProcAction *action = proc_actions_get (self->actions, name);
  g_autoptr (GError) error = NULL;

  if (action != NULL && proc_rpc_sees (call, action->context))
    return action;
  error = g_error_new (PROC_ERROR, PROC_ERROR_ACTION_NOT_FOUND, "action not found: %s", name);
  hero_proc_rpc_fail (call, error, NULL);
  return NULL;
}

static JsonObject *
action_to_json (const ProcAction *action, GHashTable *users)
{
  JsonObject *object = proc_action_to_json (action);

  json_object_set_array_member (object, "services", proc_json_from_names (g_hash_table_lookup (users, action->name)));
  return object;
}

static void
action_get (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcAction *action = get_action (self, call);
  g_autoptr (GHashTable) users = NULL;

  if (action == NULL)
    return;
  users = proc_services_get_users (self->services);
  hero_rpc_return_object (call, action_to_json (action, users));
}

static gboolean
is_used_by (GHashTable *users, const char *action, const char *service)
{
  GPtrArray *names = g_hash_table_lookup (users, action);

  for (guint i = 0; names != NULL && i < names->len; i++)
    if (strcmp (names->pdata[i], service) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_scheduled (const ProcAction *action)
{
  return action->schedule != NULL || action->bad_schedule != NULL;
}

static void
action_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *tag = hero_rpc_get_string (call, "tag"), *service = hero_rpc_get_string (call, "service");
  const char *prefix = hero_rpc_get_string (call, "prefix");
  gint64 offset = hero_rpc_get_integer (call, "offset");
  gint64 limit = hero_rpc_has (call, "limit") ? hero_rpc_get_integer (call, "limit") : G_MAXINT64;
  gboolean names_only = hero_rpc_get_boolean (call, "names_only"), any;
  int scheduled = hero_rpc_has (call, "scheduled") ? hero_rpc_get_boolean (call, "scheduled") : -1;
  g_autoptr (GHashTable) users = NULL;
  g_autoptr (GPtrArray) actions = NULL;
  guint32 context;
  JsonArray *array;

  if (!hero_proc_rpc_get_context (self, call, &context, &any))
    return;
  users = proc_services_get_users (self->services);
  actions = proc_actions_list (self->actions);
  array = json_array_new ();
  for (guint i = 0; i < actions->len && limit > 0; i++)
    {
      const ProcAction *action = actions->pdata[i];

      if ((!any && action->context != context) || (prefix != NULL && !g_str_has_prefix (action->name, prefix))
          || (tag != NULL && !g_strv_contains ((const char *const *)action->tags, tag))
          || (service != NULL && !is_used_by (users, action->name, service))
          || (hero_rpc_get_boolean (call, "tty") && !action->tty.enabled)
          || (scheduled >= 0 && is_scheduled (action) != scheduled) || offset-- > 0)
        continue;
      if (names_only)
        json_array_add_string_element (array, action->name);
      else
        json_array_add_object_element (array, action_to_json (action, users));
      limit--;
    }
  hero_rpc_return_array (call, array);
}

/* ---------------------------------------------------------------------------------------------- setting */

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  ProcAction *action;
  GPtrArray *warnings;
  gboolean created, changed;
} Setting;

static JsonArray *
take_warnings (GPtrArray *warnings)
{
  JsonArray *array = proc_json_from_names (warnings);

  g_ptr_array_unref (warnings);
  return array;
}

/* What its schedule means, so that mix-ups of days show; null without. */
static void
set_reading (HeroProc *self, JsonObject *object, const ProcAction *action)
{
  if (action == NULL || action->schedule == NULL)
    json_object_set_null_member (object, "schedule");
  else
    json_object_set_object_member (object, "schedule",
                                   proc_schedule_reading (action->schedule, proc_timetable_get_zone (self->timetable),
                                                          proc_now_ms (), 0, PROC_NEXT_TIMES));
}

static void
on_set (const GError *error, gpointer data)
{
  g_autofree Setting *setting = data;
  g_autoptr (ProcAction) action = setting->action;
  JsonArray *warnings = take_warnings (setting->warnings);
  JsonObject *object;

  if (error != NULL)
    {
      json_array_unref (warnings);
      hero_proc_rpc_fail (setting->call, error, NULL);
      return;
    }
  proc_actions_put (setting->self->actions, action);
  if (setting->changed)
    proc_rpc_tell_action (setting->self, "action.changed", action->name);
  object = proc_rpc_ok (action->name);
  json_object_set_boolean_member (object, "created", setting->created);
  json_object_set_boolean_member (object, "changed", setting->changed);
  json_object_set_array_member (object, "warnings", warnings);
  set_reading (setting->self, object, action);
  hero_rpc_return_object (setting->call, object);
}

/* The spec of a call in any of its shapes, unread. Transfer full; NULL: answered, it has none. */
static JsonObject *
take_spec (HeroRpcCall *call)
{
  JsonNode *start, *restart;
  g_autoptr (GError) error = NULL;
  JsonObject *spec = proc_rpc_unwrap_spec (hero_rpc_call_get_params (call), &start, &restart, &error);

  if (spec == NULL)
    hero_proc_rpc_fail (call, error, NULL);
  return spec;
}

static ProcAction *
read_action (HeroProc *self, HeroRpcCall *call, JsonObject *spec, GPtrArray *warnings, GError **error)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), spec);
  gboolean is_inline;
  g_autoptr (ProcAction) action = proc_rpc_resolve_action (
      self, call, node, hero_rpc_call_get_identity (call)->context, warnings, &is_inline, error);

  return action != NULL && proc_rpc_may_save (self, call, action, error) ? g_steal_pointer (&action) : NULL;
}

static void
action_set (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) spec = take_spec (call);
  ProcAction *action, *old;
  Setting *setting;
  ProcBatch *batch;

  if (spec == NULL)
    return;
  action = read_action (self, call, spec, warnings, &error);
  if (action == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  old = proc_actions_get (self->actions, action->name);
  setting = g_new (Setting, 1);
  *setting = (Setting){ self, call, action, g_steal_pointer (&warnings), old == NULL, proc_action_stamp (action, old) };
  proc_rpc_log_change (self, call, action->name);
  batch = proc_batch_new ();
  proc_batch_put_action (batch, action);
  proc_journal_commit (self->journal, batch, on_set, setting);
}

static void
action_validate (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) spec = take_spec (call);
  g_autoptr (ProcAction) action = spec != NULL ? read_action (self, call, spec, warnings, &error) : NULL;
  JsonObject *object;
  JsonArray *errors;

  if (spec == NULL)
    return;
  object = json_object_new ();
  errors = json_array_new ();
  if (error != NULL)
    json_array_add_string_element (errors, error->message);
  json_object_set_boolean_member (object, "valid", action != NULL);
  json_object_set_array_member (object, "errors", errors);
  json_object_set_array_member (object, "warnings", proc_json_from_names (warnings));
  set_reading (self, object, action);
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- deleting */

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  gboolean with_jobs;
  gboolean counts_actions; /* the answer has deleted and skipped */
  GPtrArray *actions;      /* char *: names */
  GPtrArray *active;       /* ProcJob: ended first */
  JsonArray *skipped;
} Deletion;

static Deletion *
deletion_new (HeroProc *self, HeroRpcCall *call, gboolean counts_actions)
{
  Deletion *deletion = g_new (Deletion, 1);

  *deletion = (Deletion){ self,
                          call,
                          hero_rpc_get_boolean (call, "jobs"),
                          counts_actions,
                          g_ptr_array_new_with_free_func (g_free),
                          g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref),
                          json_array_new () };
  return deletion;
}

static void
on_deleted (const GError *error, const ProcCleaned *cleaned, gpointer data)
{
  Deletion *deletion = data;
  JsonObject *object;

  if (error != NULL)
    hero_proc_rpc_fail (deletion->call, error, NULL);
  else
    {
      object = proc_rpc_ok (NULL);
      if (deletion->counts_actions)
        {
          json_object_set_int_member (object, "deleted", cleaned->actions);
          json_object_set_array_member (object, "skipped", g_steal_pointer (&deletion->skipped));
        }
      json_object_set_int_member (object, "deleted_jobs", cleaned->jobs);
      hero_rpc_return_object (deletion->call, object);
    }
  g_ptr_array_unref (deletion->active);
  g_clear_pointer (&deletion->skipped, json_array_unref);
  g_free (deletion);
}

/* Its jobs, but those of services: they are their services'. */
static void
add_jobs_of (HeroProc *self, const char *action, GPtrArray *jobs, gboolean active)
{
  const GQueue *all = proc_jobs_of_action (self->jobs, action);

  for (GList *l = all != NULL ? all->head : NULL; l != NULL; l = l->next)
    if (((ProcJob *)l->data)->service == NULL && proc_job_is_active (l->data) == active)
      g_ptr_array_add (jobs, proc_job_ref (l->data));
}

/* Everything of it that ran is over. */
static void
delete_records (gpointer data)
{
  Deletion *deletion = data;
  HeroProc *self = deletion->self;
  GPtrArray *jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  for (guint i = 0; deletion->with_jobs && i < deletion->actions->len; i++)
    add_jobs_of (self, deletion->actions->pdata[i], jobs, FALSE);
  proc_clean (&self->cleaner, jobs, deletion->actions, NULL, on_deleted, deletion);
}

static void
begin (Deletion *deletion)
{
  proc_job_waits_end_all (deletion->self->waits, deletion->active, TRUE, delete_records, deletion);
}

static void
fail_in_use (HeroRpcCall *call, const ProcAction *action, GPtrArray *users)
{
  g_autoptr (GError) error
      = g_error_new (PROC_ERROR, PROC_ERROR_HAS_DEPENDENTS, "dependency error: action '%s' is used by service '%s'",
                     action->name, (char *)users->pdata[0]);
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "action", action->name);
  json_object_set_array_member (data, "dependents", proc_json_from_names (users));
  proc_rpc_fail_data (call, error, data);
}

static void
action_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcAction *action = get_action (self, call);
  gboolean force = hero_rpc_get_boolean (call, "force");
  g_autoptr (GHashTable) users = NULL;
  Deletion *deletion;

  if (action == NULL)
    return;
  users = proc_services_get_users (self->services);
  if (!force && g_hash_table_contains (users, action->name))
    {
      fail_in_use (call, action, g_hash_table_lookup (users, action->name));
      return;
    }
  deletion = deletion_new (self, call, FALSE);
  add_jobs_of (self, action->name, deletion->active, TRUE);
  if (!force && deletion->active->len > 0)
    {
      const ProcCleaned nothing = { 0 };
      g_autoptr (GError) error = g_error_new (PROC_ERROR, PROC_ERROR_JOB_ACTIVE, "job is active: %u",
                                              ((ProcJob *)deletion->active->pdata[0])->id);

      g_ptr_array_unref (deletion->actions);
      on_deleted (error, &nothing, deletion);
      return;
    }
  g_ptr_array_add (deletion->actions, g_strdup (action->name));
  proc_rpc_log_change (self, call, action->name);
  begin (deletion);
}

static void skip (Deletion *deletion, const ProcAction *action, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
skip (Deletion *deletion, const ProcAction *action, const char *format, ...)
{
  JsonObject *object = json_object_new ();
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  json_object_set_string_member (object, "name", action->name);
  json_object_set_string_member (object, "reason", reason);
  json_array_add_object_element (deletion->skipped, object);
}

static void
choose (Deletion *deletion, GHashTable *users, const ProcAction *action, gboolean force)
{
  GPtrArray *services = g_hash_table_lookup (users, action->name);
  guint before = deletion->active->len;

  add_jobs_of (deletion->self, action->name, deletion->active, TRUE);
  if (force)
    g_ptr_array_add (deletion->actions, g_strdup (action->name));
  else if (deletion->active->len > before)
    {
      skip (deletion, action, "job %u is active", ((ProcJob *)deletion->active->pdata[before])->id);
      g_ptr_array_set_size (deletion->active, (int)before);
    }
  else if (services != NULL)
    skip (deletion, action, "used by service '%s'", (char *)services->pdata[0]);
  else
    g_ptr_array_add (deletion->actions, g_strdup (action->name));
}

static void
action_clean_by_tag (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  gboolean force = hero_rpc_get_boolean (call, "force");
  gboolean all = strcmp (hero_rpc_get_string (call, "match"), "all") == 0;
  g_auto (GStrv) tags = proc_rpc_read_tags (call);
  g_autoptr (GPtrArray) actions = NULL;
  g_autoptr (GHashTable) users = NULL;
  Deletion *deletion;

  if (tags == NULL)
    return;
  actions = proc_actions_list (self->actions);
  users = proc_services_get_users (self->services);
  deletion = deletion_new (self, call, TRUE);
  for (guint i = 0; i < actions->len; i++)
    {
      const ProcAction *action = actions->pdata[i];

      if (proc_rpc_sees (call, action->context) && proc_tags_match (action->tags, tags, all))
        choose (deletion, users, action, force);
    }
  proc_rpc_log_change (self, call, tags[0]);
  begin (deletion);
}

/* ---------------------------------------------------------------------------------------------- the table */

static const HeroRpcParam spec_params[]
    = { { "spec", HERO_OBJECT_OF ("ActionSpec"), 0,
          "The definition. Its members may also stand in params themselves, or under action or config." },
        { NULL } };

static const HeroRpcParam name_params[]
    = { { "name", HERO_STRING (1, 128), HERO_REQUIRED, "The action.", NULL, "id|action" }, { NULL } };

static const HeroRpcParam list_params[]
    = { { "context", HERO_ANY, 0, "Only this context, a number or a name." },
        { "tag", HERO_STRING (1, 64), 0, "Only actions with this tag." },
        { "limit", HERO_INTEGER (1, 1000000), 0, "At most so many." },
        { "offset", HERO_INTEGER (0, 1000000), 0, "Leave out so many at the beginning.", "0" },
        { "service", HERO_STRING (1, 64), 0, "Only actions of this service." },
        { "scheduled", HERO_BOOLEAN, 0, "Only actions with a schedule, or only those without." },
        { "tty", HERO_BOOLEAN, 0, "Only actions with a terminal.", "false" },
        { "prefix", HERO_STRING (1, 128), 0, "Only names that begin so." },
        { "names_only", HERO_BOOLEAN, 0, "Answer with names only.", "false" },
        { NULL } };

static const HeroRpcParam delete_params[]
    = { { "name", HERO_STRING (1, 128), HERO_REQUIRED, "The action.", NULL, "id|action" },
        { "force", HERO_BOOLEAN, 0, "Even if a service uses it; its active jobs are ended by SIGKILL.", "false" },
        { "jobs", HERO_BOOLEAN, 0, "The records of its jobs too.", "true" },
        { NULL } };

static const HeroRpcParam by_tag_params[]
    = { { "tag", HERO_ANY, HERO_REQUIRED, "A tag, or an array of tags.", NULL, "tags" },
        { "force", HERO_BOOLEAN, 0, "Also those in use; active jobs are ended by SIGKILL.", "false" },
        { "jobs", HERO_BOOLEAN, 0, "The records of their jobs too.", "true" },
        { "match", HERO_ENUM ("any|all"), 0, "With several tags: any of them, or all.", "\"any\"" },
        { NULL } };

#define DELETED_JOBS "\"deleted_jobs\":{\"type\":\"integer\"}"
#define TEXTS "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"

const HeroRpcMethod proc_action_methods[] = {
  { "action.set", action_set, spec_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"created\":{\"type\":\"boolean\"},\"changed\":{\"type\":\"boolean\"},\"warnings\":" TEXTS ","
    "\"schedule\":{\"type\":[\"object\",\"null\"]}}}",
    "Store the definition of an action.", "A set replaces the whole record: members left out get their default.",
    "jobs", ERRORS (RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_STORAGE, RPC_LIMIT), HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS,
    "action.create|action.put|action.update|action.add" },
  { "action.list", action_list, list_params, "[]ActionSpec", "All actions, by name.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "action.get", action_get, name_params, "ActionSpec", "The definition of an action, and the services that use it.",
    NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "action.validate", action_validate, spec_params,
    "{\"type\":\"object\",\"properties\":{\"valid\":{\"type\":\"boolean\"},\"errors\":" TEXTS ",\"warnings\":" TEXTS ","
    "\"schedule\":{\"type\":[\"object\",\"null\"]}}}",
    "Check a definition without storing it.", NULL, "jobs", NULL, HERO_RPC_RAW_PARAMS, NULL },
  { "action.delete", action_delete, delete_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}," DELETED_JOBS "}}", "Forget an action.", NULL,
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_DEPENDENCY, RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS,
    "action.remove" },
  { "action.clean_by_tag", action_clean_by_tag, by_tag_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"deleted\":{\"type\":\"integer\"}"
    "," DELETED_JOBS ",\"skipped\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}",
    "Forget the actions with a tag.", NULL, "jobs", ERRORS (RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { NULL }
};
