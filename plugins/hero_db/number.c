/* number.c: numbers as Redis reads and prints them. Any thread. */
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

gboolean
number_parse_int (Slice text, gint64 *value)
{
  gboolean negative = text.length > 0 && text.data[0] == '-';
  gsize i = negative ? 1 : 0;
  guint64 magnitude = 0;

  if (text.length == i || text.length >= NUMBER_INT_SIZE)
    return FALSE;
  if (text.data[i] == '0' && text.length > 1)
    return FALSE;

  for (; i < text.length; i++)
    {
      guint digit = (guint)(guchar)text.data[i] - '0';

      if (digit > 9 || magnitude > G_MAXUINT64 / 10 || magnitude * 10 > G_MAXUINT64 - digit)
        return FALSE;
      magnitude = magnitude * 10 + digit;
    }

  if (magnitude > (guint64)G_MAXINT64 + (negative ? 1 : 0))
    return FALSE;
  *value = negative ? (gint64)(0 - magnitude) : (gint64)magnitude;
  return TRUE;
}

gsize
number_format_int (gint64 value, char text[NUMBER_INT_SIZE])
{
  guint64 magnitude = value < 0 ? 0 - (guint64)value : (guint64)value;
  char digits[NUMBER_INT_SIZE];
  gsize n = 0, length = 0;

  do
    digits[n++] = (char)('0' + magnitude % 10);
  while ((magnitude /= 10) > 0);

  if (value < 0)
    text[length++] = '-';
  while (n > 0)
    text[length++] = digits[--n];
  return length;
}

gboolean
number_parse_float (Slice text, long double *value)
{
  char copy[NUMBER_FLOAT_SIZE];
  char *end = NULL;
  long double parsed;

  if (text.length == 0 || text.length >= sizeof copy || isspace ((guchar)text.data[0]))
    return FALSE;
  memcpy (copy, text.data, text.length);
  copy[text.length] = '\0';

  errno = 0;
  parsed = strtold (copy, &end);
  if (end != copy + text.length || isnan (parsed))
    return FALSE;
  if (errno == ERANGE && (isinf (parsed) || fpclassify (parsed) == FP_ZERO))
    return FALSE;
  *value = parsed;
  return TRUE;
}

gsize
number_format_float (long double value, char text[NUMBER_FLOAT_SIZE])
{
  gsize length;

  length = (gsize)snprintf (text, NUMBER_FLOAT_SIZE, "%.17Lf", value);
  while (text[length - 1] == '0')
    length--;
  if (text[length - 1] == '.')
    length--;
  if (length == 2 && text[0] == '-' && text[1] == '0')
    {
      text[0] = '0';
      length = 1;
    }
  return length;
}
