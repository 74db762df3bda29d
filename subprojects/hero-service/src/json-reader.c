/* json-reader.c: see json-reader.h. The letters of RFC 8259: UTF-8, escapes, surrogates, numbers. Any thread. */
#include "json-reader.h"

#include <math.h>
#include <string.h>

/* What a byte of a string means. */
enum
{
  PLAIN,
  QUOTE,
  ESCAPE,
  CONTROL,
  TWO, /* first byte of a UTF-8 sequence of so many bytes */
  THREE,
  FOUR,
  BAD,
};

static const guint8 byte_class[256] = {
  [0x00 ... 0x1f] = CONTROL, ['"'] = QUOTE,           ['\\'] = ESCAPE,        [0x80 ... 0xc1] = BAD,
  [0xc2 ... 0xdf] = TWO,     [0xe0 ... 0xef] = THREE, [0xf0 ... 0xf4] = FOUR, [0xf5 ... 0xff] = BAD,
};

/* ------------------------------------------------------------------------------------------------ errors */

static void
locate (HeroJsonReader *reader, const guint8 *at, guint *line, guint *column)
{
  *line = 1;
  *column = 1;
  for (const guint8 *p = reader->start; p < at; p++)
    {
      if (*p == '\n')
        {
          (*line)++;
          *column = 1;
        }
      else if ((*p & 0xc0) != 0x80)
        (*column)++;
    }
}

gboolean
hero_json_reader_fail (HeroJsonReader *reader, const guint8 *at, HeroJsonError code, const char *format, ...)
{
  guint line, column;
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);

  locate (reader, at, &line, &column);
  if (reader->error == NULL)
    reader->error = g_error_new (HERO_JSON_ERROR, code, "line %u, column %u: %s", line, column, text);
  return FALSE;
}

gboolean
hero_json_reader_unexpected (HeroJsonReader *reader, const char *what)
{
  if (reader->at == reader->end)
    return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found the end of the text",
                                  what);
  if (*reader->at > 0x20 && *reader->at < 0x7f)
    return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found '%c'", what,
                                  *reader->at);
  return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found byte 0x%02x", what,
                                *reader->at);
}

/* A legal value we do not take: an error, or a flaw of the value just read. */
static gboolean
refuse (HeroJsonReader *reader, const guint8 *at, const char *what)
{
  guint line, column;

  if (!reader->tolerate)
    return hero_json_reader_fail (reader, at, HERO_JSON_ERROR_VALUE, "%s", what);
  locate (reader, at, &line, &column);
  g_free (reader->flaw);
  reader->flaw = g_strdup_printf ("line %u, column %u: %s", line, column, what);
  return TRUE;
}

void
hero_json_reader_mark_flaw (HeroJsonReader *reader, JsonNode *node)
{
  if (G_LIKELY (reader->flaw == NULL))
    return;
  if (reader->flaws == NULL)
    reader->flaws = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_hash_table_insert (reader->flaws, node, g_steal_pointer (&reader->flaw));
}

/* ------------------------------------------------------------------------------------------------ lexical parts */

static gboolean
read_hex4 (HeroJsonReader *reader, guint *value)
{
  *value = 0;
  for (guint i = 0; i < 4; i++, reader->at++)
    {
      int digit = reader->at < reader->end ? g_ascii_xdigit_value ((char)*reader->at) : -1;
      if (digit < 0)
        return hero_json_reader_unexpected (reader, "four hexadecimal digits after \\u");
      *value = *value << 4 | (guint)digit;
    }
  return TRUE;
}

/* After "\u". */
static gboolean
read_unicode_escape (HeroJsonReader *reader)
{
  const guint8 *at = reader->at - 2;
  guint code, low;

  if (!read_hex4 (reader, &code))
    return FALSE;
  if (code >= 0xdc00 && code <= 0xdfff)
    return hero_json_reader_fail (reader, at, HERO_JSON_ERROR_SYNTAX, "lone low surrogate \\u%04x", code);
  if (code >= 0xd800 && code <= 0xdbff)
    {
      if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
        return hero_json_reader_fail (reader, at, HERO_JSON_ERROR_SYNTAX, "lone high surrogate \\u%04x", code);
      reader->at += 2;
      if (!read_hex4 (reader, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return hero_json_reader_fail (reader, at, HERO_JSON_ERROR_SYNTAX, "high surrogate \\u%04x without a low one",
                                      code);
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
  if (code == 0)
    {
      code = 0xfffd;
      if (!refuse (reader, at, "a string with U+0000"))
        return FALSE;
    }
  if (reader->build)
    g_string_append_unichar (reader->buffer, code);
  return TRUE;
}

/* At the backslash. */
static gboolean
read_escape (HeroJsonReader *reader)
{
  char c;

  reader->at++;
  if (reader->at == reader->end)
    return hero_json_reader_unexpected (reader, "an escape");
  switch (*reader->at)
    {
    case '"':
    case '\\':
    case '/':
      c = (char)*reader->at;
      break;
    case 'b':
      c = '\b';
      break;
    case 'f':
      c = '\f';
      break;
    case 'n':
      c = '\n';
      break;
    case 'r':
      c = '\r';
      break;
    case 't':
      c = '\t';
      break;
    case 'u':
      reader->at++;
      return read_unicode_escape (reader);
    default:
      return hero_json_reader_unexpected (reader, "one of \"\\/bfnrtu after a backslash");
    }
  reader->at++;
  if (reader->build)
    g_string_append_c (reader->buffer, c);
  return TRUE;
}

/* Length of the well-formed UTF-8 sequence at p, 0 if it is none: no overlong form, no surrogate, nothing past
 * U+10FFFF. */
static gsize
utf8_sequence (const guint8 *p, const guint8 *end)
{
  gsize length = byte_class[*p] == TWO ? 2 : byte_class[*p] == THREE ? 3 : byte_class[*p] == FOUR ? 4 : 0;

  if (length == 0 || (gsize)(end - p) < length)
    return 0;
  for (gsize i = 1; i < length; i++)
    if ((p[i] & 0xc0) != 0x80)
      return 0;
  if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90)
      || (p[0] == 0xf4 && p[1] > 0x8f))
    return 0;
  return length;
}

gboolean
hero_json_read_string (HeroJsonReader *reader)
{
  const guint8 *run = ++reader->at;
  gsize length;

  if (reader->build)
    g_string_truncate (reader->buffer, 0);
  for (;;)
    {
      while (reader->at < reader->end && byte_class[*reader->at] == PLAIN)
        reader->at++;
      if (reader->at < reader->end && (length = utf8_sequence (reader->at, reader->end)) > 0)
        {
          reader->at += length;
          continue;
        }

      if (reader->build)
        g_string_append_len (reader->buffer, (const char *)run, reader->at - run);
      if (reader->at == reader->end)
        return hero_json_reader_unexpected (reader, "the closing quote of a string");
      switch (byte_class[*reader->at])
        {
        case QUOTE:
          reader->at++;
          return TRUE;
        case ESCAPE:
          if (!read_escape (reader))
            return FALSE;
          run = reader->at;
          break;
        case CONTROL:
          return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX,
                                        "control character 0x%02x in a string", *reader->at);
        default:
          return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "byte 0x%02x is not UTF-8",
                                        *reader->at);
        }
    }
}

static gboolean
read_digits (HeroJsonReader *reader, const char *what)
{
  if (reader->at == reader->end || !g_ascii_isdigit (*reader->at))
    return hero_json_reader_unexpected (reader, what);
  while (reader->at < reader->end && g_ascii_isdigit (*reader->at))
    reader->at++;
  return TRUE;
}

static gboolean
parse_int64 (const guint8 *from, const guint8 *to, gint64 *value)
{
  gboolean negative = *from == '-';
  guint64 limit = (guint64)G_MAXINT64 + negative, sum = 0;

  for (from += negative; from < to; from++)
    {
      guint digit = *from - '0';
      if (sum > (limit - digit) / 10)
        return FALSE;
      sum = sum * 10 + digit;
    }
  *value = negative ? (gint64)(0 - sum) : (gint64)sum;
  return TRUE;
}

static double
parse_double (const guint8 *from, const guint8 *to)
{
  char small[64];
  gsize length = to - from;

  if (length < sizeof small)
    {
      memcpy (small, from, length);
      small[length] = '\0';
      return g_ascii_strtod (small, NULL);
    }
  g_autofree char *large = g_strndup ((const char *)from, length);
  return g_ascii_strtod (large, NULL);
}

gboolean
hero_json_read_number (HeroJsonReader *reader, JsonNode **node)
{
  const guint8 *from = reader->at;
  gboolean integer = TRUE;
  gint64 whole = 0;
  double real = 0;

  if (hero_json_next_is (reader, '-'))
    reader->at++;
  if (hero_json_next_is (reader, '0'))
    {
      reader->at++;
      if (reader->at < reader->end && g_ascii_isdigit (*reader->at))
        return hero_json_reader_fail (reader, from, HERO_JSON_ERROR_SYNTAX, "a number with a leading zero");
    }
  else if (!read_digits (reader, "a digit"))
    return FALSE;
  if (hero_json_next_is (reader, '.'))
    {
      integer = FALSE;
      reader->at++;
      if (!read_digits (reader, "a digit after the point"))
        return FALSE;
    }
  if (hero_json_next_is (reader, 'e') || hero_json_next_is (reader, 'E'))
    {
      integer = FALSE;
      reader->at++;
      if (hero_json_next_is (reader, '+') || hero_json_next_is (reader, '-'))
        reader->at++;
      if (!read_digits (reader, "a digit of the exponent"))
        return FALSE;
    }

  if (integer)
    {
      if (!parse_int64 (from, reader->at, &whole) && !refuse (reader, from, "an integer outside the 64-bit range"))
        return FALSE;
    }
  else
    {
      real = parse_double (from, reader->at);
      if (!isfinite (real) && !refuse (reader, from, "a number too large for a double"))
        return FALSE;
    }
  if (reader->build)
    {
      if (reader->flaw != NULL)
        *node = json_node_init_null (json_node_alloc ());
      else if (integer)
        *node = json_node_init_int (json_node_alloc (), whole);
      else
        *node = json_node_init_double (json_node_alloc (), real);
      hero_json_reader_mark_flaw (reader, *node);
    }
  return TRUE;
}

gboolean
hero_json_read_word (HeroJsonReader *reader, JsonNode **node)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);
      if ((gsize)(reader->end - reader->at) < length || memcmp (reader->at, words[i], length) != 0)
        continue;
      reader->at += length;
      if (reader->at < reader->end && (g_ascii_isalnum (*reader->at) || *reader->at == '_'))
        return hero_json_reader_unexpected (reader, "the end of the value");
      if (reader->build)
        *node = i == 2 ? json_node_init_null (json_node_alloc ()) : json_node_init_boolean (json_node_alloc (), i == 0);
      return TRUE;
    }
  return hero_json_reader_unexpected (reader, "a value");
}
