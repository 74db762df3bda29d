/* nearest.h: the name that a misspelt one is nearest to, for hints. Any thread. */
#pragma once

#include "error.h"

G_BEGIN_DECLS

/* IndexerNearest nearest = { word }; consider each name; then add the hint. */
typedef struct
{
  const char *word;
  const char *best; /* NULL: none is near */
  guint distance;
} IndexerNearest;

void indexer_nearest_consider (IndexerNearest *self, const char *name);
/* Adds `did you mean "x"?` as data.hint when there is a near one. */
void indexer_nearest_add_hint (const IndexerNearest *self, GError *error);

G_END_DECLS
