/*
 * storage-lmdb.c: format 0 of hero_db's storage, in records of record-store.h. Service thread.
 *
 * A database is a "space" with a number of its own, so that to empty one is to give it a new space; the records of the
 * old one are garbage, deleted by the way. A key is found by a hash of its name, keyed with a secret of this store: 128
 * bits that no client can aim at, short enough for LMDB, and an order in which SCAN can be cut at any place.
 *
 *   table       key                           value
 *   keys        space, hash of the name       head, name, bytes
 *   expiry      space, end, hash of the name  nothing
 *   databases   number                        space, keys, expiring keys
 *   garbage     space                         nothing
 *   settings    "secret"                      key of the hash
 *
 * Numbers inside keys are big-endian, so that their order is that of the bytes; in values they are little-endian.
 */
#include "storage.h"

#include <sodium.h>

#include "record-store.h"

#define FORMAT 1          /* what store.h calls the first format, our format 0 */
#define GARBAGE_STEP 1000 /* records deleted with one commit */

#define HASH_SIZE crypto_shorthash_siphashx24_BYTES
#define KEY_SIZE (4 + HASH_SIZE)
#define EXPIRY_SIZE (4 + 8 + HASH_SIZE)
G_STATIC_ASSERT (HASH_SIZE == 16);

enum
{
  TABLE_KEYS,
  TABLE_EXPIRY,
  TABLE_DATABASES,
  TABLE_GARBAGE,
  TABLE_SETTINGS,
};
static const char *const tables[] = { "keys", "expiry", "databases", "garbage", "settings", NULL };

typedef struct
{
  guint32 type;
  guint32 name_length;
  gint64 expires_at;
} Head;

typedef struct
{
  guint32 space; /* 0 = nothing was ever written */
  guint64 keys, expiring;
  gboolean changed; /* its record on disk is old */
} Database;

typedef struct
{
  guint64 space, keys, expiring;
} DatabaseRecord;

struct _Storage
{
  RecordStore *records;
  StorageCommitted committed;
  gpointer data;
  guchar secret[crypto_shorthash_siphashx24_KEYBYTES];
  guint database_count;
  Database *databases;
  gboolean changed; /* one of them, since the last turn */
  guint32 last_space;
  GArray *garbage;   /* guint32 */
  gboolean settling; /* garbage stays where it is */
};

/* ------------------------------------------------------------------------------------------------ spelling */

static void
put_be32 (char *bytes, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

static void
put_be64 (char *bytes, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

static guint64
get_be64 (const char *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_BE (value);
}

static Slice
key_of_name (Storage *self, guint32 space, Slice name, char key[KEY_SIZE])
{
  put_be32 (key, space);
  crypto_shorthash_siphashx24 ((guchar *)key + 4, (const guchar *)name.data, name.length, self->secret);
  return slice (key, KEY_SIZE);
}

/* The record of the expiry index for the key in `key`. */
static Slice
expiry_of_key (Slice key, gint64 at, char expiry[EXPIRY_SIZE])
{
  memcpy (expiry, key.data, 4);
  put_be64 (expiry + 4, (guint64)at);
  memcpy (expiry + 12, key.data + 4, HASH_SIZE);
  return slice (expiry, EXPIRY_SIZE);
}

/* The entry in a record of the table keys, and the name it is stored under. */
static void
parse_entry (Slice record, Slice *name, StorageEntry *entry)
{
  Head head;

  memcpy (&head, record.data, sizeof head);
  entry->type = GUINT32_FROM_LE (head.type);
  entry->expires_at = GINT64_FROM_LE (head.expires_at);
  *name = slice (record.data + sizeof head, GUINT32_FROM_LE (head.name_length));
  entry->value = slice (name->data + name->length, record.length - sizeof head - name->length);
}

/* ------------------------------------------------------------------------------------------------ databases */

static void
mark_garbage (Storage *self, guint32 space)
{
  char key[4];

  put_be32 (key, space);
  record_store_put (self->records, TABLE_GARBAGE, slice (key, sizeof key), NULL, 0);
  g_array_append_val (self->garbage, space);
}

static void
mark_changed (Storage *self, Database *database)
{
  database->changed = self->changed = TRUE;
}

static Database *
writable_database (Storage *self, guint db)
{
  Database *database = &self->databases[db];

  if (database->space == 0)
    database->space = ++self->last_space;
  mark_changed (self, database);
  return database;
}

/* Writes what changed of the databases, into the same commit as the keys. */
static void
write_databases (Storage *self)
{
  for (guint i = 0; i < self->database_count && self->changed; i++)
    {
      Database *database = &self->databases[i];
      DatabaseRecord record = { GUINT64_TO_LE ((guint64)database->space), GUINT64_TO_LE (database->keys),
                                GUINT64_TO_LE (database->expiring) };
      Slice value = slice (&record, sizeof record);
      char key[4];

      if (!database->changed)
        continue;
      put_be32 (key, i);
      record_store_put (self->records, TABLE_DATABASES, slice (key, sizeof key), &value, 1);
      database->changed = FALSE;
    }
  self->changed = FALSE;
}

static guint32
number_of_key (Slice key)
{
  guint32 value;

  memcpy (&value, key.data, sizeof value);
  return GUINT32_FROM_BE (value);
}

/* The state on disk, at start and after a failed commit. The turn has begun. */
static void
read_databases (Storage *self)
{
  const Slice all = { "", 0 };
  g_autoptr (RecordCursor) databases = record_cursor_new (self->records, TABLE_DATABASES, all);
  g_autoptr (RecordCursor) garbage = record_cursor_new (self->records, TABLE_GARBAGE, all);
  Slice key, value;

  memset (self->databases, 0, self->database_count * sizeof *self->databases);
  g_array_set_size (self->garbage, 0);

  for (gboolean more = record_cursor_seek (databases, all); more; more = record_cursor_next (databases))
    {
      DatabaseRecord record;
      Database database = { 0 };

      record_cursor_get (databases, &key, &value);
      memcpy (&record, value.data, sizeof record);
      database.space = (guint32)GUINT64_FROM_LE (record.space);
      database.keys = GUINT64_FROM_LE (record.keys);
      database.expiring = GUINT64_FROM_LE (record.expiring);
      self->last_space = MAX (self->last_space, database.space);
      if (number_of_key (key) < self->database_count)
        self->databases[number_of_key (key)] = database;
    }

  for (gboolean more = record_cursor_seek (garbage, all); more; more = record_cursor_next (garbage))
    {
      guint32 space;

      record_cursor_get (garbage, &key, &value);
      space = number_of_key (key);
      self->last_space = MAX (self->last_space, space);
      g_array_append_val (self->garbage, space);
    }
}

/* Deletes up to limit records of a table that begin with a prefix. FALSE: none was left. */
static gboolean
delete_some (Storage *self, guint table, Slice prefix, guint limit)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  RecordCursor *cursor = record_cursor_new (self->records, table, prefix);

  for (gboolean more = record_cursor_seek (cursor, prefix); more && keys->len < limit;
       more = record_cursor_next (cursor))
    {
      Slice key, value;

      record_cursor_get (cursor, &key, &value);
      g_ptr_array_add (keys, g_bytes_new (key.data, key.length));
    }
  record_cursor_free (cursor);

  for (guint i = 0; i < keys->len; i++)
    {
      Slice key;

      key.data = g_bytes_get_data (keys->pdata[i], &key.length);
      record_store_delete (self->records, table, key);
    }
  return keys->len > 0;
}

static void
collect_garbage (Storage *self)
{
  guint32 space = g_array_index (self->garbage, guint32, self->garbage->len - 1);
  char prefix[4];
  Slice key = slice (prefix, sizeof prefix);

  put_be32 (prefix, space);
  if (delete_some (self, TABLE_KEYS, key, GARBAGE_STEP) || delete_some (self, TABLE_EXPIRY, key, GARBAGE_STEP))
    return;
  record_store_delete (self->records, TABLE_GARBAGE, key);
  g_array_set_size (self->garbage, self->garbage->len - 1);
}

/* ------------------------------------------------------------------------------------------------ life */

static void
on_committed (gpointer data, const GError *error)
{
  Storage *self = data;

  if (error != NULL && record_store_begin_turn (self->records, NULL))
    read_databases (self);
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

  read_databases (self);
  make_secret (self);
  storage_end_turn (self, TRUE);
  return g_steal_pointer (&self);
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
  write_databases (self);
  if (commit && !self->settling && self->garbage->len > 0 && !record_store_is_committing (self->records)
      && record_store_begin_turn (self->records, NULL))
    collect_garbage (self);
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
  Database *database = writable_database (self, db);
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
  mark_changed (self, database);
  record_store_delete (self->records, TABLE_KEYS, key);
  return TRUE;
}

void
storage_clear (Storage *self, guint db)
{
  Database *database = &self->databases[db];

  if (database->keys == 0)
    return;
  mark_garbage (self, database->space);
  *database = (Database){ .space = ++self->last_space };
  mark_changed (self, database);
}

guint64
storage_count (Storage *self, guint db)
{
  return self->databases[db].keys;
}

guint64
storage_count_expiring (Storage *self, guint db)
{
  return self->databases[db].expiring;
}

gboolean
storage_has_expiring (Storage *self)
{
  for (guint i = 0; i < self->database_count; i++)
    if (self->databases[i].expiring > 0)
      return TRUE;
  return FALSE;
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
        mark_changed (self, database);
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

/* ------------------------------------------------------------------------------------------------ walk */

struct _StorageCursor
{
  char prefix[4];
  RecordCursor *records; /* NULL = the database has no space */
  gboolean at_record;
  gboolean moved;
  guint64 passed; /* position of the key passed last, once moved */
};

StorageCursor *
storage_cursor_new (Storage *storage, guint db, guint64 position)
{
  StorageCursor *self = g_new0 (StorageCursor, 1);
  char start[4 + 8];

  if (storage->databases[db].space == 0)
    return self;
  put_be32 (self->prefix, storage->databases[db].space);
  put_be32 (start, storage->databases[db].space);
  put_be64 (start + 4, position);
  self->records = record_cursor_new (storage->records, TABLE_KEYS, slice (self->prefix, sizeof self->prefix));
  self->at_record = record_cursor_seek (self->records, slice (start, sizeof start));
  return self;
}

void
storage_cursor_free (StorageCursor *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->records, record_cursor_free);
  g_free (self);
}

gboolean
storage_cursor_get (StorageCursor *self, Slice *name, StorageEntry *entry)
{
  Slice key, record;

  if (!self->at_record)
    return FALSE;
  record_cursor_get (self->records, &key, &record);
  parse_entry (record, name, entry);
  return TRUE;
}

static guint64
position_here (StorageCursor *self)
{
  Slice key, value;

  record_cursor_get (self->records, &key, &value);
  return get_be64 (key.data + 4);
}

void
storage_cursor_next (StorageCursor *self)
{
  self->passed = position_here (self);
  self->moved = TRUE;
  self->at_record = record_cursor_next (self->records);
}

gboolean
storage_cursor_get_position (StorageCursor *self, guint64 *position)
{
  *position = self->at_record ? position_here (self) : 0;
  return !(self->at_record && self->moved && *position == self->passed);
}
