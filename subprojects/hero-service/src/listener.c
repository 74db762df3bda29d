/*
 * listener.c: one listening socket from "may we have this path?" to "unlink it if it is still ours" (conventions 2.3).
 * Blocking, short; any thread, one at a time per object.
 */
#include "errno-error.h"
#include "socket-holder.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <hero-service/error.h>
#include <hero-service/listener.h>

#define UNIX_BACKLOG 511
#define TCP_BACKLOG 1024

struct _HeroListener
{
  int fd;
  char *address;          /* path or IP:PORT */
  GSocketAddress *target; /* what to bind, until published */
  guint mode;
  gid_t gid; /* (gid_t) -1 = leave it */
  gboolean published;
  gboolean owned;     /* we made the file, so we unlink it */
  gboolean has_inode; /* dev and ino are those of the file */
  dev_t dev;
  ino_t ino;
};

static HeroListener *
listener_new (const char *address)
{
  HeroListener *self = g_new0 (HeroListener, 1);

  self->fd = -1;
  self->gid = (gid_t)-1;
  self->address = g_strdup (address);
  return self;
}

static gboolean
listener_open (HeroListener *self, int family, GError **error)
{
  self->fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return self->fd >= 0 || hero_errno_error (error, errno, "cannot make a socket for %s", self->address);
}

static gboolean
find_group (const char *name, gid_t *gid, GError **error)
{
  struct group entry, *found = NULL;
  char buffer[16384];

  if (getgrnam_r (name, &entry, buffer, sizeof buffer, &found) == 0 && found)
    {
      *gid = found->gr_gid;
      return TRUE;
    }
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "socket_group: there is no group \"%s\"", name);
  return FALSE;
}

/* Step 3: the place is free, or a dead socket that is removed here. */
static gboolean
clear_path (const char *path, GError **error)
{
  g_autofree char *holder = NULL;
  struct stat st;

  if (lstat (path, &st) < 0)
    return errno == ENOENT || hero_errno_error (error, errno, "cannot look at %s", path);
  if (!S_ISSOCK (st.st_mode))
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_EXISTS,
                   "%s exists and is not a socket; it is left alone: move it away", path);
      return FALSE;
    }
  if (hero_socket_probe (path, &holder) == HERO_SOCKET_LIVE)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_BUSY, "%s; stop it, or set [host] socket_dir to another place",
                   holder);
      return FALSE;
    }
  return unlink (path) == 0 || errno == ENOENT
         || hero_errno_error (error, errno, "cannot remove the dead socket %s", path);
}

static gboolean
check_path_length (const char *path, GError **error)
{
  gsize length = strlen (path);

  if (length <= HERO_SOCKET_PATH_MAX)
    return TRUE;
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID,
               "socket path is %" G_GSIZE_FORMAT " bytes, the limit is %d: %s; set socket_dir to a shorter directory",
               length, HERO_SOCKET_PATH_MAX, path);
  return FALSE;
}

HeroListener *
hero_listener_new_unix (const char *path, guint mode, const char *group, GError **error)
{
  g_autoptr (HeroListener) self = listener_new (path);

  self->mode = mode;
  if (!check_path_length (path, error) || (group && !find_group (group, &self->gid, error)) || !clear_path (path, error)
      || !listener_open (self, AF_UNIX, error))
    return NULL;
  self->target = g_unix_socket_address_new (path);
  return g_steal_pointer (&self);
}

/* "127.0.0.1:80", "[::1]:80" -> socket address. Names are not looked up: that could block and bind elsewhere. */
static GSocketAddress *
parse_tcp (const char *text)
{
  const char *colon = strrchr (text, ':');
  guint64 port;

  if (!colon || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return NULL;
  gboolean brackets = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
  g_autofree char *host
      = brackets ? g_strndup (text + 1, (gsize)(colon - text) - 2) : g_strndup (text, (gsize)(colon - text));
  g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (host);
  if (!ip || brackets != (g_inet_address_get_family (ip) == G_SOCKET_FAMILY_IPV6))
    return NULL;
  return g_inet_socket_address_new (ip, (guint16)port);
}

HeroListener *
hero_listener_new_tcp (const char *address, GError **error)
{
  const int on = 1;
  g_autoptr (HeroListener) self = listener_new (address);

  self->target = parse_tcp (address);
  if (!self->target)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID,
                   "expected IP:PORT such as 127.0.0.1:8989 or [::1]:8989, found \"%s\"", address);
      return NULL;
    }
  int family = g_socket_address_get_family (self->target) == G_SOCKET_FAMILY_IPV6 ? AF_INET6 : AF_INET;
  if (!listener_open (self, family, error))
    return NULL;
  setsockopt (self->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6)
    setsockopt (self->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return g_steal_pointer (&self);
}

static char *
address_of_fd (int fd, GError **error)
{
  struct sockaddr_storage storage = { 0 };
  socklen_t size = sizeof storage;

  if (getsockname (fd, (struct sockaddr *)&storage, &size) < 0)
    {
      hero_errno_error (error, errno, "descriptor %d is not a socket", fd);
      return NULL;
    }
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (&storage, size);
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strdup (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)));
  if (G_IS_INET_SOCKET_ADDRESS (address))
    return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "descriptor %d is neither a Unix nor a TCP socket", fd);
  return NULL;
}

static void
remember_inode (HeroListener *self)
{
  struct stat st;

  self->has_inode = self->address[0] == '/' && lstat (self->address, &st) == 0 && S_ISSOCK (st.st_mode);
  if (self->has_inode)
    {
      self->dev = st.st_dev;
      self->ino = st.st_ino;
    }
}

HeroListener *
hero_listener_new_from_fd (int fd, const char *address, GError **error)
{
  int listening = 0;
  socklen_t size = sizeof listening;
  g_autofree char *own = address_of_fd (fd, error);

  if (!own)
    return NULL;
  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || !listening)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "descriptor %d (%s) does not listen", fd,
                   address ? address : own);
      return NULL;
    }

  HeroListener *self = listener_new (address ? address : own);
  self->fd = fd;
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK);
  self->published = TRUE;
  remember_inode (self);
  return self;
}

/* The umask took bits away from the mode, and the group is the process's: only then the file is touched again. */
static gboolean
set_access (HeroListener *self, GError **error)
{
  struct stat st;

  if (lstat (self->address, &st) < 0)
    return hero_errno_error (error, errno, "cannot look at %s", self->address);
  if (self->gid != (gid_t)-1 && st.st_gid != self->gid && lchown (self->address, (uid_t)-1, self->gid) < 0)
    return hero_errno_error (error, errno, "socket_group: cannot give %s to gid %u", self->address, (guint)self->gid);
  if ((st.st_mode & 07777) != self->mode && chmod (self->address, self->mode) < 0)
    return hero_errno_error (error, errno, "socket_mode: cannot set mode %04o of %s", self->mode, self->address);
  return TRUE;
}

static gboolean
bind_target (HeroListener *self, GError **error)
{
  struct sockaddr_storage native;
  gssize size = g_socket_address_get_native_size (self->target);

  if (!g_socket_address_to_native (self->target, &native, sizeof native, error))
    return FALSE;
  if (bind (self->fd, (struct sockaddr *)&native, (socklen_t)size) == 0)
    return TRUE;

  int number = errno;
  g_autofree char *holder
      = number == EADDRINUSE && self->address[0] == '/' ? hero_socket_describe_holder (self->address) : NULL;
  if (number == EADDRINUSE)
    g_set_error (error, HERO_ERROR, HERO_ERROR_BUSY, "%s is in use: %s", self->address,
                 holder ? holder : "another program has it");
  else
    hero_errno_error (error, number, "cannot bind %s", self->address);
  return FALSE;
}

static gboolean
publish_unix (HeroListener *self, GError **error)
{
  /* Before bind, so that the file is never there with more rights than it may have. */
  if (fchmod (self->fd, self->mode) < 0)
    return hero_errno_error (error, errno, "cannot set the mode of %s", self->address);
  if (!bind_target (self, error))
    return FALSE;
  remember_inode (self);
  self->owned = self->has_inode;
  if (!set_access (self, error))
    return FALSE;
  return listen (self->fd, UNIX_BACKLOG) == 0 || hero_errno_error (error, errno, "cannot listen on %s", self->address);
}

static gboolean
publish_tcp (HeroListener *self, GError **error)
{
  if (!bind_target (self, error))
    return FALSE;
  /* Two may bind the same port under SO_REUSEADDR; then listen tells. */
  if (listen (self->fd, TCP_BACKLOG) < 0)
    return hero_errno_error (error, errno, "cannot listen on %s", self->address);

  char *real = address_of_fd (self->fd, error);
  if (!real)
    return FALSE;
  g_free (self->address);
  self->address = real;
  return TRUE;
}

gboolean
hero_listener_publish (HeroListener *self, GError **error)
{
  g_return_val_if_fail (!self->published && self->fd >= 0, FALSE);

  self->published = G_IS_UNIX_SOCKET_ADDRESS (self->target) ? publish_unix (self, error) : publish_tcp (self, error);
  return self->published;
}

int
hero_listener_get_fd (HeroListener *self)
{
  return self->fd;
}

const char *
hero_listener_get_address (HeroListener *self)
{
  return self->address;
}

gboolean
hero_listener_is_published (HeroListener *self)
{
  return self->published;
}

static gboolean
is_our_inode (HeroListener *self)
{
  struct stat st;

  return lstat (self->address, &st) == 0 && st.st_dev == self->dev && st.st_ino == self->ino;
}

gboolean
hero_listener_is_intact (HeroListener *self)
{
  return !self->has_inode || is_our_inode (self);
}

void
hero_listener_close (HeroListener *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->published = FALSE;
}

void
hero_listener_free (HeroListener *self)
{
  if (!self)
    return;
  hero_listener_close (self);
  if (self->owned && is_our_inode (self))
    unlink (self->address);
  g_clear_object (&self->target);
  g_free (self->address);
  g_free (self);
}
