/* value.c: the binary form of values. Any thread. */
#include "value.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include <hero-service/json.h>

#include "json-text.h"

#define US_PER_DAY G_GINT64_CONSTANT (86400000000)
#define SIGN_BIT (G_GUINT64_CONSTANT (1) << 63)

static const struct
{
  const char *name;
  const char *expects;
} types[INDEXER_N_TYPES] = {
  [INDEXER_TEXT] = { "text", "a string" },
  [INDEXER_STR] = { "str", "a string" },
  [INDEXER_U64] = { "u64", "an integer from 0" },
  [INDEXER_I64] = { "i64", "a signed integer of 64 bits" },
  [INDEXER_F64] = { "f64", "a finite number" },
  [INDEXER_BOOL] = { "bool", "true or false" },
  [INDEXER_DATE] = { "date", "an RFC 3339 date with offset, or YYYY-MM-DD" },
  [INDEXER_JSON] = { "json", "an object" },
  [INDEXER_BYTES] = { "bytes", "base64 text" },
  [INDEXER_IP] = { "ip", "an IPv4 or IPv6 address" },
};

const char *
indexer_type_name (IndexerType type)
{
  return types[type].name;
}

const char *
indexer_type_expects (IndexerType type)
{
  return types[type].expects;
}

gboolean
indexer_type_parse (const char *name, IndexerType *type)
{
  for (guint i = 0; i < INDEXER_N_TYPES; i++)
    if (g_str_equal (types[i].name, name))
      {
        *type = i;
        return TRUE;
      }
  return FALSE;
}

const char *
indexer_node_kind (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return "object";
    case JSON_NODE_ARRAY:
      return "array";
    case JSON_NODE_NULL:
      return "null";
    case JSON_NODE_VALUE:
      break;
    }
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      return "string";
    case G_TYPE_BOOLEAN:
      return "boolean";
    case G_TYPE_INT64:
      return "integer";
    default:
      return "number";
    }
}

/* ---- encoding */

static gboolean
put_u64 (GByteArray *out, guint64 value)
{
  guint64 big = GUINT64_TO_BE (value);

  g_byte_array_append (out, (const guint8 *)&big, sizeof big);
  return TRUE;
}

static gboolean
put_i64 (GByteArray *out, gint64 value)
{
  return put_u64 (out, (guint64)value ^ SIGN_BIT);
}

/* Negative numbers are turned over, so the bytes sort as the numbers do. */
static gboolean
put_f64 (GByteArray *out, double value)
{
  guint64 bits;

  if (!isfinite (value))
    return FALSE;
  memcpy (&bits, &value, sizeof bits);
  return put_u64 (out, (bits & SIGN_BIT) ? ~bits : bits ^ SIGN_BIT);
}

static gboolean
put_bool (GByteArray *out, gboolean value)
{
  guint8 byte = value ? 1 : 0;

  g_byte_array_append (out, &byte, 1);
  return TRUE;
}

static gboolean
put_text (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, strlen (text));
  return TRUE;
}

/* Two, three or four digits at p; the caller knows that they are digits. */
static int
digits (const char *p, int n)
{
  int value = 0;

  while (n-- > 0)
    value = value * 10 + (*p++ - '0');
  return value;
}

/* Matches text against a pattern in which 'd' is a digit; returns what follows, or NULL. */
static const char *
match_pattern (const char *text, const char *pattern)
{
  for (; *pattern != 0; pattern++, text++)
    if (*pattern == 'd' ? !g_ascii_isdigit (*text) : g_ascii_toupper (*text) != *pattern)
      return NULL;
  return text;
}

/* "T10:30:00.5+02:00" -> microseconds to add to midnight. */
static gboolean
parse_time (const char *p, gint64 *us)
{
  const char *rest = match_pattern (p, "Tdd:dd:dd");
  int hour, minute, second, offset = 0;
  gint64 fraction = 0;

  if (rest == NULL)
    return FALSE;
  hour = digits (p + 1, 2);
  minute = digits (p + 4, 2);
  second = digits (p + 7, 2);
  if (hour > 23 || minute > 59 || second > 60)
    return FALSE;
  if (*rest == '.')
    {
      gint64 unit = 100000;

      if (!g_ascii_isdigit (*++rest))
        return FALSE;
      for (; g_ascii_isdigit (*rest); rest++, unit /= 10)
        fraction += (*rest - '0') * unit;
    }
  if (g_ascii_toupper (*rest) == 'Z')
    rest++;
  else
    {
      int sign = *rest == '-' ? -1 : 1;
      const char *end = match_pattern (rest, *rest == '-' ? "-dd:dd" : "+dd:dd");

      if (end == NULL || digits (rest + 1, 2) > 23 || digits (rest + 4, 2) > 59)
        return FALSE;
      offset = sign * (digits (rest + 1, 2) * 60 + digits (rest + 4, 2));
      rest = end;
    }
  *us = (((gint64)hour * 60 + minute - offset) * 60 + second) * G_USEC_PER_SEC + fraction;
  return *rest == 0;
}

/* Days of the proleptic Gregorian calendar since 1970-01-01. */
static gint64
days_from_civil (int year, int month, int day)
{
  GDate date;

  g_date_clear (&date, 1);
  g_date_set_dmy (&date, day, month, year);
  return (gint64)g_date_get_julian (&date) - 719163;
}

static gboolean
put_date (GByteArray *out, const char *text)
{
  const char *rest = match_pattern (text, "dddd-dd-dd");
  int year, month, day;
  gint64 us = 0;

  if (rest == NULL)
    return FALSE;
  year = digits (text, 4);
  month = digits (text + 5, 2);
  day = digits (text + 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > g_date_get_days_in_month (month, year))
    return FALSE;
  if (*rest != 0 && !parse_time (rest, &us))
    return FALSE;
  return put_i64 (out, days_from_civil (year, month, day) * US_PER_DAY + us);
}

static gboolean
put_bytes (GByteArray *out, const char *text)
{
  gsize length = strlen (text), n;
  g_autofree guchar *data = NULL;
  g_autofree char *again = NULL;

  if (length == 0)
    return TRUE;
  data = g_base64_decode (text, &n);
  again = g_base64_encode (data, n);
  if (!g_str_equal (again, text)) /* GLib skips what is no base64; we do not */
    return FALSE;
  g_byte_array_append (out, data, n);
  return TRUE;
}

static gboolean
put_ip (GByteArray *out, const char *text)
{
  guint8 address[16] = { [10] = 0xff, [11] = 0xff };

  if (inet_pton (AF_INET, text, address + 12) != 1 && inet_pton (AF_INET6, text, address) != 1)
    return FALSE;
  g_byte_array_append (out, address, sizeof address);
  return TRUE;
}

static gboolean
encode_string (IndexerType type, const char *text, GByteArray *out)
{
  switch (type)
    {
    case INDEXER_TEXT:
    case INDEXER_STR:
      return put_text (out, text);
    case INDEXER_DATE:
      return put_date (out, text);
    case INDEXER_BYTES:
      return put_bytes (out, text);
    case INDEXER_IP:
      return put_ip (out, text);
    default:
      return FALSE;
    }
}

/* 5.0 is the integer 5. 2^63 itself is the first double that is none. */
static gboolean
encode_double (IndexerType type, double value, GByteArray *out)
{
  if (type == INDEXER_F64)
    return put_f64 (out, value);
  if (value != floor (value))
    return FALSE;
  if (type == INDEXER_I64)
    return value >= -0x1p63 && value < 0x1p63 && put_i64 (out, (gint64)value);
  return type == INDEXER_U64 && value >= 0 && value < 0x1p64 && put_u64 (out, (guint64)value);
}

static gboolean
encode_integer (IndexerType type, gint64 value, GByteArray *out)
{
  switch (type)
    {
    case INDEXER_U64:
      return value >= 0 && put_u64 (out, value);
    case INDEXER_I64:
      return put_i64 (out, value);
    case INDEXER_F64:
      return put_f64 (out, value);
    default:
      return FALSE;
    }
}

gboolean
indexer_value_encode (IndexerType type, JsonNode *node, GByteArray *out)
{
  if (type == INDEXER_JSON)
    {
      g_autofree char *text = JSON_NODE_HOLDS_OBJECT (node) ? hero_json_print (node, NULL) : NULL;

      return text != NULL && put_text (out, text);
    }
  if (!JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      return encode_string (type, json_node_get_string (node), out);
    case G_TYPE_BOOLEAN:
      return type == INDEXER_BOOL && put_bool (out, json_node_get_boolean (node));
    case G_TYPE_INT64:
      return encode_integer (type, json_node_get_int (node), out);
    default:
      return encode_double (type, json_node_get_double (node), out);
    }
}

gboolean
indexer_value_encode_text (IndexerType type, const char *text, GByteArray *out)
{
  guint64 u;
  gint64 i;
  char *end;
  double d;

  switch (type)
    {
    case INDEXER_U64:
      return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &u, NULL) && put_u64 (out, u);
    case INDEXER_I64:
      return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &i, NULL) && put_i64 (out, i);
    case INDEXER_F64:
      d = g_ascii_strtod (text, &end);
      return end > text && *end == 0 && put_f64 (out, d);
    case INDEXER_BOOL:
      if (!g_str_equal (text, "true") && !g_str_equal (text, "false"))
        return FALSE;
      return put_bool (out, *text == 't');
    default:
      return encode_string (type, text, out);
    }
}

/* ---- printing */

static guint64
get_u64 (const guint8 *data)
{
  guint64 big;

  memcpy (&big, data, sizeof big);
  return GUINT64_FROM_BE (big);
}

static double
get_f64 (const guint8 *data)
{
  guint64 bits = get_u64 (data);
  double value;

  bits = (bits & SIGN_BIT) ? bits ^ SIGN_BIT : ~bits;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
print_date (const guint8 *data, GString *out)
{
  gint64 us = (gint64)(get_u64 (data) ^ SIGN_BIT);
  gint64 in_day = ((us % US_PER_DAY) + US_PER_DAY) % US_PER_DAY;
  gint64 second = in_day / G_USEC_PER_SEC, fraction = in_day % G_USEC_PER_SEC;
  GDate date;

  g_date_clear (&date, 1);
  g_date_set_julian (&date, (us - in_day) / US_PER_DAY + 719163);
  g_string_append_printf (out, "\"%04d-%02d-%02dT%02d:%02d:%02d", g_date_get_year (&date), g_date_get_month (&date),
                          g_date_get_day (&date), (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
  if (fraction != 0)
    {
      g_string_append_printf (out, ".%06d", (int)fraction);
      while (out->str[out->len - 1] == '0')
        g_string_truncate (out, out->len - 1);
    }
  g_string_append (out, "Z\"");
}

static void
print_ip (const guint8 *data, GString *out)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  char text[INET6_ADDRSTRLEN];

  if (memcmp (data, mapped, sizeof mapped) == 0)
    inet_ntop (AF_INET, data + 12, text, sizeof text);
  else
    inet_ntop (AF_INET6, data, text, sizeof text);
  g_string_append_printf (out, "\"%s\"", text);
}

void
indexer_value_print (IndexerType type, const guint8 *data, gsize length, GString *out)
{
  switch (type)
    {
    case INDEXER_U64:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, get_u64 (data));
      break;
    case INDEXER_I64:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64)(get_u64 (data) ^ SIGN_BIT));
      break;
    case INDEXER_F64:
      indexer_json_append_double (out, get_f64 (data));
      break;
    case INDEXER_BOOL:
      g_string_append (out, data[0] ? "true" : "false");
      break;
    case INDEXER_DATE:
      print_date (data, out);
      break;
    case INDEXER_JSON:
      g_string_append_len (out, (const char *)data, length);
      break;
    case INDEXER_BYTES:
      {
        g_autofree char *text = g_base64_encode (data, length);

        g_string_append_printf (out, "\"%s\"", text);
        break;
      }
    case INDEXER_IP:
      print_ip (data, out);
      break;
    default:
      indexer_json_append_string (out, (const char *)data, length);
    }
}
