/*
 * rpc-service-bulk.c: the handlers that take many services at once: service.start_all, stop_all, delete_all and
 * clean_by_tag. Service thread.
 */
#include <string.h>

#include "rpc-private.h"

/* One call under way: what is still to be done, and how the rest went. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  GPtrArray *names; /* of char *: all of them, in the order they are taken */
  guint left;       /* answers that have not come */
  guint at;         /* deletions go one after another */
  GPtrArray *stopped;
  JsonArray *done, *failed;
  gboolean counts; /* the answer says how many, and what was skipped */
} Bulk;

typedef struct
{
  Bulk *bulk;
  const char *name;
} Step;

static void
bulk_free (Bulk *bulk)
{
  g_ptr_array_unref (bulk->names);
  g_ptr_array_unref (bulk->stopped);
  json_array_unref (bulk->done);
  json_array_unref (bulk->failed);
  g_free (bulk);
}

static Bulk *
bulk_new (HeroProc *self, HeroRpcCall *call)
{
  Bulk *bulk = g_new0 (Bulk, 1);

  bulk->self = self;
  bulk->call = call;
  bulk->names = g_ptr_array_new_with_free_func (g_free);
  bulk->stopped = g_ptr_array_new_with_free_func (g_free);
  bulk->done = json_array_new ();
  bulk->failed = json_array_new ();
  return bulk;
}

static void
answer (Bulk *bulk)
{
  JsonObject *object = proc_rpc_ok (NULL);

  if (bulk->counts)
    json_object_set_int_member (object, "deleted", json_array_get_length (bulk->done));
  else
    json_object_set_array_member (object, "done", json_array_ref (bulk->done));
  json_object_set_array_member (object, bulk->counts ? "skipped" : "failed", json_array_ref (bulk->failed));
  hero_rpc_return_object (bulk->call, object);
  bulk_free (bulk);
}

static void
add_failure (Bulk *bulk, const char *name, const char *reason)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "reason", reason);
  json_array_add_object_element (bulk->failed, object);
}

/* ---------------------------------------------------------------------------------------------- whom it is about */

/* `ignore` and `spec` are left alone by whoever does not name them. */
static gboolean
is_meant (const ProcEntry *entry, guint32 context, int service_class, const char *tag)
{
  return (context == 0 || entry->spec->context == context) && (int)entry->spec->service_class == service_class
         && (entry->spec->wanted == PROC_WANTED_START || entry->spec->wanted == PROC_WANTED_STOP)
         && (tag == NULL || g_strv_contains ((const char *const *)entry->spec->tags, tag));
}

/* The names `class` and `tag` mean, those that need others first. FALSE: answered. */
static gboolean
collect (Bulk *bulk)
{
  HeroRpcCall *call = bulk->call;
  const char *word = hero_rpc_get_string (call, "class"), *tag = hero_rpc_get_string (call, "tag");
  guint32 context = hero_rpc_call_get_identity (call)->context;
  g_autoptr (GPtrArray) entries = proc_services_list (bulk->self->services), names = g_ptr_array_new (), layers = NULL;
  int service_class = proc_word_parse (proc_class_words, word);

  if (!proc_rpc_may_take_all (call, tag))
    return FALSE;
  if (service_class < 0)
    {
      hero_rpc_fail_param (call, "class", "one of user|system", word);
      return FALSE;
    }
  for (guint i = 0; i < entries->len; i++)
    if (is_meant (entries->pdata[i], context, service_class, tag))
      g_ptr_array_add (names, ((ProcEntry *)entries->pdata[i])->spec->name);
  layers = proc_graph_layers (proc_services_get_graph (bulk->self->services), names);
  for (guint i = 0; i < layers->len; i++)
    for (guint j = 0; j < ((GPtrArray *)layers->pdata[i])->len; j++)
      g_ptr_array_add (bulk->names, g_strdup (((GPtrArray *)layers->pdata[i])->pdata[j]));
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------- start */

static void
on_one_started (const GError *error, gpointer data)
{
  g_autofree Step *step = data;
  Bulk *bulk = step->bulk;

  if (error != NULL)
    add_failure (bulk, step->name, error->message);
  else
    json_array_add_string_element (bulk->done, step->name);
  if (--bulk->left == 0)
    answer (bulk);
}

void
hero_proc_rpc_service_start_all (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  Bulk *bulk = bulk_new (self, call);

  if (!collect (bulk))
    {
      bulk_free (bulk);
      return;
    }
  proc_rpc_log_change (self, call, "all");
  bulk->left = bulk->names->len + 1;
  for (guint i = bulk->names->len; i > 0; i--) /* dependencies first */
    {
      Step *step = g_new (Step, 1);

      *step = (Step){ bulk, bulk->names->pdata[i - 1] };
      proc_services_start (self->services, step->name, FALSE, 0, NULL, on_one_started, step);
    }
  if (--bulk->left == 0)
    answer (bulk);
}

/* ---------------------------------------------------------------------------------------------- stop */

static GPtrArray *
get_entries (Bulk *bulk)
{
  GPtrArray *entries = g_ptr_array_new ();

  for (guint i = 0; i < bulk->names->len; i++)
    {
      ProcEntry *entry = proc_services_get (bulk->self->services, bulk->names->pdata[i]);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  return entries;
}

static void
on_all_stopped (const GError *error, gpointer data)
{
  Bulk *bulk = data;

  for (guint i = 0; i < bulk->stopped->len; i++)
    json_array_add_string_element (bulk->done, bulk->stopped->pdata[i]);
  answer (bulk);
}

void
hero_proc_rpc_service_stop_all (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  Bulk *bulk = bulk_new (self, call);
  g_autoptr (GPtrArray) entries = NULL;

  if (!collect (bulk))
    {
      bulk_free (bulk);
      return;
    }
  proc_rpc_log_change (self, call, "all");
  entries = get_entries (bulk);
  proc_services_stop_many (self->services, entries, hero_rpc_get_boolean (call, "force"), bulk->stopped, on_all_stopped,
                           bulk);
}

/* ---------------------------------------------------------------------------------------------- delete */

static void delete_next (Bulk *bulk);

static void
on_one_deleted (const GError *error, gpointer data)
{
  Bulk *bulk = data;
  const char *name = bulk->names->pdata[bulk->at++];

  if (error != NULL)
    add_failure (bulk, name, error->message);
  else
    json_array_add_string_element (bulk->done, name);
  delete_next (bulk);
}

/* One after another, dependents first, so that nobody of them is in another's way. */
static void
delete_next (Bulk *bulk)
{
  while (bulk->at < bulk->names->len && proc_services_get (bulk->self->services, bulk->names->pdata[bulk->at]) == NULL)
    bulk->at++;
  if (bulk->at == bulk->names->len)
    answer (bulk);
  else
    proc_services_delete (bulk->self->services, bulk->names->pdata[bulk->at],
                          hero_rpc_get_boolean (bulk->call, "force"), FALSE, NULL, on_one_deleted, bulk);
}

static void
on_stopped_for_deletion (const GError *error, gpointer data)
{
  delete_next (data);
}

void
hero_proc_rpc_service_delete_all (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  Bulk *bulk;
  g_autoptr (GPtrArray) entries = NULL;

  if (!hero_proc_rpc_is_confirmed (call))
    return;
  bulk = bulk_new (self, call);
  if (!collect (bulk))
    {
      bulk_free (bulk);
      return;
    }
  proc_rpc_log_change (self, call, "all");
  entries = get_entries (bulk);
  proc_services_stop_many (self->services, entries, FALSE, bulk->stopped, on_stopped_for_deletion, bulk);
}

void
hero_proc_rpc_service_clean_by_tag (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_auto (GStrv) tags = proc_rpc_read_tags (call);
  gboolean force = hero_rpc_get_boolean (call, "force");
  gboolean all = strcmp (hero_rpc_get_string (call, "match"), "all") == 0;
  guint32 context = hero_rpc_call_get_identity (call)->context;
  g_autoptr (GPtrArray) entries = NULL, names = g_ptr_array_new (), layers = NULL;
  Bulk *bulk;

  if (tags == NULL)
    return;
  bulk = bulk_new (self, call);
  bulk->counts = TRUE;
  proc_rpc_log_change (self, call, "by tag");
  entries = proc_services_list (self->services);
  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if ((context != 0 && entry->spec->context != context) || !proc_tags_match (entry->spec->tags, tags, all))
        continue;
      if (force || !proc_entry_is_active (entry))
        g_ptr_array_add (names, entry->spec->name);
      else
        add_failure (bulk, entry->spec->name, "it is up");
    }
  layers = proc_graph_layers (proc_services_get_graph (self->services), names);
  for (guint i = 0; i < layers->len; i++)
    for (guint j = 0; j < ((GPtrArray *)layers->pdata[i])->len; j++)
      g_ptr_array_add (bulk->names, g_strdup (((GPtrArray *)layers->pdata[i])->pdata[j]));
  delete_next (bulk);
}
