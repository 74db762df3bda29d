/* fuzz-http-reply.c: replies to health checks, in pieces: the first byte says how big. A reply that is done has a body. */
#include "http-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  ProcHttpReply reply;
  ProcHttpStep step = PROC_HTTP_MORE;
  gsize piece = size > 0 ? (gsize)data[0] + 1 : 1;

  proc_http_reply_init (&reply);
  for (gsize at = 1; at < size && step == PROC_HTTP_MORE; at += piece)
    step = proc_http_reply_feed (&reply, (const char *)data + at, MIN (piece, size - at));
  if (step == PROC_HTTP_MORE)
    step = proc_http_reply_feed (&reply, NULL, 0);
  g_assert_true (step != PROC_HTTP_MORE && reply.raw->len <= PROC_HTTP_MAX_BYTES);
  if (step == PROC_HTTP_DONE)
    {
      g_autoptr (GString) body = proc_http_reply_get_body (&reply);

      g_assert_true (reply.status >= 100 && reply.status <= 999 && body->len <= PROC_HTTP_MAX_BYTES);
    }
  proc_http_reply_clear (&reply);
  return 0;
}
