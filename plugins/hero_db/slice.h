/* slice.h: a borrowed piece of bytes, binary safe. Whoever hands one out says how long it lives. Any thread. */
#pragma once

#include <string.h>

#include <glib.h>

typedef struct
{
  const char *data;
  gsize length;
} Slice;

#define SLICE_LITERAL(text) ((Slice){ (text), sizeof (text) - 1 })

static inline Slice
slice (const void *data, gsize length)
{
  return (Slice){ data, length };
}

static inline Slice
slice_of_string (const char *text)
{
  return (Slice){ text, strlen (text) };
}

static inline gboolean
slice_equal (Slice a, Slice b)
{
  return a.length == b.length && (a.length == 0 || memcmp (a.data, b.data, a.length) == 0);
}

/* Is it this word, whatever the case of its ASCII letters? */
static inline gboolean
slice_is (Slice a, const char *word)
{
  return a.length == strlen (word) && g_ascii_strncasecmp (a.data, word, a.length) == 0;
}
