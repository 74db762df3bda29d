/* log-line.c: see log-line.h. Pure; any thread. */
#include "log-line.h"

#include <stdlib.h>
#include <string.h>

const char *const proc_stream_words[] = { "stdout", "stderr", "api", NULL };
static const char *const stream_tags[] = { "out", "err", "api", NULL };

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
  for (guint i = 0; i < G_N_ELEMENTS (level_words); i++)
    if (strlen (level_words[i].word) == length && g_ascii_strncasecmp (level_words[i].word, word, length) == 0)
      return (int)level_words[i].level;
  return -1;
}

guint
proc_log_detect_level (const char *content)
{
  const char *end = content + strnlen (content, 64);

  for (const char *c = content; c < end;)
    {
      const char *word = c;
      int level;

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
proc_log_format (GString *to, const ProcLogEntry *entry)
{
  g_string_append_printf (to, "%" G_GINT64_FORMAT "\t%u\t%u\t%u\tms:%03d,st:%s", entry->ts_ms / 1000, entry->context,
                          entry->job_id, entry->level, (int)(entry->ts_ms % 1000), stream_tags[entry->stream]);
  if (entry->truncated)
    g_string_append (to, ",cut:1");
  if (entry->tags != NULL)
    g_string_append_printf (to, ",%s", entry->tags);
  g_string_append_c (to, '\t');
  for (const char *c = entry->content; *c != '\0'; c++)
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

      if ((value = tag_value (tags[i], "ms")) != NULL)
        entry->ts_ms += atoi (value) % 1000;
      else if ((value = tag_value (tags[i], "st")) != NULL)
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
  entry->ts_ms = (gint64)epoch * 1000;
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

static void
emit (ProcLineCutter *self, gboolean truncated, ProcLineFunc func, gpointer data)
{
  gsize length = self->pending->len;
  g_autofree char *valid = NULL;

  if (length > 0 && self->pending->str[length - 1] == '\r')
    length--;
  if (truncated) /* a character cut in two goes as a whole */
    {
      const char *valid_end;

      if (!g_utf8_validate_len (self->pending->str, length, &valid_end) && self->pending->str + length - valid_end < 4)
        length = (gsize)(valid_end - self->pending->str);
    }
  valid = g_utf8_make_valid (self->pending->str, (gssize)length);
  func (valid, truncated, data);
  g_string_truncate (self->pending, 0);
}

void
proc_line_cutter_feed (ProcLineCutter *self, const char *bytes, gsize length, ProcLineFunc func, gpointer data)
{
  const char *end = bytes + length;

  while (bytes < end)
    {
      const char *newline = memchr (bytes, '\n', (gsize)(end - bytes));
      const char *stop = newline != NULL ? newline : end;
      gsize room = self->max_line - self->pending->len;

      if (!self->skipping)
        {
          g_string_append_len (self->pending, bytes, MIN (stop - bytes, (gssize)room));
          if (stop - bytes > (gssize)room)
            {
              emit (self, TRUE, func, data);
              self->skipping = TRUE;
            }
        }
      if (newline != NULL && !self->skipping)
        emit (self, FALSE, func, data);
      if (newline != NULL)
        self->skipping = FALSE;
      bytes = newline != NULL ? newline + 1 : end;
    }
}

void
proc_line_cutter_finish (ProcLineCutter *self, ProcLineFunc func, gpointer data)
{
  if (self->pending->len > 0 && !self->skipping)
    emit (self, FALSE, func, data);
  self->skipping = FALSE;
}
