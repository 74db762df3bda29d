/*
 * reply.h: values of a reply, in the words of the connection's protocol: RESP2 or RESP3. Aggregates are announced with
 * their number of elements, which then follow. Service thread.
 */
#pragma once

#include "output.h"
#include "slice.h"

typedef struct
{
  Output *output;
  guint protocol; /* 2 or 3 */
  gboolean muted; /* CLIENT REPLY: nothing is written */
  guint64 errors; /* error replies so far, muted ones too */
} Reply;

void reply_status (Reply *self, const char *text);
/* The whole line, "ERR syntax error"; CR and LF inside become blanks, as in Redis. */
void reply_error (Reply *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void reply_integer (Reply *self, gint64 value);
void reply_bulk (Reply *self, Slice value);
void reply_string (Reply *self, const char *text);
void reply_bulk_integer (Reply *self, gint64 value); /* a bulk string of digits */
void reply_null (Reply *self);
void reply_null_array (Reply *self);
void reply_verbatim (Reply *self, Slice text); /* RESP2: a bulk */

void reply_array (Reply *self, gsize length);
void reply_map (Reply *self, gsize pairs); /* RESP2: an array of twice as many */
void reply_set (Reply *self, gsize length);
