/* rpc-service.c: the handlers of service.*, but service.set. Service thread. */
#include <string.h>

#include "errors.h"
#include "json-write.h"
#include "rpc-private.h"
#include "status.h"
#include "why.h"
#include "zinit.h"

ProcPending *
proc_pending_new (HeroProc *self, HeroRpcCall *call, const char *name)
{
  ProcPending *pending = g_new0 (ProcPending, 1);

  pending->self = self;
  pending->call = call;
  pending->name = g_strdup (name);
  pending->names = g_ptr_array_new_with_free_func (g_free);
  return pending;
}

void
proc_pending_free (ProcPending *pending)
{
  g_free (pending->name);
  g_ptr_array_unref (pending->names);
  g_clear_pointer (&pending->warnings, g_ptr_array_unref);
  g_free (pending);
}

void
proc_rpc_log_change (HeroProc *self, HeroRpcCall *call, const char *name)
{
  const HeroIdentity *who = hero_rpc_call_get_identity (call);

  hero_info (self->ctx, "%s %s by uid %d pid %d user '%s' context %u", hero_rpc_call_get_method (call), name,
             (int)who->peer_uid, (int)who->peer_pid, who->user, who->context);
}

ProcEntry *
proc_rpc_get_entry (HeroProc *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "name");
  ProcEntry *entry = proc_services_get (self->services, name);
  g_autoptr (GError) error = NULL;

  if (entry != NULL && proc_rpc_sees (call, entry->spec->context))
    return entry;
  error = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", name);
  hero_proc_rpc_fail (call, error, name);
  return NULL;
}

JsonObject *
proc_rpc_ok (const char *name)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "ok", TRUE);
  if (name != NULL)
    json_object_set_string_member (object, "name", name);
  return object;
}

/* ---------------------------------------------------------------------------------------------- reading */

void
hero_proc_rpc_service_get (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  JsonObject *object;

  if (entry == NULL)
    return;
  object = proc_service_to_json (entry->spec);
  json_object_set_boolean_member (object, "needs_restart", proc_services_needs_restart (self->services, entry));
  hero_rpc_return_object (call, object);
}

static void
answer_status (gpointer data)
{
  g_autoptr (ProcPending) pending = data;
  ProcEntry *entry = proc_services_get (pending->self->services, pending->name);
  g_autoptr (GError) gone = NULL;

  if (entry != NULL)
    {
      hero_rpc_return_object (pending->call, proc_status_to_json (pending->self->services, entry));
      return;
    }
  gone = g_error_new (PROC_ERROR, PROC_ERROR_SERVICE_NOT_FOUND, "service not found: %s", pending->name);
  hero_proc_rpc_fail (pending->call, gone, pending->name);
}

/* One check of one job of the service has answered; the last one answers the call. */
static void
on_probed (gpointer data)
{
  ProcPending *pending = data;

  if (--pending->probes == 0)
    answer_status (pending);
}

void
hero_proc_rpc_service_status (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  g_autoptr (GPtrArray) jobs = NULL;
  ProcPending *pending;

  if (entry == NULL)
    return;
  pending = proc_pending_new (self, call, entry->spec->name);
  jobs = hero_rpc_get_boolean (call, "probe") ? proc_jobs_copy (entry->jobs) : g_ptr_array_new ();
  pending->probes = jobs->len + 1;
  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_probe (self->jobs, jobs->pdata[i], on_probed, pending);
  on_probed (pending);
}

void
hero_proc_rpc_service_why (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);

  if (entry != NULL)
    hero_rpc_return_object (call, proc_why_to_json (self->services, entry));
}

static gboolean
is_visible_to (const ProcEntry *entry, gpointer call)
{
  return proc_rpc_sees (call, entry->spec->context);
}

void
hero_proc_rpc_service_tree (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;

  if (!hero_rpc_has (call, "name") || proc_rpc_get_entry (self, call) != NULL)
    hero_rpc_return_object (
        call, proc_tree_to_json (self->services, hero_rpc_get_string (call, "name"), is_visible_to, call));
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
read_filter (HeroProc *self, HeroRpcCall *call, Filter *filter)
{
  static const char *const stopped[] = { "stopped", NULL };
  const char *state = hero_rpc_get_string (call, "state");

  filter->tag = hero_rpc_get_string (call, "tag");
  filter->state = -1;
  filter->stopped = state != NULL && proc_word_parse (stopped, state) == 0;
  return read_word (call, "class", proc_class_words, &filter->service_class)
         && read_word (call, "status", proc_wanted_words, &filter->wanted)
         && (filter->stopped || read_word (call, "state", proc_state_words, &filter->state))
         && hero_proc_rpc_get_context (self, call, &filter->context, &filter->any_context);
}

static gboolean
passes (const ProcEntry *entry, const Filter *filter)
{
  ProcState state = proc_entry_get_state (entry);

  return (filter->any_context || entry->spec->context == filter->context)
         && (filter->tag == NULL || g_strv_contains ((const char *const *)entry->spec->tags, filter->tag))
         && (filter->service_class < 0 || (int)entry->spec->service_class == filter->service_class)
         && (filter->wanted < 0 || (int)entry->spec->wanted == filter->wanted)
         && (filter->state < 0 || (int)state == filter->state)
         && (!filter->stopped || state == PROC_STATE_EXITED || state == PROC_STATE_INACTIVE);
}

typedef JsonObject *(*ToJson) (ProcServices *services, const ProcEntry *entry);

static void
return_list (HeroProc *self, HeroRpcCall *call, ToJson to_json)
{
  g_autoptr (GPtrArray) entries = NULL;
  gint64 offset = hero_rpc_get_integer (call, "offset");
  gint64 limit = hero_rpc_has (call, "limit") ? hero_rpc_get_integer (call, "limit") : G_MAXINT64;
  gboolean names_only = hero_rpc_get_boolean (call, "names_only");
  Filter filter;
  JsonArray *array;

  if (!read_filter (self, call, &filter))
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
        json_array_add_object_element (array, to_json (self->services, entry));
      limit--;
    }
  hero_rpc_return_array (call, array);
}

void
hero_proc_rpc_service_list (gpointer self, HeroRpcCall *call)
{
  return_list (self, call, proc_info_to_json);
}

void
hero_proc_rpc_service_list_full (gpointer self, HeroRpcCall *call)
{
  return_list (self, call, proc_zinit_to_json);
}

void
hero_proc_rpc_service_status_full (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);

  if (entry != NULL)
    hero_rpc_return_object (call, proc_zinit_to_json (self->services, entry));
}

void
hero_proc_rpc_service_is_running (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_services_get (self->services, hero_rpc_get_string (call, "name"));

  hero_rpc_return_boolean (call, entry != NULL && is_visible_to (entry, call) && proc_entry_get_live (entry) != NULL);
}

/* ---------------------------------------------------------------------------------------------- signals */

void
hero_proc_rpc_service_kill (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  const char *action = hero_rpc_get_string (call, "action");
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  JsonArray *pids;
  int number;

  if (entry == NULL)
    return;
  number = proc_rpc_read_signal (call, &error);
  pids = json_array_new ();
  for (guint i = 0; number != 0 && i < entry->jobs->len; i++)
    {
      ProcJob *job = entry->jobs->pdata[i];

      if ((action == NULL || strcmp (action, job->action_name) == 0) && proc_jobs_signal (self->jobs, job, number))
        json_array_add_int_element (pids, job->pid);
    }
  if (error == NULL && json_array_get_length (pids) == 0)
    error = g_error_new (PROC_ERROR, PROC_ERROR_IS_DOWN, "service is down: %s", entry->spec->name);
  if (error != NULL)
    {
      json_array_unref (pids);
      hero_proc_rpc_fail (call, error, entry->spec->name);
      return;
    }
  proc_rpc_log_change (self, call, entry->spec->name);
  object = proc_rpc_ok (NULL);
  json_object_set_array_member (object, "pids", pids);
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- start, stop */

static void
on_started (const GError *error, gpointer data)
{
  g_autoptr (ProcPending) pending = data;
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
  object = proc_rpc_ok (pending->name);
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
  proc_json_set_number (object, "run_id", entry->run_id, 0);
  json_object_set_array_member (object, "job_ids", ids);
  json_object_set_array_member (object, "started", proc_json_from_names (pending->names));
  if (proc_entry_get_state (entry) == PROC_STATE_BLOCKED)
    proc_why_add (object, pending->self->services, entry);
  hero_rpc_return_object (pending->call, object);
}

static ProcPending *
pending_for (HeroProc *self, HeroRpcCall *call, const ProcEntry *entry)
{
  ProcPending *pending = proc_pending_new (self, call, entry->spec->name);

  proc_rpc_log_change (self, call, entry->spec->name);
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
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  ProcPending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_start (self->services, pending->name, wants_wait (call, entry),
                       (guint)hero_rpc_get_integer (call, "timeout_ms"), pending->names, on_started, pending);
}

void
hero_proc_rpc_service_restart (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  ProcPending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_restart (self->services, pending->name, hero_rpc_get_boolean (call, "force"), wants_wait (call, entry),
                         (guint)hero_rpc_get_integer (call, "timeout_ms"), pending->names, on_started, pending);
}

static void
on_stopped (const GError *error, gpointer data)
{
  g_autoptr (ProcPending) pending = data;
  ProcEntry *entry = proc_services_get (pending->self->services, pending->name);
  JsonObject *object = proc_rpc_ok (pending->name);
  ProcState state = entry != NULL ? proc_entry_get_state (entry) : PROC_STATE_INACTIVE;

  json_object_set_string_member (object, "state", proc_state_words[state]);
  json_object_set_array_member (object, "stopped", proc_json_from_names (pending->names));
  hero_rpc_return_object (pending->call, object);
}

void
hero_proc_rpc_service_stop (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  ProcStopOptions options;
  ProcPending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  options = (ProcStopOptions){
    .cascade = hero_rpc_has (call, "cascade") ? hero_rpc_get_boolean (call, "cascade") : entry->spec->cascade_stop,
    .force = hero_rpc_get_boolean (call, "force"),
    .wait = hero_rpc_get_boolean (call, "wait"),
    .persist = hero_rpc_get_boolean (call, "persist"),
  };
  proc_services_stop (self->services, pending->name, &options, pending->names, on_stopped, pending);
}

static void
on_deleted (const GError *error, gpointer data)
{
  g_autoptr (ProcPending) pending = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, pending->name);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_boolean_member (object, "deleted", TRUE);
  json_object_set_array_member (object, "stopped", proc_json_from_names (pending->names));
  hero_rpc_return_object (pending->call, object);
}

void
hero_proc_rpc_service_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcEntry *entry = proc_rpc_get_entry (self, call);
  ProcPending *pending;

  if (entry == NULL)
    return;
  pending = pending_for (self, call, entry);
  proc_services_delete (self->services, pending->name, hero_rpc_get_boolean (call, "force"),
                        hero_rpc_get_boolean (call, "actions"), pending->names, on_deleted, pending);
}
