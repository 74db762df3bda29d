/* rpc-service-set.c: service.set, whose parameters come in many shapes (contract 2). Service thread. */
#include <string.h>

#include "errors.h"
#include "json-write.h"
#include "reader.h"
#include "rpc-private.h"
#include "secret-ref.h"
#include "spec-zinit.h"

static JsonObject *
copy_without_options (JsonObject *params)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, params);
  while (json_object_iter_next (&iter, &name, &node))
    if (strcmp (name, "start") != 0 && strcmp (name, "restart_if_changed") != 0
        && strcmp (name, "restartIfChanged") != 0)
      json_object_set_member (copy, name, json_node_copy (node));
  return copy;
}

static JsonObject *
as_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonObject *
proc_rpc_unwrap_spec (JsonNode *params, JsonNode **start, JsonNode **restart, GError **error)
{
  static const char *const wrappers[] = { "spec", "config", "action", "service", NULL };
  JsonObject *spec = NULL, *object = as_object (params);

  *start = *restart = NULL;
  if (params != NULL && JSON_NODE_HOLDS_ARRAY (params))
    {
      JsonArray *array = json_node_get_array (params);
      guint n = json_array_get_length (array), at = 0;
      JsonNode *first = n > 0 ? json_array_get_element (array, 0) : NULL;
      gboolean named = first != NULL && g_strcmp0 (proc_json_type (first), "string") == 0;

      at = named ? 1 : 0;
      spec = n > at ? as_object (json_array_get_element (array, at)) : NULL;
      *start = n > at + 1 ? json_array_get_element (array, at + 1) : NULL;
      *restart = n > at + 2 ? json_array_get_element (array, at + 2) : NULL;
      if (spec != NULL && n <= at + 3)
        {
          JsonObject *copy = copy_without_options (spec);

          if (named && !json_object_has_member (copy, "name"))
            json_object_set_string_member (copy, "name", json_node_get_string (first));
          return copy;
        }
    }
  else if (object != NULL)
    {
      JsonObject *copy;

      *start = json_object_get_member (object, "start");
      *restart = json_object_has_member (object, "restart_if_changed")
                     ? json_object_get_member (object, "restart_if_changed")
                     : json_object_get_member (object, "restartIfChanged");
      for (guint i = 0; spec == NULL && !proc_spec_is_zinit (object) && wrappers[i] != NULL; i++)
        spec = as_object (json_object_get_member (object, wrappers[i]));
      copy = copy_without_options (spec != NULL ? spec : object);
      if (spec != NULL && !json_object_has_member (copy, "name") && json_object_has_member (object, "name"))
        json_object_set_member (copy, "name", json_node_copy (json_object_get_member (object, "name")));
      return copy;
    }
  g_propagate_error (error,
                     proc_error_new_param ("spec", "object", params == NULL ? "nothing" : proc_json_type (params)));
  return NULL;
}

static gboolean
read_option (JsonNode *node, const char *name, gboolean fallback, gboolean *value, GError **error)
{
  *value = fallback;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (g_strcmp0 (proc_json_type (node), "boolean") != 0)
    {
      g_propagate_error (error, proc_error_new_param (name, "boolean", proc_json_type (node)));
      return FALSE;
    }
  *value = json_node_get_boolean (node);
  return TRUE;
}

static void
on_set (const GError *error, gpointer data)
{
  g_autoptr (ProcPending) pending = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, pending->name);
      return;
    }
  object = proc_rpc_ok (pending->name);
  json_object_set_boolean_member (object, "created", pending->result.created);
  json_object_set_boolean_member (object, "changed", pending->result.changed);
  json_object_set_boolean_member (object, "needs_restart", pending->result.needs_restart);
  json_object_set_array_member (object, "warnings", proc_json_from_names (pending->warnings));
  hero_rpc_return_object (pending->call, object);
}

static gboolean
refuse (GError **error, guint32 own, const char *name)
{
  g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may not set '%s', which is of another context", own,
               name);
  return FALSE;
}

static gboolean
refuse_secret (GError **error, guint32 own, const char *key)
{
  g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may not use the secret '%s' of another context",
               own, key);
  return FALSE;
}

/* Nothing of another context than the caller's is made, replaced or used. */
static gboolean
check_context (HeroProc *self, HeroRpcCall *call, const ProcService *service, GPtrArray *actions, GError **error)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;
  ProcEntry *entry = proc_services_get (self->services, service->name);

  if (own == 0)
    return TRUE;
  if (service->context != own || (entry != NULL && entry->spec->context != own))
    return refuse (error, own, service->name);
  if (proc_secret_refs_foreign (service->env_secrets, own) != NULL)
    return refuse_secret (error, own, proc_secret_refs_foreign (service->env_secrets, own));
  for (guint i = 0; i < actions->len; i++)
    {
      const ProcAction *action = actions->pdata[i];

      if (action->context != own)
        return refuse (error, own, action->name);
      if (proc_secret_refs_foreign (action->env_secrets, own) != NULL)
        return refuse_secret (error, own, proc_secret_refs_foreign (action->env_secrets, own));
    }
  for (guint i = 0; service->actions[i] != NULL; i++)
    {
      const ProcAction *action = proc_actions_get (self->actions, service->actions[i]);

      if (action != NULL && action->context != own)
        return refuse (error, own, action->name);
    }
  return TRUE;
}

static ProcService *
read_service (HeroProc *self, HeroRpcCall *call, GPtrArray *actions, GPtrArray *warnings, ProcSetOptions *options,
              GError **error)
{
  JsonNode *start, *restart;
  g_autoptr (JsonObject) given = proc_rpc_unwrap_spec (hero_rpc_call_get_params (call), &start, &restart, error);
  gboolean zinit = given != NULL && proc_spec_is_zinit (given);
  g_autoptr (JsonObject) spec = NULL;
  g_autoptr (ProcService) service = NULL;

  if (given == NULL)
    return NULL;
  spec = zinit ? proc_spec_from_zinit (given, warnings, error) : json_object_ref (given);
  if (spec == NULL || !hero_proc_resolve_contexts (self, spec, error))
    return NULL;
  service = proc_service_from_json (spec, "spec", hero_rpc_call_get_identity (call)->context, actions, warnings, error);
  if (service == NULL || !check_context (self, call, service, actions, error)
      || !read_option (start, "start", zinit && service->wanted == PROC_WANTED_START, &options->start, error)
      || !read_option (restart, "restart_if_changed", zinit, &options->restart_if_changed, error))
    return NULL;
  return g_steal_pointer (&service);
}

/* A name nobody has defined yet may be a slip of the pen. */
static void
warn_of_unknown (HeroProc *self, const ProcService *service, GPtrArray *warnings)
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    for (char **name = service->edges[edge]; *name != NULL; name++)
      if (proc_services_get (self->services, *name) == NULL
          && proc_externals_look (proc_services_get_externals (self->services), *name) == PROC_EXTERNAL_ABSENT)
        g_ptr_array_add (warnings,
                         g_strdup_printf ("%s: service '%s' is not known%s", proc_edge_words[edge], *name,
                                          edge == PROC_EDGE_REQUIRES ? "; it blocks the start until it is there" : ""));
}

typedef enum
{
  SET,
  CREATE,
  MONITOR,
  UPDATE,
} SetMode;

/* Is there one already, and should there be? */
static gboolean
check_mode (HeroProc *self, const char *name, SetMode mode, GError **error)
{
  gboolean there = proc_services_get (self->services, name) != NULL;

  if (mode == SET || there == (mode == UPDATE))
    return TRUE;
  if (mode == UPDATE)
    g_set_error (error, PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", name);
  else if (mode == MONITOR)
    g_set_error (error, PROC_ERROR, PROC_ERROR_MONITORED, "service already monitored: %s", name);
  else
    g_set_error (error, PROC_ERROR, PROC_ERROR_EXISTS, "service already exists: %s", name);
  return FALSE;
}

static void
set_service (HeroProc *self, HeroRpcCall *call, SetMode mode)
{
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  ProcSetOptions options = { 0 };
  g_autoptr (ProcService) service = read_service (self, call, actions, warnings, &options, &error);
  ProcPending *pending;

  if (service == NULL || !check_mode (self, service->name, mode, &error))
    {
      hero_proc_rpc_fail (call, error, service != NULL ? service->name : NULL);
      return;
    }
  if (mode == MONITOR)
    service->persist = FALSE;
  warn_of_unknown (self, service, warnings);
  proc_rpc_log_change (self, call, service->name);
  pending = proc_pending_new (self, call, service->name);
  pending->warnings = g_steal_pointer (&warnings);
  proc_services_set (self->services, service, actions, &options, &pending->result, on_set, pending);
}

void
hero_proc_rpc_service_set (gpointer self, HeroRpcCall *call)
{
  set_service (self, call, SET);
}

void
hero_proc_rpc_service_create (gpointer self, HeroRpcCall *call)
{
  set_service (self, call, CREATE);
}

void
hero_proc_rpc_service_monitor (gpointer self, HeroRpcCall *call)
{
  set_service (self, call, MONITOR);
}

void
hero_proc_rpc_service_update (gpointer self, HeroRpcCall *call)
{
  set_service (self, call, UPDATE);
}
