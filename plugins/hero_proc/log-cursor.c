/* log-cursor.c: see log-cursor.h. One thread. */
#include "log-cursor.h"

#include <string.h>
#include <unistd.h>

enum
{
  BLOCK = 128 * 1024, /* well above the longest line */
};

static ProcLogSegment *
current (ProcLogWalk *self)
{
  return &g_array_index (self->segments, ProcLogSegment, self->segment);
}

/* The bytes [start, start + length) of a file; fewer at its end. */
static gsize
read_at (const ProcLogSegment *segment, gint64 start, guint8 *to, gsize length)
{
  gsize got = 0;

  length = (gsize)MIN ((gint64)length, segment->size - start);
  while (got < length)
    {
      gssize n = pread (segment->fd, to + got, length - got, start + (gint64)got);

      if (n <= 0)
        break;
      got += (gsize)n;
    }
  return got;
}

/* The first line that begins at or after `offset`: its place and time. FALSE: there is none. */
static gboolean
line_after (const ProcLogSegment *segment, gint64 offset, guint8 *buffer, gint64 *start, gint64 *ms)
{
  gsize n = read_at (segment, MAX (offset - 1, 0), buffer, BLOCK);
  guint8 *line = buffer, *newline;

  if (offset > 0)
    {
      line = n > 0 ? memchr (buffer, '\n', n) : NULL;
      if (line == NULL)
        return FALSE;
      line++;
    }
  newline = memchr (line, '\n', n - (gsize)(line - buffer));
  if (newline == NULL)
    return FALSE;
  *start = MAX (offset - 1, 0) + (line - buffer);
  *ms = proc_log_parse_time ((char *)line, (gsize)(newline - line));
  return TRUE;
}

/* The offset of the first line of the file with time >= ms; its size if there is none. Bisects. */
static gint64
find_time (const ProcLogSegment *segment, gint64 ms)
{
  gint64 low = 0, high = segment->size; /* lines that begin before low are older, those from high on are not */
  g_autofree guint8 *buffer = g_malloc (BLOCK);
  gint64 start, time;

  while (low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (!line_after (segment, middle, buffer, &start, &time) || start >= high)
        high = middle; /* no line begins in [middle, high) */
      else if (time < ms)
        low = start + 1;
      else
        high = middle;
    }
  /* low lies at or before the start of the wanted line, and after that of the one before. */
  return line_after (segment, low, buffer, &start, &time) ? start : segment->size;
}

static gboolean
load_forward (ProcLogWalk *self)
{
  while (self->segment < self->segments->len)
    {
      ProcLogSegment *segment = current (self);
      gsize n;
      guint8 *last;

      g_byte_array_set_size (self->block, BLOCK);
      n = self->position < segment->size ? read_at (segment, self->position, self->block->data, BLOCK) : 0;
      last = n > 0 ? memrchr (self->block->data, '\n', n) : NULL;
      if (last != NULL)
        {
          gsize whole = (gsize)(last - self->block->data) + 1;

          *self->budget -= (gint64)n;
          g_byte_array_set_size (self->block, (guint)whole);
          self->block_start = self->position;
          self->position += (gint64)whole;
          self->at = 0;
          return TRUE;
        }
      self->segment++;
      self->position = 0;
    }
  return FALSE;
}

static gboolean
load_backward (ProcLogWalk *self)
{
  for (;;)
    {
      if (self->position > 0)
        {
          gint64 start = MAX (self->position - BLOCK, 0);
          gsize n, skip = 0;

          g_byte_array_set_size (self->block, BLOCK);
          n = read_at (current (self), start, self->block->data, (gsize)(self->position - start));
          if (start > 0) /* the block begins inside a line, which belongs to the next one */
            {
              guint8 *newline = n > 0 ? memchr (self->block->data, '\n', n) : NULL;

              skip = newline != NULL ? (gsize)(newline - self->block->data) + 1 : n;
            }
          *self->budget -= (gint64)n;
          if (n > skip)
            {
              g_byte_array_set_size (self->block, (guint)n);
              g_byte_array_remove_range (self->block, 0, (guint)skip);
              self->block_start = start + (gint64)skip;
              self->position = self->block_start;
              self->at = self->block->len;
              return TRUE;
            }
        }
      if (self->segment == 0)
        return FALSE;
      self->segment--;
      self->position = current (self)->size;
    }
}

static void
take_line (ProcLogWalk *self, gsize start, gsize end)
{
  self->line = (const char *)self->block->data + start;
  self->line_length = end - start;
  self->line_offset = self->block_start + (gint64)start;
  self->line_inode = current (self)->inode;
  self->line_ms = proc_log_parse_time (self->line, self->line_length);
}

void
proc_log_walk_next (ProcLogWalk *self)
{
  self->line = NULL;
  if (self->segments->len == 0)
    return;
  if (!self->backward && (self->at < self->block->len || load_forward (self)))
    {
      guint8 *newline = memchr (self->block->data + self->at, '\n', self->block->len - self->at);
      gsize end = (gsize)(newline - self->block->data);

      take_line (self, self->at, end);
      self->at = end + 1;
    }
  else if (self->backward && (self->at > 0 || load_backward (self)))
    {
      gsize end = self->at - 1; /* the line's LF */
      guint8 *before = end > 0 ? memrchr (self->block->data, '\n', end) : NULL;
      gsize start = before != NULL ? (gsize)(before - self->block->data) + 1 : 0;

      take_line (self, start, end);
      self->at = start;
    }
}

/* Stands before `offset` of a file: the next line begins (backward: ends) there. */
static void
place (ProcLogWalk *self, guint segment, gint64 offset)
{
  self->segment = segment;
  self->position = offset;
  g_byte_array_set_size (self->block, 0);
  self->at = 0;
}

ProcLogWalk *
proc_log_walk_new (ProcLogStore *store, const char *source, gboolean backward, gint64 at_ms, gint64 *budget)
{
  ProcLogWalk *self = g_new0 (ProcLogWalk, 1);
  guint segment = 0;
  gint64 offset = 0;

  self->source = g_strdup (source);
  self->segments = proc_log_store_open (store, source);
  self->backward = backward;
  self->block = g_byte_array_new ();
  self->budget = budget;
  /* The first file that has a line of that time; the walk goes on from file to file by itself. */
  for (; segment < self->segments->len; segment++)
    {
      ProcLogSegment *candidate = &g_array_index (self->segments, ProcLogSegment, segment);

      offset = at_ms == G_MAXINT64 ? candidate->size : find_time (candidate, at_ms);
      if (offset < candidate->size)
        break;
    }
  if (segment == self->segments->len && segment > 0)
    segment--; /* all are older: at the end of the newest */
  place (self, segment, offset);
  proc_log_walk_next (self);
  return self;
}

gboolean
proc_log_walk_seek (ProcLogWalk *self, guint64 inode, gint64 offset, gint64 ms)
{
  g_autofree guint8 *buffer = g_malloc (BLOCK);

  for (guint i = 0; i < self->segments->len; i++)
    {
      ProcLogSegment *segment = &g_array_index (self->segments, ProcLogSegment, i);
      gsize n;
      guint8 *newline;

      if (segment->inode != inode || offset < 0 || offset >= segment->size)
        continue;
      n = read_at (segment, offset, buffer, BLOCK);
      newline = n > 0 ? memchr (buffer, '\n', n) : NULL;
      if (newline == NULL || proc_log_parse_time ((char *)buffer, (gsize)(newline - buffer)) != ms)
        continue; /* another file that was given the number */
      place (self, i, self->backward ? offset : offset + (newline - buffer) + 1);
      proc_log_walk_next (self);
      return TRUE;
    }
  return FALSE;
}

void
proc_log_walk_free (ProcLogWalk *self)
{
  g_free (self->source);
  g_array_unref (self->segments);
  g_byte_array_unref (self->block);
  g_free (self);
}
