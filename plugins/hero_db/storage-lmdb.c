/* storage-lmdb.c: life, keys and their ends. The layout of the records is in storage-private.h. Service thread. */
#include "storage-private.h"

#define FORMAT 1 /* what store.h calls the first format, our format 0 */

static const char *const tables[] = { "keys", "expiry", "databases", "garbage", "settings", NULL };

static void
on_committed (gpointer data, const GError *error)
{
  Storage *self = data;

  if (error != NULL && record_store_begin_turn (self->records, NULL))
    storage_read_databases (self);
  self->committed (self->data, error);
}

static void
make_secret (Storage *self)
{
  const Slice key = SLICE_LITERAL ("secret");
  Slice value;

  if (record_store_get (self->records, TABLE_SETTINGS, key, &value) && value.length == sizeof self->secret)
    {
      memcpy (self->secret, value.data, sizeof self->secret);
      return;
    }
  randombytes_buf (self->secret, sizeof self->secret);
  value = slice (self->secret, sizeof self->secret);
  record_store_put (self->records, TABLE_SETTINGS, key, &value, 1);
}

Storage *
storage_open (const char *dir, guint databases, StorageCommitted committed, gpointer data, GError **error)
{
  g_autoptr (Storage) self = g_new0 (Storage, 1);
  g_autofree char *path = g_build_filename (dir, "format0.mdb", NULL);

  if (sodium_init () < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "libsodium has no source of randomness");
      return NULL;
    }

  self->committed = committed;
  self->data = data;
  self->database_count = databases;
  self->databases = g_new0 (Database, databases);
  self->garbage = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->records = record_store_open (path, FORMAT, tables, on_committed, self, error);
  if (self->records == NULL || !record_store_begin_turn (self->records, error))
    return NULL;

  storage_read_databases (self);
  make_secret (self);
  return record_store_commit_sync (self->records, error) ? g_steal_pointer (&self) : NULL;
}

void
storage_close (Storage *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->records, record_store_close);
  g_clear_pointer (&self->garbage, g_array_unref);
  sodium_memzero (self->secret, sizeof self->secret);
  g_free (self->databases);
  g_free (self);
}

gboolean
storage_begin (Storage *self, GError **error)
{
  return record_store_begin_turn (self->records, error);
}

void
storage_end_turn (Storage *self, gboolean commit)
{
  storage_write_databases (self);
  if (commit && !self->settling && self->garbage->len > 0 && !record_store_is_committing (self->records)
      && record_store_begin_turn (self->records, NULL))
    storage_collect_garbage (self);
  record_store_end_turn (self->records, commit);
}

gboolean
storage_is_idle (Storage *self)
{
  return record_store_is_idle (self->records);
}

void
storage_settle (Storage *self)
{
  self->settling = TRUE;
}

void
storage_probe (Storage *self)
{
  record_store_probe (self->records);
}

const char *
storage_type_name (StorageType type)
{
  switch (type)
    {
    case STORAGE_STRING:
      return "string";
    }
  g_return_val_if_reached ("unknown");
}

guint64
storage_take_ticket (Storage *self)
{
  return record_store_take_ticket (self->records);
}

guint64
storage_get_durable (Storage *self)
{
  return record_store_get_durable (self->records);
}

guint64
storage_get_file_bytes (Storage *self)
{
  return record_store_get_file_bytes (self->records);
}

gint64
storage_get_commit_us (Storage *self)
{
  return record_store_get_commit_us (self->records);
}

gsize
storage_get_dirty_bytes (Storage *self)
{
  return record_store_get_dirty_bytes (self->records);
}

/* ------------------------------------------------------------------------------------------------ keys */

gboolean
storage_get (Storage *self, guint db, Slice name, StorageEntry *entry)
{
  guint32 space = self->databases[db].space;
  char key[KEY_SIZE];
  Slice record, stored;

  if (space == 0 || !record_store_get (self->records, TABLE_KEYS, key_of_name (self, space, name, key), &record))
    return FALSE;
  parse_entry (record, &stored, entry);
  return TRUE;
}

/* What a key that is replaced or deleted leaves in counters and index. */
static gboolean
forget_key (Storage *self, Database *database, Slice key)
{
  char expiry[EXPIRY_SIZE];
  StorageEntry old;
  Slice record, stored;

  if (!record_store_get (self->records, TABLE_KEYS, key, &record))
    return FALSE;
  parse_entry (record, &stored, &old);
  database->keys--;
  if (old.expires_at != 0)
    {
      database->expiring--;
      record_store_delete (self->records, TABLE_EXPIRY, expiry_of_key (key, old.expires_at, expiry));
    }
  return TRUE;
}

void
storage_put (Storage *self, guint db, Slice name, StorageType type, gint64 expires_at, const Slice *parts, gsize count)
{
  Database *database = storage_get_writable (self, db);
  const Head head = { GUINT32_TO_LE ((guint32)type), GUINT32_TO_LE ((guint32)name.length), GINT64_TO_LE (expires_at) };
  char bytes[KEY_SIZE], expiry[EXPIRY_SIZE];
  Slice key = key_of_name (self, database->space, name, bytes);
  Slice all[2 + STORAGE_PARTS_MAX] = { slice (&head, sizeof head), name };

  g_assert (count <= STORAGE_PARTS_MAX);
  memcpy (all + 2, parts, count * sizeof *parts);

  forget_key (self, database, key);
  database->keys++;
  if (expires_at != 0)
    {
      database->expiring++;
      record_store_put (self->records, TABLE_EXPIRY, expiry_of_key (key, expires_at, expiry), NULL, 0);
    }
  record_store_put (self->records, TABLE_KEYS, key, all, 2 + count);
}

gboolean
storage_delete (Storage *self, guint db, Slice name)
{
  Database *database = &self->databases[db];
  char bytes[KEY_SIZE];
  Slice key;

  if (database->space == 0)
    return FALSE;
  key = key_of_name (self, database->space, name, bytes);
  if (!forget_key (self, database, key))
    return FALSE;
  storage_mark_changed (self, database);
  record_store_delete (self->records, TABLE_KEYS, key);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ expiry */

/* The keys whose end in this space is not after now, as keys of the table keys; at most limit. */
static GArray *
find_ended (Storage *self, guint32 space, gint64 now, guint limit)
{
  GArray *ended = g_array_new (FALSE, FALSE, KEY_SIZE);
  char prefix[4];
  g_autoptr (RecordCursor) cursor = NULL;

  put_be32 (prefix, space);
  cursor = record_cursor_new (self->records, TABLE_EXPIRY, slice (prefix, sizeof prefix));
  for (gboolean more = record_cursor_seek (cursor, slice (prefix, sizeof prefix)); more && ended->len < limit;
       more = record_cursor_next (cursor))
    {
      char found[KEY_SIZE];
      Slice key, value;

      record_cursor_get (cursor, &key, &value);
      if ((gint64)get_be64 (key.data + 4) > now)
        break;
      memcpy (found, key.data, 4);
      memcpy (found + 4, key.data + 12, HASH_SIZE);
      g_array_append_vals (ended, found, 1);
    }
  return ended;
}

guint
storage_expire (Storage *self, gint64 now, guint limit)
{
  guint removed = 0;

  for (guint i = 0; i < self->database_count && removed < limit; i++)
    {
      Database *database = &self->databases[i];
      g_autoptr (GArray) ended = NULL;

      if (database->expiring == 0)
        continue;
      ended = find_ended (self, database->space, now, limit - removed);
      for (guint j = 0; j < ended->len; j++)
        {
          Slice key = slice (ended->data + j * KEY_SIZE, KEY_SIZE);

          forget_key (self, database, key);
          record_store_delete (self->records, TABLE_KEYS, key);
        }
      if (ended->len > 0)
        storage_mark_changed (self, database);
      removed += ended->len;
    }
  return removed;
}

gboolean
storage_next_expiry (Storage *self, gint64 *at)
{
  gboolean found = FALSE;

  for (guint i = 0; i < self->database_count; i++)
    {
      g_autoptr (RecordCursor) cursor = NULL;
      Slice key, value;
      char prefix[4];
      gint64 end;

      if (self->databases[i].expiring == 0)
        continue;
      put_be32 (prefix, self->databases[i].space);
      cursor = record_cursor_new (self->records, TABLE_EXPIRY, slice (prefix, sizeof prefix));
      if (!record_cursor_seek (cursor, slice (prefix, sizeof prefix)))
        continue;
      record_cursor_get (cursor, &key, &value);
      end = (gint64)get_be64 (key.data + 4);
      *at = found ? MIN (*at, end) : end;
      found = TRUE;
    }
  return found;
}
