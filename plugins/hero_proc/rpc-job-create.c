/* rpc-job-create.c: job.create and job.retry: a job is recorded, then started. Service thread. */
#include <string.h>

#include "errors.h"
#include "names.h"
#include "reader.h"
#include "rpc-job.h"
#include "secret-ref.h"

/* ---------------------------------------------------------------------------------------------- what is to run */

/* The action by its name, if the caller may see it. */
static ProcAction *
find_action (HeroProc *self, HeroRpcCall *call, const char *name, GError **error)
{
  ProcAction *action = proc_actions_get (self->actions, name);

  if (action != NULL && proc_rpc_sees (call, action->context))
    return proc_action_ref (action);
  g_set_error (error, PROC_ERROR, PROC_ERROR_ACTION_NOT_FOUND, "action not found: %s", name);
  return NULL;
}

static ProcAction *
read_spec (HeroRpcCall *call, JsonObject *given, guint32 context, GPtrArray *warnings, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (ProcAction) action = NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  guint32 own;

  json_object_iter_init (&iter, given);
  while (json_object_iter_next (&iter, &name, &node))
    if (strcmp (name, "wait_ms") != 0 && strcmp (name, "waitMs") != 0 && strcmp (name, "save") != 0)
      json_object_set_member (object, name, json_node_copy (node));
  if (!json_object_has_member (object, "context"))
    json_object_set_int_member (object, "context", context);
  action = proc_action_from_json (object, "action", warnings, error);
  if (action == NULL)
    return NULL;
  own = hero_rpc_call_get_identity (call)->context;
  if (own != 0 && proc_secret_refs_foreign (action->env_secrets, own) != NULL)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may not use the secret '%s' of another context",
                   own, proc_secret_refs_foreign (action->env_secrets, own));
      return NULL;
    }
  if (proc_rpc_sees (call, action->context))
    return g_steal_pointer (&action);
  g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "action '%s' is of another context", action->name);
  return NULL;
}

ProcAction *
proc_rpc_resolve_action (HeroProc *self, HeroRpcCall *call, JsonNode *node, guint32 context, GPtrArray *warnings,
                         gboolean *is_inline, GError **error)
{
  *is_inline = node != NULL && JSON_NODE_HOLDS_OBJECT (node);
  if (*is_inline)
    return read_spec (call, json_node_get_object (node), context, warnings, error);
  if (node != NULL && g_strcmp0 (proc_json_type (node), "string") == 0)
    return find_action (self, call, json_node_get_string (node), error);
  g_propagate_error (error, proc_error_new_param ("action", "the name of an action or an ActionSpec",
                                                  node == NULL ? "nothing" : proc_json_type (node)));
  return NULL;
}

/* The members stand in params themselves: {"name":"x","script":".."}. */
static JsonNode *
inline_params (HeroRpcCall *call)
{
  static const char *const marks[] = { "script", "exec", "command", "cmd", NULL };
  JsonNode *params = hero_rpc_call_get_params (call);

  for (guint i = 0; params != NULL && JSON_NODE_HOLDS_OBJECT (params) && marks[i] != NULL; i++)
    if (json_object_has_member (json_node_get_object (params), marks[i]))
      return params;
  return NULL;
}

ProcAction *
proc_rpc_dress_action (ProcAction *action, JsonNode *env, const char *const *args, guint32 context, GError **error)
{
  static const char *const none[] = { NULL };
  g_autoptr (JsonObject) object = json_object_new ();
  g_auto (GStrv) lines = NULL;
  ProcReader reader;

  if (env != NULL)
    json_object_set_member (object, "env", json_node_copy (env));
  proc_reader_init (&reader, object, "params");
  lines = proc_reader_env (&reader, "env");
  if (!proc_reader_end (&reader, NULL, error))
    return NULL;
  if (lines[0] == NULL && (args == NULL || args[0] == NULL) && context == action->context)
    return proc_action_ref (action);
  return proc_action_for_job (action, lines, (char **)(args != NULL ? args : none), context, error);
}

/* ---------------------------------------------------------------------------------------------- recording it */

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  ProcJob *job;
  ProcAction *saved; /* becomes an action too; NULL = not */
  gint64 wait_ms;
} Creation;

static void
creation_free (Creation *creation)
{
  proc_job_unref (creation->job);
  g_clear_pointer (&creation->saved, proc_action_unref);
  g_free (creation);
}

static void
answer (gpointer data)
{
  Creation *creation = data;

  proc_rpc_return_job (creation->self, creation->call, creation->job, FALSE);
  creation_free (creation);
}

static void
on_recorded (const GError *error, gpointer data)
{
  Creation *creation = data;
  HeroProc *self = creation->self;

  if (error != NULL)
    {
      proc_jobs_forget (self->jobs, creation->job);
      hero_proc_rpc_fail (creation->call, error, NULL);
      creation_free (creation);
      return;
    }
  if (creation->saved != NULL)
    {
      proc_actions_put (self->actions, creation->saved);
      proc_rpc_tell_action (self, "action.changed", creation->saved->name);
    }
  if (proc_job_is_active (creation->job)) /* not cancelled meanwhile */
    proc_jobs_start (self->jobs, creation->job);
  proc_job_waits_add (self->waits, creation->job, creation->wait_ms, answer, creation);
}

/* Takes saved. */
static void
record (HeroProc *self, HeroRpcCall *call, const ProcJobSeed *seed, ProcAction *saved, gint64 wait_ms)
{
  ProcBatch *batch = proc_batch_new ();
  Creation *creation = g_new (Creation, 1);

  if (saved != NULL)
    {
      proc_action_stamp (saved, proc_actions_get (self->actions, saved->name));
      proc_batch_put_action (batch, saved);
    }
  *creation = (Creation){ self, call, proc_job_ref (proc_jobs_add (self->jobs, batch, seed)), saved, wait_ms };
  proc_rpc_log_change (self, call, creation->job->action);
  proc_journal_commit (self->journal, batch, on_recorded, creation);
}

gboolean
proc_rpc_has_room (HeroProc *self, HeroRpcCall *call, guint more)
{
  gint64 limit = hero_service_get_integer (self->ctx, "max_queued_jobs");
  g_autoptr (GError) error = NULL;
  JsonObject *data;

  if (!proc_jobs_is_full (self->jobs, more))
    return TRUE;
  error = g_error_new (PROC_ERROR, PROC_ERROR_QUEUE_FULL,
                       "the job queue is full: at most %" G_GINT64_FORMAT " jobs wait", limit);
  data = json_object_new ();
  json_object_set_int_member (data, "limit", limit);
  proc_rpc_fail_data (call, error, data);
  return FALSE;
}

gboolean
proc_rpc_may_save (HeroProc *self, HeroRpcCall *call, const ProcAction *action, GError **error)
{
  const ProcAction *old = proc_actions_get (self->actions, action->name);

  if (old != NULL && !proc_rpc_sees (call, old->context))
    g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "action '%s' is of another context", action->name);
  else if (old == NULL && proc_actions_count (self->actions) >= PROC_MAX_ACTIONS)
    g_set_error (error, PROC_ERROR, PROC_ERROR_LIMIT, "limit exceeded: at most %d actions", PROC_MAX_ACTIONS);
  else
    return TRUE;
  return FALSE;
}

/* ---------------------------------------------------------------------------------------------- the calls */

gboolean
proc_rpc_check_names (HeroRpcCall *call, GError **error)
{
  const char *name = hero_rpc_get_string (call, "name");
  const char *const *tags = hero_rpc_get_strings (call, "tags");

  if (name != NULL && !proc_name_is_action (name))
    {
      g_propagate_error (error, proc_error_new_param ("name", "1 to 128 letters, digits and _.:-", name));
      return FALSE;
    }
  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    if (!proc_name_is_tag (tags[i]))
      {
        g_propagate_error (error, proc_error_new_param ("tags", "letters, digits and _.:/=@-", tags[i]));
        return FALSE;
      }
  return TRUE;
}

void
proc_rpc_job_create (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonNode *node = hero_rpc_get_node (call, "action"), *params = node == NULL ? inline_params (call) : NULL;
  g_autoptr (ProcAction) action = NULL, spec = NULL;
  g_autoptr (GError) error = NULL;
  gboolean any, is_inline, save;
  guint32 context;
  ProcJobSeed seed;

  if (!hero_proc_rpc_get_context (self, call, &context, &any))
    return;
  action = proc_rpc_resolve_action (self, call, params != NULL ? params : node, context, NULL, &is_inline, &error);
  save = action != NULL && is_inline && (hero_rpc_get_boolean (call, "save") || action->ephemeral);
  if (action == NULL || !proc_rpc_check_names (call, &error) || (save && !proc_rpc_may_save (self, call, action, &error)))
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  if (any)
    context = action->context;
  spec = params != NULL ? proc_action_ref (action)
                        : proc_rpc_dress_action (action, hero_rpc_get_node (call, "env"),
                                                 hero_rpc_get_strings (call, "args"), context, &error);
  if (spec == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  if (!proc_rpc_has_room (self, call, 1))
    return;
  seed = (ProcJobSeed){ .spec = spec,
                        .name = params == NULL ? hero_rpc_get_string (call, "name") : NULL,
                        .tags = hero_rpc_get_strings (call, "tags"),
                        .trigger = PROC_TRIGGER_API };
  record (self, call, &seed, save ? g_steal_pointer (&action) : NULL, hero_rpc_get_integer (call, "wait_ms"));
}

void
proc_rpc_job_retry (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);
  ProcJobSeed seed;

  if (job == NULL)
    return;
  if (proc_job_is_active (job))
    {
      proc_rpc_fail_job_active (call, job);
      return;
    }
  if (!proc_rpc_has_room (self, call, 1))
    return;
  seed = (ProcJobSeed){
    .spec = job->spec, .name = job->name, .tags = (const char *const *)job->tags, .trigger = PROC_TRIGGER_RETRY
  };
  record (self, call, &seed, NULL, 0);
}
