/* suggest.c: "did you mean" for words people type. Pure; any thread. */
#include "suggest.h"

#include <string.h>

#define MAX_EDITS 3
#define MAX_WORD 64 /* longer words are not names of ours: no suggestion, and the tables below stay on the stack */

guint
hero_suggest_distance (const char *a, const char *b)
{
  guint cost[MAX_WORD + 1][MAX_WORD + 1];
  gsize n = strlen (a), m = strlen (b);

  if (n > MAX_WORD || m > MAX_WORD)
    return G_MAXUINT;

  for (gsize i = 0; i <= n; i++)
    cost[i][0] = i;
  for (gsize j = 0; j <= m; j++)
    cost[0][j] = j;

  for (gsize i = 1; i <= n; i++)
    for (gsize j = 1; j <= m; j++)
      {
        guint best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
        best = MIN (best, cost[i - 1][j] + 1);
        best = MIN (best, cost[i][j - 1] + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          best = MIN (best, cost[i - 2][j - 2] + 1);
        cost[i][j] = best;
      }
  return cost[n][m];
}

const char *
hero_suggest_nearest (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint best = MIN (MAX_EDITS, strlen (word) - (*word != '\0')) + 1;

  for (gsize i = 0; known[i] != NULL; i++)
    {
      guint distance = hero_suggest_distance (word, known[i]);

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
