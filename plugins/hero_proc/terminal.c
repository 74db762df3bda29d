/* terminal.c: see terminal.h. Output goes reader's thread -> `chunks` -> service thread -> viewers. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "scrollback.h"
#include "timer.h"
#include "vt.h"

enum
{
  INPUT_MAX = 1024 * 1024, /* bytes typed that the program has not read */
  PATIENCE_MS = 1000,      /* how long output waits for viewers of which not one takes anything */
};

struct _ProcViewer
{
  const ProcViewerFuncs *funcs;
  gpointer data;
  gboolean may_type;
};

struct _ProcTerminal
{
  ProcTerminalSetup setup;
  int master, slave;

  GMutex lock; /* of what follows, up to `viewers` */
  ProcScrollback *scrollback;
  GPtrArray *chunks; /* GBytes for the viewers */
  gsize chunk_bytes;
  gboolean watched; /* there are viewers */
  gboolean posted;  /* the service's thread is on its way */
  gboolean paused;  /* the reader is to be told to go on */
  gboolean ended;
  void (*resume) (ProcTerminal *self, gpointer data);
  gpointer resume_data;

  GPtrArray *viewers;   /* ProcViewer, the first to come first */
  ProcViewer *answerer; /* whose terminal answers the program's questions; NULL = the first that may type */
  GSource *patience;    /* output waits for viewers */
  gboolean impatient;
  gboolean exited;
  ProcTtySize size;
  int exit_code, signo;
  GByteArray *input;       /* typed, not read */
  HeroReactorWatch *watch; /* until there is room for it */
};

/* ---------------------------------------------------------------------------------------------- life */

ProcTerminal *
proc_terminal_new (const ProcTerminalSetup *setup, int master, int slave)
{
  ProcTerminal *self = g_atomic_rc_box_new0 (ProcTerminal);
  struct winsize size = { .ws_col = 80, .ws_row = 24 };

  self->setup = *setup;
  self->master = master;
  self->slave = slave;
  g_mutex_init (&self->lock);
  self->scrollback = proc_scrollback_new (setup->scrollback);
  self->chunks = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->viewers = g_ptr_array_new_with_free_func (g_free);
  self->input = g_byte_array_new ();
  self->exit_code = -1;
  if (master >= 0)
    ioctl (master, TIOCGWINSZ, &size);
  self->size = (ProcTtySize){ size.ws_col, size.ws_row };
  return self;
}

ProcTerminal *
proc_terminal_ref (ProcTerminal *self)
{
  return g_atomic_rc_box_acquire (self);
}

/* What belongs to the service's thread is gone by then: see proc_terminal_set_exit, end_viewers. */
static void
terminal_clear (gpointer data)
{
  ProcTerminal *self = data;

  if (self->master >= 0)
    close (self->master);
  if (self->slave >= 0)
    close (self->slave);
  proc_scrollback_free (self->scrollback);
  g_ptr_array_unref (self->chunks);
  g_ptr_array_unref (self->viewers);
  g_byte_array_unref (self->input);
  g_mutex_clear (&self->lock);
}

void
proc_terminal_unref (ProcTerminal *self)
{
  g_atomic_rc_box_release_full (self, terminal_clear);
}

void
proc_terminal_set_exit (ProcTerminal *self, int exit_code, int signo)
{
  self->exited = TRUE;
  self->exit_code = exit_code;
  self->signo = signo;
  g_clear_pointer (&self->watch, hero_reactor_remove);
}

void
proc_terminal_let_go (ProcTerminal *self)
{
  proc_terminal_set_exit (self, -1, 0);
  g_mutex_lock (&self->lock);
  self->watched = FALSE;
  g_mutex_unlock (&self->lock);
  proc_timer_clear (&self->patience);
  g_ptr_array_set_size (self->viewers, 0);
}

/* ---------------------------------------------------------------------------------------------- the service's side */

static void
tell_output (ProcTerminal *self, GPtrArray *chunks)
{
  for (guint i = 0; i < chunks->len; i++)
    for (guint v = self->viewers->len; v-- > 0;) /* one may leave on it */
      {
        ProcViewer *viewer = self->viewers->pdata[v];

        viewer->funcs->output (viewer->data, chunks->pdata[i]);
      }
}

/* What has come since; transfer full. *ended: nothing follows. *paused: the reader waits to be told. */
static GPtrArray *
take_chunks (ProcTerminal *self, gboolean *ended, gboolean *paused)
{
  GPtrArray *chunks = self->chunks;

  self->chunks = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->chunk_bytes = 0;
  *ended = self->ended;
  *paused = self->paused;
  self->paused = FALSE;
  return chunks;
}

static void
end_viewers (ProcTerminal *self)
{
  proc_timer_clear (&self->patience);
  for (guint v = self->viewers->len; v-- > 0;)
    {
      ProcViewer *viewer = self->viewers->pdata[v];

      viewer->funcs->over (viewer->data, self->exit_code, self->signo);
    }
}

static void
deliver (ProcTerminal *self)
{
  g_autoptr (GPtrArray) chunks = NULL;
  gboolean ended, paused;

  g_mutex_lock (&self->lock);
  chunks = take_chunks (self, &ended, &paused);
  g_mutex_unlock (&self->lock);
  proc_timer_clear (&self->patience);
  tell_output (self, chunks);
  if (paused)
    self->resume (self, self->resume_data);
  if (ended)
    end_viewers (self);
}

/*
 * Output goes at the pace of the viewer that is quickest, as it would in a terminal on the desk. Not one of them taking
 * anything for a while does not count any more: then they fall behind, and are told.
 */
static gboolean
must_wait (ProcTerminal *self)
{
  gsize least = G_MAXSIZE;

  if (self->impatient || self->viewers->len == 0)
    return FALSE;
  for (guint v = 0; v < self->viewers->len; v++)
    {
      ProcViewer *viewer = self->viewers->pdata[v];

      least = MIN (least, viewer->funcs->get_backlog (viewer->data));
    }
  return least > self->setup.queue / 4;
}

static gboolean
on_patience_over (gpointer data)
{
  g_autoptr (ProcTerminal) self = proc_terminal_ref (data);

  self->impatient = TRUE;
  deliver (self);
  return G_SOURCE_REMOVE;
}

static void
deliver_or_wait (ProcTerminal *self)
{
  if (!must_wait (self))
    deliver (self);
  else if (self->patience == NULL)
    proc_timer_set (&self->patience, self->setup.context, PATIENCE_MS, on_patience_over, self);
}

void
proc_terminal_drained (ProcTerminal *self)
{
  g_autoptr (ProcTerminal) held = proc_terminal_ref (self);

  self->impatient = FALSE;
  if (self->patience != NULL)
    {
      proc_timer_clear (&self->patience);
      deliver_or_wait (self);
    }
}

static gboolean
on_posted (gpointer data)
{
  ProcTerminal *self = data;

  g_mutex_lock (&self->lock);
  self->posted = FALSE;
  g_mutex_unlock (&self->lock);
  deliver_or_wait (self);
  return G_SOURCE_REMOVE;
}

/* ---------------------------------------------------------------------------------------------- the reader's side */

/* Under lock. */
static void
post (ProcTerminal *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->posted)
    return;
  self->posted = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_posted, proc_terminal_ref (self), (GDestroyNotify)proc_terminal_unref);
  g_source_attach (source, self->setup.context);
}

int
proc_terminal_open_output (ProcTerminal *self)
{
  return self->master >= 0 ? fcntl (self->master, F_DUPFD_CLOEXEC, 3) : -1;
}

/*
 * A viewer that reads is never closed for what comes at once: it is at most a quarter of `queue` behind when it is given
 * more (must_wait), and that is half of it and one reading.
 */
gsize
proc_terminal_get_read_size (ProcTerminal *self)
{
  return self->setup.queue / 8;
}

gboolean
proc_terminal_take (ProcTerminal *self, const char *bytes, gsize length)
{
  gboolean more;

  g_mutex_lock (&self->lock);
  proc_scrollback_feed (self->scrollback, bytes, length);
  if (self->watched)
    {
      g_ptr_array_add (self->chunks, g_bytes_new (bytes, length));
      self->chunk_bytes += length;
      post (self);
    }
  self->paused = self->chunk_bytes >= self->setup.queue / 2;
  more = !self->paused;
  g_mutex_unlock (&self->lock);
  return more;
}

void
proc_terminal_end (ProcTerminal *self)
{
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  self->paused = FALSE;
  post (self);
  g_mutex_unlock (&self->lock);
}

void
proc_terminal_set_resume (ProcTerminal *self, void (*resume) (ProcTerminal *self, gpointer data), gpointer data)
{
  self->resume = resume;
  self->resume_data = data;
}

/* ---------------------------------------------------------------------------------------------- viewers */

ProcViewer *
proc_terminal_attach (ProcTerminal *self, const ProcViewerFuncs *funcs, gpointer data, gboolean may_type,
                      gsize scrollback, GBytes **past)
{
  g_autoptr (GPtrArray) chunks = NULL;
  ProcViewer *viewer = g_new0 (ProcViewer, 1);
  gboolean ended, paused;

  *viewer = (ProcViewer){ funcs, data, may_type };
  g_mutex_lock (&self->lock);
  *past = proc_scrollback_get (self->scrollback, scrollback);
  chunks = take_chunks (self, &ended, &paused); /* they are in it; the others have yet to see them */
  self->watched = TRUE;
  g_mutex_unlock (&self->lock);
  tell_output (self, chunks);
  if (paused)
    self->resume (self, self->resume_data);
  g_ptr_array_add (self->viewers, viewer);
  return viewer;
}

void
proc_terminal_detach (ProcTerminal *self, ProcViewer *viewer)
{
  g_autoptr (ProcTerminal) held = proc_terminal_ref (self);

  if (self->answerer == viewer)
    self->answerer = NULL;
  g_ptr_array_remove (self->viewers, viewer);
  if (self->viewers->len > 0)
    {
      if (self->patience != NULL && !must_wait (self)) /* it was the quick one's own hurry */
        deliver (self);
      return;
    }
  g_mutex_lock (&self->lock);
  self->watched = FALSE;
  g_mutex_unlock (&self->lock);
  self->impatient = FALSE;
  if (self->patience != NULL)
    deliver (self); /* to nobody: the reader goes on */
}

GBytes *
proc_terminal_get_scrollback (ProcTerminal *self, gsize max)
{
  GBytes *past;

  g_mutex_lock (&self->lock);
  past = proc_scrollback_get (self->scrollback, max);
  g_mutex_unlock (&self->lock);
  return past;
}

guint
proc_terminal_count_viewers (ProcTerminal *self)
{
  return self->viewers->len;
}

/* ---------------------------------------------------------------------------------------------- input */

static ProcViewer *
get_answerer (ProcTerminal *self)
{
  if (self->answerer != NULL)
    return self->answerer;
  for (guint v = 0; v < self->viewers->len; v++)
    if (((ProcViewer *)self->viewers->pdata[v])->may_type)
      return self->viewers->pdata[v];
  return NULL;
}

/* Writes what the terminal takes. FALSE: it takes no more. */
static gboolean
write_input (ProcTerminal *self)
{
  while (self->input->len > 0)
    {
      gssize n = write (self->master, self->input->data, self->input->len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      g_byte_array_remove_range (self->input, 0, (guint)n);
    }
  return TRUE;
}

static void
on_writable (int fd, guint32 events, gpointer data)
{
  ProcTerminal *self = data;

  if (write_input (self) || (events & (EPOLLHUP | EPOLLERR)) != 0)
    g_clear_pointer (&self->watch, hero_reactor_remove);
}

/* What one frame of a viewer holds; sequences are not cut between frames. */
typedef struct
{
  GByteArray *passed;
  gboolean may_answer;
  gboolean typed;
} Frame;

static void
on_piece (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  Frame *frame = data;
  gboolean answer = state == PROC_VT_WHOLE && proc_vt_is_answer (kind, bytes, length);

  frame->typed |= !answer;
  if (!answer || frame->may_answer)
    g_byte_array_append (frame->passed, (const guint8 *)bytes, (guint)length);
}

/* Several terminals look on, one question of the program gets one answer. Transfer full. */
static GByteArray *
filter_answers (ProcTerminal *self, ProcViewer *viewer, const char *bytes, gsize length)
{
  Frame frame = { g_byte_array_sized_new ((guint)length), viewer == get_answerer (self), FALSE };
  ProcVt vt;

  proc_vt_init (&vt, 0);
  proc_vt_feed (&vt, bytes, length, on_piece, &frame);
  proc_vt_finish (&vt, on_piece, &frame);
  proc_vt_clear (&vt);
  if (frame.typed)
    self->answerer = viewer;
  return frame.passed;
}

gboolean
proc_terminal_type (ProcTerminal *self, ProcViewer *viewer, const char *bytes, gsize length)
{
  g_autoptr (GByteArray) passed = NULL;

  if (viewer != NULL && !viewer->may_type)
    return TRUE;
  if (self->exited || self->master < 0)
    return TRUE;
  if (self->input->len + length > INPUT_MAX)
    return FALSE;
  if (viewer != NULL)
    {
      passed = filter_answers (self, viewer, bytes, length);
      bytes = (const char *)passed->data;
      length = passed->len;
    }
  g_byte_array_append (self->input, (const guint8 *)bytes, (guint)length);
  if (self->watch == NULL && !write_input (self))
    self->watch = hero_reactor_add (self->setup.reactor, self->master, EPOLLOUT, on_writable, self, NULL);
  return TRUE;
}

ProcTtySize
proc_terminal_get_size (ProcTerminal *self)
{
  return self->size;
}

void
proc_terminal_resize (ProcTerminal *self, const ProcTtySize *size)
{
  struct winsize window = { .ws_col = (gushort)size->cols, .ws_row = (gushort)size->rows };

  if (size->cols == self->size.cols && size->rows == self->size.rows)
    return;
  self->size = *size;
  if (self->master >= 0)
    ioctl (self->master, TIOCSWINSZ, &window);
  for (guint v = self->viewers->len; v-- > 0;)
    {
      ProcViewer *viewer = self->viewers->pdata[v];

      viewer->funcs->resized (viewer->data, &self->size);
    }
}

gboolean
proc_terminal_signal (ProcTerminal *self, int signo)
{
  pid_t group = self->master >= 0 ? tcgetpgrp (self->master) : -1;

  return group > 1 && kill (-group, signo) == 0;
}
