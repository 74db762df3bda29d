/* scrollback.c: see scrollback.h: a ring behind a filter. */
#include "scrollback.h"

#include <string.h>

#include "vt.h"

enum
{
  FIRST_SIZE = 4096,
  SEQUENCE_MAX = 1024, /* bytes of a question, which is short; longer sequences go through in parts */
  CUT_SEARCH = 4096,   /* how far a good place to begin is looked for */
  ENQ = 0x05,          /* who are you? */
};

struct _ProcScrollback
{
  ProcVt vt;
  char *ring;
  gsize size, max; /* bytes allocated; at most */
  gsize start, length;
  gboolean cut; /* something has gone already */
};

ProcScrollback *
proc_scrollback_new (gsize max)
{
  ProcScrollback *self = g_new0 (ProcScrollback, 1);

  proc_vt_init (&self->vt, SEQUENCE_MAX);
  self->max = max;
  return self;
}

void
proc_scrollback_free (ProcScrollback *self)
{
  proc_vt_clear (&self->vt);
  g_free (self->ring);
  g_free (self);
}

static void
copy_out (const ProcScrollback *self, gsize skip, char *to, gsize length)
{
  gsize from = self->size > 0 ? (self->start + skip) % self->size : 0, first = MIN (length, self->size - from);

  memcpy (to, self->ring + from, first);
  memcpy (to + first, self->ring, length - first);
}

static void
make_room (ProcScrollback *self, gsize more)
{
  gsize size = MAX (self->size, MIN (FIRST_SIZE, self->max));
  char *ring;

  while (size < self->length + more && size < self->max)
    size = MIN (size * 2, self->max);
  if (size == self->size)
    return;
  ring = g_malloc (size);
  if (self->length > 0)
    copy_out (self, 0, ring, self->length);
  g_free (self->ring);
  self->ring = ring;
  self->size = size;
  self->start = 0;
}

static void
append (ProcScrollback *self, const char *bytes, gsize length)
{
  gsize at, first;

  if (length > self->max)
    {
      bytes += length - self->max;
      length = self->max;
      self->cut = TRUE;
    }
  make_room (self, length);
  if (self->length + length > self->size)
    {
      gsize gone = self->length + length - self->size;

      self->start = (self->start + gone) % self->size;
      self->length -= gone;
      self->cut = TRUE;
    }
  if (length == 0)
    return;
  at = (self->start + self->length) % self->size;
  first = MIN (length, self->size - at);
  memcpy (self->ring + at, bytes, first);
  memcpy (self->ring, bytes + first, length - first);
  self->length += length;
}

static void
on_piece (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  ProcScrollback *self = data;

  if (state == PROC_VT_BROKEN)
    {
      /* Nothing may become whole by what follows. Of one that is in the ring already the end is made plain. */
      if (self->vt.parted)
        append (self, "\030", 1);
    }
  else if (state == PROC_VT_PART || self->vt.parted || !proc_vt_is_query (kind, bytes, length))
    append (self, bytes, length);
}

void
proc_scrollback_feed (ProcScrollback *self, const char *bytes, gsize length)
{
  proc_vt_feed (&self->vt, bytes, length, on_piece, self);
}

/* Where a terminal can begin when what was before is missing: after a line, at a sequence, not inside of a character. */
static gsize
find_beginning (const char *bytes, gsize length)
{
  gsize at = 0;

  for (gsize i = 0; i < MIN (length, CUT_SEARCH); i++)
    {
      if (bytes[i] == '\n')
        return i + 1;
      if (bytes[i] == '\033')
        return i;
    }
  while (at < length && ((guint8)bytes[at] & 0xc0) == 0x80)
    at++;
  return at;
}

GBytes *
proc_scrollback_get (ProcScrollback *self, gsize max)
{
  gsize kept = MIN (self->length, max), skipped = 0;
  GByteArray *array = g_byte_array_sized_new ((guint)(kept + self->vt.pending->len));

  g_byte_array_set_size (array, (guint)kept);
  if (kept > 0)
    copy_out (self, self->length - kept, (char *)array->data, kept);
  if (kept > 0 && (self->cut || kept < self->length))
    skipped = find_beginning ((const char *)array->data, kept);
  if (skipped > 0)
    g_byte_array_remove_range (array, 0, (guint)skipped);
  proc_vt_peek (&self->vt, array);
  /* It is data inside of a string, but the beginning of the string may be gone. */
  for (guint i = 0; i < array->len; i++)
    if (array->data[i] == ENQ)
      array->data[i] = '\0';
  return g_byte_array_free_to_bytes (array);
}
