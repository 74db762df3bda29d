/* keyspace.c: see keyspace.h. Service thread. */
#include "keyspace.h"

#include "number.h"

gboolean
keyspace_has_ended (const Call *call, const StorageEntry *entry)
{
  return entry->expires_at != 0 && entry->expires_at <= call->now;
}

gboolean
keyspace_find_in (Call *call, guint db, Slice name, StorageEntry *entry)
{
  return storage_get (call->storage, db, name, entry) && !keyspace_has_ended (call, entry);
}

gboolean
keyspace_find (Call *call, Slice name, StorageEntry *entry)
{
  return keyspace_find_in (call, call->db, name, entry);
}

void
keyspace_find_or_empty (Call *call, Slice name, StorageEntry *entry)
{
  if (!keyspace_find (call, name, entry))
    *entry = (StorageEntry){ .type = STORAGE_STRING };
}

gboolean
keyspace_read (Call *call, Slice name, StorageEntry *entry)
{
  gboolean found = keyspace_find (call, name, entry);

  if (found)
    call->server->stats.hits++;
  else
    call->server->stats.misses++;
  return found;
}

void
keyspace_set (Call *call, Slice name, Slice value, gint64 expires_at)
{
  storage_put (call->storage, call->db, name, STORAGE_STRING, expires_at, &value, 1);
}

gboolean
keyspace_delete (Call *call, Slice name)
{
  StorageEntry entry;
  gboolean found = keyspace_find (call, name, &entry);

  storage_delete (call->storage, call->db, name);
  return found;
}

gboolean
call_get_integer (Call *call, gsize index, gint64 *value)
{
  if (number_parse_int (call->argv[index], value))
    return TRUE;
  reply_error (call->reply, "ERR value is not an integer or out of range");
  return FALSE;
}

gboolean
call_get_float (Call *call, Slice text, long double *value)
{
  if (number_parse_float (text, value))
    return TRUE;
  reply_error (call->reply, "ERR value is not a valid float");
  return FALSE;
}

gboolean
call_get_database (Call *call, gsize index, guint *db)
{
  gint64 number;

  if (!call_get_integer (call, index, &number))
    return FALSE;
  if (number < G_MININT32 || number > G_MAXINT32)
    {
      reply_error (call->reply, "ERR value is out of range, value must between %d and %d", G_MININT32, G_MAXINT32);
      return FALSE;
    }
  if (number < 0 || number >= call->server->limits.databases)
    {
      reply_error (call->reply, "ERR DB index is out of range");
      return FALSE;
    }
  *db = (guint)number;
  return TRUE;
}

gboolean
call_check_length (Call *call, gsize length)
{
  if (length <= call->server->limits.max_bulk)
    return TRUE;
  reply_error (call->reply, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return FALSE;
}

void
call_syntax_error (Call *call)
{
  reply_error (call->reply, "ERR syntax error");
}

gboolean
call_is (const Call *call, gsize index, const char *word)
{
  return slice_is (call->argv[index], word);
}
