/* http-chunks.c: chunked transfer coding as a machine of states, fed with whatever arrives. */
#include "http-chunks.h"

#include <gio/gio.h>

#define MAX_EXTENSION 1024 /* bytes of one chunk-size line */
#define MAX_TRAILER 8192

enum
{
  SIZE,       /* hex digits */
  EXTENSION,  /* after ';' to the end of the line */
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  LINE_START, /* of a trailer line, or the end */
  TRAILER,
  TRAILER_LF,
  END_LF,
};

static gboolean
fail (GError **error, const char *reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, reason);
  return FALSE;
}

static gboolean
read_size (HttpChunks *chunks, guint8 c, GError **error)
{
  if (g_ascii_isxdigit (c))
    {
      if (++chunks->digits > 15)
        return fail (error, "a chunk size has more than 15 digits");
      chunks->left = chunks->left * 16 + (guint) g_ascii_xdigit_value (c);
      return TRUE;
    }
  if (chunks->digits == 0 || (c != '\r' && c != ';'))
    return fail (error, "a chunk does not begin with its size");
  chunks->state = c == '\r' ? SIZE_LF : EXTENSION;
  return TRUE;
}

/* A byte of a line whose content does not matter. */
static gboolean
read_line (HttpChunks *chunks, guint8 c, guint next, guint limit, GError **error)
{
  if (++chunks->line > limit)
    return fail (error, "a chunk extension or the trailer is too long");
  if (c == '\r')
    chunks->state = next;
  else if (c < 0x20 && c != '\t')
    return fail (error, "a chunk extension or the trailer has a control byte");
  return TRUE;
}

static gboolean
expect_lf (HttpChunks *chunks, guint8 c, guint next, GError **error)
{
  if (c != '\n')
    return fail (error, "a line of the chunk framing does not end with CR LF");
  chunks->state = next;
  return TRUE;
}

/* One byte outside chunk data. */
static gboolean
step (HttpChunks *chunks, guint8 c, gboolean *done, GError **error)
{
  switch (chunks->state)
    {
    case SIZE:
      return read_size (chunks, c, error);
    case EXTENSION:
      return read_line (chunks, c, SIZE_LF, MAX_EXTENSION, error);
    case SIZE_LF:
      chunks->digits = chunks->line = 0;
      return expect_lf (chunks, c, chunks->left > 0 ? DATA : LINE_START, error);
    case DATA_CR:
      if (c != '\r')
        return fail (error, "a chunk is longer than its size");
      chunks->state = DATA_LF;
      return TRUE;
    case DATA_LF:
      return expect_lf (chunks, c, SIZE, error);
    case LINE_START:
      chunks->state = c == '\r' ? END_LF : TRAILER;
      return c == '\r' ? TRUE : read_line (chunks, c, TRAILER_LF, MAX_TRAILER, error);
    case TRAILER:
      return read_line (chunks, c, TRAILER_LF, MAX_TRAILER, error);
    case TRAILER_LF:
      return expect_lf (chunks, c, LINE_START, error);
    default:
      *done = TRUE;
      return expect_lf (chunks, c, SIZE, error);
    }
}

gssize
http_chunks_read (HttpChunks *chunks, const guint8 *data, gsize length, GByteArray *out, gboolean *done, GError **error)
{
  gsize at = 0;

  *done = FALSE;
  while (at < length && !*done)
    {
      if (chunks->state == DATA)
        {
          gsize part = MIN (chunks->left, length - at);

          g_byte_array_append (out, data + at, (guint) part);
          at += part;
          chunks->left -= part;
          if (chunks->left == 0)
            chunks->state = DATA_CR;
        }
      else if (!step (chunks, data[at++], done, error))
        return -1;
    }
  return (gssize) at;
}
