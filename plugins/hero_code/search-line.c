/* search-line.c: one line with matches as an answer shows it. Any thread. */
#include "search-line.h"

#include <string.h>

#define MAX_PREVIEW 500 /* bytes of the line */
#define LEAD 100        /* of them before the first match, when the line is cut */

static gboolean
is_continuation (char c)
{
  return ((guchar)c & 0xc0) == 0x80;
}

/* The part of the line that is shown, at character borders. */
static CodeRange
choose_window (const char *text, gsize length, gsize first)
{
  CodeRange window = { 0, length };

  if (length <= MAX_PREVIEW)
    return window;
  window.start = first > LEAD ? first - LEAD : 0;
  window.start = MIN (window.start, length - MAX_PREVIEW);
  window.end = window.start + MAX_PREVIEW;
  while (window.start > 0 && is_continuation (text[window.start]))
    window.start--;
  while (window.end > window.start && window.end < length && is_continuation (text[window.end]))
    window.end--;
  return window;
}

static gsize
without_cr (const char *text, gsize length)
{
  return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
}

char *
code_line_plain (const char *text, gsize length)
{
  CodeRange window = choose_window (text, without_cr (text, length), 0);

  return g_utf8_make_valid (text, window.end);
}

/* How many UTF-16 units the bytes are once they are shown. */
static glong
utf16_units (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, length);
  glong n = 0;

  for (const char *p = valid; *p != 0; p = g_utf8_next_char (p))
    n += g_utf8_get_char (p) >= 0x10000 ? 2 : 1;
  return n;
}

static void
add_pair (JsonArray *array, gint64 start, gint64 end)
{
  JsonArray *pair = json_array_new ();

  json_array_add_int_element (pair, start);
  json_array_add_int_element (pair, end);
  json_array_add_array_element (array, pair);
}

JsonObject *
code_line_print (const CodeLine *line, const GArray *ranges, JsonArray *before, JsonArray *after)
{
  JsonObject *object = json_object_new ();
  JsonArray *bytes = json_array_new (), *units = json_array_new ();
  const CodeRange *first = &g_array_index (ranges, CodeRange, 0);
  gsize length = without_cr (line->text, line->length);
  CodeRange window = choose_window (line->text, length, MIN (first->start, length));
  g_autofree char *preview = g_utf8_make_valid (line->text + window.start, window.end - window.start);

  for (guint i = 0; i < ranges->len; i++)
    {
      const CodeRange *range = &g_array_index (ranges, CodeRange, i);
      gsize start = CLAMP (range->start, window.start, window.end), end = CLAMP (range->end, window.start, window.end);

      if (range->start < range->end)
        add_pair (bytes, range->start, range->end);
      if (start < end)
        add_pair (units, utf16_units (line->text + window.start, start - window.start),
                  utf16_units (line->text + window.start, end - window.start));
    }
  json_object_set_int_member (object, "line", line->number);
  json_object_set_int_member (object, "column", first->start + 1);
  json_object_set_string_member (object, "preview", preview);
  json_object_set_array_member (object, "ranges", bytes);
  json_object_set_array_member (object, "preview_ranges", units);
  json_object_set_array_member (object, "before", before != NULL ? before : json_array_new ());
  json_object_set_array_member (object, "after", after != NULL ? after : json_array_new ());
  json_object_set_boolean_member (object, "cut", window.start > 0 || window.end < length);
  return object;
}
