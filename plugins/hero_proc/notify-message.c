/* notify-message.c: see notify-message.h. Pure; any thread. */
#include "notify-message.h"

#include <string.h>

/* Transfer full. */
static char *
clean_status (const char *text, gsize size)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize)MIN (size, PROC_NOTICE_MAX_STATUS));

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return g_steal_pointer (&valid);
}

static gboolean
is_line (const char *line, gsize length, const char *wanted)
{
  return length == strlen (wanted) && memcmp (line, wanted, length) == 0;
}

gboolean
proc_notice_parse (ProcNotice *self, const char *data, gsize size)
{
  const char *end = data + MIN (size, PROC_NOTICE_MAX_BYTES);

  *self = (ProcNotice){ 0 };
  while (data < end)
    {
      const char *stop = memchr (data, '\n', (gsize)(end - data));
      gsize length = (gsize)((stop != NULL ? stop : end) - data);

      if (is_line (data, length, "READY=1"))
        self->ready = TRUE;
      else if (is_line (data, length, "STOPPING=1"))
        self->stopping = TRUE;
      else if (is_line (data, length, "WATCHDOG=1"))
        self->watchdog = TRUE;
      else if (length >= 7 && memcmp (data, "STATUS=", 7) == 0)
        {
          g_free (self->status);
          self->status = clean_status (data + 7, length - 7);
        }
      data += length + 1;
    }
  return self->ready || self->stopping || self->watchdog || self->status != NULL;
}

void
proc_notice_clear (ProcNotice *self)
{
  g_clear_pointer (&self->status, g_free);
}
