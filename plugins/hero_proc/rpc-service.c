/* rpc-service.c: the handlers of service.*. Service thread. */
#include "hero-proc.h"

#include <string.h>

#include "errors.h"
#include "reader.h"
#include "spec-zinit.h"
#include "status.h"

/* One call that is answered later. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  char *name;
  gboolean was_up;
  ProcSetResult result;
  GPtrArray *warnings;
} Pending;

static Pending *
pending_new (HeroProc *self, HeroRpcCall *call, const char *name)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->self = self;
  pending->call = call;
  pending->name = g_strdup (name);
  return pending;
}

static void
pending_free (Pending *pending)
{
  g_free (pending->name);
  g_clear_pointer (&pending->warnings, g_ptr_array_unref);
  g_free (pending);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_free)

/* Who changed what, once a call: contract 19. */
static void
log_change (HeroProc *self, HeroRpcCall *call, const char *name)
{
  const HeroIdentity *who = hero_rpc_call_get_identity (call);

  hero_info (self->ctx, "%s %s by uid %d pid %d user '%s' context %u", hero_rpc_call_get_method (call), name, (int) who->peer_uid,
             (int) who->peer_pid, who->user, who->context);
}

/* For a caller of a context above 0 only the services of that context exist. */
static gboolean
is_visible (HeroRpcCall *call, const ProcEntry *entry)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;

  return own == 0 || entry->spec->context == own;
}

/* The service the parameter `name` means, or NULL: answered. */
static ProcEntry *
get_entry (HeroProc *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "name");
  ProcEntry *entry = proc_services_get (self->services, name);
  g_autoptr (GError) error = NULL;

  if (entry != NULL && is_visible (call, entry))
    return entry;
  error = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", name);
  hero_proc_rpc_fail (call, error, name);
  return NULL;
}

static JsonObject *
ok (const char *name)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "ok", TRUE);
  if (name != NULL)
    json_object_set_string_member (object, "name", name);
  return object;
}

static JsonArray *
names (const char *name, gboolean listed)
{
  JsonArray *array = json_array_new ();

  if (listed)
    json_array_add_string_element (array, name);
  return array;
}

/* ---------------------------------------------------------------------------------------------- set */

static JsonObject *
copy_without_options (JsonObject *params)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, params);
  while (json_object_iter_next (&iter, &name, &node))
    if (strcmp (name, "start") != 0 && strcmp (name, "restart_if_changed") != 0 && strcmp (name, "restartIfChanged") != 0)
      json_object_set_member (copy, name, json_node_copy (node));
  return copy;
}

static JsonObject *
as_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/*
 * params in any of their shapes (contract 2): [spec, ..], [name, spec, ..], {spec: ..}, or the members themselves. Gives the
 * spec, a copy, and the two options (NULL = not given). Transfer full; NULL + error.
 */
static JsonObject *
unwrap (JsonNode *params, JsonNode **start, JsonNode **restart, GError **error)
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
      *restart = json_object_has_member (object, "restart_if_changed") ? json_object_get_member (object, "restart_if_changed")
                                                                        : json_object_get_member (object, "restartIfChanged");
      for (guint i = 0; spec == NULL && !proc_spec_is_zinit (object) && wrappers[i] != NULL; i++)
        spec = as_object (json_object_get_member (object, wrappers[i]));
      copy = copy_without_options (spec != NULL ? spec : object);
      if (spec != NULL && !json_object_has_member (copy, "name") && json_object_has_member (object, "name"))
        json_object_set_member (copy, "name", json_node_copy (json_object_get_member (object, "name")));
      return copy;
    }
  g_propagate_error (error, proc_error_new_param ("spec", "object", params == NULL ? "nothing" : proc_json_type (params)));
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
  g_autoptr (Pending) pending = data;
  JsonObject *object;
  JsonArray *warnings;

  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, pending->name);
      return;
    }
  object = ok (pending->name);
  warnings = json_array_new ();
  json_object_set_boolean_member (object, "created", pending->result.created);
  json_object_set_boolean_member (object, "changed", pending->result.changed);
  json_object_set_boolean_member (object, "needs_restart", pending->result.needs_restart);
  for (guint i = 0; i < pending->warnings->len; i++)
    json_array_add_string_element (warnings, pending->warnings->pdata[i]);
  json_object_set_array_member (object, "warnings", warnings);
  hero_rpc_return_object (pending->call, object);
}

/* A service of another context than the caller's is neither made nor replaced. */
static gboolean
check_context (HeroProc *self, HeroRpcCall *call, const ProcService *service, GError **error)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;
  ProcEntry *entry = proc_services_get (self->services, service->name);

  if (own == 0 || (service->context == own && (entry == NULL || entry->spec->context == own)))
    return TRUE;
  g_set_error (error, PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may not set '%s', which is of another context", own,
               service->name);
  return FALSE;
}

static ProcService *
read_service (HeroProc *self, HeroRpcCall *call, GPtrArray *actions, GPtrArray *warnings, ProcSetOptions *options, GError **error)
{
  JsonNode *start, *restart;
  g_autoptr (JsonObject) given = unwrap (hero_rpc_call_get_params (call), &start, &restart, error);
  gboolean zinit = given != NULL && proc_spec_is_zinit (given);
  g_autoptr (JsonObject) spec = NULL;
  g_autoptr (ProcService) service = NULL;

  if (given == NULL)
    return NULL;
  spec = zinit ? proc_spec_from_zinit (given, warnings, error) : json_object_ref (given);
  if (spec == NULL)
    return NULL;
  service = proc_service_from_json (spec, "spec", hero_rpc_call_get_identity (call)->context, actions, warnings, error);
  if (service == NULL || !check_context (self, call, service, error)
      || !read_option (start, "start", zinit && service->wanted == PROC_WANTED_START, &options->start, error)
      || !read_option (restart, "restart_if_changed", zinit, &options->restart_if_changed, error))
    return NULL;
  return g_steal_pointer (&service);
}

void
hero_proc_rpc_service_set (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify) proc_action_unref);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  ProcSetOptions options = { 0 };
  g_autoptr (ProcService) service = read_service (self, call, actions, warnings, &options, &error);
  Pending *pending;

  if (service == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  log_change (self, call, service->name);
  pending = pending_new (self, call, service->name);
  pending->warnings = g_steal_pointer (&warnings);
  proc_services_set (self->services, service, actions, &options, &pending->result, on_set, pending);
}

/* ---------------------------------------------------------------------------------------------- reading */

void
hero_proc_rpc_service_get (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);
  JsonObject *object;

  if (entry == NULL)
    return;
  object = proc_service_to_json (entry->spec);
  json_object_set_boolean_member (object, "needs_restart", proc_services_needs_restart (self->services, entry));
  hero_rpc_return_object (call, object);
}

void
hero_proc_rpc_service_status (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);

  if (entry != NULL)
    hero_rpc_return_object (call, proc_status_to_json (self->services, entry));
}

/* What service.list is to show. */
typedef struct
{
  guint32 context;
  gboolean any_context;
  const char *tag;
  int service_class, wanted, state; /* -1 = any */
  gboolean stopped;                 /* state "stopped": exited or inactive */
} Filter;

/* FALSE: answered, the word is none of the list. */
static gboolean
read_word (HeroRpcCall *call, const char *param, const char *const *words, int *value)
{
  const char *text = hero_rpc_get_string (call, param);
  g_autofree char *list = proc_word_list (words);
  g_autofree char *expected = g_strconcat ("one of ", list, NULL);

  *value = text != NULL ? proc_word_parse (words, text) : -1;
  if (text == NULL || *value >= 0)
    return TRUE;
  hero_rpc_fail_param (call, param, expected, text);
  return FALSE;
}

static gboolean
read_filter (HeroRpcCall *call, Filter *filter)
{
  static const char *const stopped[] = { "stopped", NULL };
  const char *state = hero_rpc_get_string (call, "state");

  filter->tag = hero_rpc_get_string (call, "tag");
  filter->state = -1;
  filter->stopped = state != NULL && proc_word_parse (stopped, state) == 0;
  return read_word (call, "class", proc_class_words, &filter->service_class)
         && read_word (call, "status", proc_wanted_words, &filter->wanted)
         && (filter->stopped || read_word (call, "state", proc_state_words, &filter->state))
         && hero_proc_rpc_get_context (call, &filter->context, &filter->any_context);
}

static gboolean
passes (const ProcEntry *entry, const Filter *filter)
{
  ProcState state = proc_entry_get_state (entry);

  return (filter->any_context || entry->spec->context == filter->context)
         && (filter->tag == NULL || g_strv_contains ((const char *const *) entry->spec->tags, filter->tag))
         && (filter->service_class < 0 || (int) entry->spec->service_class == filter->service_class)
         && (filter->wanted < 0 || (int) entry->spec->wanted == filter->wanted)
         && (filter->state < 0 || (int) state == filter->state)
         && (!filter->stopped || state == PROC_STATE_EXITED || state == PROC_STATE_INACTIVE);
}

void
hero_proc_rpc_service_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GPtrArray) entries = NULL;
  gint64 offset = hero_rpc_get_integer (call, "offset");
  gint64 limit = hero_rpc_has (call, "limit") ? hero_rpc_get_integer (call, "limit") : G_MAXINT64;
  gboolean names_only = hero_rpc_get_boolean (call, "names_only");
  Filter filter;
  JsonArray *array;

  if (!read_filter (call, &filter))
    return;
  entries = proc_services_list (self->services);
  array = json_array_new ();
  for (guint i = 0; i < entries->len && limit > 0; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if (!passes (entry, &filter) || offset-- > 0)
        continue;
      if (names_only)
        json_array_add_string_element (array, entry->spec->name);
      else
        json_array_add_object_element (array, proc_info_to_json (self->services, entry));
      limit--;
    }
  hero_rpc_return_array (call, array);
}

/* ---------------------------------------------------------------------------------------------- start, stop */

static void
on_started (const GError *error, gpointer data)
{
  g_autoptr (Pending) pending = data;
  ProcEntry *entry = proc_services_get (pending->self->services, pending->name);
  g_autoptr (GError) gone = NULL;
  gboolean ready;
  JsonObject *object;
  JsonArray *ids;

  if (error == NULL && entry == NULL) /* deleted meanwhile */
    error = gone = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", pending->name);
  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, pending->name);
      return;
    }
  object = ok (pending->name);
  ids = json_array_new ();
  ready = entry->jobs->len > 0;
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      ready &= job->ready;
      json_array_add_int_element (ids, job->id);
    }
  json_object_set_string_member (object, "state", proc_state_words[proc_entry_get_state (entry)]);
  json_object_set_boolean_member (object, "ready", ready);
  if (entry->run_id != 0)
    json_object_set_int_member (object, "run_id", entry->run_id);
  else
    json_object_set_null_member (object, "run_id");
  json_object_set_array_member (object, "job_ids", ids);
  json_object_set_array_member (object, "started", names (pending->name, !pending->was_up));
  hero_rpc_return_object (pending->call, object);
}

static Pending *
pending_for (HeroProc *self, HeroRpcCall *call, const ProcEntry *entry)
{
  Pending *pending = pending_new (self, call, entry->spec->name);

  pending->was_up = proc_state_is_up (proc_entry_get_state (entry));
  log_change (self, call, entry->spec->name);
  return pending;
}

static gboolean
wants_wait (HeroRpcCall *call, const ProcEntry *entry)
{
  return hero_rpc_has (call, "wait") ? hero_rpc_get_boolean (call, "wait") : entry->spec->require_ready;
}

void
hero_proc_rpc_service_start (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);
  Pending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_start (self->services, pending->name, wants_wait (call, entry),
                       (guint) hero_rpc_get_integer (call, "timeout_ms"), on_started, pending);
}

void
hero_proc_rpc_service_restart (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);
  Pending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  pending->was_up = FALSE;
  proc_services_restart (self->services, pending->name, hero_rpc_get_boolean (call, "force"), wants_wait (call, entry),
                         (guint) hero_rpc_get_integer (call, "timeout_ms"), on_started, pending);
}

static void
on_stopped (const GError *error, gpointer data)
{
  g_autoptr (Pending) pending = data;
  ProcEntry *entry = proc_services_get (pending->self->services, pending->name);
  JsonObject *object = ok (pending->name);
  ProcState state = entry != NULL ? proc_entry_get_state (entry) : PROC_STATE_INACTIVE;

  json_object_set_string_member (object, "state", proc_state_words[state]);
  json_object_set_array_member (object, "stopped", names (pending->name, pending->was_up));
  hero_rpc_return_object (pending->call, object);
}

void
hero_proc_rpc_service_stop (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);
  Pending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_stop (self->services, pending->name, hero_rpc_get_boolean (call, "force"), hero_rpc_get_boolean (call, "wait"),
                      hero_rpc_get_boolean (call, "persist"), on_stopped, pending);
}

static void
on_deleted (const GError *error, gpointer data)
{
  g_autoptr (Pending) pending = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, pending->name);
      return;
    }
  object = ok (NULL);
  json_object_set_boolean_member (object, "deleted", TRUE);
  json_object_set_array_member (object, "stopped", names (pending->name, pending->was_up));
  hero_rpc_return_object (pending->call, object);
}

void
hero_proc_rpc_service_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = get_entry (self, call);
  Pending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_delete (self->services, pending->name, hero_rpc_get_boolean (call, "force"),
                        hero_rpc_get_boolean (call, "actions"), on_deleted, pending);
}
