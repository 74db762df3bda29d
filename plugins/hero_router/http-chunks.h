/* http-chunks.h: takes the chunk framing off a body, by the strict grammar of contract 5.8. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint state;
  guint64 left;  /* of the chunk */
  guint digits, line;
} HttpChunks;

/*
 * Reads framed bytes from data and appends what they carry to out. Returns how many were used (all, unless the body ended:
 * then *done), or -1 with error. Begin with a zeroed HttpChunks.
 */
gssize http_chunks_read (HttpChunks *chunks, const guint8 *data, gsize length, GByteArray *out, gboolean *done, GError **error);

G_END_DECLS
