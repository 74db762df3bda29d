/* wall-timer.c: see wall-timer.h. Thread of the context. */
#include "wall-timer.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The year 2200: as good as never, but a timer the kernel watches for steps of the clock. */
#define FAR_MS G_GINT64_CONSTANT (7258118400000)

struct _ProcWallTimer
{
  int fd;
  GSource *source;
  gboolean stepped; /* noticed while arming */
  ProcWallTimerFunc func;
  gpointer data;
};

static gboolean
on_ready (gint fd, GIOCondition condition, gpointer data)
{
  ProcWallTimer *self = data;
  guint64 expirations;
  gssize n = read (fd, &expirations, sizeof expirations);
  gboolean stepped = self->stepped || (n < 0 && errno == ECANCELED);

  if (n < 0 && !stepped)
    return G_SOURCE_CONTINUE;
  self->stepped = FALSE;
  self->func (stepped, self->data);
  return G_SOURCE_CONTINUE;
}

ProcWallTimer *
proc_wall_timer_new (GMainContext *context, ProcWallTimerFunc func, gpointer data, GError **error)
{
  int fd = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  ProcWallTimer *self;

  if (fd < 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "timer on the wall clock: %s", g_strerror (code));
      return NULL;
    }
  self = g_new0 (ProcWallTimer, 1);
  self->fd = fd;
  self->func = func;
  self->data = data;
  self->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, context);
  return self;
}

static int
set_time (ProcWallTimer *self, gint64 wall_ms)
{
  struct itimerspec spec = { .it_value = { .tv_sec = wall_ms / 1000, .tv_nsec = wall_ms % 1000 * 1000000 } };

  return timerfd_settime (self->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
}

void
proc_wall_timer_arm (ProcWallTimer *self, gint64 wall_ms)
{
  /* Zero would disarm. */
  if (set_time (self, CLAMP (wall_ms, 1, FAR_MS)) == 0)
    return;
  /* ECANCELED: the clock was set before this call; it must be told all the same. */
  self->stepped = TRUE;
  set_time (self, 1);
}

void
proc_wall_timer_free (ProcWallTimer *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->fd);
  g_free (self);
}
