/*
 * http-port.c: one listening socket of a service: accepts, counts, knows who connects, and hands the streams to
 * SoupServer. Accepting ourselves gives the limit of connections, peer credentials once per connection and a local
 * address for HTTP/1.0 requests without Host. Service thread.
 */
#include "http-core.h"

#include "http-stream.h"

#include <hero-service/error.h>
#include <hero-service/log.h>
#include <hero-service/peer.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

#define DEFAULT_MAX_CONNECTIONS 512
#define DEFAULT_MAX_BODY (2 * 1024 * 1024)
#define ACCEPT_AT_ONCE 64
#define MAX_REFUSALS 64 /* clients being told that there is no room */
#define NO_DESCRIPTORS_PAUSE_MS 100
#define LINGER_US (2 * G_USEC_PER_SEC)
#define LINGER_BYTES (16 * 1024 * 1024)

static G_DEFINE_QUARK (hero-http-connection, connection_key)

    /* ------------------------------------------------------------------------------------------------ connections */

    HeroHttpConnection *hero_http_connection_of (SoupServerMessage *msg)
{
  return g_object_get_qdata (G_OBJECT (soup_server_message_get_remote_address (msg)), connection_key_quark ());
}

static void
connection_free (HeroHttpConnection *connection)
{
  g_queue_unlink (&connection->port->connections, &connection->link);
  if (connection->port->role != NULL)
    connection->port->role->http->n_connections--;
  hero_http_port_unref (connection->port);
  hero_identity_unref (connection->identity);
  g_clear_pointer (&connection->data, hero_rpc_connection_free);
  g_object_unref (connection->guarded);
  g_object_unref (connection->stream);
  g_free (connection);
}

static HeroIdentity *
identify (HeroHttpPort *port, int fd)
{
  HeroIdentity *identity = hero_identity_new (port->tcp ? HERO_ORIGIN_TCP : HERO_ORIGIN_SOCKET);
  HeroPeer peer;

  if (!port->tcp && hero_peer_from_unix (fd, &peer, NULL))
    {
      identity->peer_pid = peer.pid;
      identity->peer_uid = peer.uid;
      identity->peer_start_time = peer.start_time;
    }
  return identity;
}

/* libsoup wants Internet addresses; ours says nothing but carries the connection. */
static GSocketAddress *
placeholder_address (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  return g_inet_socket_address_new (loopback, 0);
}

static void
adopt (HeroHttpPort *port, GSocketConnection *stream, int fd)
{
  g_autoptr (GSocketAddress) local = placeholder_address (), remote = placeholder_address ();
  HeroHttpConnection *connection = g_new0 (HeroHttpConnection, 1);

  port->refs++;
  connection->link.data = connection;
  g_queue_push_tail_link (&port->connections, &connection->link);
  port->role->http->n_connections++;
  connection->port = port;
  connection->stream = g_object_ref (stream);
  connection->identity = identify (port, fd);
  connection->idle_since = g_get_monotonic_time ();
  g_object_set_qdata_full (G_OBJECT (remote), connection_key_quark (), connection, (GDestroyNotify)connection_free);
  connection->guarded = hero_http_stream_new (G_IO_STREAM (stream), &connection->busy);
  soup_server_accept_iostream (port->role->server, connection->guarded, local, remote, NULL);
}

/* ------------------------------------------------------------------------------------------------ last words */

typedef struct
{
  GSocketConnection *stream;
  GMainContext *context;
  GSource *reader, *timeout;
  char *text;
  gsize received;
  HeroHttpPort *refusing; /* counts, or NULL */
} Farewell;

static void
farewell_free (Farewell *farewell)
{
  if (farewell->reader != NULL)
    {
      g_source_destroy (farewell->reader);
      g_source_unref (farewell->reader);
      g_source_destroy (farewell->timeout);
      g_source_unref (farewell->timeout);
    }
  if (farewell->refusing != NULL)
    {
      farewell->refusing->n_refused--;
      hero_http_port_unref (farewell->refusing);
    }
  g_io_stream_close (G_IO_STREAM (farewell->stream), NULL, NULL);
  g_object_unref (farewell->stream);
  g_main_context_unref (farewell->context);
  g_free (farewell->text);
  g_free (farewell);
}

static gboolean
on_linger_timeout (gpointer data)
{
  farewell_free (data);
  return G_SOURCE_REMOVE;
}

/* What the client still sends is thrown away: closing on unread data would reset the connection under our answer. */
static gboolean
on_linger_readable (int fd, GIOCondition condition, gpointer data)
{
  Farewell *farewell = data;
  char buffer[16384];
  gssize n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (n > 0 && (farewell->received += (gsize)n) <= LINGER_BYTES)
    return G_SOURCE_CONTINUE;
  farewell_free (farewell);
  return G_SOURCE_REMOVE;
}

static void
on_said (GObject *source, GAsyncResult *result, gpointer data)
{
  Farewell *farewell = data;
  GSocket *socket = g_socket_connection_get_socket (farewell->stream);

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL)
      || !g_socket_shutdown (socket, FALSE, TRUE, NULL))
    {
      farewell_free (farewell);
      return;
    }
  farewell->reader = g_unix_fd_source_new (g_socket_get_fd (socket), G_IO_IN | G_IO_HUP);
  g_source_set_callback (farewell->reader, (GSourceFunc)(void (*) (void))on_linger_readable, farewell, NULL);
  g_source_attach (farewell->reader, farewell->context);
  farewell->timeout = g_timeout_source_new (LINGER_US / 1000);
  g_source_set_callback (farewell->timeout, on_linger_timeout, farewell, NULL);
  g_source_attach (farewell->timeout, farewell->context);
}

static Farewell *
say (GSocketConnection *stream, GMainContext *context, char *text, gsize length)
{
  Farewell *farewell = g_new0 (Farewell, 1);

  farewell->stream = g_object_ref (stream);
  farewell->context = g_main_context_ref (context);
  farewell->text = text;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (stream)), text, length,
                                   G_PRIORITY_DEFAULT, NULL, on_said, farewell);
  return farewell;
}

void
hero_http_say_and_close (GSocketConnection *stream, GMainContext *context, char *text, gsize length)
{
  say (stream, context, text, length);
}

/* ------------------------------------------------------------------------------------------------ accepting */

static void
refuse (HeroHttpPort *port, GSocketConnection *stream)
{
  static const char body[] = "{\"error\":\"too many connections\",\"status\":503,\"hint\":\"see max_connections\"}";
  Farewell *farewell;
  char *text;

  if (port->n_refused >= MAX_REFUSALS) /* not even time to tell */
    {
      g_io_stream_close (G_IO_STREAM (stream), NULL, NULL);
      return;
    }
  text = g_strdup_printf ("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          strlen (body), body);
  farewell = say (stream, hero_sdk_get (port->role->http->ctx)->context, text, strlen (text));
  farewell->refusing = port;
  port->refs++;
  port->n_refused++;
}

/* Head and body leave in two writes: with Nagle's algorithm the second would wait 40 ms for the client's delayed ACK.
 */
static void
prepare_tcp (int fd)
{
  const int on = 1, idle_s = 60;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
}

static void
welcome (HeroHttpPort *port, int fd)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, NULL);
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (GError) error = NULL;

  if (socket == NULL)
    {
      close (fd);
      return;
    }
  stream = g_socket_connection_factory_create_connection (socket);
  if (port->tcp)
    prepare_tcp (fd);
  if (port->connections.length >= port->max_connections)
    refuse (port, stream);
  else if (port->tcp && !hero_peer_tcp_is_own (fd, &error))
    {
      hero_debug (port->role->http->ctx, "%s: a connection of another user is refused", port->address);
      g_io_stream_close (G_IO_STREAM (stream), NULL, NULL);
    }
  else
    adopt (port, stream, fd);
}

static void port_listen (HeroHttpPort *port);

static gboolean
on_pause_over (gpointer data)
{
  HeroHttpPort *port = data;

  g_clear_pointer (&port->source, g_source_unref);
  port_listen (port);
  return G_SOURCE_REMOVE;
}

/* Without free descriptors the listening socket stays readable: wait instead of spinning. */
static void
pause_accepting (HeroHttpPort *port)
{
  g_source_destroy (port->source);
  g_source_unref (port->source);
  port->source = g_timeout_source_new (NO_DESCRIPTORS_PAUSE_MS);
  g_source_set_callback (port->source, on_pause_over, port, NULL);
  g_source_attach (port->source, hero_sdk_get (port->role->http->ctx)->context);
}

static gboolean
on_connect (int listen_fd, GIOCondition condition, gpointer data)
{
  HeroHttpPort *port = data;

  for (guint i = 0; i < ACCEPT_AT_ONCE; i++)
    {
      int fd = accept4 (listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd >= 0)
        welcome (port, fd);
      else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        {
          hero_warn (port->role->http->ctx, "%s: cannot accept: %s", port->address, g_strerror (errno));
          pause_accepting (port);
          return G_SOURCE_REMOVE;
        }
      else if (errno != EINTR && errno != ECONNABORTED)
        break;
    }
  return G_SOURCE_CONTINUE;
}

static void
port_listen (HeroHttpPort *port)
{
  port->source = g_unix_fd_source_new (g_socket_get_fd (port->socket), G_IO_IN);
  g_source_set_callback (port->source, (GSourceFunc)(void (*) (void))on_connect, port, NULL);
  g_source_attach (port->source, hero_sdk_get (port->role->http->ctx)->context);
}

/* ------------------------------------------------------------------------------------------------ a port */

/* SoupServer keeps connections alive only while it has a listener of its own: it gets one end of a silent socket pair.
 */
static gboolean
add_silent_listener (HeroHttpRole *role, SoupServer *server, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_FAILED, "socketpair: %s", g_strerror (errno));
      return FALSE;
    }
  role->silent_end = ends[1];
  socket = g_socket_new_from_fd (ends[0], error);
  return socket != NULL && soup_server_listen_socket (server, socket, 0, error);
}

static gint64
setting (HeroServiceContext *ctx, const char *key, gint64 fallback)
{
  gint64 value = hero_service_get_integer (ctx, key);

  return value > 0 ? value : fallback;
}

gboolean
hero_http_port_add (HeroHttpRole *role, int listen_fd, const char *address, gboolean tcp, GError **error)
{
  HeroServiceContext *ctx = role->http->ctx;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (listen_fd, error);
  HeroHttpPort *port;
  const char *colon;

  if (socket == NULL)
    {
      close (listen_fd);
      return FALSE;
    }
  if (role->server == NULL)
    {
      g_autoptr (SoupServer) server = soup_server_new ("raw-paths", TRUE, NULL);
      if (!add_silent_listener (role, server, error))
        return FALSE;
      role->server = g_steal_pointer (&server);
      hero_http_role_attach (role, role->server);
    }
  port = g_new0 (HeroHttpPort, 1);
  port->refs = 1;
  port->role = role;
  port->socket = g_steal_pointer (&socket);
  g_socket_set_blocking (port->socket, FALSE);
  port->address = g_strdup (address);
  port->tcp = tcp;
  if (tcp && (colon = strrchr (address, ':')) != NULL)
    port->tcp_port = (guint)g_ascii_strtoull (colon + 1, NULL, 10);
  port->max_connections = (guint)setting (ctx, "max_connections", DEFAULT_MAX_CONNECTIONS);
  port->max_body = setting (ctx, "max_body_bytes", DEFAULT_MAX_BODY);
  g_ptr_array_add (role->ports, port);
  port_listen (port);
  return TRUE;
}

void
hero_http_port_close (HeroHttpPort *port)
{
  if (port->source != NULL)
    {
      g_source_destroy (port->source);
      g_clear_pointer (&port->source, g_source_unref);
    }
  g_clear_object (&port->socket);
}

/* To libsoup it is a client that leaves: it ends the connection as always. */
void
hero_http_port_close_idle (HeroHttpPort *port, gint64 since)
{
  for (GList *l = port->connections.head; l != NULL; l = l->next)
    {
      HeroHttpConnection *connection = l->data;
      if (!connection->busy && connection->idle_since <= since)
        g_socket_shutdown (g_socket_connection_get_socket (connection->stream), TRUE, TRUE, NULL);
    }
}

void
hero_http_port_unref (HeroHttpPort *port)
{
  if (--port->refs > 0)
    return;
  hero_http_port_close (port);
  g_free (port->address);
  g_free (port);
}
