/* output.c: a list of blocks of bytes, and beside it runs of replies with the same ticket. Service thread. */
#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define BLOCK_SIZE (16384 - 64) /* with the allocator's own bytes no more than four pages */
#define VECTORS 64              /* blocks in one write */

typedef struct _Block Block;
struct _Block
{
  Block *next;
  gsize start, end, capacity;
  char data[];
};

/* Replies in a row that wait for the same ticket. */
typedef struct
{
  guint64 ticket;
  gsize bytes;
  gsize replies;
} Run;

struct _Output
{
  Block *first, *last;
  gsize length;
  gsize unsealed;
  GQueue runs; /* Run */
};

Output *
output_new (void)
{
  Output *self = g_new0 (Output, 1);

  g_queue_init (&self->runs);
  return self;
}

static void
drop_first_block (Output *self)
{
  Block *block = self->first;

  self->first = block->next;
  if (self->first == NULL)
    self->last = NULL;
  g_free (block);
}

static void
drop_first_run (Output *self)
{
  g_slice_free (Run, g_queue_pop_head (&self->runs));
}

static void
output_clear (Output *self)
{
  while (self->first != NULL)
    drop_first_block (self);
  while (!g_queue_is_empty (&self->runs))
    drop_first_run (self);
  self->length = self->unsealed = 0;
}

void
output_free (Output *self)
{
  if (self == NULL)
    return;
  output_clear (self);
  g_free (self);
}

void
output_append (Output *self, gconstpointer data, gsize length)
{
  Block *block = self->last;

  if (length == 0)
    return;
  if (block == NULL || block->capacity - block->end < length)
    {
      gsize capacity = MAX (length, BLOCK_SIZE);

      block = g_malloc (sizeof *block + capacity);
      *block = (Block){ .capacity = capacity };
      if (self->last != NULL)
        self->last->next = block;
      else
        self->first = block;
      self->last = block;
    }
  memcpy (block->data + block->end, data, length);
  block->end += length;
  self->length += length;
  self->unsealed += length;
}

void
output_seal (Output *self, guint64 ticket)
{
  Run *run = g_queue_peek_tail (&self->runs);

  if (self->unsealed == 0)
    return;
  if (run == NULL || run->ticket != ticket)
    {
      run = g_slice_new0 (Run);
      run->ticket = ticket;
      g_queue_push_tail (&self->runs, run);
    }
  run->bytes += self->unsealed;
  run->replies++;
  self->unsealed = 0;
}

gsize
output_get_length (Output *self)
{
  return self->length;
}

gsize
output_get_ready (Output *self, guint64 durable)
{
  gsize ready = 0;

  for (GList *link = self->runs.head; link != NULL; link = link->next)
    {
      const Run *run = link->data;

      if (run->ticket > durable)
        break;
      ready += run->bytes;
    }
  return ready;
}

/* `length` bytes have left. */
static void
advance (Output *self, gsize length)
{
  gsize rest = length;

  self->length -= length;
  while (rest > 0)
    {
      Block *block = self->first;
      gsize part = MIN (rest, block->end - block->start);

      block->start += part;
      rest -= part;
      if (block->start == block->end)
        drop_first_block (self);
    }

  while (length > 0)
    {
      Run *run = g_queue_peek_head (&self->runs);
      gsize part = MIN (length, run->bytes);

      run->bytes -= part;
      length -= part;
      if (run->bytes == 0)
        drop_first_run (self);
    }
}

gssize
output_flush (Output *self, int fd, guint64 durable)
{
  struct iovec vectors[VECTORS];
  gsize ready = output_get_ready (self, durable);
  int count = 0;
  gssize written;

  for (Block *block = self->first; block != NULL && ready > 0 && count < VECTORS; block = block->next)
    {
      gsize part = MIN (ready, block->end - block->start);

      vectors[count].iov_base = block->data + block->start;
      vectors[count].iov_len = part;
      count++;
      ready -= part;
    }
  if (count == 0)
    return 0;

  do
    written = writev (fd, vectors, count);
  while (written < 0 && errno == EINTR);
  if (written > 0)
    advance (self, (gsize)written);
  return written;
}

GBytes *
output_take (Output *self, guint64 *ticket)
{
  GByteArray *bytes = g_byte_array_new ();

  *ticket = 0;
  for (GList *link = self->runs.head; link != NULL; link = link->next)
    *ticket = MAX (*ticket, ((const Run *)link->data)->ticket);
  for (Block *block = self->first; block != NULL; block = block->next)
    g_byte_array_append (bytes, (const guint8 *)block->data + block->start, (guint)(block->end - block->start));
  output_clear (self);
  return g_byte_array_free_to_bytes (bytes);
}

/* Moves `length` bytes from the front of one to the end of the other, or only drops them. */
static void
move_bytes (Output *from, Output *to, gsize length)
{
  while (length > 0)
    {
      Block *block = from->first;
      gsize part = MIN (length, block->end - block->start);

      if (to != NULL)
        output_append (to, block->data + block->start, part);
      block->start += part;
      length -= part;
      if (block->start == block->end)
        drop_first_block (from);
    }
}

void
output_replace_waiting (Output *self, guint64 durable, const char *line)
{
  Output old = *self;

  *self = (Output){ 0 };
  g_queue_init (&self->runs);

  for (GList *link = old.runs.head; link != NULL; link = link->next)
    {
      const Run *run = link->data;
      gboolean lost = run->ticket > durable;

      move_bytes (&old, lost ? NULL : self, run->bytes);
      for (gsize i = 0; i < run->replies; i++)
        {
          if (lost)
            output_append (self, line, strlen (line));
          /* Bytes of replies that stay cannot be told apart: the first seal takes them all. */
          output_seal (self, 0);
        }
    }
  move_bytes (&old, self, old.unsealed);
  output_clear (&old);
}
