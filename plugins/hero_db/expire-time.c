/* expire-time.c: see expire-time.h. Service thread. */
#include "expire-time.h"

static gboolean
refuse (Call *call)
{
  reply_error (call->reply, "ERR invalid expire time in '%s' command", call->entry->full_name);
  return FALSE;
}

gboolean
expire_time_read_any (Call *call, gsize index, guint unit, gint64 *at)
{
  gint64 base = unit & EXPIRE_ABSOLUTE ? 0 : call->now;
  gint64 value;

  if (!call_get_integer (call, index, &value))
    return FALSE;
  if ((unit & EXPIRE_SECONDS) && __builtin_mul_overflow (value, 1000, &value))
    return refuse (call);
  if (__builtin_add_overflow (value, base, at))
    return refuse (call);
  return TRUE;
}

gboolean
expire_time_read (Call *call, gsize index, guint unit, gint64 *at)
{
  gint64 value;

  if (!call_get_integer (call, index, &value))
    return FALSE;
  return value > 0 ? expire_time_read_any (call, index, unit, at) : refuse (call);
}
