/* log-line.c: see log-line.h. Pure; any thread. */
#include "log-line.h"

#include <string.h>

const char *const proc_stream_words[] = { "stdout", "stderr", "tty", "api", NULL };
static const char *const stream_tags[] = { "out", "err", "tty", "api", NULL };

void
proc_log_entry_free (ProcLogEntry *self)
{
  g_free (self->tags);
  g_free (self->content);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- levels */

static const struct
{
  const char *word;
  guint level;
} level_words[] = {
  { "debug", PROC_LEVEL_DEBUG },       { "trace", PROC_LEVEL_DEBUG },     { "info", PROC_LEVEL_INFO },
  { "notice", PROC_LEVEL_NOTICE },     { "warning", PROC_LEVEL_WARNING }, { "warn", PROC_LEVEL_WARNING },
  { "critical", PROC_LEVEL_CRITICAL }, { "error", PROC_LEVEL_ERROR },     { "err", PROC_LEVEL_ERROR },
  { "fatal", PROC_LEVEL_ERROR },       { "panic", PROC_LEVEL_ERROR },
};

static int
level_of_word (const char *word, gsize length)
{
  if (length < 3 || length > 8 || strchr ("dtinwcefpDTINWCEFP", *word) == NULL)
    return -1;
  for (guint i = 0; i < G_N_ELEMENTS (level_words); i++)
    if (strlen (level_words[i].word) == length && g_ascii_strncasecmp (level_words[i].word, word, length) == 0)
      return (int)level_words[i].level;
  return -1;
}

/* The value of a JSON member "level" that begins before `end`: a word, or a number of ours; -1 = none. */
static int
level_of_member (const char *content, const char *end)
{
  static const char name[] = "\"level\"";
  const char *value = memmem (content, (gsize)(end - content), name, sizeof name - 1), *stop;
  guint64 number;

  if (value == NULL)
    return -1;
  for (value += sizeof name - 1; value < end && (*value == ':' || *value == ' ' || *value == '"'); value++)
    ;
  for (stop = value; stop < end && g_ascii_isalnum (*stop); stop++)
    ;
  if (stop > value && stop - value <= 3 && g_ascii_isdigit (*value))
    {
      g_autofree char *text = g_strndup (value, (gsize)(stop - value));

      return g_ascii_string_to_unsigned (text, 10, 0, 255, &number, NULL) ? (int)number : -1;
    }
  return level_of_word (value, (gsize)(stop - value));
}

guint
proc_log_detect_level (const char *content, gsize length)
{
  const char *end = content + MIN (length, 64);
  int level = length > 0 && *content == '{' ? level_of_member (content, end) : -1;

  if (level >= 0)
    return (guint)level;
  for (const char *c = content; c < end;)
    {
      const char *word = c;

      while (c < end && g_ascii_isalpha (*c))
        c++;
      level = c > word ? level_of_word (word, (gsize)(c - word)) : -1;
      if (level >= 0)
        return (guint)level;
      if (c == word)
        c++;
    }
  return PROC_LEVEL_INFO;
}

int
proc_level_parse (const char *text)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 0, 255, &number, NULL))
    return (int)number;
  return level_of_word (text, strlen (text));
}

const char *
proc_level_name (guint level)
{
  return level >= PROC_LEVEL_ERROR      ? "error"
         : level >= PROC_LEVEL_CRITICAL ? "critical"
         : level >= PROC_LEVEL_WARNING  ? "warning"
         : level >= PROC_LEVEL_NOTICE   ? "notice"
         : level >= PROC_LEVEL_INFO     ? "info"
                                        : "debug";
}

/* ---------------------------------------------------------------------------------------------- lines of the file */

void
proc_log_format_head (GString *to, const ProcLogEntry *entry)
{
  g_string_append_printf (to, "%" G_GINT64_FORMAT "\t%u\t%u\t%u\tms:%03d,st:%s", entry->ts_ms / 1000, entry->context,
                          entry->job_id, entry->level, (int)(entry->ts_ms % 1000), stream_tags[entry->stream]);
  if (entry->truncated)
    g_string_append (to, ",cut:1");
  if (entry->tags != NULL)
    g_string_append_printf (to, ",%s", entry->tags);
  g_string_append_c (to, '\t');
}

void
proc_log_format_content (GString *to, const char *content, gsize length)
{
  /* Nearly every line is plain: three looks at memory speed instead of one at each character. */
  if (memchr (content, '\t', length) == NULL && memchr (content, '\r', length) == NULL
      && memchr (content, '\n', length) == NULL)
    g_string_append_len (to, content, (gssize)length);
  else
    for (const char *c = content; c < content + length; c++)
      if (*c == '\n')
        g_string_append (to, "[BR]");
      else if (*c != '\r')
        g_string_append_c (to, *c == '\t' ? ' ' : *c);
  g_string_append_c (to, '\n');
}

/* The next field of a line as a number; *cursor moves behind its TAB. */
static gboolean
take_number (const char **cursor, const char *end, guint64 max, guint64 *value)
{
  const char *tab = memchr (*cursor, '\t', (gsize)(end - *cursor));

  *value = 0;
  if (tab == NULL || tab == *cursor)
    return FALSE;
  for (const char *c = *cursor; c < tab; c++)
    {
      if (!g_ascii_isdigit (*c) || *value > max / 10)
        return FALSE;
      *value = *value * 10 + (guint64)(*c - '0');
    }
  *cursor = tab + 1;
  return *value <= max;
}

/* The value of tag `name` ("ms") if `tag` is it, else NULL. */
static const char *
tag_value (const char *tag, const char *name)
{
  gsize length = strlen (name);

  return strncmp (tag, name, length) == 0 && tag[length] == ':' ? tag + length + 1 : NULL;
}

static void
take_tags (ProcLogEntry *entry, const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) tags = g_strsplit (copy, ",", -1);
  GString *others = g_string_new (NULL);

  for (guint i = 0; tags[i] != NULL; i++)
    {
      const char *value;

      if (tag_value (tags[i], "ms") != NULL) /* read with the time */
        continue;
      if ((value = tag_value (tags[i], "st")) != NULL)
        for (guint s = 0; stream_tags[s] != NULL; s++)
          entry->stream = strcmp (stream_tags[s], value) == 0 ? (ProcStream)s : entry->stream;
      else if (tag_value (tags[i], "cut") != NULL)
        entry->truncated = TRUE;
      else if (strcmp (tags[i], "-") != 0)
        g_string_append_printf (others, "%s%s", others->len > 0 ? "," : "", tags[i]);
    }
  entry->tags = g_string_free (others, others->len == 0);
}

ProcLogEntry *
proc_log_parse (const char *line, gsize length)
{
  const char *cursor = line, *end = line + length, *tab;
  guint64 epoch, context, job, level;
  g_autoptr (ProcLogEntry) entry = NULL;

  if (!take_number (&cursor, end, G_MAXINT64 / 1000, &epoch) || !take_number (&cursor, end, G_MAXUINT32, &context)
      || !take_number (&cursor, end, G_MAXUINT32, &job) || !take_number (&cursor, end, 255, &level))
    return NULL;
  tab = memchr (cursor, '\t', (gsize)(end - cursor));
  if (tab == NULL)
    return NULL;
  entry = g_new0 (ProcLogEntry, 1);
  entry->ts_ms = proc_log_parse_time (line, length);
  entry->context = (guint32)context;
  entry->job_id = (guint32)job;
  entry->level = (guint)level;
  take_tags (entry, cursor, (gsize)(tab - cursor));
  entry->content = g_strndup (tab + 1, (gsize)(end - tab - 1));
  return g_steal_pointer (&entry);
}

gint64
proc_log_parse_time (const char *line, gsize length)
{
  const char *cursor = line, *end = line + length;
  guint64 epoch, skipped;
  gint64 ms = 0;

  if (!take_number (&cursor, end, G_MAXINT64 / 1000, &epoch))
    return -1;
  for (guint i = 0; i < 3; i++)
    if (!take_number (&cursor, end, G_MAXUINT32, &skipped))
      return -1;
  if (end - cursor >= 6 && strncmp (cursor, "ms:", 3) == 0)
    ms = g_ascii_digit_value (cursor[3]) * 100 + g_ascii_digit_value (cursor[4]) * 10 + g_ascii_digit_value (cursor[5]);
  return (gint64)epoch * 1000 + ms;
}

/* ---------------------------------------------------------------------------------------------- cutting */

void
proc_line_cutter_init (ProcLineCutter *self, gsize max_line)
{
  self->pending = g_string_new (NULL);
  self->max_line = max_line;
  self->skipping = FALSE;
}

void
proc_line_cutter_clear (ProcLineCutter *self)
{
  g_string_free (self->pending, TRUE);
  self->pending = NULL;
}

/* Printable ASCII throughout, eight bytes at a time: what needs no closer look. */
static gboolean
is_plain (const char *text, gsize length)
{
  const guint64 high = 0x8080808080808080u, ones = 0x0101010101010101u;
  gsize i = 0;

  for (; i + 8 <= length; i += 8)
    {
      guint64 word;

      memcpy (&word, text + i, 8);
      if ((word & high) != 0 || ((word - ones) & ~word & high) != 0) /* a byte over 0x7f, or a NUL */
        return FALSE;
    }
  for (; i < length; i++)
    if ((text[i] & 0x80) != 0 || text[i] == '\0')
      return FALSE;
  return TRUE;
}

static void
emit (const char *line, gsize length, gboolean truncated, ProcLineFunc func, gpointer data)
{
  g_autofree char *valid = NULL;
  const char *valid_end;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (!is_plain (line, length) && !g_utf8_validate_len (line, length, &valid_end))
    {
      if (truncated && line + length - valid_end < 4) /* a character cut in two goes as a whole */
        length = (gsize)(valid_end - line);
      else
        {
          line = valid = g_utf8_make_valid (line, (gssize)length);
          length = strlen (valid);
        }
    }
  func (line, length, truncated, data);
}

static void
emit_pending (ProcLineCutter *self, gboolean truncated, ProcLineFunc func, gpointer data)
{
  emit (self->pending->str, self->pending->len, truncated, func, data);
  g_string_truncate (self->pending, 0);
}

/* [bytes, stop) goes on with the line; ended: a LF follows. */
static void
take_part (ProcLineCutter *self, const char *bytes, const char *stop, gboolean ended, ProcLineFunc func, gpointer data)
{
  gsize room = self->max_line - self->pending->len, length = (gsize)(stop - bytes);

  if (self->skipping)
    return;
  if (ended && self->pending->len == 0 && length <= room) /* the usual line: out of the reader's buffer, not copied */
    {
      emit (bytes, length, FALSE, func, data);
      return;
    }
  g_string_append_len (self->pending, bytes, (gssize)MIN (length, room));
  self->skipping = length > room;
  if (self->skipping || ended)
    emit_pending (self, self->skipping, func, data);
}

void
proc_line_cutter_feed (ProcLineCutter *self, const char *bytes, gsize length, ProcLineFunc func, gpointer data)
{
  const char *end = bytes + length;

  while (bytes < end)
    {
      const char *newline = memchr (bytes, '\n', (gsize)(end - bytes));

      take_part (self, bytes, newline != NULL ? newline : end, newline != NULL, func, data);
      if (newline != NULL)
        self->skipping = FALSE;
      bytes = newline != NULL ? newline + 1 : end;
    }
}

void
proc_line_cutter_finish (ProcLineCutter *self, ProcLineFunc func, gpointer data)
{
  if (self->pending->len > 0 && !self->skipping)
    emit_pending (self, FALSE, func, data);
  self->skipping = FALSE;
}
