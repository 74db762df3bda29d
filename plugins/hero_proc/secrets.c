/* secrets.c: see secrets.h. Records, questions, and the changes in their order. Service thread. */
#include "secrets.h"

#include <string.h>
#include <sys/stat.h>

#include "errors.h"
#include "secrets-private.h"

/* ---------------------------------------------------------------------------------------------- records */

static guint
secret_hash (gconstpointer data)
{
  const ProcSecret *secret = data;

  return g_str_hash (secret->key) ^ secret->context;
}

static gboolean
secret_equal (gconstpointer a, gconstpointer b)
{
  const ProcSecret *left = a, *right = b;

  return left->context == right->context && strcmp (left->key, right->key) == 0;
}

static void
secret_free (gpointer data)
{
  ProcSecret *secret = data;

  g_free (secret->key);
  g_free (secret->description);
  g_clear_pointer (&secret->sealed, g_bytes_unref);
  g_free (secret);
}

ProcSealLabel
proc_secret_label (const ProcSecret *secret)
{
  return (ProcSealLabel){ secret->context, secret->version, secret->key };
}

static JsonObject *
secret_to_record (const ProcSecret *secret)
{
  JsonObject *object = json_object_new ();
  g_autofree char *sealed
      = g_base64_encode (g_bytes_get_data (secret->sealed, NULL), g_bytes_get_size (secret->sealed));

  json_object_set_int_member (object, "context", secret->context);
  json_object_set_string_member (object, "key", secret->key);
  json_object_set_string_member (object, "description", secret->description);
  json_object_set_int_member (object, "version", secret->version);
  json_object_set_int_member (object, "created_at", secret->created_at);
  json_object_set_int_member (object, "updated_at", secret->updated_at);
  json_object_set_string_member (object, "sealed", sealed);
  return object;
}

/* NULL: it is none. */
static ProcSecret *
secret_from_record (JsonObject *object)
{
  const char *key = json_object_get_string_member_with_default (object, "key", NULL);
  const char *sealed = json_object_get_string_member_with_default (object, "sealed", NULL);
  ProcSecret *secret;
  gsize length;
  guchar *bytes;

  if (key == NULL || sealed == NULL)
    return NULL;
  secret = g_new0 (ProcSecret, 1);
  secret->context = (guint32)json_object_get_int_member_with_default (object, "context", 0);
  secret->key = g_strdup (key);
  secret->description = g_strdup (json_object_get_string_member_with_default (object, "description", ""));
  secret->version = (guint32)json_object_get_int_member_with_default (object, "version", 0);
  secret->created_at = json_object_get_int_member_with_default (object, "created_at", 0);
  secret->updated_at = json_object_get_int_member_with_default (object, "updated_at", 0);
  bytes = g_base64_decode (sealed, &length);
  secret->sealed = g_bytes_new_take (bytes, length);
  return secret;
}

static void
put_record (ProcBatch *batch, guint32 context, const char *key, JsonObject *object)
{
  g_autoptr (GByteArray) name = g_byte_array_new ();
  guint32 number = GUINT32_TO_BE (context);

  g_byte_array_append (name, (const guint8 *)&number, sizeof number);
  g_byte_array_append (name, (const guint8 *)key, strlen (key));
  proc_batch_put_object (batch, "secrets", name->data, name->len, object);
}

void
proc_batch_put_secret (ProcBatch *batch, const ProcSecret *secret)
{
  put_record (batch, secret->context, secret->key, secret_to_record (secret));
}

void
proc_batch_put_key_id (ProcBatch *batch, const char *id)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "key_id", id);
  proc_batch_put_object (batch, "meta", "secret_key", strlen ("secret_key"), object);
}

/* ---------------------------------------------------------------------------------------------- questions */

const ProcSecret *
proc_secrets_find (ProcSecrets *self, guint32 context, const char *key)
{
  ProcSecret wanted = { .context = context, .key = (char *)key };

  return g_hash_table_lookup (self->secrets, &wanted);
}

static int
compare_secrets (gconstpointer a, gconstpointer b)
{
  const ProcSecret *left = *(const ProcSecret *const *)a, *right = *(const ProcSecret *const *)b;

  if (left->context != right->context)
    return left->context < right->context ? -1 : 1;
  return strcmp (left->key, right->key);
}

GPtrArray *
proc_secrets_list (ProcSecrets *self, gboolean any_context, guint32 context, const char *prefix)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->secrets);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const ProcSecret *secret = key;

      if ((any_context || secret->context == context) && (prefix == NULL || g_str_has_prefix (secret->key, prefix)))
        g_ptr_array_add (list, key);
    }
  g_ptr_array_sort (list, compare_secrets);
  return list;
}

gsize
proc_secret_get_length (const ProcSecret *secret)
{
  return proc_seal_get_length (secret->sealed);
}

static gboolean
check_open (ProcSecrets *self, GError **error)
{
  const char *why = proc_secrets_why_locked (self);

  if (why != NULL)
    g_set_error (error, PROC_ERROR, PROC_ERROR_LOCKED, "secret store is locked: %s", why);
  return why == NULL;
}

char *
proc_secrets_open (ProcSecrets *self, const ProcSecret *secret, GError **error)
{
  ProcSealLabel label = proc_secret_label (secret);
  g_autoptr (GError) local = NULL;
  char *value;

  if (!check_open (self, error))
    return NULL;
  value = proc_seal_open (proc_secret_key_bytes (self->key), &label, secret->sealed, &local);
  if (value == NULL)
    g_set_error (error, PROC_ERROR, PROC_ERROR_DAMAGED, "Database error: %s", local->message);
  return value;
}

const char *
proc_secrets_get_key_file (ProcSecrets *self)
{
  return self->key_file;
}

const char *
proc_secrets_get_key_id (ProcSecrets *self)
{
  return self->key != NULL ? proc_secret_key_id (self->key) : self->recorded_id;
}

/* ---------------------------------------------------------------------------------------------- changes */

/* One change: the new record, or the name of the one to delete, or neither: a rotation. */
typedef struct
{
  ProcSecrets *secrets;
  ProcSecret *secret;
  char *value;  /* NULL = delete */
  char *key_id; /* of the key it was sealed with */
  gboolean if_absent;
  ProcSecretDone done;
  gpointer data;
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->secret, secret_free);
  g_free (change->value);
  g_free (change->key_id);
  g_free (change);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void begin_next (ProcSecrets *self);

/* The first change is over: the next one may begin. */
static void
end_change (const GError *error, guint number, gpointer data)
{
  g_autoptr (Change) change = data;
  ProcSecrets *self = change->secrets;

  g_queue_pop_head (self->changes);
  change->done (error, number, change->data);
  begin_next (self);
}

static void
tell (ProcSecrets *self, const char *event, const ProcSecret *secret)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "key", secret->key);
  json_object_set_int_member (data, "context", secret->context);
  if (secret->sealed != NULL)
    json_object_set_int_member (data, "version", secret->version);
  self->setup.event (self->setup.owner, event, data);
}

static void
on_set_recorded (const GError *error, gpointer data)
{
  Change *change = data;
  ProcSecrets *self = change->secrets;
  guint version = change->secret->version;

  if (error == NULL)
    {
      g_free (self->recorded_id);
      self->recorded_id = g_steal_pointer (&change->key_id);
      tell (self, "secret.changed", change->secret);
      g_hash_table_add (self->secrets, g_steal_pointer (&change->secret));
      if (g_strcmp0 (proc_secrets_get_key_id (self), self->recorded_id) != 0) /* the file was changed meanwhile */
        proc_secrets_load_key (self);
    }
  end_change (error, version, change);
}

static void
on_delete_recorded (const GError *error, gpointer data)
{
  Change *change = data;

  if (error == NULL)
    {
      tell (change->secrets, "secret.deleted", change->secret);
      g_hash_table_remove (change->secrets->secrets, change->secret);
    }
  end_change (error, 0, change);
}

/* The record as it is to be, sealed. FALSE: it cannot be. */
static gboolean
make_record (ProcSecrets *self, Change *change, GError **error)
{
  ProcSecret *secret = change->secret;
  const ProcSecret *old = proc_secrets_find (self, secret->context, secret->key);
  ProcSealLabel label;

  if (!check_open (self, error))
    return FALSE;
  if (old != NULL && change->if_absent)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_EXISTS, "secret already exists: %s", secret->key);
      return FALSE;
    }
  secret->version = old != NULL ? old->version + 1 : 1;
  secret->updated_at = proc_now_ms ();
  secret->created_at = old != NULL ? old->created_at : secret->updated_at;
  label = proc_secret_label (secret);
  secret->sealed = proc_seal (proc_secret_key_bytes (self->key), &label, change->value);
  change->key_id = g_strdup (proc_secret_key_id (self->key));
  return TRUE;
}

static void
begin_set (ProcSecrets *self, Change *change)
{
  g_autoptr (GError) error = NULL;
  ProcBatch *batch;

  if (!make_record (self, change, &error))
    {
      end_change (error, 0, change);
      return;
    }
  batch = proc_batch_new ();
  proc_batch_put_secret (batch, change->secret);
  if (g_strcmp0 (self->recorded_id, change->key_id) != 0)
    proc_batch_put_key_id (batch, change->key_id);
  proc_journal_commit (self->setup.journal, batch, on_set_recorded, change);
}

static void
begin_delete (ProcSecrets *self, Change *change)
{
  g_autoptr (GError) error = NULL;
  ProcBatch *batch;

  if (proc_secrets_find (self, change->secret->context, change->secret->key) == NULL)
    {
      error = g_error_new (PROC_ERROR, PROC_ERROR_SECRET_NOT_FOUND, "secret not found: %s", change->secret->key);
      end_change (error, 0, change);
      return;
    }
  batch = proc_batch_new ();
  put_record (batch, change->secret->context, change->secret->key, NULL);
  proc_journal_commit (self->setup.journal, batch, on_delete_recorded, change);
}

static void
begin_rotate (ProcSecrets *self, Change *change)
{
  g_autoptr (GError) error = NULL;

  if (check_open (self, &error))
    proc_secrets_rotate_now (self, end_change, change);
  else
    end_change (error, 0, change);
}

static void
begin_next (ProcSecrets *self)
{
  Change *change = g_queue_peek_head (self->changes);

  if (change == NULL)
    return;
  if (change->secret == NULL)
    begin_rotate (self, change);
  else if (change->value != NULL)
    begin_set (self, change);
  else
    begin_delete (self, change);
}

/* Takes secret. */
static void
submit (ProcSecrets *self, ProcSecret *secret, const char *value, gboolean if_absent, ProcSecretDone done,
        gpointer data)
{
  Change *change = g_new0 (Change, 1);

  *change = (Change){ self, secret, g_strdup (value), NULL, if_absent, done, data };
  g_queue_push_tail (self->changes, change);
  if (g_queue_get_length (self->changes) == 1)
    begin_next (self);
}

static ProcSecret *
secret_new (guint32 context, const char *key, const char *description)
{
  ProcSecret *secret = g_new0 (ProcSecret, 1);

  secret->context = context;
  secret->key = g_strdup (key);
  secret->description = g_strdup (description != NULL ? description : "");
  return secret;
}

void
proc_secrets_set (ProcSecrets *self, guint32 context, const char *key, const char *value, const char *description,
                  gboolean if_absent, ProcSecretDone done, gpointer data)
{
  submit (self, secret_new (context, key, description), value, if_absent, done, data);
}

void
proc_secrets_delete (ProcSecrets *self, guint32 context, const char *key, ProcSecretDone done, gpointer data)
{
  submit (self, secret_new (context, key, NULL), NULL, FALSE, done, data);
}

void
proc_secrets_rotate (ProcSecrets *self, ProcSecretDone done, gpointer data)
{
  submit (self, NULL, NULL, FALSE, done, data);
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcSecrets *
proc_secrets_new (const ProcSecretsSetup *setup, const ProcLoaded *loaded)
{
  ProcSecrets *self = g_new0 (ProcSecrets, 1);

  self->setup = *setup;
  self->secrets = g_hash_table_new_full (secret_hash, secret_equal, secret_free, NULL);
  self->changes = g_queue_new ();
  self->key_file = g_strdup (setup->key_file);
  self->next_file = g_strconcat (setup->key_file, ".new", NULL);
  self->recorded_id = g_strdup (loaded->key_id);
  self->seen = g_new0 (struct stat, 1);
  for (guint i = 0; i < loaded->secrets->len; i++)
    {
      ProcSecret *secret = secret_from_record (loaded->secrets->pdata[i]);

      if (secret != NULL)
        g_hash_table_add (self->secrets, secret);
    }
  self->unreadable = loaded->stored_secrets - MIN (g_hash_table_size (self->secrets), loaded->stored_secrets);
  proc_secrets_load_key (self);
  return self;
}

void
proc_secrets_free (ProcSecrets *self)
{
  g_queue_free_full (self->changes, change_free);
  g_hash_table_unref (self->secrets);
  g_clear_pointer (&self->key, proc_secret_key_unref);
  g_free (self->key_file);
  g_free (self->next_file);
  g_free (self->locked);
  g_free (self->recorded_id);
  g_free (self->seen);
  g_free (self);
}
