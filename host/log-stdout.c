/* log-stdout.c: lines to standard output, never torn, never waiting for the reader. Any thread, and one of its own. */
#include "log-stdout.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 1000
#define POLL_MS 100 /* how often the waiting thread looks whether it is to end */

struct _HeroLogStdout
{
  int fd;
  guint limit;

  GMutex lock; /* over all below */
  GCond changed;
  GQueue lines;     /* GBytes */
  gboolean writing; /* the thread is at the front line */
  guint64 lost;
  gboolean ending;
  GThread *thread; /* from the first line that had to wait */
};

static gboolean
takes_more (HeroLogStdout *out, int timeout_ms)
{
  struct pollfd p = { .fd = out->fd, .events = POLLOUT };

  return poll (&p, 1, timeout_ms) > 0;
}

/* As much as goes without waiting for longer than POLL_MS at a time; less only when `ending` was set meanwhile. */
static gsize
write_some (HeroLogStdout *out, const char *data, gsize length)
{
  gssize n;

  do
    n = write (out->fd, data, MIN (length, PIPE_BUF));
  while (n < 0 && errno == EINTR);
  if (n >= 0)
    return n;
  return errno == EAGAIN ? 0 : length; /* nobody is there to read: as good as written */
}

static void
write_waiting (HeroLogStdout *out, const char *data, gsize length)
{
  while (length > 0 && !g_atomic_int_get (&out->ending))
    if (takes_more (out, POLL_MS))
      {
        gsize n = write_some (out, data, length);

        data += n;
        length -= n;
      }
}

/* The place of the lines that were lost, with the lock held. */
static GBytes *
report_lost (HeroLogStdout *out)
{
  char *text = g_strdup_printf ("(%" G_GUINT64_FORMAT " log lines lost: standard output was not read)\n", out->lost);

  out->lost = 0;
  return g_bytes_new_take (text, strlen (text));
}

static gpointer
write_lines (gpointer data)
{
  HeroLogStdout *out = data;

  g_mutex_lock (&out->lock);
  while (TRUE)
    {
      g_autoptr (GBytes) line = NULL;

      while (g_queue_is_empty (&out->lines) && out->lost == 0 && !out->ending)
        g_cond_wait (&out->changed, &out->lock);
      if (out->ending)
        break;
      line = !g_queue_is_empty (&out->lines) ? g_queue_pop_head (&out->lines) : report_lost (out);
      out->writing = TRUE;
      g_mutex_unlock (&out->lock);
      write_waiting (out, g_bytes_get_data (line, NULL), g_bytes_get_size (line));
      g_mutex_lock (&out->lock);
      out->writing = FALSE;
      g_cond_broadcast (&out->changed);
    }
  g_mutex_unlock (&out->lock);
  return NULL;
}

static void
queue_line (HeroLogStdout *out, const char *line, gsize length, gboolean rest)
{
  if (g_queue_get_length (&out->lines) >= out->limit && !rest)
    {
      out->lost++;
      return;
    }
  g_queue_push_tail (&out->lines, g_bytes_new (line, length));
  if (out->thread == NULL)
    out->thread = g_thread_new ("log-stdout", write_lines, out);
  g_cond_broadcast (&out->changed);
}

void
hero_log_stdout_write (HeroLogStdout *out, const char *line, gsize length)
{
  gsize n = 0;

  g_mutex_lock (&out->lock);
  /* A pipe that takes anything takes PIPE_BUF bytes whole, so this write neither waits nor tears. */
  if (g_queue_is_empty (&out->lines) && !out->writing && length <= PIPE_BUF && takes_more (out, 0))
    n = write_some (out, line, length);
  if (n < length)
    queue_line (out, line + n, length - n, n > 0);
  g_mutex_unlock (&out->lock);
}

void
hero_log_stdout_flush (HeroLogStdout *out, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&out->lock);
  while (out->writing || !g_queue_is_empty (&out->lines) || out->lost > 0)
    if (!g_cond_wait_until (&out->changed, &out->lock, deadline))
      break;
  g_mutex_unlock (&out->lock);
}

HeroLogStdout *
hero_log_stdout_new (int fd, guint limit)
{
  HeroLogStdout *out = g_new0 (HeroLogStdout, 1);

  out->fd = fd;
  out->limit = limit;
  g_mutex_init (&out->lock);
  g_cond_init (&out->changed);
  g_queue_init (&out->lines);
  return out;
}

void
hero_log_stdout_free (HeroLogStdout *out)
{
  if (out == NULL)
    return;
  hero_log_stdout_flush (out, FLUSH_MS);
  g_mutex_lock (&out->lock);
  g_atomic_int_set (&out->ending, TRUE);
  g_cond_broadcast (&out->changed);
  g_mutex_unlock (&out->lock);
  if (out->thread != NULL)
    g_thread_join (out->thread);
  g_queue_clear_full (&out->lines, (GDestroyNotify)g_bytes_unref);
  g_cond_clear (&out->changed);
  g_mutex_clear (&out->lock);
  g_free (out);
}
