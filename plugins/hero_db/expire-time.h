/* expire-time.h: the ends that clients write, in seconds or milliseconds, from now or absolute. Service thread. */
#pragma once

#include "keyspace.h"

typedef enum
{
  EXPIRE_SECONDS = 1 << 0,  /* else milliseconds */
  EXPIRE_ABSOLUTE = 1 << 1, /* Unix time, else from now */
} ExpireUnit;

/*
 * The end that argument `index` means, for a value that is being set: positive. FALSE: the error has been written; it
 * names the command.
 */
gboolean expire_time_read (Call *call, gsize index, guint unit, gint64 *at);
/* The same for EXPIRE and its family, where the end may lie in the past. */
gboolean expire_time_read_any (Call *call, gsize index, guint unit, gint64 *at);
