/* commands-expire.c: when keys end. Service thread. */
#include "commands.h"
#include "expire-time.h"

typedef struct
{
  gboolean nx, xx, gt, lt;
} ExpireOptions;

static gboolean
read_options (Call *call, ExpireOptions *options)
{
  for (gsize i = 3; i < call->argc; i++)
    {
      if (call_is (call, i, "nx"))
        options->nx = TRUE;
      else if (call_is (call, i, "xx"))
        options->xx = TRUE;
      else if (call_is (call, i, "gt"))
        options->gt = TRUE;
      else if (call_is (call, i, "lt"))
        options->lt = TRUE;
      else
        {
          g_autofree char *word = g_strndup (call->argv[i].data, call->argv[i].length);

          reply_error (call->reply, "ERR Unsupported option %s", word);
          return FALSE;
        }
    }

  if (options->nx && (options->xx || options->gt || options->lt))
    {
      reply_error (call->reply, "ERR NX and XX, GT or LT options at the same time are not compatible");
      return FALSE;
    }
  if (options->gt && options->lt)
    {
      reply_error (call->reply, "ERR GT and LT options at the same time are not compatible");
      return FALSE;
    }
  return TRUE;
}

/* A key without an end lives longer than any other. */
static gboolean
options_allow (const ExpireOptions *options, gint64 old, gint64 at)
{
  return !(options->nx && old != 0) && !(options->xx && old == 0) && !(options->gt && (old == 0 || at <= old))
         && !(options->lt && old != 0 && at >= old);
}

static void
expire (Call *call, guint unit)
{
  ExpireOptions options = { 0 };
  StorageEntry entry;
  gint64 at;

  if (!read_options (call, &options) || !expire_time_read_any (call, 2, unit, &at))
    return;
  if (!keyspace_find (call, call->argv[1], &entry) || !options_allow (&options, entry.expires_at, at))
    {
      reply_integer (call->reply, 0);
      return;
    }
  if (at <= call->now)
    keyspace_delete (call, call->argv[1]);
  else
    keyspace_set (call, call->argv[1], entry.value, at);
  reply_integer (call->reply, 1);
}

void
command_expire (Call *call)
{
  expire (call, EXPIRE_SECONDS);
}

void
command_pexpire (Call *call)
{
  expire (call, 0);
}

void
command_expireat (Call *call)
{
  expire (call, EXPIRE_SECONDS | EXPIRE_ABSOLUTE);
}

void
command_pexpireat (Call *call)
{
  expire (call, EXPIRE_ABSOLUTE);
}

void
command_persist (Call *call)
{
  StorageEntry entry;
  gboolean had_end = keyspace_find (call, call->argv[1], &entry) && entry.expires_at != 0;

  if (had_end)
    keyspace_set (call, call->argv[1], entry.value, 0);
  reply_integer (call->reply, had_end ? 1 : 0);
}

/* -2: no key, -1: no end; seconds are rounded. */
static void
reply_end (Call *call, guint unit)
{
  StorageEntry entry;
  gint64 value;

  if (!keyspace_read (call, call->argv[1], &entry))
    {
      reply_integer (call->reply, -2);
      return;
    }
  if (entry.expires_at == 0)
    {
      reply_integer (call->reply, -1);
      return;
    }
  value = unit & EXPIRE_ABSOLUTE ? entry.expires_at : entry.expires_at - call->now;
  reply_integer (call->reply, unit & EXPIRE_SECONDS ? (value + 500) / 1000 : value);
}

void
command_ttl (Call *call)
{
  reply_end (call, EXPIRE_SECONDS);
}

void
command_pttl (Call *call)
{
  reply_end (call, 0);
}

void
command_expiretime (Call *call)
{
  reply_end (call, EXPIRE_SECONDS | EXPIRE_ABSOLUTE);
}

void
command_pexpiretime (Call *call)
{
  reply_end (call, EXPIRE_ABSOLUTE);
}
