/* rpc-context.c: the handlers of context.* (contract 3.5, 6.3). Service thread. */
#include "errors.h"
#include "rpc-private.h"

static JsonObject *
to_json (HeroProc *self, guint32 id)
{
  const ProcContext *context = proc_contexts_get (self->contexts, id);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "id", id);
  json_object_set_string_member (object, "name", context != NULL ? context->name : "");
  json_object_set_string_member (object, "description", context != NULL ? context->description : "");
  if (context != NULL && context->created_at > 0)
    json_object_set_int_member (object, "created_at", context->created_at);
  else
    json_object_set_null_member (object, "created_at");
  return object;
}

/* A caller of a context above 0 sees that one only. */
void
hero_proc_rpc_context_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  guint32 own = hero_rpc_call_get_identity (call)->context;
  g_autoptr (GPtrArray) contexts = proc_contexts_list (self->contexts);
  JsonArray *array = json_array_new ();

  if (own != 0)
    json_array_add_object_element (array, to_json (self, own));
  for (guint i = 0; own == 0 && i < contexts->len; i++)
    json_array_add_object_element (array, to_json (self, ((ProcContext *)contexts->pdata[i])->id));
  hero_rpc_return_array (call, array);
}

/* ---------------------------------------------------------------------------------------------- in definitions */

static gboolean resolve_all (ProcContexts *contexts, JsonNode *node, GError **error);

/* `context` of one object, and of those it holds under `actions` and `env_secrets`. */
static gboolean
resolve (ProcContexts *contexts, JsonObject *object, GError **error)
{
  const char *name = json_object_get_string_member_with_default (object, "context", NULL);
  guint32 id;

  if (name != NULL && !proc_contexts_parse (contexts, name, &id))
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_CONTEXT_NOT_FOUND, "context not found: %s", name);
      return FALSE;
    }
  if (name != NULL)
    json_object_set_int_member (object, "context", id);
  return resolve_all (contexts, json_object_get_member (object, "actions"), error)
         && resolve_all (contexts, json_object_get_member (object, "env_secrets"), error)
         && resolve_all (contexts, json_object_get_member (object, "envSecrets"), error);
}

/* The objects in an array or object; anything else is for the reader of the definition to refuse. */
static gboolean
resolve_all (ProcContexts *contexts, JsonNode *node, GError **error)
{
  g_autoptr (GList) nodes = node == NULL                    ? NULL
                            : JSON_NODE_HOLDS_ARRAY (node)  ? json_array_get_elements (json_node_get_array (node))
                            : JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_values (json_node_get_object (node))
                                                            : NULL;

  for (GList *l = nodes; l != NULL; l = l->next)
    if (JSON_NODE_HOLDS_OBJECT (l->data) && !resolve (contexts, json_node_get_object (l->data), error))
      return FALSE;
  return TRUE;
}

gboolean
hero_proc_resolve_contexts (HeroProc *self, JsonObject *spec, GError **error)
{
  return resolve (self->contexts, spec, error);
}

/* ---------------------------------------------------------------------------------------------- changing */

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  guint32 id;
} Pending;

static Pending *
pending_new (HeroProc *self, HeroRpcCall *call, guint32 id)
{
  Pending *pending = g_new (Pending, 1);
  g_autofree char *what = g_strdup_printf ("%u", id);

  *pending = (Pending){ self, call, id };
  proc_rpc_log_change (self, call, what);
  return pending;
}

static void
on_set (const GError *error, gpointer data)
{
  g_autofree Pending *pending = data;

  if (error != NULL)
    hero_proc_rpc_fail (pending->call, error, NULL);
  else
    hero_rpc_return_object (pending->call, to_json (pending->self, pending->id));
}

void
hero_proc_rpc_context_set (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  guint32 id = (guint32)hero_rpc_get_integer (call, "id");

  proc_contexts_set (self->contexts, id, hero_rpc_get_string (call, "name"), hero_rpc_get_string (call, "description"),
                     on_set, pending_new (self, call, id));
}

static void
on_deleted (const GError *error, gpointer data)
{
  g_autofree Pending *pending = data;

  if (error != NULL)
    hero_proc_rpc_fail (pending->call, error, NULL);
  else
    hero_rpc_return_object (pending->call, proc_rpc_ok (NULL));
}

/* A service of the context that is up, or NULL. */
static const char *
find_up (HeroProc *self, guint32 id)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self->services);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if (entry->spec->context == id && proc_entry_is_active (entry))
        return entry->spec->name;
    }
  return NULL;
}

void
hero_proc_rpc_context_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GError) error = NULL;
  const char *up;
  guint32 id;

  if (!hero_proc_rpc_read_context (self, call, "id", &id))
    return;
  if (id == 0)
    {
      hero_rpc_fail_param (call, "id", "a context other than 0, which is fixed", "0");
      return;
    }
  up = find_up (self, id);
  if (up == NULL)
    {
      proc_contexts_delete (self->contexts, id, on_deleted, pending_new (self, call, id));
      return;
    }
  error = g_error_new (PROC_ERROR, PROC_ERROR_IS_UP, "service is up: %s", up);
  hero_proc_rpc_fail (call, error, up);
}
