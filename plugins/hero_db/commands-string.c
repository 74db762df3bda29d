/* commands-string.c: values as a whole and in part. Service thread. */
#include "commands.h"
#include "expire-time.h"
#include "number.h"

/* ------------------------------------------------------------------------------------------------ options of SET,
 * GETEX */

typedef struct
{
  gboolean nx, xx, get, keep_ttl, persist;
  gsize time; /* index of the argument with the end, 0 = none */
  guint unit; /* of it, ExpireUnit */
} SetOptions;

static const struct
{
  const char *word;
  guint unit;
} time_words[] = {
  { "ex", EXPIRE_SECONDS },
  { "px", 0 },
  { "exat", EXPIRE_SECONDS | EXPIRE_ABSOLUTE },
  { "pxat", EXPIRE_ABSOLUTE },
};

/* EX, PX, EXAT, PXAT at argv[*at] with the argument behind it; only one kind of them may be there. */
static gboolean
read_time_option (Call *call, gsize *at, SetOptions *options)
{
  for (gsize i = 0; i < G_N_ELEMENTS (time_words); i++)
    if (call_is (call, *at, time_words[i].word))
      {
        if (*at + 1 == call->argc || options->keep_ttl || options->persist
            || (options->time != 0 && options->unit != time_words[i].unit))
          return FALSE;
        options->unit = time_words[i].unit;
        options->time = ++*at;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_set_options (Call *call, SetOptions *options)
{
  for (gsize i = 3; i < call->argc; i++)
    {
      if (call_is (call, i, "nx") && !options->xx)
        options->nx = TRUE;
      else if (call_is (call, i, "xx") && !options->nx)
        options->xx = TRUE;
      else if (call_is (call, i, "get"))
        options->get = TRUE;
      else if (call_is (call, i, "keepttl") && options->time == 0)
        options->keep_ttl = TRUE;
      else if (!read_time_option (call, &i, options))
        {
          call_syntax_error (call);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
read_getex_options (Call *call, SetOptions *options)
{
  for (gsize i = 2; i < call->argc; i++)
    {
      if (call_is (call, i, "persist") && options->time == 0)
        options->persist = TRUE;
      else if (!read_time_option (call, &i, options))
        {
          call_syntax_error (call);
          return FALSE;
        }
    }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ set */

void
command_set (Call *call)
{
  SetOptions options = { 0 };
  StorageEntry old = { 0 };
  gint64 expires_at = 0;
  gboolean found, wanted;

  if (!read_set_options (call, &options))
    return;
  if (options.time != 0 && !expire_time_read (call, options.time, options.unit, &expires_at))
    return;

  /* The old value is only looked up when something depends on it. */
  found = (options.nx || options.xx || options.get || options.keep_ttl)
          && (options.get ? keyspace_read : keyspace_find) (call, call->argv[1], &old);
  wanted = !(options.nx && found) && !(options.xx && !found);

  if (options.get)
    {
      if (found)
        reply_bulk (call->reply, old.value);
      else
        reply_null (call->reply);
    }
  else if (wanted)
    reply_status (call->reply, "OK");
  else
    reply_null (call->reply);

  if (wanted)
    keyspace_set (call, call->argv[1], call->argv[2], options.keep_ttl && found ? old.expires_at : expires_at);
}

void
command_setnx (Call *call)
{
  StorageEntry old;
  gboolean found = keyspace_find (call, call->argv[1], &old);

  if (!found)
    keyspace_set (call, call->argv[1], call->argv[2], 0);
  reply_integer (call->reply, found ? 0 : 1);
}

static void
set_with_time (Call *call, guint unit)
{
  gint64 expires_at;

  if (!expire_time_read (call, 2, unit, &expires_at))
    return;
  keyspace_set (call, call->argv[1], call->argv[3], expires_at);
  reply_status (call->reply, "OK");
}

void
command_setex (Call *call)
{
  set_with_time (call, EXPIRE_SECONDS);
}

void
command_psetex (Call *call)
{
  set_with_time (call, 0);
}

static gboolean
check_pairs (Call *call)
{
  if (call->argc % 2 == 1)
    return TRUE;
  reply_error (call->reply, "ERR wrong number of arguments for '%s' command", call->entry->full_name);
  return FALSE;
}

static void
set_pairs (Call *call)
{
  for (gsize i = 1; i < call->argc; i += 2)
    keyspace_set (call, call->argv[i], call->argv[i + 1], 0);
}

void
command_mset (Call *call)
{
  if (!check_pairs (call))
    return;
  set_pairs (call);
  reply_status (call->reply, "OK");
}

void
command_msetnx (Call *call)
{
  StorageEntry old;

  if (!check_pairs (call))
    return;
  for (gsize i = 1; i < call->argc; i += 2)
    if (keyspace_find (call, call->argv[i], &old))
      {
        reply_integer (call->reply, 0);
        return;
      }
  set_pairs (call);
  reply_integer (call->reply, 1);
}

/* ------------------------------------------------------------------------------------------------ get */

/* The value as a bulk, or null. FALSE: there is none. */
static gboolean
reply_value (Call *call, Slice name, StorageEntry *entry)
{
  if (!keyspace_read (call, name, entry))
    {
      reply_null (call->reply);
      return FALSE;
    }
  reply_bulk (call->reply, entry->value);
  return TRUE;
}

void
command_get (Call *call)
{
  StorageEntry entry;

  reply_value (call, call->argv[1], &entry);
}

void
command_mget (Call *call)
{
  StorageEntry entry;

  reply_array (call->reply, call->argc - 1);
  for (gsize i = 1; i < call->argc; i++)
    reply_value (call, call->argv[i], &entry);
}

void
command_getset (Call *call)
{
  StorageEntry entry;

  reply_value (call, call->argv[1], &entry);
  keyspace_set (call, call->argv[1], call->argv[2], 0);
}

void
command_getdel (Call *call)
{
  StorageEntry entry;

  if (reply_value (call, call->argv[1], &entry))
    keyspace_delete (call, call->argv[1]);
}

void
command_getex (Call *call)
{
  SetOptions options = { 0 };
  StorageEntry entry;
  gint64 expires_at = 0;

  if (!read_getex_options (call, &options))
    return;
  if (!keyspace_read (call, call->argv[1], &entry))
    {
      reply_null (call->reply);
      return;
    }
  if (options.time != 0 && !expire_time_read (call, options.time, options.unit, &expires_at))
    return;

  reply_bulk (call->reply, entry.value);
  if (options.time != 0 && expires_at <= call->now)
    keyspace_delete (call, call->argv[1]);
  else if (options.time != 0 || (options.persist && entry.expires_at != 0))
    keyspace_set (call, call->argv[1], entry.value, expires_at);
}

void
command_strlen (Call *call)
{
  StorageEntry entry;

  reply_integer (call->reply, keyspace_read (call, call->argv[1], &entry) ? (gint64)entry.value.length : 0);
}

/* ------------------------------------------------------------------------------------------------ parts */

void
command_append (Call *call)
{
  StorageEntry entry;
  Slice parts[2];

  keyspace_find_or_empty (call, call->argv[1], &entry);
  parts[0] = entry.value;
  parts[1] = call->argv[2];
  if (!call_check_length (call, parts[0].length + parts[1].length))
    return;
  storage_put (call->storage, call->db, call->argv[1], STORAGE_STRING, entry.expires_at, parts, 2);
  reply_integer (call->reply, (gint64)(parts[0].length + parts[1].length));
}

void
command_getrange (Call *call)
{
  StorageEntry entry;
  gint64 start, end, length;

  if (!call_get_integer (call, 2, &start) || !call_get_integer (call, 3, &end))
    return;
  length = keyspace_read (call, call->argv[1], &entry) ? (gint64)entry.value.length : 0;

  /* Both counted from the end: a start behind the end is empty even where clamping would make them meet. */
  if (length == 0 || (start < 0 && end < 0 && start > end))
    {
      reply_bulk (call->reply, SLICE_LITERAL (""));
      return;
    }
  start = MAX (start < 0 ? start + length : start, 0);
  end = MIN (MAX (end < 0 ? end + length : end, 0), length - 1);
  if (start > end)
    reply_bulk (call->reply, SLICE_LITERAL (""));
  else
    reply_bulk (call->reply, slice (entry.value.data + start, (gsize)(end - start + 1)));
}

void
command_setrange (Call *call)
{
  StorageEntry entry;
  Slice patch = call->argv[3];
  Slice parts[4];
  g_autofree char *zeros = NULL;
  gint64 offset;
  gsize at, end, gap;

  if (!call_get_integer (call, 2, &offset))
    return;
  if (offset < 0)
    {
      reply_error (call->reply, "ERR offset is out of range");
      return;
    }
  keyspace_find_or_empty (call, call->argv[1], &entry);
  if (patch.length == 0)
    {
      reply_integer (call->reply, (gint64)entry.value.length);
      return;
    }
  if (!call_check_length (call, (gsize)offset + patch.length))
    return;

  at = (gsize)offset;
  end = at + patch.length;
  gap = at > entry.value.length ? at - entry.value.length : 0;
  zeros = g_malloc0 (gap);

  parts[0] = slice (entry.value.data, MIN (at, entry.value.length));
  parts[1] = slice (zeros, gap);
  parts[2] = patch;
  parts[3] = end < entry.value.length ? slice (entry.value.data + end, entry.value.length - end) : slice (NULL, 0);
  storage_put (call->storage, call->db, call->argv[1], STORAGE_STRING, entry.expires_at, parts, G_N_ELEMENTS (parts));
  reply_integer (call->reply, (gint64)MAX (end, entry.value.length));
}
