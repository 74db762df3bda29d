/*
 * http-reply.h: reads one HTTP/1.x reply, as far as a health check needs it: status and body, 64 KiB at most. Pure; any
 * thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum
{
  PROC_HTTP_MAX_BYTES = 64 * 1024,
};

typedef struct
{
  GString *raw;  /* everything that came */
  gboolean head; /* its head is complete */
  gsize body_at;
  int status;          /* 0 before the head is complete */
  gint64 length;       /* Content-Length; -1 = up to the end, or chunked */
  gboolean chunked;
} ProcHttpReply;

typedef enum
{
  PROC_HTTP_MORE,
  PROC_HTTP_DONE,
  PROC_HTTP_BAD, /* not HTTP */
} ProcHttpStep;

void proc_http_reply_init (ProcHttpReply *self);
void proc_http_reply_clear (ProcHttpReply *self);
/* size 0 = the end of the stream. At 64 KiB the reply is taken as it is. */
ProcHttpStep proc_http_reply_feed (ProcHttpReply *self, const char *data, gsize size);
/* Of a reply that is done. Transfer full; may be cut off, may hold anything. */
GString *proc_http_reply_get_body (const ProcHttpReply *self);

G_END_DECLS
