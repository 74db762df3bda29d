/* suggest.c: "did you mean" for words people type. Pure; any thread. */
#include "suggest.h"

#include <hero-service/edit-distance.h>

#include <string.h>

#define MAX_EDITS 3

const char *
hero_suggest_nearest (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint best = MIN (MAX_EDITS, strlen (word) - (*word != '\0')) + 1;

  for (gsize i = 0; known[i] != NULL; i++)
    {
      guint distance = hero_edit_distance (word, known[i]);

      if (distance < best)
        {
          best = distance;
          nearest = known[i];
        }
    }
  return nearest;
}

char *
hero_suggest_text (const char *word, const char *noun, const char *const *known)
{
  const char *nearest = hero_suggest_nearest (word, known);
  g_autofree char *list = NULL;

  if (nearest != NULL)
    return g_strdup_printf ("did you mean \"%s\"?", nearest);
  list = g_strjoinv (", ", (char **)known);
  return g_strdup_printf ("known %s: %s", noun, list);
}
