/* storage-walk.c: all keys of a database, in order of their hashes. Service thread. */
#include "storage-private.h"

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
