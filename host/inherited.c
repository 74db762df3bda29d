/* inherited.c: the receiving side of LISTEN_FDS, without libsystemd. Main thread. */
#include "inherited.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3

typedef struct
{
  char *name;
  int fd; /* -1 = taken */
  gboolean tcp;
} Inherited;

struct _HeroInherited
{
  GArray *sockets;
};

static void
clear_inherited (gpointer data)
{
  Inherited *socket = data;

  if (socket->fd >= 0)
    close (socket->fd);
  g_free (socket->name);
}

static guint
count_of (char **environment, gboolean trusted)
{
  const char *pid = g_environ_getenv (environment, "LISTEN_PID");
  const char *fds = g_environ_getenv (environment, "LISTEN_FDS");
  guint64 value, count;

  if (fds == NULL || !g_ascii_string_to_unsigned (fds, 10, 1, 1024, &count, NULL))
    return 0;
  if (!trusted
      && (pid == NULL || !g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT32, &value, NULL) || (pid_t) value != getpid ()))
    return 0;
  return (guint) count;
}

HeroInherited *
hero_inherited_new (char **environment, gboolean trusted)
{
  HeroInherited *self = g_new0 (HeroInherited, 1);
  const char *text = g_environ_getenv (environment, "LISTEN_FDNAMES");
  g_auto (GStrv) names = g_strsplit (text != NULL ? text : "", ":", -1);
  guint count = count_of (environment, trusted), n_names = g_strv_length (names);

  self->sockets = g_array_new (FALSE, FALSE, sizeof (Inherited));
  g_array_set_clear_func (self->sockets, clear_inherited);
  for (guint i = 0; i < count; i++)
    {
      Inherited socket = { .fd = FIRST_FD + (int) i };
      int family;
      socklen_t size = sizeof family;

      if (getsockopt (socket.fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
        continue;
      fcntl (socket.fd, F_SETFD, FD_CLOEXEC);
      socket.name = g_strdup (i < n_names ? names[i] : "");
      socket.tcp = family != AF_UNIX;
      g_array_append_val (self->sockets, socket);
    }
  return self;
}

void
hero_inherited_free (HeroInherited *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->sockets);
  g_free (self);
}

int
hero_inherited_take (HeroInherited *self, const char *service, const char *role, gboolean tcp)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", service, role);

  for (guint i = 0; i < self->sockets->len; i++)
    {
      Inherited *socket = &g_array_index (self->sockets, Inherited, i);

      if (socket->fd >= 0 && socket->tcp == tcp && g_str_equal (socket->name, name))
        {
          int fd = socket->fd;

          socket->fd = -1;
          return fd;
        }
    }
  return -1;
}
