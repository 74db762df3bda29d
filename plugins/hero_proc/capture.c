/* capture.c: see capture.h. All but the public calls runs on the reader's thread. */
#include "capture.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hero-service/reactor.h>

enum
{
  READ_SIZE = 65536,
  READS_PER_TURN = 4, /* then the next stream */
  SUMMARY_S = 10,     /* between two lines about what was dropped */
};

struct _ProcCapture
{
  ProcLogStore *store;
  ProcCaptureLimits limits;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  HeroReactor *reactor;
  GHashTable *streams; /* set of Stream */
  GHashTable *buckets; /* source -> Bucket */
  GSource *summary_timer;
  char *buffer;
  guint64 dropped; /* under lock */
  GMutex lock;
};

/* What a source may still write: refilled as time goes by. */
typedef struct
{
  char *source;
  guint streams; /* that use it */
  double lines, bytes;
  gint64 filled_us;
  guint64 dropped; /* since the last summary */
  gint64 told_us;
  guint32 context, job_id;
} Bucket;

typedef struct
{
  ProcCapture *capture;
  guint32 job_id, context;
  ProcStream stream;
  guint level_min;
  int fd;
  char *path;
  HeroReactorWatch *watch;
  ProcRedaction *redaction; /* NULL = nothing to hide */
  ProcLineCutter cutter;
  Bucket *bucket;
} Stream;

/* ---------------------------------------------------------------------------------------------- rates */

static void
bucket_free (gpointer data)
{
  Bucket *bucket = data;

  g_free (bucket->source);
  g_free (bucket);
}

static Bucket *
bucket_get (ProcCapture *self, const char *source)
{
  Bucket *bucket = g_hash_table_lookup (self->buckets, source);

  if (bucket == NULL)
    {
      bucket = g_new0 (Bucket, 1);
      bucket->source = g_strdup (source);
      bucket->lines = self->limits.burst_lines;
      bucket->bytes = (double)self->limits.burst_bytes;
      bucket->filled_us = g_get_monotonic_time ();
      g_hash_table_insert (self->buckets, bucket->source, bucket);
    }
  bucket->streams++;
  return bucket;
}

static void
refill (ProcCapture *self, Bucket *bucket)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = (double)(now - bucket->filled_us) / G_USEC_PER_SEC;

  bucket->lines = MIN (bucket->lines + seconds * self->limits.rate_lines, self->limits.burst_lines);
  bucket->bytes = MIN (bucket->bytes + seconds * (double)self->limits.rate_bytes, (double)self->limits.burst_bytes);
  bucket->filled_us = now;
}

static void
put (ProcCapture *self, const Bucket *bucket, guint32 job_id, guint32 context, ProcStream stream, guint level,
     const char *tags, gboolean truncated, const char *content)
{
  ProcLogEntry *entry = g_new0 (ProcLogEntry, 1);

  entry->ts_ms = g_get_real_time () / 1000;
  entry->context = context;
  entry->job_id = job_id;
  entry->level = level;
  entry->stream = stream;
  entry->truncated = truncated;
  entry->tags = g_strdup (tags);
  entry->content = g_strdup (content);
  proc_log_store_add (self->store, bucket->source, entry);
}

static void
tell_dropped (ProcCapture *self, Bucket *bucket)
{
  g_autofree char *tag = g_strdup_printf ("dropped:%" G_GUINT64_FORMAT, bucket->dropped);
  g_autofree char *text
      = g_strdup_printf ("%" G_GUINT64_FORMAT " lines dropped: more than %u lines or %" G_GSIZE_FORMAT " KiB a second",
                         bucket->dropped, self->limits.rate_lines, self->limits.rate_bytes / 1024);

  if (bucket->dropped == 0)
    return;
  put (self, bucket, bucket->job_id, bucket->context, PROC_STREAM_API, PROC_LEVEL_WARNING, tag, FALSE, text);
  bucket->dropped = 0;
  bucket->told_us = g_get_monotonic_time ();
}

static gboolean
on_summary (gpointer data)
{
  ProcCapture *self = data;
  GHashTableIter iter;
  gpointer bucket;

  g_clear_pointer (&self->summary_timer, g_source_unref);
  g_hash_table_iter_init (&iter, self->buckets);
  while (g_hash_table_iter_next (&iter, NULL, &bucket))
    tell_dropped (self, bucket);
  return G_SOURCE_REMOVE;
}

static void
count_dropped (Stream *stream)
{
  ProcCapture *self = stream->capture;

  stream->bucket->dropped++;
  stream->bucket->job_id = stream->job_id;
  stream->bucket->context = stream->context;
  g_mutex_lock (&self->lock);
  self->dropped++;
  g_mutex_unlock (&self->lock);
  if (self->summary_timer != NULL)
    return;
  self->summary_timer = g_timeout_source_new_seconds (SUMMARY_S);
  g_source_set_callback (self->summary_timer, on_summary, self, NULL);
  g_source_attach (self->summary_timer, self->context);
}

/* ---------------------------------------------------------------------------------------------- reading */

static void
on_line (const char *line, gboolean truncated, gpointer data)
{
  Stream *stream = data;
  Bucket *bucket = stream->bucket;
  gsize length = strlen (line);
  g_autofree char *redacted = NULL;
  guint level;

  if (bucket->lines < 1 || bucket->bytes < (double)length)
    {
      count_dropped (stream);
      return;
    }
  bucket->lines -= 1;
  bucket->bytes -= (double)length;
  redacted = proc_redaction_apply (stream->redaction, line, truncated);
  line = redacted != NULL ? redacted : line;
  level = proc_log_detect_level (line);
  if (stream->level_min == 0 || stream->level_min == 255 || level >= stream->level_min)
    put (stream->capture, bucket, stream->job_id, stream->context, stream->stream, level, NULL, truncated, line);
}

/* Up to `reads` blocks. FALSE: there is nothing more, now or ever (*over). */
static gboolean
read_some (Stream *stream, guint reads, gboolean *over)
{
  ProcCapture *self = stream->capture;

  *over = FALSE;
  refill (self, stream->bucket);
  for (guint i = 0; i < reads; i++)
    {
      gssize n = read (stream->fd, self->buffer, READ_SIZE);

      if (n < 0 && errno == EINTR)
        continue;
      *over = n == 0 || (n < 0 && errno != EAGAIN);
      if (n <= 0)
        return FALSE;
      proc_line_cutter_feed (&stream->cutter, self->buffer, (gsize)n, on_line, stream);
    }
  return TRUE;
}

static void
on_readable (int fd, guint32 events, gpointer data)
{
  Stream *stream = data;
  gboolean over;

  read_some (stream, READS_PER_TURN, &over);
  if (over) /* every writer has closed it: a level-triggered hang-up would wake us for ever */
    g_clear_pointer (&stream->watch, hero_reactor_remove);
}

/* remove: the pipe has served its purpose. */
static void
stream_close (Stream *stream, gboolean remove)
{
  ProcCapture *self = stream->capture;
  gboolean over;

  g_clear_pointer (&stream->watch, hero_reactor_remove);
  /* A pipe holds a bounded amount; a stranger that goes on writing cannot keep us here. */
  read_some (stream, 256, &over);
  proc_line_cutter_finish (&stream->cutter, on_line, stream);
  proc_line_cutter_clear (&stream->cutter);
  close (stream->fd);
  if (remove)
    unlink (stream->path);
  if (--stream->bucket->streams == 0)
    {
      tell_dropped (self, stream->bucket);
      g_hash_table_remove (self->buckets, stream->bucket->source);
    }
  g_clear_pointer (&stream->redaction, proc_redaction_unref);
  g_free (stream->path);
  g_free (stream);
}

/* ---------------------------------------------------------------------------------------------- commands */

typedef struct
{
  ProcCapture *capture;
  guint32 job_id, context;
  ProcStream stream;
  guint level_min;
  ProcRedaction *redaction;
  int fd;
  char *source, *path;
} Command;

static void
command_free (gpointer data)
{
  Command *command = data;

  if (command->fd >= 0)
    close (command->fd);
  g_clear_pointer (&command->redaction, proc_redaction_unref);
  g_free (command->source);
  g_free (command->path);
  g_free (command);
}

static void
send_command (Command *command, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, command, command_free);
  g_source_attach (source, command->capture->context);
}

static gboolean
do_add (gpointer data)
{
  Command *command = data;
  ProcCapture *self = command->capture;
  Stream *stream = g_new0 (Stream, 1);

  stream->capture = self;
  stream->job_id = command->job_id;
  stream->context = command->context;
  stream->stream = command->stream;
  stream->level_min = command->level_min;
  stream->fd = command->fd;
  command->fd = -1;
  stream->redaction = g_steal_pointer (&command->redaction);
  stream->path = g_steal_pointer (&command->path);
  stream->bucket = bucket_get (self, command->source);
  proc_line_cutter_init (&stream->cutter, self->limits.line_max);
  stream->watch = hero_reactor_add (self->reactor, stream->fd, EPOLLIN, on_readable, stream, NULL);
  g_hash_table_add (self->streams, stream);
  return G_SOURCE_REMOVE;
}

static gboolean
do_end (gpointer data)
{
  Command *command = data;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, command->capture->streams);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (((Stream *)key)->job_id == command->job_id)
      {
        g_hash_table_iter_remove (&iter);
        stream_close (key, TRUE);
      }
  return G_SOURCE_REMOVE;
}

static gboolean
do_quit (gpointer data)
{
  Command *command = data;
  ProcCapture *self = command->capture;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_hash_table_iter_remove (&iter);
      stream_close (key, FALSE);
    }
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer data)
{
  ProcCapture *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- outside */

ProcCapture *
proc_capture_new (ProcLogStore *store, const ProcCaptureLimits *limits, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  HeroReactor *reactor = hero_reactor_new (context, error);
  ProcCapture *self;

  if (reactor == NULL)
    return NULL;
  self = g_new0 (ProcCapture, 1);
  self->store = store;
  self->limits = *limits;
  self->context = g_steal_pointer (&context);
  self->loop = g_main_loop_new (self->context, FALSE);
  self->reactor = reactor;
  self->streams = g_hash_table_new (NULL, NULL);
  self->buckets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, bucket_free);
  self->buffer = g_malloc (READ_SIZE);
  g_mutex_init (&self->lock);
  self->thread = g_thread_new ("hero_proc-read", run, self);
  return self;
}

void
proc_capture_free (ProcCapture *self)
{
  Command *quit = g_new0 (Command, 1);

  quit->capture = self;
  quit->fd = -1;
  send_command (quit, do_quit);
  g_thread_join (self->thread);
  if (self->summary_timer != NULL)
    {
      g_source_destroy (self->summary_timer);
      g_source_unref (self->summary_timer);
    }
  hero_reactor_free (self->reactor);
  g_hash_table_unref (self->streams);
  g_hash_table_unref (self->buckets);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self->buffer);
  g_free (self);
}

void
proc_capture_add (ProcCapture *self, guint32 job_id, const char *source, guint32 context, ProcStream stream,
                  guint level_min, ProcRedaction *redaction, int fd, const char *path)
{
  Command *command = g_new0 (Command, 1);

  *command = (Command){ .capture = self,
                        .job_id = job_id,
                        .context = context,
                        .stream = stream,
                        .level_min = level_min,
                        .redaction = redaction != NULL ? proc_redaction_ref (redaction) : NULL,
                        .fd = fd,
                        .source = g_strdup (source),
                        .path = g_strdup (path) };
  send_command (command, do_add);
}

void
proc_capture_end (ProcCapture *self, guint32 job_id)
{
  Command *command = g_new0 (Command, 1);

  command->capture = self;
  command->job_id = job_id;
  command->fd = -1;
  send_command (command, do_end);
}

guint64
proc_capture_get_dropped (ProcCapture *self)
{
  guint64 dropped;

  g_mutex_lock (&self->lock);
  dropped = self->dropped;
  g_mutex_unlock (&self->lock);
  return dropped;
}
