/* accept.c: see accept.h. Service thread. */
#include "accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hero-service/log.h>
#include <hero-service/peer.h>

#define ACCEPTS_PER_TURN 256
#define PAUSE_MS 1000 /* after running out of descriptors */

#define REFUSE_FULL "-ERR max number of clients reached\r\n"
#define REFUSE_FOREIGN                                                                                                 \
  "-DENIED hero_db is in protected mode because no admin secret is set. In this mode connections over TCP are only "   \
  "accepted from processes of its own user or root on this machine. Use the Unix socket, or connect as that user.\r\n"

typedef struct
{
  Acceptor *acceptor;
  int fd;
  char *address;
  gboolean is_unix;
  HeroReactorWatch *watch;
} Door;

struct _Acceptor
{
  HeroServiceContext *ctx;
  Server *server;
  Accepted accepted;
  gpointer data;
  GPtrArray *doors; /* Door */
  guint pause_source;
};

static void
door_free (gpointer data)
{
  Door *door = data;

  g_clear_pointer (&door->watch, hero_reactor_remove);
  g_free (door->address);
  g_free (door);
}

/* "IP:PORT", IPv6 in brackets. transfer full. */
static char *
describe_address (const struct sockaddr_storage *address)
{
  char text[INET6_ADDRSTRLEN] = "?";

  if (address->ss_family == AF_INET6)
    {
      const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

      inet_ntop (AF_INET6, &in6->sin6_addr, text, sizeof text);
      return g_strdup_printf ("[%s]:%u", text, ntohs (in6->sin6_port));
    }
  if (address->ss_family == AF_INET)
    {
      const struct sockaddr_in *in = (const struct sockaddr_in *)address;

      inet_ntop (AF_INET, &in->sin_addr, text, sizeof text);
      return g_strdup_printf ("%s:%u", text, ntohs (in->sin_port));
    }
  return g_strdup (text);
}

static void
refuse (Acceptor *self, int fd, const char *text)
{
  gssize sent = send (fd, text, strlen (text), MSG_NOSIGNAL | MSG_DONTWAIT);

  (void)sent; /* whoever is refused may be gone already */
  self->server->stats.refused++;
  close (fd);
}

static void
set_option (int fd, int level, int option, int value)
{
  /* Options make a connection faster or tidier; it works without them. */
  (void)setsockopt (fd, level, option, &value, sizeof value);
}

static void
tune_tcp (Acceptor *self, int fd)
{
  int keepalive = (int)self->server->limits.keepalive_s;

  set_option (fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive == 0)
    return;
  set_option (fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option (fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive);
  set_option (fd, IPPROTO_TCP, TCP_KEEPINTVL, MAX (keepalive / 3, 1));
  set_option (fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

static void
admit (Door *door, int fd, const struct sockaddr_storage *peer)
{
  Acceptor *self = door->acceptor;
  g_autofree char *address = NULL, *local_address = NULL;
  g_autoptr (GError) error = NULL;
  struct sockaddr_storage local;
  socklen_t length = sizeof local;

  if (self->server->clients.length >= self->server->limits.max_clients)
    {
      refuse (self, fd, REFUSE_FULL);
      return;
    }
  if (door->is_unix)
    {
      address = g_strconcat (door->address, ":0", NULL);
      self->accepted (fd, address, address, TRUE, self->data);
      return;
    }

  if (!hero_peer_tcp_is_own (fd, &error))
    {
      refuse (self, fd, REFUSE_FOREIGN);
      return;
    }
  tune_tcp (self, fd);
  address = describe_address (peer);
  local.ss_family = AF_UNSPEC;
  getsockname (fd, (struct sockaddr *)&local, &length);
  local_address = describe_address (&local);
  self->accepted (fd, address, local_address, FALSE, self->data);
}

static gboolean
open_again (gpointer data)
{
  Acceptor *self = data;

  self->pause_source = 0;
  for (guint i = 0; i < self->doors->len; i++)
    hero_reactor_modify (((Door *)g_ptr_array_index (self->doors, i))->watch, EPOLLIN);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors: the listener stays readable, so it is left alone for a while. */
static void
pause_doors (Acceptor *self, int reason)
{
  hero_warn (self->ctx, "cannot accept a client: %s; trying again in %d ms", g_strerror (reason), PAUSE_MS);
  for (guint i = 0; i < self->doors->len; i++)
    hero_reactor_modify (((Door *)g_ptr_array_index (self->doors, i))->watch, 0);
  if (self->pause_source == 0)
    self->pause_source = hero_service_timeout_add (self->ctx, PAUSE_MS, open_again, self);
}

static void
on_door (int listener, guint32 events, gpointer data)
{
  Door *door = data;

  for (guint i = 0; i < ACCEPTS_PER_TURN; i++)
    {
      struct sockaddr_storage peer;
      socklen_t length = sizeof peer;
      int fd = accept4 (listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

      if (fd >= 0)
        admit (door, fd, &peer);
      else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        {
          pause_doors (door->acceptor, errno);
          return;
        }
      else if (errno == EAGAIN)
        return;
      /* else the peer was gone before we came: the next one */
    }
}

static gboolean
add_door (Acceptor *self, HeroReactor *reactor, int fd, const char *address, gboolean is_unix, GError **error)
{
  Door *door = g_new0 (Door, 1);

  door->acceptor = self;
  door->fd = fd;
  door->address = g_strdup (address);
  door->is_unix = is_unix;
  g_ptr_array_add (self->doors, door);
  door->watch = hero_reactor_add (reactor, fd, EPOLLIN, on_door, door, error);
  return door->watch != NULL;
}

Acceptor *
acceptor_new (HeroServiceContext *ctx, HeroReactor *reactor, Server *server, Accepted accepted, gpointer data,
              GError **error)
{
  Acceptor *self = g_new0 (Acceptor, 1);
  const char *address;

  self->ctx = ctx;
  self->server = server;
  self->accepted = accepted;
  self->data = data;
  self->doors = g_ptr_array_new_with_free_func (door_free);

  /* 0 is the Unix socket, the others are TCP. */
  for (guint i = 0; (address = ctx->host->listener_address (ctx, "resp", i)) != NULL; i++)
    {
      int fd = ctx->host->listener (ctx, "resp", i);
      const char *port = strrchr (address, ':');

      if (fd < 0)
        continue;
      if (!add_door (self, reactor, fd, address, i == 0, error))
        {
          acceptor_free (self);
          return NULL;
        }
      if (i > 0 && port != NULL)
        server->tcp_port = (guint)strtoul (port + 1, NULL, 10);
    }
  return self;
}

void
acceptor_free (Acceptor *self)
{
  if (self == NULL)
    return;
  if (self->pause_source != 0)
    hero_service_source_remove (self->ctx, self->pause_source);
  g_ptr_array_unref (self->doors);
  g_free (self);
}
