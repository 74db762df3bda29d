/*
 * glob.c: Redis's patterns without its recursion. It is enough to go back to the last star: what an earlier one could
 * still take, the last one can take as well. Any thread.
 */
#include "glob.h"

static int
fold (char c, gboolean ignore_case)
{
  return ignore_case ? g_ascii_tolower (c) : c;
}

/* One [..] at pattern[at]: does it take c? *next: the position after it. An unclosed one ends with the pattern. */
static gboolean
class_takes (Slice pattern, gsize at, char c, gboolean ignore_case, gsize *next)
{
  gboolean negated, taken = FALSE;
  int wanted = fold (c, ignore_case);

  at++;
  negated = at < pattern.length && pattern.data[at] == '^';
  if (negated)
    at++;

  for (; at < pattern.length && pattern.data[at] != ']'; at++)
    {
      if (pattern.data[at] == '\\' && at + 1 < pattern.length)
        {
          at++;
          taken |= pattern.data[at] == c;
        }
      else if (at + 2 < pattern.length && pattern.data[at + 1] == '-')
        {
          int low = fold (MIN (pattern.data[at], pattern.data[at + 2]), ignore_case);
          int high = fold (MAX (pattern.data[at], pattern.data[at + 2]), ignore_case);

          taken |= wanted >= low && wanted <= high;
          at += 2;
        }
      else
        taken |= fold (pattern.data[at], ignore_case) == wanted;
    }

  *next = MIN (at + 1, pattern.length);
  return taken != negated;
}

/* Does the piece at pattern[at], which is no star, take c? */
static gboolean
piece_takes (Slice pattern, gsize at, char c, gboolean ignore_case, gsize *next)
{
  switch (pattern.data[at])
    {
    case '?':
      *next = at + 1;
      return TRUE;
    case '[':
      return class_takes (pattern, at, c, ignore_case, next);
    case '\\':
      if (at + 1 < pattern.length)
        at++;
      G_GNUC_FALLTHROUGH;
    default:
      *next = at + 1;
      return fold (pattern.data[at], ignore_case) == fold (c, ignore_case);
    }
}

gboolean
glob_match (Slice pattern, Slice text, gboolean ignore_case)
{
  gsize p = 0, t = 0, next, after_star = 0, star_text = 0;
  gboolean have_star = FALSE;

  /* Redis: nothing but the empty pattern matches the empty text, not even a star. */
  if (text.length == 0)
    return pattern.length == 0;

  while (t < text.length)
    {
      if (p < pattern.length && pattern.data[p] == '*')
        {
          have_star = TRUE;
          after_star = ++p;
          star_text = t;
        }
      else if (p < pattern.length && piece_takes (pattern, p, text.data[t], ignore_case, &next))
        {
          p = next;
          t++;
        }
      else if (have_star)
        {
          p = after_star;
          t = ++star_text;
        }
      else
        return FALSE;
    }

  while (p < pattern.length && pattern.data[p] == '*')
    p++;
  return p == pattern.length;
}
