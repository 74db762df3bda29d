/* nearest.c: edit distance, for hints. Any thread. */
#include "nearest.h"

#include <string.h>

#define MAX_DISTANCE 3
#define MAX_LENGTH 255

/* Levenshtein distance of two short byte strings, by rows. */
static guint
distance (const char *a, const char *b)
{
  guint row[MAX_LENGTH + 1];
  gsize n = strlen (b);

  for (gsize j = 0; j <= n; j++)
    row[j] = j;
  for (gsize i = 0; a[i] != 0; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (gsize j = 1; j <= n; j++)
        {
          guint above = row[j];
          guint change = diagonal + (a[i] != b[j - 1]);

          row[j] = MIN (change, MIN (above, row[j - 1]) + 1);
          diagonal = above;
        }
    }
  return row[n];
}

void
indexer_nearest_consider (IndexerNearest *self, const char *name)
{
  gsize length = strlen (self->word), other = strlen (name);
  guint d;

  if (length > MAX_LENGTH || other > MAX_LENGTH || MAX (length, other) - MIN (length, other) > MAX_DISTANCE)
    return;
  d = distance (self->word, name);
  if (d > MIN (MAX_DISTANCE, MAX (length, other) / 2) || (self->best != NULL && d >= self->distance))
    return;
  self->best = name;
  self->distance = d;
}

void
indexer_nearest_add_hint (const IndexerNearest *self, GError *error)
{
  g_autofree char *hint = NULL;

  if (self->best == NULL)
    return;
  hint = g_strdup_printf ("did you mean \"%s\"?", self->best);
  indexer_error_add_text (error, "hint", hint);
}
