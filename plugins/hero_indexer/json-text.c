/* json-text.c: appends JSON to a string. Any thread. */
#include "json-text.h"

#include <string.h>

void
indexer_json_append_string (GString *out, const char *text, gssize length)
{
  const char *end = text + (length < 0 ? (gssize)strlen (text) : length);
  const char *plain = text;

  g_string_append_c (out, '"');
  for (const char *p = text; p < end; p++)
    {
      guchar c = *p;

      if (c >= 0x20 && c != '"' && c != '\\')
        continue;
      g_string_append_len (out, plain, p - plain);
      plain = p + 1;
      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", c);
      else if (c == '\n')
        g_string_append (out, "\\n");
      else
        g_string_append_printf (out, "\\u%04x", c);
    }
  g_string_append_len (out, plain, end - plain);
  g_string_append_c (out, '"');
}

static void
append_number (GString *out, const char *text)
{
  g_string_append (out, text);
  if (strpbrk (text, ".e") == NULL)
    g_string_append (out, ".0");
}

void
indexer_json_append_double (GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 15; digits <= 17; digits++)
    {
      char format[] = { '%', '.', '1', (char)('0' + digits - 10), 'g', 0 };

      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  append_number (out, text);
}

void
indexer_json_append_float (GString *out, float value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 6; digits <= 9; digits++)
    {
      char format[] = { '%', '.', (char)('0' + digits), 'g', 0 };

      g_ascii_formatd (text, sizeof text, format, (double)value);
      if ((float)g_ascii_strtod (text, NULL) == value)
        break;
    }
  append_number (out, text);
}
