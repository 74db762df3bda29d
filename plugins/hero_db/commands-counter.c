/* commands-counter.c: numbers in strings. They keep the end of their key. Service thread. */
#include "commands.h"
#include "keyspace.h"
#include "number.h"

#include <math.h>

static void
add (Call *call, gint64 amount)
{
  char text[NUMBER_INT_SIZE];
  StorageEntry entry;
  gint64 value = 0;

  keyspace_find_or_empty (call, call->argv[1], &entry);
  if (entry.value.data != NULL && !number_parse_int (entry.value, &value))
    {
      reply_error (call->reply, "ERR value is not an integer or out of range");
      return;
    }
  if (__builtin_add_overflow (value, amount, &value))
    {
      reply_error (call->reply, "ERR increment or decrement would overflow");
      return;
    }
  keyspace_set (call, call->argv[1], slice (text, number_format_int (value, text)), entry.expires_at);
  reply_integer (call->reply, value);
}

void
command_incr (Call *call)
{
  add (call, 1);
}

void
command_decr (Call *call)
{
  add (call, -1);
}

void
command_incrby (Call *call)
{
  gint64 amount;

  if (call_get_integer (call, 2, &amount))
    add (call, amount);
}

void
command_decrby (Call *call)
{
  gint64 amount;

  if (!call_get_integer (call, 2, &amount))
    return;
  if (amount == G_MININT64)
    reply_error (call->reply, "ERR decrement would overflow");
  else
    add (call, -amount);
}

void
command_incrbyfloat (Call *call)
{
  char text[NUMBER_FLOAT_SIZE];
  StorageEntry entry;
  long double value = 0, amount;
  Slice result;

  keyspace_find_or_empty (call, call->argv[1], &entry);
  if (entry.value.data != NULL && !call_get_float (call, entry.value, &value))
    return;
  if (!call_get_float (call, call->argv[2], &amount))
    return;

  value += amount;
  if (!isfinite (value))
    {
      reply_error (call->reply, "ERR increment would produce NaN or Infinity");
      return;
    }
  result = slice (text, number_format_float (value, text));
  keyspace_set (call, call->argv[1], result, entry.expires_at);
  reply_bulk (call->reply, result);
}
