/* probe-target.c: what is learnt of one socket. Service thread. */
#include "probe-target.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

ProbeTarget *
probe_target_new (RouterSocket *socket)
{
  ProbeTarget *target = g_new0 (ProbeTarget, 1);

  target->file = g_strdup (socket->file);
  target->path = g_strdup (socket->path);
  target->inode = socket->inode;
  target->changed_ns = socket->changed_ns;
  target->fd = socket->kept != NULL ? kept_connection_take (socket->kept) : -1;
  target->http = socket->http;
  target->foreign = socket->state == SOCKET_FOREIGN;
  return target;
}

void
probe_target_free (ProbeTarget *target)
{
  if (target->fd >= 0)
    close (target->fd);
  g_free (target->file);
  g_free (target->path);
  g_free (target->error);
  g_free (target);
}

static void
set_state (ProbeTarget *target, SocketState state, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
set_state (ProbeTarget *target, SocketState state, const char *format, ...)
{
  va_list args;

  target->state = state;
  g_clear_pointer (&target->error, g_free);
  if (format == NULL)
    return;
  va_start (args, format);
  target->error = g_strdup_vprintf (format, args);
  va_end (args);
}

/* HTTP errors below 500 are an answer like any other. */
void
probe_target_judge (ProbeTarget *target, const FetchResult *result, guint limit_ms)
{
  target->latency_ms = result->latency_ms;
  target->http_status = result->answered ? result->status : 0;
  if (result->answered && (result->status < 500 || result->status == 503))
    set_state (target, SOCKET_OK, NULL);
  else if (result->answered)
    set_state (target, SOCKET_FAILING, "HTTP %u", result->status);
  else if (result->fault == BACKEND_NOT_RUNNING || result->fault == BACKEND_VANISHED)
    set_state (target, SOCKET_DEAD, "%s", result->fault == BACKEND_VANISHED ? "the file is gone" : "connection refused");
  else if (result->fault == BACKEND_TIMEOUT || result->fault == BACKEND_CONNECT_TIMEOUT)
    set_state (target, SOCKET_FAILING, "accepted, no answer within %u ms", limit_ms);
  else
    set_state (target, SOCKET_FAILING, "%s", result->text);
}

void
probe_target_connect (ProbeTarget *target)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_strlcpy (address.sun_path, target->path, sizeof address.sun_path);
  if (fd >= 0 && (connect (fd, (struct sockaddr *) &address, sizeof address) == 0 || errno == EAGAIN))
    set_state (target, SOCKET_OK, NULL);
  else
    set_state (target, SOCKET_DEAD, "%s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

void
probe_target_apply (ProbeTarget *target, RouterService *service)
{
  RouterSocket *socket = router_service_find_socket (service, target->file);

  if (socket == NULL || target->foreign || socket->inode != target->inode || socket->changed_ns != target->changed_ns)
    return;
  if (socket->kept != NULL && target->fd >= 0)
    kept_connection_put (socket->kept, g_steal_fd (&target->fd));
  socket->state = target->state;
  socket->was_ok |= target->state == SOCKET_OK;
  socket->http_status = target->http_status;
  socket->latency_ms = target->latency_ms;
  g_free (socket->error);
  socket->error = g_steal_pointer (&target->error);
}
