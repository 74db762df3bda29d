/* notify-socket.c: see notify-socket.h. Service thread. */
#include "notify-socket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum
{
  MESSAGES_PER_TURN = 64, /* then everybody else */
  MAX_DESCRIPTORS = 16,   /* taken along only to be closed: systemd-notify waits for that */
};

struct _ProcNotifySocket
{
  int fd;
  char *path;
  HeroReactorWatch *watch;
  ProcNoticeFunc func;
  gpointer data;
};

/* Closes what came along; the credentials of the sender, FALSE if there are none. */
static gboolean
read_ancillary (struct msghdr *message, struct ucred *sender)
{
  gboolean known = FALSE;

  for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL; part = CMSG_NXTHDR (message, part))
    {
      if (part->cmsg_level != SOL_SOCKET)
        continue;
      if (part->cmsg_type == SCM_CREDENTIALS)
        {
          memcpy (sender, CMSG_DATA (part), sizeof *sender);
          known = TRUE;
        }
      else if (part->cmsg_type == SCM_RIGHTS)
        for (gsize at = 0; at + sizeof (int) <= part->cmsg_len - CMSG_LEN (0); at += sizeof (int))
          {
            int fd;

            memcpy (&fd, CMSG_DATA (part) + at, sizeof fd);
            close (fd);
          }
    }
  return known;
}

/* FALSE: there is nothing more now. */
static gboolean
receive (ProcNotifySocket *self)
{
  char text[PROC_NOTICE_MAX_BYTES];
  union
  {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (struct ucred)) + CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))];
  } ancillary;
  struct iovec part = { text, sizeof text };
  struct msghdr message
      = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary };
  gssize size = recvmsg (self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  struct ucred sender;
  ProcNotice notice;

  if (size < 0)
    return errno == EINTR;
  if (!read_ancillary (&message, &sender) || (message.msg_flags & MSG_TRUNC) != 0
      || (sender.uid != getuid () && sender.uid != 0))
    return TRUE;
  if (proc_notice_parse (&notice, text, (gsize)size))
    self->func (self->data, sender.pid, &notice);
  proc_notice_clear (&notice);
  return TRUE;
}

static void
on_readable (int fd, guint32 events, gpointer data)
{
  for (guint i = 0; i < MESSAGES_PER_TURN; i++)
    if (!receive (data))
      return;
}

static gboolean
open_socket (ProcNotifySocket *self)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int yes = 1;

  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0 || setsockopt (self->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0
      || fchmod (self->fd, 0600) != 0)
    return FALSE;
  strcpy (address.sun_path, self->path);
  if (unlink (self->path) != 0 && errno != ENOENT)
    return FALSE;
  return bind (self->fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod (self->path, 0600) == 0;
}

ProcNotifySocket *
proc_notify_socket_new (HeroReactor *reactor, const char *path, ProcNoticeFunc func, gpointer data, GError **error)
{
  g_autofree ProcNotifySocket *self = g_new0 (ProcNotifySocket, 1);

  if (strlen (path) >= sizeof (((struct sockaddr_un *)NULL)->sun_path))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "the path %s is too long for a socket", path);
      return NULL;
    }
  self->path = g_strdup (path);
  self->func = func;
  self->data = data;
  if (open_socket (self))
    self->watch = hero_reactor_add (reactor, self->fd, EPOLLIN, on_readable, self, error);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "the socket %s cannot be made: %s", path,
                 g_strerror (errno));
  if (self->watch != NULL)
    return g_steal_pointer (&self);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  return NULL;
}

void
proc_notify_socket_free (ProcNotifySocket *self)
{
  hero_reactor_remove (self->watch);
  close (self->fd);
  unlink (self->path);
  g_free (self->path);
  g_free (self);
}
