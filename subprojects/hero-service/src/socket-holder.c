/*
 * socket-holder.c: is a Unix socket file alive, and who is behind it (conventions 2.3 step 3). Blocking, short:
 * connecting and asking are limited to 1 s each. Any thread.
 */
#include "socket-holder.h"
#include "process-name.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <hero-service/listener.h>

/* Returns a connected descriptor, or -1 with errno. A full backlog shows as EAGAIN, after the limit. */
static int
connect_limited (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const struct timeval limit = { .tv_sec = 1 };

  if (strlen (path) > HERO_SOCKET_PATH_MAX)
    {
      errno = ENAMETOOLONG;
      return -1;
    }
  strcpy (address.sun_path, path);

  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect (fd, (struct sockaddr *)&address, sizeof address) < 0)
    {
      int number = errno;
      close (fd);
      errno = number;
      return -1;
    }
  return fd;
}

/* The name a service gives itself in /health; NULL = it does not say within the limit. */
static char *
ask_service_name (int fd)
{
  static const char request[] = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  char reply[4096] = "";
  gsize length = 0;
  gint64 end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
  gssize got = send (fd, request, sizeof request - 1, MSG_NOSIGNAL);
  while (got > 0 && length < sizeof reply - 1 && g_get_monotonic_time () < end)
    {
      got = recv (fd, reply + length, sizeof reply - 1 - length, 0);
      length += got > 0 ? (gsize)got : 0;
    }

  g_autoptr (GRegex) regex = g_regex_new ("\"service\"\\s*:\\s*\"([a-z0-9_]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  return g_regex_match (regex, reply, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

static char *
describe (const char *path, int fd)
{
  struct ucred peer = { 0 };
  socklen_t size = sizeof peer;

  if (fd >= 0)
    getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);

  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *dir_name = g_path_get_basename (dir);
  g_autofree char *file = g_path_get_basename (path);
  g_autofree char *process = hero_process_describe (peer.pid);
  gboolean speaks_http = g_str_equal (file, "rpc.sock") || g_str_equal (file, "admin.sock");
  g_autofree char *service = fd >= 0 && speaks_http ? ask_service_name (fd) : NULL;
  if (service && !g_str_equal (service, dir_name))
    return g_strdup_printf ("%s/%s is served by %s as service %s", dir_name, file, process, service);
  return g_strdup_printf ("%s/%s is served by %s", dir_name, file, process);
}

HeroSocketState
hero_socket_probe (const char *path, char **holder)
{
  int fd = connect_limited (path);

  if (fd < 0 && (errno == ECONNREFUSED || errno == ENOENT))
    return HERO_SOCKET_DEAD;
  if (holder)
    *holder = describe (path, fd);
  if (fd >= 0)
    close (fd);
  return HERO_SOCKET_LIVE;
}

char *
hero_socket_describe_holder (const char *path)
{
  char *holder = NULL;

  hero_socket_probe (path, &holder);
  return holder;
}
