/* kept-connection.c: an idle connection, watched for its end. Service thread. */
#include "kept-connection.h"

#include <sys/epoll.h>
#include <unistd.h>

struct _KeptConnection
{
  HeroReactor *reactor;
  void (*ended) (gpointer data);
  gpointer data;
  int fd; /* -1 = none */
  HeroReactorWatch *watch;
};

KeptConnection *
kept_connection_new (HeroReactor *reactor, void (*ended) (gpointer data), gpointer data)
{
  KeptConnection *kept = g_new0 (KeptConnection, 1);

  kept->reactor = reactor;
  kept->ended = ended;
  kept->data = data;
  kept->fd = -1;
  return kept;
}

void
kept_connection_free (KeptConnection *kept)
{
  kept_connection_close (kept);
  g_free (kept);
}

int
kept_connection_take (KeptConnection *kept)
{
  int fd = kept->fd;

  if (kept->watch != NULL)
    hero_reactor_remove (g_steal_pointer (&kept->watch));
  kept->fd = -1;
  return fd;
}

void
kept_connection_close (KeptConnection *kept)
{
  int fd = kept_connection_take (kept);

  if (fd >= 0)
    close (fd);
}

static void
on_ready (int fd, guint32 events, gpointer data)
{
  KeptConnection *kept = data;

  kept_connection_close (kept);
  kept->ended (kept->data);
}

void
kept_connection_put (KeptConnection *kept, int fd)
{
  kept_connection_close (kept);
  kept->fd = fd;
  kept->watch = hero_reactor_add (kept->reactor, fd, EPOLLIN | EPOLLRDHUP, on_ready, kept, NULL);
  if (kept->watch == NULL)
    kept_connection_close (kept);
}
