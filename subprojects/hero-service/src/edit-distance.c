/* edit-distance.c: the table of distances of all beginnings, of which a row needs only the two before it. Pure. */
#include <hero-service/edit-distance.h>

#include <string.h>

#define MAX_WORD 255

/* Of the words up to a[i - 1] and b[j - 1]. */
static gboolean
is_swapped (const char *a, gsize i, const char *b, gsize j)
{
  return i > 1 && j > 1 && g_ascii_tolower (a[i - 1]) == g_ascii_tolower (b[j - 2])
         && g_ascii_tolower (a[i - 2]) == g_ascii_tolower (b[j - 1]);
}

guint
hero_edit_distance (const char *a, const char *b)
{
  guint rows[3][MAX_WORD + 1];
  gsize n = strlen (a), m = strlen (b);

  if (n > MAX_WORD || m > MAX_WORD)
    return G_MAXUINT;
  for (gsize j = 0; j <= m; j++)
    rows[0][j] = (guint)j;
  for (gsize i = 1; i <= n; i++)
    {
      const guint *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3]; /* i - 2, i - 1 */
      guint *row = rows[i % 3];

      row[0] = (guint)i;
      for (gsize j = 1; j <= m; j++)
        {
          guint changed = above[j - 1] + (g_ascii_tolower (a[i - 1]) != g_ascii_tolower (b[j - 1]));

          row[j] = MIN (changed, MIN (above[j], row[j - 1]) + 1);
          if (is_swapped (a, i, b, j))
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
    }
  return rows[n % 3][m];
}
