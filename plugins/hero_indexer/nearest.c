/* nearest.c: see nearest.h. Any thread. */
#include "nearest.h"

#include <hero-service/edit-distance.h>
#include <string.h>

#define MAX_DISTANCE 3

void
indexer_nearest_consider (IndexerNearest *self, const char *name)
{
  gsize length = strlen (self->word), other = strlen (name);
  guint d = hero_edit_distance (self->word, name);

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
