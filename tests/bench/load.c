/*
 * load.c: an HTTP/1.1 load generator for Unix sockets. load SOCKET CONNECTIONS SECONDS METHOD TARGET [BODY]
 * Each connection sends one request after the other. Prints one line: requests a second, then microseconds of latency at
 * the median, at 99 % and at most. One thread, so that it takes one core and leaves the other to the server.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER 65536

typedef struct
{
  int fd;
  gint64 sent_us;
  gsize length, expected; /* expected 0 = the head is not complete yet */
  char buffer[BUFFER];
} Connection;

static int
open_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (fd < 0 || connect (fd, (struct sockaddr *)&address, sizeof address) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  return fd;
}

static void
send_request (Connection *connection, const char *request, gsize length)
{
  connection->length = connection->expected = 0;
  connection->sent_us = g_get_monotonic_time ();
  if (send (connection->fd, request, length, MSG_NOSIGNAL) != (gssize)length)
    g_error ("send: %s", g_strerror (errno));
}

static void
read_head (Connection *connection)
{
  const char *end, *field;

  connection->buffer[connection->length] = '\0';
  if ((end = strstr (connection->buffer, "\r\n\r\n")) == NULL)
    return;
  if (!g_str_has_prefix (connection->buffer, "HTTP/1.1 200") || (field = strcasestr (connection->buffer, "content-length:")) == NULL)
    g_error ("unexpected answer: %s", connection->buffer);
  connection->expected
      = (gsize)(end + 4 - connection->buffer) + (gsize)g_ascii_strtoull (field + strlen ("content-length:"), NULL, 10);
}

/* TRUE once the answer is whole. */
static gboolean
receive (Connection *connection)
{
  gssize n = recv (connection->fd, connection->buffer + connection->length, BUFFER - 1 - connection->length, MSG_DONTWAIT);

  if (n <= 0)
    g_error ("recv: %s", n == 0 ? "closed" : g_strerror (errno));
  connection->length += (gsize)n;
  if (connection->expected == 0)
    read_head (connection);
  return connection->expected > 0 && connection->length >= connection->expected;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return *(const guint32 *)a < *(const guint32 *)b ? -1 : *(const guint32 *)a > *(const guint32 *)b;
}

int
main (int argc, char *argv[])
{
  if (argc < 6)
    {
      g_printerr ("usage: load SOCKET CONNECTIONS SECONDS METHOD TARGET [BODY]\n");
      return 2;
    }
  guint n = (guint)atoi (argv[2]);
  const char *body = argc > 6 ? argv[6] : NULL;
  g_autoptr (GString) request = g_string_new (NULL);
  g_autoptr (GArray) latencies = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autofree Connection *connections = g_new0 (Connection, n);
  int poll = epoll_create1 (EPOLL_CLOEXEC);

  g_string_printf (request, "%s %s HTTP/1.1\r\nHost: localhost\r\n", argv[4], argv[5]);
  if (body != NULL)
    g_string_append_printf (request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen (body));
  g_string_append_printf (request, "\r\n%s", body != NULL ? body : "");

  for (guint i = 0; i < n; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };
      connections[i].fd = open_socket (argv[1]);
      epoll_ctl (poll, EPOLL_CTL_ADD, connections[i].fd, &event);
      send_request (&connections[i], request->str, request->len);
    }
  gint64 begin = g_get_monotonic_time (), end = begin + (gint64)(g_ascii_strtod (argv[3], NULL) * G_USEC_PER_SEC), now = begin;
  while (now < end)
    {
      struct epoll_event events[64];
      int ready = epoll_wait (poll, events, G_N_ELEMENTS (events), 1000);
      for (int i = 0; i < ready; i++)
        {
          Connection *connection = events[i].data.ptr;
          if (!receive (connection))
            continue;
          now = g_get_monotonic_time ();
          guint32 latency = (guint32)(now - connection->sent_us);
          g_array_append_val (latencies, latency);
          send_request (connection, request->str, request->len);
        }
      now = g_get_monotonic_time ();
    }
  g_array_sort (latencies, compare);
  if (latencies->len == 0)
    g_error ("no answer in time");
  g_print ("%.0f %u %u %u\n", latencies->len / ((double)(now - begin) / G_USEC_PER_SEC),
           g_array_index (latencies, guint32, latencies->len / 2), g_array_index (latencies, guint32, latencies->len * 99 / 100),
           g_array_index (latencies, guint32, latencies->len - 1));
  return 0;
}
