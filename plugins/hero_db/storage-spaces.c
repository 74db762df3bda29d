/* storage-spaces.c: databases, their records, and what is left when one is emptied. Service thread. */
#include "storage-private.h"

#define GARBAGE_STEP 1000 /* records deleted with one commit */

typedef struct
{
  guint64 space, keys, expiring;
} DatabaseRecord;

void
storage_mark_changed (Storage *self, Database *database)
{
  database->changed = self->changed = TRUE;
}

Database *
storage_get_writable (Storage *self, guint db)
{
  Database *database = &self->databases[db];

  if (database->space == 0)
    database->space = ++self->last_space;
  storage_mark_changed (self, database);
  return database;
}

void
storage_write_databases (Storage *self)
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

void
storage_read_databases (Storage *self)
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

void
storage_collect_garbage (Storage *self)
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

static void
mark_garbage (Storage *self, guint32 space)
{
  char key[4];

  put_be32 (key, space);
  record_store_put (self->records, TABLE_GARBAGE, slice (key, sizeof key), NULL, 0);
  g_array_append_val (self->garbage, space);
}

void
storage_clear (Storage *self, guint db)
{
  Database *database = &self->databases[db];

  if (database->keys == 0)
    return;
  mark_garbage (self, database->space);
  *database = (Database){ .space = ++self->last_space };
  storage_mark_changed (self, database);
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
