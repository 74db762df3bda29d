/* commands-key.c: keys whatever they hold. Service thread. */
#include "commands.h"
#include "glob.h"
#include "keyspace.h"
#include "number.h"

#include <errno.h>
#include <stdlib.h>

void
command_del (Call *call)
{
  gint64 deleted = 0;

  for (gsize i = 1; i < call->argc; i++)
    deleted += keyspace_delete (call, call->argv[i]);
  reply_integer (call->reply, deleted);
}

static void
count_keys (Call *call, gboolean (*look) (Call *, Slice, StorageEntry *))
{
  StorageEntry entry;
  gint64 count = 0;

  for (gsize i = 1; i < call->argc; i++)
    count += look (call, call->argv[i], &entry);
  reply_integer (call->reply, count);
}

void
command_exists (Call *call)
{
  count_keys (call, keyspace_read);
}

void
command_touch (Call *call)
{
  count_keys (call, keyspace_read);
}

void
command_type (Call *call)
{
  StorageEntry entry;

  reply_status (call->reply, keyspace_find (call, call->argv[1], &entry) ? storage_type_name (entry.type) : "none");
}

/* ------------------------------------------------------------------------------------------------ moving */

static void
rename_key (Call *call, gboolean replace)
{
  StorageEntry entry, old;

  if (!keyspace_find (call, call->argv[1], &entry))
    {
      reply_error (call->reply, "ERR no such key");
      return;
    }
  if (!replace && keyspace_find (call, call->argv[2], &old))
    {
      reply_integer (call->reply, 0);
      return;
    }
  if (!slice_equal (call->argv[1], call->argv[2]))
    {
      storage_put (call->storage, call->db, call->argv[2], entry.type, entry.expires_at, &entry.value, 1);
      keyspace_delete (call, call->argv[1]);
    }
  if (replace)
    reply_status (call->reply, "OK");
  else
    reply_integer (call->reply, 1);
}

void
command_rename (Call *call)
{
  rename_key (call, TRUE);
}

void
command_renamenx (Call *call)
{
  rename_key (call, FALSE);
}

void
command_move (Call *call)
{
  StorageEntry entry, old;
  guint to;

  if (!call_get_database (call, 2, &to))
    return;
  if (to == call->db)
    {
      reply_error (call->reply, "ERR source and destination objects are the same");
      return;
    }
  if (!keyspace_find (call, call->argv[1], &entry) || keyspace_find_in (call, to, call->argv[1], &old))
    {
      reply_integer (call->reply, 0);
      return;
    }
  storage_put (call->storage, to, call->argv[1], entry.type, entry.expires_at, &entry.value, 1);
  keyspace_delete (call, call->argv[1]);
  reply_integer (call->reply, 1);
}

void
command_copy (Call *call)
{
  StorageEntry entry, old;
  gboolean replace = FALSE;
  guint to = call->db;

  for (gsize i = 3; i < call->argc; i++)
    {
      if (call_is (call, i, "replace"))
        replace = TRUE;
      else if (call_is (call, i, "db") && i + 1 < call->argc)
        {
          if (!call_get_database (call, ++i, &to))
            return;
        }
      else
        {
          call_syntax_error (call);
          return;
        }
    }

  if (to == call->db && slice_equal (call->argv[1], call->argv[2]))
    {
      reply_error (call->reply, "ERR source and destination objects are the same");
      return;
    }
  if (!keyspace_read (call, call->argv[1], &entry) || (!replace && keyspace_find_in (call, to, call->argv[2], &old)))
    {
      reply_integer (call->reply, 0);
      return;
    }
  storage_put (call->storage, to, call->argv[2], entry.type, entry.expires_at, &entry.value, 1);
  reply_integer (call->reply, 1);
}

/* ------------------------------------------------------------------------------------------------ walking */

typedef struct
{
  guint64 position;
  gint64 count;
  Slice pattern; /* data NULL = all */
  Slice type;    /* data NULL = all */
} ScanOptions;

static gboolean
read_cursor (Call *call, Slice text, guint64 *cursor)
{
  g_autofree char *copy = g_strndup (text.data, text.length);
  char *end;

  errno = 0;
  *cursor = strtoull (copy, &end, 10);
  if (g_ascii_isspace (copy[0]) || *end != '\0' || errno == ERANGE)
    {
      reply_error (call->reply, "ERR invalid cursor");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_scan_options (Call *call, ScanOptions *options)
{
  for (gsize i = 2; i < call->argc; i += 2)
    {
      gboolean has_value = i + 1 < call->argc;

      if (has_value && call_is (call, i, "count"))
        {
          if (!call_get_integer (call, i + 1, &options->count))
            return FALSE;
          if (options->count >= 1)
            continue;
        }
      else if (has_value && call_is (call, i, "match"))
        {
          options->pattern = call->argv[i + 1];
          continue;
        }
      else if (has_value && call_is (call, i, "type"))
        {
          options->type = call->argv[i + 1];
          continue;
        }
      call_syntax_error (call);
      return FALSE;
    }
  return TRUE;
}

static gboolean
scan_wants (const Call *call, const ScanOptions *options, Slice name, const StorageEntry *entry)
{
  static const Slice all = SLICE_LITERAL ("*");

  return !keyspace_has_ended (call, entry)
         && (options->type.data == NULL || slice_is (options->type, storage_type_name (entry->type)))
         && (options->pattern.data == NULL || slice_equal (options->pattern, all)
             || glob_match (options->pattern, name, FALSE));
}

void
command_scan (Call *call)
{
  ScanOptions options = { .count = 10 };
  g_autoptr (StorageCursor) cursor = NULL;
  g_autoptr (GArray) names = g_array_new (FALSE, FALSE, sizeof (Slice));
  char position[NUMBER_INT_SIZE];
  guint64 next;
  StorageEntry entry;
  Slice name;

  if (!read_cursor (call, call->argv[1], &options.position) || !read_scan_options (call, &options))
    return;

  cursor = storage_cursor_new (call->storage, call->db, options.position);
  while (storage_cursor_get (cursor, &name, &entry))
    {
      if (scan_wants (call, &options, name, &entry))
        g_array_append_val (names, name);
      storage_cursor_next (cursor);
      if (storage_cursor_get_position (cursor, &next) && --options.count <= 0)
        break;
    }
  storage_cursor_get_position (cursor, &next);

  reply_array (call->reply, 2);
  g_snprintf (position, sizeof position, "%" G_GUINT64_FORMAT, next);
  reply_string (call->reply, position);
  reply_array (call->reply, names->len);
  for (guint i = 0; i < names->len; i++)
    reply_bulk (call->reply, g_array_index (names, Slice, i));
}

void
command_keys (Call *call)
{
  const ScanOptions options = { .pattern = call->argv[1] };
  g_autoptr (StorageCursor) cursor = storage_cursor_new (call->storage, call->db, 0);
  g_autoptr (GArray) names = g_array_new (FALSE, FALSE, sizeof (Slice));
  StorageEntry entry;
  Slice name;

  for (; storage_cursor_get (cursor, &name, &entry); storage_cursor_next (cursor))
    if (scan_wants (call, &options, name, &entry))
      g_array_append_val (names, name);

  reply_array (call->reply, names->len);
  for (guint i = 0; i < names->len; i++)
    reply_bulk (call->reply, g_array_index (names, Slice, i));
}

/* The first key from a random position on: the order is that of hashes, so all are about equally likely. */
void
command_randomkey (Call *call)
{
  const guint64 starts[] = { (guint64)g_random_int () << 32 | g_random_int (), 0 };
  StorageEntry entry;
  Slice name;

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autoptr (StorageCursor) cursor = storage_cursor_new (call->storage, call->db, starts[i]);

      for (; storage_cursor_get (cursor, &name, &entry); storage_cursor_next (cursor))
        if (!keyspace_has_ended (call, &entry))
          {
            reply_bulk (call->reply, name);
            return;
          }
    }
  reply_null (call->reply);
}
