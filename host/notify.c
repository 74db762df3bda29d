/* notify.c: sd_notify without libsystemd: one datagram socket, credentials from the kernel. Main thread. */
#include "notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib-unix.h>

#define MAX_DATAGRAM 8192

/* ------------------------------------------------------------------------------------------------ sending */

struct _HeroNotify
{
  int fd;
  struct sockaddr_un address;
  socklen_t length;
};

/* "@x" is an abstract name, which begins with a zero byte and is as long as it says. */
static gboolean
set_address (struct sockaddr_un *native, socklen_t *length, const char *text)
{
  gsize size = strlen (text);

  if ((text[0] != '/' && text[0] != '@') || size < 2 || size >= sizeof native->sun_path)
    return FALSE;
  memset (native, 0, sizeof *native);
  native->sun_family = AF_UNIX;
  memcpy (native->sun_path, text, size);
  if (text[0] == '@')
    native->sun_path[0] = '\0';
  *length = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + size);
  return TRUE;
}

HeroNotify *
hero_notify_new (const char *address)
{
  HeroNotify *self = g_new0 (HeroNotify, 1);

  self->fd = -1;
  if (address != NULL && set_address (&self->address, &self->length, address))
    self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return self;
}

void
hero_notify_free (HeroNotify *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

void
hero_notify_send (HeroNotify *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (self->fd < 0)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  (void) sendto (self->fd, text, strlen (text), MSG_NOSIGNAL, (struct sockaddr *) &self->address, self->length);
}

char *
hero_notify_escape (const char *text)
{
  char *escaped = g_strdup (text);

  for (char *p = escaped; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return escaped;
}

/* ------------------------------------------------------------------------------------------------ receiving */

struct _HeroNotifyReceiver
{
  int fd;
  pid_t pid;
  char *address;
  GSource *source;
  HeroNotifyFunc func;
  gpointer data;
};

static pid_t
sender_of (struct msghdr *message)
{
  struct ucred credentials;

  for (struct cmsghdr *item = CMSG_FIRSTHDR (message); item != NULL; item = CMSG_NXTHDR (message, item))
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_CREDENTIALS)
      {
        memcpy (&credentials, CMSG_DATA (item), sizeof credentials);
        return credentials.pid;
      }
  return 0;
}

static gboolean
receive_one (HeroNotifyReceiver *self)
{
  char text[MAX_DATAGRAM + 1];
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (struct ucred))];
  } control;
  struct iovec part = { text, MAX_DATAGRAM };
  struct msghdr message
      = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  gssize size = recvmsg (self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  g_auto (GStrv) lines = NULL;

  if (size < 0)
    return FALSE;
  if (self->pid == 0 || sender_of (&message) != self->pid)
    return TRUE;

  text[size] = '\0';
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *equals = strchr (lines[i], '=');

      if (equals == NULL)
        continue;
      *equals = '\0';
      self->func (lines[i], equals + 1, self->data);
    }
  return TRUE;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  receive_one (data);
  return G_SOURCE_CONTINUE;
}

HeroNotifyReceiver *
hero_notify_receiver_new (HeroNotifyFunc func, gpointer data, GError **error)
{
  g_autoptr (HeroNotifyReceiver) self = g_new0 (HeroNotifyReceiver, 1);
  struct sockaddr_un native = { .sun_family = AF_UNIX };
  socklen_t length = sizeof native;
  const int on = 1;

  self->func = func;
  self->data = data;
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* Binding no name at all lets the kernel pick a free abstract one: no file to make, guard or remove. */
  if (self->fd < 0 || bind (self->fd, (struct sockaddr *) &native, sizeof (sa_family_t)) < 0
      || getsockname (self->fd, (struct sockaddr *) &native, &length) < 0
      || setsockopt (self->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "cannot make a notify socket: %s", g_strerror (errno));
      return NULL;
    }
  self->address = g_strdup_printf ("@%.*s", (int) (length - offsetof (struct sockaddr_un, sun_path) - 1), native.sun_path + 1);

  self->source = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return g_steal_pointer (&self);
}

void
hero_notify_receiver_free (HeroNotifyReceiver *self)
{
  if (self == NULL)
    return;
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->address);
  g_free (self);
}

const char *
hero_notify_receiver_get_address (HeroNotifyReceiver *self)
{
  return self->address;
}

void
hero_notify_receiver_set_pid (HeroNotifyReceiver *self, pid_t pid)
{
  self->pid = pid;
}

void
hero_notify_receiver_drain (HeroNotifyReceiver *self)
{
  while (receive_one (self))
    ;
}
