/* reply.c: the two protocols' spellings of each value. Service thread. */
#include "reply.h"

#include "number.h"

static void
append (Reply *self, gconstpointer data, gsize length)
{
  if (!self->muted)
    output_append (self->output, data, length);
}

/* "<kind><number>\r\n" */
static void
append_header (Reply *self, char kind, gint64 number)
{
  char text[NUMBER_INT_SIZE + 3];
  gsize length = 1;

  text[0] = kind;
  length += number_format_int (number, text + 1);
  text[length++] = '\r';
  text[length++] = '\n';
  append (self, text, length);
}

void
reply_status (Reply *self, const char *text)
{
  append (self, "+", 1);
  append (self, text, strlen (text));
  append (self, "\r\n", 2);
}

void
reply_error (Reply *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  self->errors++;
  g_strdelimit (line, "\r\n", ' ');
  append (self, "-", 1);
  append (self, line, strlen (line));
  append (self, "\r\n", 2);
}

void
reply_integer (Reply *self, gint64 value)
{
  append_header (self, ':', value);
}

void
reply_bulk (Reply *self, Slice value)
{
  append_header (self, '$', (gint64)value.length);
  append (self, value.data, value.length);
  append (self, "\r\n", 2);
}

void
reply_string (Reply *self, const char *text)
{
  reply_bulk (self, slice_of_string (text));
}

void
reply_bulk_integer (Reply *self, gint64 value)
{
  char text[NUMBER_INT_SIZE];

  reply_bulk (self, slice (text, number_format_int (value, text)));
}

void
reply_null (Reply *self)
{
  if (self->protocol == 3)
    append (self, "_\r\n", 3);
  else
    append (self, "$-1\r\n", 5);
}

void
reply_null_array (Reply *self)
{
  if (self->protocol == 3)
    append (self, "_\r\n", 3);
  else
    append (self, "*-1\r\n", 5);
}

void
reply_verbatim (Reply *self, Slice text)
{
  if (self->protocol == 2)
    {
      reply_bulk (self, text);
      return;
    }
  append_header (self, '=', (gint64)text.length + 4);
  append (self, "txt:", 4);
  append (self, text.data, text.length);
  append (self, "\r\n", 2);
}

void
reply_array (Reply *self, gsize length)
{
  append_header (self, '*', (gint64)length);
}

void
reply_map (Reply *self, gsize pairs)
{
  if (self->protocol == 3)
    append_header (self, '%', (gint64)pairs);
  else
    append_header (self, '*', (gint64)pairs * 2);
}

void
reply_set (Reply *self, gsize length)
{
  append_header (self, self->protocol == 3 ? '~' : '*', (gint64)length);
}
