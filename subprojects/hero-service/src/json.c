/*
 * json.c: the one strict reader of JSON from outside. A recursive descent over RFC 8259 that checks and, if asked, builds
 * json-glib's tree on the way: a second parser behind a scan could read the same text in another way. Any thread.
 */
#include "json-internal.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK (hero-json-error-quark, hero_json_error)

typedef struct
{
  const guint8 *start, *at, *end;
  guint depth;
  gboolean build;
  gboolean tolerate;    /* a value we do not take goes to `flaws` instead of ending the scan */
  HeroJsonFlaws *flaws;
  char *flaw;           /* what is wrong with the string or number just read, if anything */
  GString *buffer;      /* the string just read, decoded; only while building */
  GError *error;
} Reader;

/* What a byte of a string means. */
enum
{
  PLAIN,
  QUOTE,
  ESCAPE,
  CONTROL,
  TWO,   /* first byte of a UTF-8 sequence of so many bytes */
  THREE,
  FOUR,
  BAD,
};

static const guint8 byte_class[256] = {
  [0x00 ... 0x1f] = CONTROL, ['"'] = QUOTE,         ['\\'] = ESCAPE,      [0x80 ... 0xc1] = BAD,
  [0xc2 ... 0xdf] = TWO,     [0xe0 ... 0xef] = THREE, [0xf0 ... 0xf4] = FOUR, [0xf5 ... 0xff] = BAD,
};

static gboolean read_value (Reader *reader, JsonNode **node);

/* ------------------------------------------------------------------------------------------------ errors */

static void
locate (Reader *reader, const guint8 *at, guint *line, guint *column)
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

static gboolean G_GNUC_PRINTF (4, 5)
fail (Reader *reader, const guint8 *at, HeroJsonError code, const char *format, ...)
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

/* "expected WHAT, found .." at the present place. */
static gboolean
unexpected (Reader *reader, const char *what)
{
  if (reader->at == reader->end)
    return fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found the end of the text", what);
  if (*reader->at > 0x20 && *reader->at < 0x7f)
    return fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found '%c'", what, *reader->at);
  return fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "expected %s, found byte 0x%02x", what, *reader->at);
}

/* A legal value we do not take: an error, or a flaw of the value just read. */
static gboolean
refuse (Reader *reader, const guint8 *at, const char *what)
{
  guint line, column;

  if (!reader->tolerate)
    return fail (reader, at, HERO_JSON_ERROR_VALUE, "%s", what);
  locate (reader, at, &line, &column);
  g_free (reader->flaw);
  reader->flaw = g_strdup_printf ("line %u, column %u: %s", line, column, what);
  return TRUE;
}

/* The flaw just met, if any, becomes the node's. */
static void
mark_flaw (Reader *reader, JsonNode *node)
{
  if (G_LIKELY (reader->flaw == NULL))
    return;
  if (reader->flaws == NULL)
    reader->flaws = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_hash_table_insert (reader->flaws, node, g_steal_pointer (&reader->flaw));
}

/* ------------------------------------------------------------------------------------------------ lexical parts */

static inline void
skip_blanks (Reader *reader)
{
  while (reader->at < reader->end
         && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
    reader->at++;
}

static inline gboolean
next_is (Reader *reader, char c)
{
  return reader->at < reader->end && *reader->at == (guint8)c;
}

static gboolean
read_hex4 (Reader *reader, guint *value)
{
  *value = 0;
  for (guint i = 0; i < 4; i++, reader->at++)
    {
      int digit = reader->at < reader->end ? g_ascii_xdigit_value ((char)*reader->at) : -1;
      if (digit < 0)
        return unexpected (reader, "four hexadecimal digits after \\u");
      *value = *value << 4 | (guint)digit;
    }
  return TRUE;
}

/* After "\u". */
static gboolean
read_unicode_escape (Reader *reader)
{
  const guint8 *at = reader->at - 2;
  guint code, low;

  if (!read_hex4 (reader, &code))
    return FALSE;
  if (code >= 0xdc00 && code <= 0xdfff)
    return fail (reader, at, HERO_JSON_ERROR_SYNTAX, "lone low surrogate \\u%04x", code);
  if (code >= 0xd800 && code <= 0xdbff)
    {
      if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
        return fail (reader, at, HERO_JSON_ERROR_SYNTAX, "lone high surrogate \\u%04x", code);
      reader->at += 2;
      if (!read_hex4 (reader, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return fail (reader, at, HERO_JSON_ERROR_SYNTAX, "high surrogate \\u%04x without a low one", code);
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
read_escape (Reader *reader)
{
  char c;

  reader->at++;
  if (reader->at == reader->end)
    return unexpected (reader, "an escape");
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
      return unexpected (reader, "one of \"\\/bfnrtu after a backslash");
    }
  reader->at++;
  if (reader->build)
    g_string_append_c (reader->buffer, c);
  return TRUE;
}

/* Length of the well-formed UTF-8 sequence at p, 0 if it is none: no overlong form, no surrogate, nothing past U+10FFFF. */
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

/* At the opening quote; afterwards behind the closing one, the text in `buffer`. */
static gboolean
read_string (Reader *reader)
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
        return unexpected (reader, "the closing quote of a string");
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
          return fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "control character 0x%02x in a string", *reader->at);
        default:
          return fail (reader, reader->at, HERO_JSON_ERROR_SYNTAX, "byte 0x%02x is not UTF-8", *reader->at);
        }
    }
}

static gboolean
read_digits (Reader *reader, const char *what)
{
  if (reader->at == reader->end || !g_ascii_isdigit (*reader->at))
    return unexpected (reader, what);
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

static gboolean
read_number (Reader *reader, JsonNode **node)
{
  const guint8 *from = reader->at;
  gboolean integer = TRUE;
  gint64 whole = 0;
  double real = 0;

  if (next_is (reader, '-'))
    reader->at++;
  if (next_is (reader, '0'))
    {
      reader->at++;
      if (reader->at < reader->end && g_ascii_isdigit (*reader->at))
        return fail (reader, from, HERO_JSON_ERROR_SYNTAX, "a number with a leading zero");
    }
  else if (!read_digits (reader, "a digit"))
    return FALSE;
  if (next_is (reader, '.'))
    {
      integer = FALSE;
      reader->at++;
      if (!read_digits (reader, "a digit after the point"))
        return FALSE;
    }
  if (next_is (reader, 'e') || next_is (reader, 'E'))
    {
      integer = FALSE;
      reader->at++;
      if (next_is (reader, '+') || next_is (reader, '-'))
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
      mark_flaw (reader, *node);
    }
  return TRUE;
}

static gboolean
read_word (Reader *reader, JsonNode **node)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);
      if ((gsize)(reader->end - reader->at) < length || memcmp (reader->at, words[i], length) != 0)
        continue;
      reader->at += length;
      if (reader->at < reader->end && (g_ascii_isalnum (*reader->at) || *reader->at == '_'))
        return unexpected (reader, "the end of the value");
      if (reader->build)
        *node = i == 2 ? json_node_init_null (json_node_alloc ()) : json_node_init_boolean (json_node_alloc (), i == 0);
      return TRUE;
    }
  return unexpected (reader, "a value");
}

/* ------------------------------------------------------------------------------------------------ structure */

static gboolean
enter (Reader *reader)
{
  if (++reader->depth > HERO_JSON_MAX_DEPTH)
    return fail (reader, reader->at, HERO_JSON_ERROR_DEPTH, "nested deeper than %d levels", HERO_JSON_MAX_DEPTH);
  reader->at++;
  skip_blanks (reader);
  return TRUE;
}

/* After an element: a comma (*more) or the closing bracket. */
static gboolean
read_separator (Reader *reader, char closing, const char *what, gboolean *more)
{
  skip_blanks (reader);
  *more = next_is (reader, ',');
  if (!*more && !next_is (reader, closing))
    return unexpected (reader, what);
  reader->at++;
  if (*more)
    skip_blanks (reader);
  else
    reader->depth--;
  return TRUE;
}

static gboolean
read_member (Reader *reader, JsonObject *object)
{
  g_autofree char *name = NULL, *name_flaw = NULL;
  g_autoptr (JsonNode) value = NULL;

  if (!next_is (reader, '"'))
    return unexpected (reader, "a member name in double quotes");
  if (!read_string (reader))
    return FALSE;
  if (reader->build)
    name = g_strndup (reader->buffer->str, reader->buffer->len);
  name_flaw = g_steal_pointer (&reader->flaw);
  skip_blanks (reader);
  if (!next_is (reader, ':'))
    return unexpected (reader, "':' after a member name");
  reader->at++;
  skip_blanks (reader);
  if (!read_value (reader, &value))
    return FALSE;
  if (reader->build)
    {
      reader->flaw = g_steal_pointer (&name_flaw);
      mark_flaw (reader, value);
      json_object_set_member (object, name, g_steal_pointer (&value));
    }
  return TRUE;
}

static gboolean
read_object (Reader *reader, JsonNode **node)
{
  g_autoptr (JsonObject) object = reader->build ? json_object_new () : NULL;
  gboolean more = TRUE;

  if (!enter (reader))
    return FALSE;
  if (next_is (reader, '}'))
    {
      reader->at++;
      reader->depth--;
      more = FALSE;
    }
  while (more)
    if (!read_member (reader, object) || !read_separator (reader, '}', "',' or '}' after a member", &more))
      return FALSE;
  if (reader->build)
    {
      *node = json_node_alloc ();
      json_node_init (*node, JSON_NODE_OBJECT);
      json_node_take_object (*node, g_steal_pointer (&object));
    }
  return TRUE;
}

static gboolean
read_array (Reader *reader, JsonNode **node)
{
  g_autoptr (JsonArray) array = reader->build ? json_array_new () : NULL;
  gboolean more = TRUE;

  if (!enter (reader))
    return FALSE;
  if (next_is (reader, ']'))
    {
      reader->at++;
      reader->depth--;
      more = FALSE;
    }
  while (more)
    {
      JsonNode *element = NULL;
      if (!read_value (reader, &element))
        return FALSE;
      if (reader->build)
        json_array_add_element (array, element);
      if (!read_separator (reader, ']', "',' or ']' after an element", &more))
        return FALSE;
    }
  if (reader->build)
    {
      *node = json_node_alloc ();
      json_node_init (*node, JSON_NODE_ARRAY);
      json_node_take_array (*node, g_steal_pointer (&array));
    }
  return TRUE;
}

static gboolean
read_value (Reader *reader, JsonNode **node)
{
  if (reader->at == reader->end)
    return unexpected (reader, "a value");
  switch (*reader->at)
    {
    case '{':
      return read_object (reader, node);
    case '[':
      return read_array (reader, node);
    case '"':
      if (!read_string (reader))
        return FALSE;
      if (reader->build)
        {
          *node = json_node_init_string (json_node_alloc (), reader->buffer->str);
          mark_flaw (reader, *node);
        }
      return TRUE;
    case '-':
    case '0' ... '9':
      return read_number (reader, node);
    default:
      return read_word (reader, node);
    }
}

static gboolean
read_text (Reader *reader, JsonNode **node)
{
  skip_blanks (reader);
  if (!read_value (reader, node))
    return FALSE;
  skip_blanks (reader);
  return reader->at == reader->end || unexpected (reader, "nothing after the value");
}

static gboolean
run (Reader *reader, const char *text, gssize length, JsonNode **result, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  gboolean good;

  if (text == NULL) /* the data of an empty GBytes */
    text = "";
  reader->start = reader->at = (const guint8 *)text;
  reader->end = reader->start + (length < 0 ? strlen (text) : (gsize)length);
  if (reader->build)
    reader->buffer = g_string_sized_new (128);
  good = read_text (reader, &node);
  if (reader->buffer != NULL)
    g_string_free (reader->buffer, TRUE);
  g_free (reader->flaw);
  if (!good)
    {
      g_clear_pointer (&reader->flaws, g_hash_table_unref);
      g_propagate_error (error, reader->error);
      return FALSE;
    }
  if (result != NULL)
    *result = g_steal_pointer (&node);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ interface */

gboolean
hero_json_check (const char *text, gssize length, GError **error)
{
  Reader reader = { 0 };

  return run (&reader, text, length, NULL, error);
}

JsonNode *
hero_json_parse (const char *text, gssize length, GError **error)
{
  Reader reader = { .build = TRUE };
  JsonNode *node = NULL;

  run (&reader, text, length, &node, error);
  return node;
}

JsonNode *
hero_json_parse_flawed (const char *text, gsize length, HeroJsonFlaws **flaws, GError **error)
{
  Reader reader = { .build = TRUE, .tolerate = TRUE };
  JsonNode *node = NULL;

  if (run (&reader, text, (gssize)length, &node, error))
    *flaws = reader.flaws;
  return node;
}
