/* log-cursor.c: see log-cursor.h. One thread. */
#include "log-cursor.h"

#include <string.h>
#include <unistd.h>

enum
{
  BLOCK = 128 * 1024, /* well above the longest line */
  MIN_BLOCK = 8 * 1024,
  ALL_BLOCKS = 16 * 1024 * 1024,
};

/* ---------------------------------------------------------------------------------------------- open files */

void
proc_log_reader_init (ProcLogReader *self, gint64 budget, guint n_walks)
{
  memset (self, 0, sizeof *self);
  self->budget = budget;
  self->block_bytes = CLAMP (ALL_BLOCKS / MAX (n_walks, 1), MIN_BLOCK, BLOCK);
}

void
proc_log_reader_clear (ProcLogReader *self)
{
  for (guint i = 0; i < PROC_LOG_READER_FILES; i++)
    if (self->files[i].inode != 0)
      close (self->files[i].fd);
}

/* A descriptor of the file, the reader's; -1: it is gone. */
static int
get_file (ProcLogReader *self, const ProcLogSegment *segment)
{
  int fd;

  for (guint i = 0; i < PROC_LOG_READER_FILES; i++)
    if (self->files[i].inode == segment->inode)
      return self->files[i].fd;
  fd = proc_log_segment_open (segment);
  if (fd < 0)
    return -1;
  if (self->files[self->next].inode != 0)
    close (self->files[self->next].fd);
  self->files[self->next].inode = segment->inode;
  self->files[self->next].fd = fd;
  self->next = (self->next + 1) % PROC_LOG_READER_FILES;
  return fd;
}

/* ---------------------------------------------------------------------------------------------- reading */

static ProcLogSegment *
current (ProcLogWalk *self)
{
  return &g_array_index (self->segments, ProcLogSegment, self->segment);
}

/* The bytes [start, start + length) of a file; fewer at its end. */
static gsize
read_at (ProcLogReader *reader, const ProcLogSegment *segment, gint64 start, guint8 *to, gsize length)
{
  int fd = get_file (reader, segment);
  gsize got = 0;

  length = (gsize)MIN ((gint64)length, segment->size - start);
  while (fd >= 0 && got < length)
    {
      gssize n = pread (fd, to + got, length - got, start + (gint64)got);

      if (n <= 0)
        break;
      got += (gsize)n;
    }
  return got;
}

/* The first line that begins at or after `offset`: its place and time. FALSE: there is none. */
static gboolean
line_after (ProcLogReader *reader, const ProcLogSegment *segment, gint64 offset, guint8 *buffer, gint64 *start,
            gint64 *ms)
{
  gsize n = read_at (reader, segment, MAX (offset - 1, 0), buffer, BLOCK);
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
find_time (ProcLogReader *reader, const ProcLogSegment *segment, gint64 ms)
{
  gint64 low = 0, high = segment->size; /* lines that begin before low are older, those from high on are not */
  g_autofree guint8 *buffer = g_malloc (BLOCK);
  gint64 start, time;

  while (low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (!line_after (reader, segment, middle, buffer, &start, &time) || start >= high)
        high = middle; /* no line begins in [middle, high) */
      else if (time < ms)
        low = start + 1;
      else
        high = middle;
    }
  /* low lies at or before the start of the wanted line, and after that of the one before. */
  return line_after (reader, segment, low, buffer, &start, &time) ? start : segment->size;
}

/* Reads a block of the file into self->block. Returns the bytes got. */
static gsize
read_block (ProcLogWalk *self, gint64 start, gsize length)
{
  gsize n;

  g_byte_array_set_size (self->block, (guint)MIN ((gint64)length, current (self)->size - start));
  n = read_at (self->reader, current (self), start, self->block->data, self->block->len);
  self->reader->budget -= (gint64)n;
  g_byte_array_set_size (self->block, (guint)n);
  return n;
}

static gboolean
load_forward (ProcLogWalk *self)
{
  gsize length = self->reader->block_bytes;

  while (self->segment < self->segments->len)
    {
      gsize n = self->position < current (self)->size ? read_block (self, self->position, length) : 0;
      guint8 *last = n > 0 ? memrchr (self->block->data, '\n', n) : NULL;

      if (last != NULL)
        {
          gsize whole = (gsize)(last - self->block->data) + 1;

          g_byte_array_set_size (self->block, (guint)whole);
          self->block_start = self->position;
          self->position += (gint64)whole;
          self->at = 0;
          return TRUE;
        }
      if (n == length && length < BLOCK) /* a line longer than the block */
        {
          length = BLOCK;
          continue;
        }
      self->segment++;
      self->position = 0;
    }
  g_byte_array_set_size (self->block, 0);
  self->at = 0;
  return FALSE;
}

/* The block before `position`. FALSE: it has no beginning of a line in it. */
static gboolean
load_block_before (ProcLogWalk *self, gsize length)
{
  gint64 start = MAX (self->position - (gint64)length, 0);
  gsize n = read_block (self, start, (gsize)(self->position - start)), skip = 0;

  if (start > 0) /* the block begins inside a line, which belongs to the next one */
    {
      guint8 *newline = n > 0 ? memchr (self->block->data, '\n', n) : NULL;

      skip = newline != NULL ? (gsize)(newline - self->block->data) + 1 : n;
    }
  if (n <= skip)
    return FALSE;
  g_byte_array_remove_range (self->block, 0, (guint)skip);
  self->block_start = start + (gint64)skip;
  self->position = self->block_start;
  self->at = self->block->len;
  return TRUE;
}

static gboolean
load_backward (ProcLogWalk *self)
{
  for (;;)
    {
      if (self->position > 0
          && (load_block_before (self, self->reader->block_bytes) || load_block_before (self, BLOCK)))
        return TRUE;
      if (self->segment == 0)
        break;
      self->segment--;
      self->position = current (self)->size;
    }
  self->position = 0;
  g_byte_array_set_size (self->block, 0);
  self->at = 0;
  return FALSE;
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
proc_log_walk_new (ProcLogStore *store, ProcLogReader *reader, const char *source, gboolean backward, gint64 at_ms)
{
  ProcLogWalk *self = g_new0 (ProcLogWalk, 1);
  guint segment = 0;
  gint64 offset = 0;

  self->source = g_strdup (source);
  self->segments = proc_log_store_get_segments (store, source);
  self->backward = backward;
  self->block = g_byte_array_new ();
  self->reader = reader;
  /* The first file that has a line of that time; the walk goes on from file to file by itself. */
  for (; segment < self->segments->len; segment++)
    {
      ProcLogSegment *candidate = &g_array_index (self->segments, ProcLogSegment, segment);

      offset = at_ms == G_MAXINT64 ? candidate->size : find_time (reader, candidate, at_ms);
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
      n = read_at (self->reader, segment, offset, buffer, BLOCK);
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
