/* redaction.c: see redaction.h. Any thread. */
#include "redaction.h"

#include <string.h>

enum
{
  SHORTEST = 6, /* shorter values would take too much that is none out of the text */
  PREFIX = 4,   /* bytes by which a place in the text is looked up */
  BUCKETS = 1024,
};

#define STARS "***"

struct _ProcRedaction
{
  gboolean all;
  GPtrArray *buckets[BUCKETS]; /* char *, by the hash of their first PREFIX bytes; NULL = none */
};

static guint
hash_prefix (const char *text)
{
  guint32 word;

  memcpy (&word, text, PREFIX);
  return (word * 2654435761u) >> 22; /* Knuth's multiplier; the upper 10 bits */
}
G_STATIC_ASSERT (BUCKETS == 1 << (32 - 22));

static void
redaction_clear (gpointer data)
{
  ProcRedaction *self = data;

  for (guint i = 0; i < BUCKETS; i++)
    g_clear_pointer (&self->buckets[i], g_ptr_array_unref);
}

ProcRedaction *
proc_redaction_ref (ProcRedaction *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_redaction_unref (ProcRedaction *self)
{
  g_atomic_rc_box_release_full (self, redaction_clear);
}

/* One line of a value; blanks around it do not count, a shell drops them easily. */
static gboolean
add_line (ProcRedaction *self, const char *line)
{
  g_autofree char *bare = g_strstrip (g_strdup (line));
  const char *pattern = strlen (bare) >= SHORTEST ? bare : line;
  GPtrArray **bucket;

  if (strlen (pattern) < SHORTEST)
    return FALSE;
  bucket = &self->buckets[hash_prefix (pattern)];
  if (*bucket == NULL)
    *bucket = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (*bucket, g_strdup (pattern));
  return TRUE;
}

ProcRedaction *
proc_redaction_new (const char *const *values)
{
  g_autoptr (ProcRedaction) self = g_atomic_rc_box_new0 (ProcRedaction);
  gboolean any = FALSE;

  for (guint i = 0; values[i] != NULL; i++)
    {
      g_auto (GStrv) lines = g_strsplit (values[i], "\n", -1);

      for (guint j = 0; lines[j] != NULL; j++)
        any |= add_line (self, lines[j]);
    }
  return any ? g_steal_pointer (&self) : NULL;
}

ProcRedaction *
proc_redaction_new_all (void)
{
  ProcRedaction *self = g_atomic_rc_box_new0 (ProcRedaction);

  self->all = TRUE;
  return self;
}

/* Bytes of the longest value that begins at `text`, of which `left` bytes are there; 0 = none. */
static gsize
match (const ProcRedaction *self, const char *text, gsize left, gboolean cut)
{
  const GPtrArray *bucket = self->buckets[hash_prefix (text)];
  gsize longest = 0;

  for (guint i = 0; bucket != NULL && i < bucket->len; i++)
    {
      const char *pattern = bucket->pdata[i];
      gsize length = strlen (pattern);

      if (length > left && cut)
        length = left;
      if (length > longest && length <= left && memcmp (pattern, text, length) == 0)
        longest = length;
    }
  return longest;
}

/* Places that overlap become one: what sticks out of a value may be the end of another. */
char *
proc_redaction_apply (const ProcRedaction *self, const char *text, gboolean cut)
{
  gsize length = strlen (text), end = 0; /* of the place found last; all before it is in `out` */
  GString *out = NULL;

  if (self == NULL || length == 0)
    return NULL;
  if (self->all)
    return g_strdup (STARS);
  for (gsize at = 0; at + PREFIX <= length; at++)
    {
      gsize found = match (self, text + at, length - at, cut);

      if (found == 0)
        continue;
      if (at >= end) /* a new place */
        {
          if (out == NULL)
            out = g_string_sized_new (length);
          g_string_append_len (out, text + end, (gssize)(at - end));
          g_string_append (out, STARS);
        }
      end = MAX (end, at + found);
    }
  if (out == NULL)
    return NULL;
  g_string_append (out, text + end);
  return g_string_free (out, FALSE);
}
