/* capture.c: see capture.h. All but the public calls runs on the reader's thread. */
#include "capture.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hero-service/reactor.h>

#include "vt.h"

enum
{
  READ_SIZE = 65536,
  READS_PER_TURN = 4, /* then the next stream */
  SEQUENCE_MAX = 256, /* bytes of an escape sequence on its way out of a line */
};

/* Who is told of dropped lines; outlives us as long as something is on its way. Service thread. */
typedef struct
{
  ProcDroppedFunc func; /* NULL = nobody any more */
  gpointer data;
} Listener;

struct _ProcCapture
{
  ProcLogStore *store;
  gsize line_max;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  HeroReactor *reactor;
  GHashTable *streams; /* set of Stream */
  GHashTable *watches; /* job id -> ProcLineWatch */
  char *buffer;
  GHashTable *dropped_by_job; /* under lock: id -> guint64, of attempts under way that had lines dropped */
  GMutex lock;
  GMainContext *listener_context;
  Listener *listener; /* atomic rc box */
};

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
  ProcLogSource *source;  /* NULL = its lines are not kept */
  ProcLineWatch *lines;   /* somebody waits for one of them; NULL = nobody */
  ProcTerminal *terminal; /* NULL = it is a pipe */
  ProcVt vt;              /* of a terminal */
  gsize read_size;
} Stream;

/* ---------------------------------------------------------------------------------------------- reading */

static void
count_dropped (Stream *stream)
{
  ProcCapture *self = stream->capture;
  guint64 *lines;

  g_mutex_lock (&self->lock);
  lines = g_hash_table_lookup (self->dropped_by_job, GUINT_TO_POINTER (stream->job_id));
  if (lines == NULL)
    g_hash_table_insert (self->dropped_by_job, GUINT_TO_POINTER (stream->job_id), lines = g_new0 (guint64, 1));
  (*lines)++;
  g_mutex_unlock (&self->lock);
}

static void
on_line (const char *line, gsize length, gboolean truncated, gpointer data)
{
  Stream *stream = data;
  g_autofree char *text = stream->redaction != NULL ? g_strndup (line, length) : NULL;
  g_autofree char *redacted = text != NULL ? proc_redaction_apply (stream->redaction, text, truncated) : NULL;
  ProcLogEntry entry = { .context = stream->context,
                         .job_id = stream->job_id,
                         .stream = stream->stream,
                         .truncated = truncated };

  if (stream->lines != NULL)
    proc_line_watch_feed (stream->lines, line, length);
  if (redacted != NULL)
    {
      line = redacted;
      length = strlen (redacted);
    }
  entry.level = proc_log_detect_level (line, length);
  if ((stream->level_min == 0 || stream->level_min == 255 || entry.level >= stream->level_min)
      && !proc_log_source_add (stream->source, &entry, line, length))
    count_dropped (stream);
}

/* What a line of a terminal is without colours, moves of the cursor, bells. */
static void
on_piece (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  Stream *stream = data;

  if (kind == PROC_VT_TEXT || (kind == PROC_VT_CONTROL && length == 1 && strchr ("\t\r\n", *bytes) != NULL))
    proc_line_cutter_feed (&stream->cutter, bytes, length, on_line, stream);
}

/* FALSE: no more for now. */
static gboolean
take_output (Stream *stream, const char *bytes, gsize length)
{
  gboolean more = stream->terminal == NULL || proc_terminal_take (stream->terminal, bytes, length);

  if (stream->source == NULL)
    return more;
  proc_log_source_begin (stream->source);
  if (stream->terminal != NULL)
    proc_vt_feed (&stream->vt, bytes, length, on_piece, stream);
  else
    proc_line_cutter_feed (&stream->cutter, bytes, length, on_line, stream);
  proc_log_source_end (stream->source);
  return more;
}

/* Up to `reads` blocks. FALSE: there is nothing more, now or ever (*over). */
static gboolean
read_some (Stream *stream, guint reads, gboolean *over)
{
  ProcCapture *self = stream->capture;

  *over = FALSE;
  for (guint i = 0; i < reads; i++)
    {
      gssize n = read (stream->fd, self->buffer, stream->read_size);

      if (n < 0 && errno == EINTR)
        continue;
      *over = n == 0 || (n < 0 && errno != EAGAIN);
      if (n <= 0)
        return FALSE;
      if (!take_output (stream, self->buffer, (gsize)n) && stream->watch != NULL)
        {
          hero_reactor_modify (stream->watch, 0); /* until on_resume */
          return TRUE;
        }
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
  gboolean over;

  g_clear_pointer (&stream->watch, hero_reactor_remove);
  /* A pipe holds a bounded amount; a stranger that goes on writing cannot keep us here. */
  read_some (stream, 256, &over);
  if (stream->source != NULL)
    {
      proc_log_source_begin (stream->source);
      proc_line_cutter_finish (&stream->cutter, on_line, stream);
      proc_log_source_end (stream->source);
    }
  proc_line_cutter_clear (&stream->cutter);
  if (stream->terminal != NULL)
    {
      proc_vt_clear (&stream->vt);
      proc_terminal_end (stream->terminal);
      proc_terminal_unref (stream->terminal);
    }
  g_clear_pointer (&stream->lines, proc_line_watch_unref);
  close (stream->fd);
  if (remove && stream->path != NULL)
    unlink (stream->path);
  g_clear_pointer (&stream->source, proc_log_source_unref);
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
  ProcLogSource *source;
  ProcLineWatch *lines;
  ProcTerminal *terminal;
  char *path;
} Command;

static void
command_free (gpointer data)
{
  Command *command = data;

  if (command->fd >= 0)
    close (command->fd);
  g_clear_pointer (&command->redaction, proc_redaction_unref);
  g_clear_pointer (&command->source, proc_log_source_unref);
  g_clear_pointer (&command->lines, proc_line_watch_unref);
  g_clear_pointer (&command->terminal, proc_terminal_unref);
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
  stream->source = g_steal_pointer (&command->source);
  stream->lines = g_hash_table_lookup (self->watches, GUINT_TO_POINTER (stream->job_id));
  if (stream->lines != NULL)
    proc_line_watch_ref (stream->lines);
  proc_line_cutter_init (&stream->cutter, self->line_max);
  stream->terminal = g_steal_pointer (&command->terminal);
  stream->read_size = READ_SIZE;
  if (stream->terminal != NULL)
    {
      stream->read_size = MIN (READ_SIZE, proc_terminal_get_read_size (stream->terminal));
      proc_vt_init (&stream->vt, SEQUENCE_MAX);
    }
  stream->watch = hero_reactor_add (self->reactor, stream->fd, EPOLLIN, on_readable, stream, NULL);
  g_hash_table_add (self->streams, stream);
  return G_SOURCE_REMOVE;
}

/* The viewers have taken what there was. */
static gboolean
do_resume (gpointer data)
{
  Command *command = data;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, command->capture->streams);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Stream *stream = key;

      if (stream->terminal == command->terminal && stream->watch != NULL)
        hero_reactor_modify (stream->watch, EPOLLIN);
    }
  return G_SOURCE_REMOVE;
}

/* Service thread. */
static void
on_resume (ProcTerminal *terminal, gpointer data)
{
  Command *command = g_new0 (Command, 1);

  *command = (Command){ .capture = data, .fd = -1, .terminal = proc_terminal_ref (terminal) };
  send_command (command, do_resume);
}

typedef struct
{
  Listener *listener;
  guint32 job_id;
  guint64 lines;
} DroppedNote;

/* Service thread. */
static gboolean
tell_listener (gpointer data)
{
  DroppedNote *note = data;

  if (note->listener->func != NULL)
    note->listener->func (note->listener->data, note->job_id, note->lines);
  return G_SOURCE_REMOVE;
}

static void
note_free (gpointer data)
{
  DroppedNote *note = data;

  g_atomic_rc_box_release (note->listener);
  g_free (note);
}

/* The attempt is over: what was dropped of it goes into the record of its job. */
static void
report_dropped (ProcCapture *self, guint32 job_id)
{
  g_autoptr (GSource) source = NULL;
  DroppedNote *note;
  guint64 *lines;

  g_mutex_lock (&self->lock);
  lines = g_hash_table_lookup (self->dropped_by_job, GUINT_TO_POINTER (job_id));
  if (lines != NULL && self->listener_context != NULL)
    {
      note = g_new (DroppedNote, 1);
      *note = (DroppedNote){ g_atomic_rc_box_acquire (self->listener), job_id, *lines };
      source = g_idle_source_new ();
      g_source_set_callback (source, tell_listener, note, note_free);
      g_source_attach (source, self->listener_context);
    }
  g_hash_table_remove (self->dropped_by_job, GUINT_TO_POINTER (job_id));
  g_mutex_unlock (&self->lock);
}

static gboolean
do_watch (gpointer data)
{
  Command *command = data;

  g_hash_table_insert (command->capture->watches, GUINT_TO_POINTER (command->job_id),
                       g_steal_pointer (&command->lines));
  return G_SOURCE_REMOVE;
}

static gboolean
do_end (gpointer data)
{
  Command *command = data;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_remove (command->capture->watches, GUINT_TO_POINTER (command->job_id));
  g_hash_table_iter_init (&iter, command->capture->streams);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (((Stream *)key)->job_id == command->job_id)
      {
        g_hash_table_iter_remove (&iter);
        stream_close (key, TRUE);
      }
  report_dropped (command->capture, command->job_id);
  return G_SOURCE_REMOVE;
}

/* For proc_capture_sync: everything before it in the queue is done. */
typedef struct
{
  GMutex lock;
  GCond done_cond;
  gboolean done;
} Barrier;

static gboolean
do_sync (gpointer data)
{
  Barrier *barrier = data;

  g_mutex_lock (&barrier->lock);
  barrier->done = TRUE;
  g_cond_signal (&barrier->done_cond);
  g_mutex_unlock (&barrier->lock);
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
proc_capture_new (ProcLogStore *store, gsize line_max, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  HeroReactor *reactor = hero_reactor_new (context, error);
  ProcCapture *self;

  if (reactor == NULL)
    return NULL;
  self = g_new0 (ProcCapture, 1);
  self->store = store;
  self->line_max = line_max;
  self->context = g_steal_pointer (&context);
  self->loop = g_main_loop_new (self->context, FALSE);
  self->reactor = reactor;
  self->streams = g_hash_table_new (NULL, NULL);
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)proc_line_watch_unref);
  self->buffer = g_malloc (READ_SIZE);
  g_mutex_init (&self->lock);
  self->dropped_by_job = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->listener = g_atomic_rc_box_new0 (Listener);
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
  hero_reactor_free (self->reactor);
  g_hash_table_unref (self->streams);
  g_hash_table_unref (self->watches);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_hash_table_unref (self->dropped_by_job);
  g_atomic_rc_box_release (self->listener);
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
                        .source = proc_log_store_get_source (self->store, source),
                        .path = g_strdup (path) };
  send_command (command, do_add);
}

void
proc_capture_add_terminal (ProcCapture *self, guint32 job_id, const char *source, guint32 context, guint level_min,
                           ProcRedaction *redaction, ProcTerminal *terminal)
{
  Command *command = g_new0 (Command, 1);

  proc_terminal_set_resume (terminal, on_resume, self);
  *command = (Command){ .capture = self,
                        .job_id = job_id,
                        .context = context,
                        .stream = PROC_STREAM_TTY,
                        .level_min = level_min,
                        .redaction = redaction != NULL ? proc_redaction_ref (redaction) : NULL,
                        .fd = proc_terminal_open_output (terminal),
                        .source = source != NULL ? proc_log_store_get_source (self->store, source) : NULL,
                        .terminal = proc_terminal_ref (terminal) };
  send_command (command, do_add);
}

void
proc_capture_watch (ProcCapture *self, guint32 job_id, ProcLineWatch *watch)
{
  Command *command = g_new0 (Command, 1);

  *command = (Command){ .capture = self, .job_id = job_id, .fd = -1, .lines = proc_line_watch_ref (watch) };
  send_command (command, do_watch);
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

void
proc_capture_sync (ProcCapture *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Barrier barrier = { 0 };

  g_mutex_init (&barrier.lock);
  g_cond_init (&barrier.done_cond);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, do_sync, &barrier, NULL);
  g_source_attach (source, self->context);
  g_mutex_lock (&barrier.lock);
  while (!barrier.done)
    g_cond_wait (&barrier.done_cond, &barrier.lock);
  g_mutex_unlock (&barrier.lock);
  g_mutex_clear (&barrier.lock);
  g_cond_clear (&barrier.done_cond);
}

void
proc_capture_set_dropped_func (ProcCapture *self, GMainContext *context, ProcDroppedFunc func, gpointer data)
{
  g_mutex_lock (&self->lock);
  self->listener_context = context;
  self->listener->func = func;
  self->listener->data = data;
  g_mutex_unlock (&self->lock);
}

guint64
proc_capture_get_job_dropped (ProcCapture *self, guint32 job_id)
{
  guint64 *lines, dropped;

  g_mutex_lock (&self->lock);
  lines = g_hash_table_lookup (self->dropped_by_job, GUINT_TO_POINTER (job_id));
  dropped = lines != NULL ? *lines : 0;
  g_mutex_unlock (&self->lock);
  return dropped;
}
