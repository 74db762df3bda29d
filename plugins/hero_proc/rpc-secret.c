/* rpc-secret.c: the handlers of secret.* (contract 6.3, 14). No value is logged, told in an event or in an error.
 * Service thread. */
#include "errors.h"
#include "names.h"
#include "rpc-private.h"

/* ---------------------------------------------------------------------------------------------- parameters */

/* The secret a call names. FALSE: answered. */
static gboolean
read_name (HeroProc *self, HeroRpcCall *call, guint32 *context, const char **key)
{
  gboolean any;

  *key = hero_rpc_get_string (call, "key");
  if (!hero_proc_rpc_get_context (self, call, context, &any))
    return FALSE;
  if (proc_name_is_secret (*key))
    return TRUE;
  hero_rpc_fail_param (call, "key", "1 to 128 letters, digits and _.:/-, the first no sign", *key);
  return FALSE;
}

/* Context and key for the log. Transfer full. */
static char *
describe (guint32 context, const char *key)
{
  return g_strdup_printf ("%u:%s", context, key);
}

/* ---------------------------------------------------------------------------------------------- reading */

static JsonObject *
to_json (const ProcSecret *secret)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "key", secret->key);
  json_object_set_int_member (object, "context", secret->context);
  json_object_set_string_member (object, "description", secret->description);
  json_object_set_int_member (object, "version", secret->version);
  json_object_set_int_member (object, "created_at", secret->created_at);
  json_object_set_int_member (object, "updated_at", secret->updated_at);
  return object;
}

void
hero_proc_rpc_secret_get (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *value = NULL;
  const ProcSecret *secret;
  const char *key;
  guint32 context;
  JsonObject *object;

  if (!read_name (self, call, &context, &key))
    return;
  secret = proc_secrets_find (self->secrets, context, key);
  if (secret == NULL)
    error = g_error_new (PROC_ERROR, PROC_ERROR_SECRET_NOT_FOUND, "secret not found: %s", key);
  else
    value = proc_secrets_open (self->secrets, secret, &error);
  if (value == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  object = to_json (secret);
  json_object_set_string_member (object, "value", value);
  hero_rpc_return_object (call, object);
}

void
hero_proc_rpc_secret_exists (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *key;
  guint32 context;

  if (read_name (self, call, &context, &key))
    hero_rpc_return_boolean (call, proc_secrets_find (self->secrets, context, key) != NULL);
}

void
hero_proc_rpc_secret_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GPtrArray) secrets = NULL;
  guint32 context;
  gboolean any;
  JsonArray *array;

  if (!hero_proc_rpc_get_context (self, call, &context, &any))
    return;
  secrets = proc_secrets_list (self->secrets, any, context, hero_rpc_get_string (call, "prefix"));
  array = json_array_new ();
  for (guint i = 0; i < secrets->len; i++)
    {
      JsonObject *object = to_json (secrets->pdata[i]);

      json_object_set_int_member (object, "length", (gint64)proc_secret_get_length (secrets->pdata[i]));
      json_array_add_object_element (array, object);
    }
  hero_rpc_return_array (call, array);
}

void
hero_proc_rpc_secret_status (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  guint32 own = hero_rpc_call_get_identity (call)->context;
  g_autoptr (GPtrArray) secrets = proc_secrets_list (self->secrets, own == 0, own, NULL);
  const char *locked = proc_secrets_why_locked (self->secrets), *id = proc_secrets_get_key_id (self->secrets);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "state", locked != NULL ? "locked" : "ok");
  if (locked != NULL)
    json_object_set_string_member (object, "reason", locked);
  if (id != NULL)
    json_object_set_string_member (object, "key_id", id);
  else
    json_object_set_null_member (object, "key_id");
  json_object_set_int_member (object, "count", secrets->len);
  json_object_set_string_member (object, "key_file", proc_secrets_get_key_file (self->secrets));
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- changing */

typedef struct
{
  HeroRpcCall *call;
  guint32 context;
  char *key;
} Pending;

static void
pending_free (Pending *pending)
{
  g_free (pending->key);
  g_free (pending);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_free)

static Pending *
pending_new (HeroProc *self, HeroRpcCall *call, guint32 context, const char *key)
{
  Pending *pending = g_new (Pending, 1);
  g_autofree char *what = describe (context, key);

  *pending = (Pending){ call, context, g_strdup (key) };
  proc_rpc_log_change (self, call, what);
  return pending;
}

static void
on_set (const GError *error, guint version, gpointer data)
{
  g_autoptr (Pending) pending = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (pending->call, error, NULL);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_string_member (object, "key", pending->key);
  json_object_set_int_member (object, "context", pending->context);
  json_object_set_int_member (object, "version", version);
  hero_rpc_return_object (pending->call, object);
}

void
hero_proc_rpc_secret_set (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *key;
  guint32 context;

  if (read_name (self, call, &context, &key))
    proc_secrets_set (self->secrets, context, key, hero_rpc_get_string (call, "value"),
                      hero_rpc_get_string (call, "description"), hero_rpc_get_boolean (call, "if_absent"), on_set,
                      pending_new (self, call, context, key));
}

static void
on_deleted (const GError *error, guint number, gpointer data)
{
  g_autoptr (Pending) pending = data;

  if (error != NULL)
    hero_proc_rpc_fail (pending->call, error, NULL);
  else
    hero_rpc_return_object (pending->call, proc_rpc_ok (NULL));
}

void
hero_proc_rpc_secret_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *key;
  guint32 context;

  if (read_name (self, call, &context, &key))
    proc_secrets_delete (self->secrets, context, key, on_deleted, pending_new (self, call, context, key));
}

static void
on_rotated (const GError *error, guint number, gpointer data)
{
  HeroRpcCall *call = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_int_member (object, "reencrypted", number);
  hero_rpc_return_object (call, object);
}

void
hero_proc_rpc_secret_rotate_key (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;

  if (!hero_proc_rpc_is_confirmed (call))
    return;
  proc_rpc_log_change (self, call, "key");
  proc_secrets_rotate (self->secrets, on_rotated, call);
}
