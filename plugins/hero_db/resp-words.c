/* resp-words.c: words by blanks, "with \n \r \t \b \a \" \\ \xHH", 'with \''. Any thread. */
#include "resp-words.h"

/* What stands before a word and behind a closing quote. */
static gboolean
is_blank (char c)
{
  return g_ascii_isspace (c) || c == '\v';
}

/* What ends a word: not all blanks do. */
static gboolean
ends_word (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The character an escape at line[at] (behind the backslash) stands for; *at moves to its last character. */
static char
unescape (Slice line, gsize *at)
{
  char c = line.data[*at];

  if (c == 'x' && *at + 2 < line.length && g_ascii_isxdigit (line.data[*at + 1])
      && g_ascii_isxdigit (line.data[*at + 2]))
    {
      *at += 2;
      return (char)(g_ascii_xdigit_value (line.data[*at - 1]) << 4 | g_ascii_xdigit_value (line.data[*at]));
    }
  switch (c)
    {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
    }
}

/* A quoted part that begins at line[*at]; *at moves behind its closing quote. */
static gboolean
take_quoted (Slice line, gsize *at, GByteArray *scratch)
{
  char quote = line.data[*at];
  gsize i;

  for (i = *at + 1; i < line.length && line.data[i] != quote; i++)
    {
      char c = line.data[i];

      if (c == '\\' && i + 1 < line.length && (quote == '"' || line.data[i + 1] == '\''))
        {
          i++;
          c = quote == '"' ? unescape (line, &i) : '\'';
        }
      g_byte_array_append (scratch, (const guint8 *)&c, 1);
    }

  if (i == line.length || (i + 1 < line.length && !is_blank (line.data[i + 1])))
    return FALSE;
  *at = i + 1;
  return TRUE;
}

static gboolean
take_word (Slice line, gsize *at, GByteArray *scratch)
{
  while (*at < line.length && !ends_word (line.data[*at]))
    {
      if (line.data[*at] == '"' || line.data[*at] == '\'')
        return take_quoted (line, at, scratch);
      g_byte_array_append (scratch, (const guint8 *)&line.data[*at], 1);
      (*at)++;
    }
  return TRUE;
}

gboolean
resp_words_split (Slice line, GArray *words, GByteArray *scratch)
{
  gsize at = 0;

  /* A line ends at its first NUL, as in Redis. */
  line.length = strnlen (line.data, line.length);

  /* No word is longer than what it was made from: with the room taken once, the words do not move. */
  g_byte_array_set_size (scratch, (guint)line.length + 1);
  g_byte_array_set_size (scratch, 0);

  while (TRUE)
    {
      guint start = scratch->len;
      Slice word;

      while (at < line.length && is_blank (line.data[at]))
        at++;
      if (at == line.length)
        return TRUE;
      if (!take_word (line, &at, scratch))
        return FALSE;
      word = slice (scratch->data + start, scratch->len - start);
      g_array_append_val (words, word);
    }
}
