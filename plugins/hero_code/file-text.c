/* file-text.c: what kind of bytes a file has. Any thread. */
#include "file-text.h"

#include <string.h>

gboolean
code_text_is_binary (const char *data, gsize length)
{
  return length > 0 && memchr (data, 0, MIN (length, CODE_BINARY_LOOK)) != NULL;
}

gboolean
code_text_has_bom (const char *data, gsize length)
{
  return length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0;
}

guint64
code_text_count_lines (const char *data, gsize length)
{
  const char *end = data + length;
  guint64 n = 0;

  for (const char *p = data; (p = memchr (p, '\n', end - p)) != NULL; p++)
    n++;
  return n + (length > 0 && end[-1] != '\n');
}

const char *
code_text_eol (const char *data, gsize length)
{
  const char *end = data + length;
  gboolean lf = FALSE, crlf = FALSE;

  for (const char *p = data; (p = memchr (p, '\n', end - p)) != NULL; p++)
    {
      if (p > data && p[-1] == '\r')
        crlf = TRUE;
      else
        lf = TRUE;
    }
  if (lf && crlf)
    return "mixed";
  return crlf ? "crlf" : lf ? "lf" : "none";
}
