/*
 * reactor.c: one epoll descriptor as one GSource. Runs on the thread of its context; no locks. A watch removed while
 * events are being handed out is only marked: its memory lives until the batch, which may still point at it, is
 * through.
 */
#include "errno-error.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <hero-service/reactor.h>

#define BATCH 256

struct _HeroReactorWatch
{
  HeroReactor *reactor;
  int fd;
  guint32 events;
  HeroReactorFunc func; /* NULL = removed */
  gpointer data;
};

struct _HeroReactor
{
  GSource source;
  int epoll;
  gpointer tag;
  GHashTable *watches; /* set of HeroReactorWatch, owned */
  GPtrArray *removed;  /* owned; freed after the batch */
  gboolean dispatching;
  void (*on_turn) (gpointer data);
  gpointer on_turn_data;
};

static gboolean
reactor_check (GSource *source)
{
  return g_source_query_unix_fd (source, ((HeroReactor *)source)->tag) != 0;
}

static gboolean
reactor_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  HeroReactor *self = (HeroReactor *)source;
  struct epoll_event events[BATCH];
  int count = epoll_wait (self->epoll, events, BATCH, 0);

  self->dispatching = TRUE;
  for (int i = 0; i < count && !g_source_is_destroyed (source); i++)
    {
      HeroReactorWatch *watch = events[i].data.ptr;
      if (watch->func)
        watch->func (watch->fd, events[i].events, watch->data);
    }
  if (count > 0 && self->on_turn && !g_source_is_destroyed (source))
    self->on_turn (self->on_turn_data);
  self->dispatching = FALSE;
  g_ptr_array_set_size (self->removed, 0);
  return G_SOURCE_CONTINUE;
}

static void
reactor_finalize (GSource *source)
{
  HeroReactor *self = (HeroReactor *)source;

  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_clear_pointer (&self->removed, g_ptr_array_unref);
  if (self->epoll >= 0)
    close (self->epoll);
}

static GSourceFuncs reactor_funcs = { NULL, reactor_check, reactor_dispatch, reactor_finalize, NULL, NULL };

HeroReactor *
hero_reactor_new (GMainContext *context, GError **error)
{
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (epoll < 0)
    {
      hero_errno_error (error, errno, "cannot make an epoll descriptor");
      return NULL;
    }

  HeroReactor *self = (HeroReactor *)g_source_new (&reactor_funcs, sizeof (HeroReactor));
  self->epoll = epoll;
  self->watches = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  self->removed = g_ptr_array_new_with_free_func (g_free);
  self->tag = g_source_add_unix_fd (&self->source, epoll, G_IO_IN);
  g_source_set_static_name (&self->source, "hero-reactor");
  g_source_attach (&self->source, context);
  return self;
}

void
hero_reactor_free (HeroReactor *self)
{
  if (!self)
    return;
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

HeroReactorWatch *
hero_reactor_add (HeroReactor *self, int fd, guint32 events, HeroReactorFunc func, gpointer data, GError **error)
{
  g_autofree HeroReactorWatch *watch = g_new (HeroReactorWatch, 1);

  *watch = (HeroReactorWatch){ .reactor = self, .fd = fd, .events = events, .func = func, .data = data };
  struct epoll_event event = { .events = events, .data.ptr = watch };
  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      hero_errno_error (error, errno, "cannot watch descriptor %d", fd);
      return NULL;
    }
  g_hash_table_add (self->watches, watch);
  return g_steal_pointer (&watch);
}

void
hero_reactor_modify (HeroReactorWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };

  if (watch->events == events)
    return;
  watch->events = events;
  epoll_ctl (watch->reactor->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void
hero_reactor_remove (HeroReactorWatch *watch)
{
  HeroReactor *self = watch->reactor;

  epoll_ctl (self->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
  watch->func = NULL;
  g_hash_table_steal (self->watches, watch);
  if (self->dispatching)
    g_ptr_array_add (self->removed, watch);
  else
    g_free (watch);
}

void
hero_reactor_on_turn (HeroReactor *self, void (*func) (gpointer data), gpointer data)
{
  self->on_turn = func;
  self->on_turn_data = data;
}
