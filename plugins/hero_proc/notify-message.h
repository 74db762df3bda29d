/* notify-message.h: what a job says on the notify socket: lines NAME=value, as sd_notify sends them. Pure; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum
{
  PROC_NOTICE_MAX_BYTES = 4096,
  PROC_NOTICE_MAX_STATUS = 512,
};

typedef struct
{
  gboolean ready, stopping, watchdog;
  char *status; /* valid UTF-8 in one line; NULL = says nothing of it */
} ProcNotice;

/* FALSE: nothing in it that counts. data may hold anything. */
gboolean proc_notice_parse (ProcNotice *self, const char *data, gsize size);
void proc_notice_clear (ProcNotice *self);

G_END_DECLS
