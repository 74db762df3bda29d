/*
 * secrets-key.c: which key the secret store uses (contract 14): taken from its file at start and whenever the file
 * changes, changed by a rotation. A rotation leaves a right state wherever it is interrupted:
 *
 *   nothing done yet                 key file = key of the records
 *   <key file>.new written           the same; the new file is of no use and goes at the next start
 *   records and key id committed     <key file>.new = key of the records; the next start renames it
 *   renamed                          key file = key of the records
 *
 * Service thread, but for the two marked worker functions.
 */
#include "secrets-private.h"

#include <sys/stat.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "errors.h"

/* ---------------------------------------------------------------------------------------------- the file */

static void
look (ProcSecrets *self, struct stat *seen)
{
  if (lstat (self->key_file, seen) != 0)
    *seen = (struct stat){ 0 };
}

/* Any change of mode, owner or content changes the time of the inode. */
static gboolean
same_file (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mode == b->st_mode
         && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static gboolean
is_recorded (ProcSecrets *self, const ProcSecretKey *key)
{
  return key != NULL && g_strcmp0 (proc_secret_key_id (key), self->recorded_id) == 0;
}

/* The first key of a store that holds nothing. */
static ProcSecretKey *
make_key (ProcSecrets *self, GError **error)
{
  g_autoptr (ProcSecretKey) key = proc_secret_key_new_random (error);

  if (key == NULL || !proc_secret_key_save (key, self->key_file, error))
    return NULL;
  return g_steal_pointer (&key);
}

/* The key the records are sealed with, or NULL and why it is not to be had. */
static ProcSecretKey *
find_key (ProcSecrets *self, GError **error)
{
  gboolean empty = g_hash_table_size (self->secrets) + self->unreadable == 0;
  g_autoptr (GError) local = NULL;
  g_autoptr (ProcSecretKey) key = proc_secret_key_load (self->key_file, &local);
  g_autoptr (ProcSecretKey) next = is_recorded (self, key) ? NULL : proc_secret_key_load (self->next_file, NULL);

  if (is_recorded (self, next)) /* a rotation ended between its commit and its rename */
    {
      if (!proc_secret_key_rename (self->next_file, self->key_file, error))
        return NULL;
      self->setup.log (self->setup.owner, HERO_LOG_INFO, "an interrupted rotation of the secret key was finished");
      return g_steal_pointer (&next);
    }
  if (key != NULL && !empty && !is_recorded (self, key))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "the key file %s holds the key %s, the secrets are sealed with %s: put that one back",
                   self->key_file, proc_secret_key_id (key),
                   self->recorded_id != NULL ? self->recorded_id : "an unknown one");
      return NULL;
    }
  if (key != NULL || (empty && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)))
    {
      unlink (self->next_file); /* no record is sealed with it */
      return key != NULL ? g_steal_pointer (&key) : make_key (self, error);
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

void
proc_secrets_load_key (ProcSecrets *self)
{
  gboolean was_open = self->key != NULL, was_locked = self->locked != NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *data;

  g_clear_pointer (&self->key, proc_secret_key_unref);
  g_clear_pointer (&self->locked, g_free);
  self->key = find_key (self, &error);
  look (self, self->seen);
  if (self->key != NULL)
    {
      if (was_locked)
        self->setup.log (self->setup.owner, HERO_LOG_INFO, "the secret store is open again");
      return;
    }
  self->locked = g_strdup (error->message);
  if (was_locked && !was_open) /* for another reason; told already */
    return;
  self->setup.log (self->setup.owner, HERO_LOG_ERROR, self->locked);
  data = json_object_new ();
  json_object_set_string_member (data, "reason", self->locked);
  self->setup.event (self->setup.owner, "secret.locked", data);
}

const char *
proc_secrets_why_locked (ProcSecrets *self)
{
  struct stat now;

  if (self->rotating) /* the file is ours to change */
    return self->locked;
  look (self, &now);
  if (!same_file (&now, self->seen))
    proc_secrets_load_key (self);
  return self->locked;
}

/* ---------------------------------------------------------------------------------------------- rotation */

/* One record on its way from the old key to the new one. */
typedef struct
{
  ProcSealLabel label;
  char *name;
  GBytes *sealed;
} Item;

typedef struct
{
  ProcSecrets *secrets; /* not for the worker, which may outlive it */
  ProcSecretDone done;
  gpointer data;
  char *key_file, *next_file;
  ProcSecretKey *old_key, *new_key;
  GArray *items; /* Item */
} Rotation;

static void
item_clear (gpointer data)
{
  Item *item = data;

  g_free (item->name);
  g_bytes_unref (item->sealed);
}

static void
rotation_clear (gpointer data)
{
  Rotation *rotation = data;

  g_free (rotation->key_file);
  g_free (rotation->next_file);
  proc_secret_key_unref (rotation->old_key);
  g_clear_pointer (&rotation->new_key, proc_secret_key_unref);
  g_array_unref (rotation->items);
}

static Rotation *
rotation_ref (Rotation *rotation)
{
  return g_atomic_rc_box_acquire (rotation);
}

static void
rotation_unref (gpointer rotation)
{
  g_atomic_rc_box_release_full (rotation, rotation_clear);
}

static void
run (Rotation *rotation, GTaskThreadFunc func, GAsyncReadyCallback done)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done, rotation);

  g_task_set_task_data (task, rotation_ref (rotation), rotation_unref);
  g_task_run_in_thread (task, func);
}

/* Gives up the caller's reference. */
static void
end_rotation (Rotation *rotation, const GError *error)
{
  ProcSecrets *self = rotation->secrets;

  self->rotating = FALSE;
  rotation->done (error, rotation->items->len, rotation->data);
  rotation_unref (rotation);
}

/* Worker thread: step 3, the new key takes the name of the old one. */
static void
rename_key (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Rotation *rotation = data;
  GError *error = NULL;

  if (proc_secret_key_rename (rotation->next_file, rotation->key_file, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_renamed (GObject *source, GAsyncResult *result, gpointer data)
{
  Rotation *rotation = data;
  ProcSecrets *self = rotation->secrets;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) /* rotated all the same: the next start renames */
    self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
  look (self, self->seen);
  end_rotation (rotation, NULL);
}

static void
on_recorded (const GError *error, gpointer data)
{
  Rotation *rotation = data;
  ProcSecrets *self = rotation->secrets;

  if (error != NULL)
    {
      unlink (rotation->next_file);
      end_rotation (rotation, error);
      return;
    }
  for (guint i = 0; i < rotation->items->len; i++)
    {
      const Item *item = &g_array_index (rotation->items, Item, i);
      ProcSecret *secret = (ProcSecret *)proc_secrets_find (self, item->label.context, item->name);

      g_bytes_unref (secret->sealed);
      secret->sealed = g_bytes_ref (item->sealed);
    }
  proc_secret_key_unref (self->key);
  self->key = proc_secret_key_ref (rotation->new_key);
  g_free (self->recorded_id);
  self->recorded_id = g_strdup (proc_secret_key_id (self->key));
  run (rotation, rename_key, on_renamed);
}

/* Worker thread: step 1, the new key is on the disk and all records are sealed with it, in memory. */
static void
prepare (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Rotation *rotation = data;
  const guint8 *old_key = proc_secret_key_bytes (rotation->old_key);
  GError *error = NULL;

  unlink (rotation->next_file); /* of an attempt that failed; no record is sealed with it */
  rotation->new_key = proc_secret_key_new_random (&error);
  for (guint i = 0; error == NULL && i < rotation->items->len; i++)
    {
      Item *item = &g_array_index (rotation->items, Item, i);
      g_autofree char *value = proc_seal_open (old_key, &item->label, item->sealed, &error);

      if (value == NULL)
        break;
      g_bytes_unref (item->sealed);
      item->sealed = proc_seal (proc_secret_key_bytes (rotation->new_key), &item->label, value);
    }
  if (error == NULL && proc_secret_key_save (rotation->new_key, rotation->next_file, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Step 2: records and key id in one transaction. From its commit on the new key is the one. */
static void
on_prepared (GObject *source, GAsyncResult *result, gpointer data)
{
  Rotation *rotation = data;
  ProcSecrets *self = rotation->secrets;
  g_autoptr (GError) error = NULL;
  ProcBatch *batch;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_autoptr (GError) told = g_error_new (PROC_ERROR, PROC_ERROR_DAMAGED, "Database error: %s", error->message);

      end_rotation (rotation, told);
      return;
    }
  batch = proc_batch_new ();
  for (guint i = 0; i < rotation->items->len; i++)
    {
      const Item *item = &g_array_index (rotation->items, Item, i);
      ProcSecret record = *proc_secrets_find (self, item->label.context, item->name);

      record.sealed = item->sealed;
      proc_batch_put_secret (batch, &record);
    }
  proc_batch_put_key_id (batch, proc_secret_key_id (rotation->new_key));
  proc_journal_commit (self->setup.journal, batch, on_recorded, rotation);
}

void
proc_secrets_rotate_now (ProcSecrets *self, ProcSecretDone done, gpointer data)
{
  g_autoptr (GPtrArray) secrets = proc_secrets_list (self, TRUE, 0, NULL);
  Rotation *rotation = g_atomic_rc_box_new0 (Rotation);

  self->rotating = TRUE;
  rotation->secrets = self;
  rotation->done = done;
  rotation->data = data;
  rotation->key_file = g_strdup (self->key_file);
  rotation->next_file = g_strdup (self->next_file);
  rotation->old_key = proc_secret_key_ref (self->key);
  rotation->items = g_array_sized_new (FALSE, FALSE, sizeof (Item), secrets->len);
  g_array_set_clear_func (rotation->items, item_clear);
  for (guint i = 0; i < secrets->len; i++)
    {
      const ProcSecret *secret = secrets->pdata[i];
      Item item = { proc_secret_label (secret), g_strdup (secret->key), g_bytes_ref (secret->sealed) };

      item.label.name = item.name;
      g_array_append_val (rotation->items, item);
    }
  run (rotation, prepare, on_prepared);
}
