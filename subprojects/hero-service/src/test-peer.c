/* test-peer.c: who is at the other end, by each of the ways, and what must not pass for a friend. */
#include "peer.c"

#include <sys/wait.h>

#include <hero-service/listener.h>

typedef struct
{
  int client, server; /* the two ends of one loopback connection */
} Connection;

static int
connect_to (const char *address, gboolean mapped)
{
  g_autoptr (GSocketConnectable) target = g_network_address_parse (address, 0, NULL);
  guint16 port = g_network_address_get_port (G_NETWORK_ADDRESS (target));
  gboolean ipv6 = address[0] == '[';
  struct sockaddr_in in
      = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons (port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };

  if (mapped)
    inet_pton (AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
  int fd = socket (ipv6 || mapped ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (ipv6 || mapped)
    g_assert_cmpint (connect (fd, (struct sockaddr *)&in6, sizeof in6), ==, 0);
  else
    g_assert_cmpint (connect (fd, (struct sockaddr *)&in, sizeof in), ==, 0);
  return fd;
}

static Connection
connection_new (const char *bind_address, gboolean mapped)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroListener) listener = hero_listener_new_tcp (bind_address, &error);
  g_assert_no_error (error);
  g_assert_true (hero_listener_publish (listener, &error));
  int client = connect_to (hero_listener_get_address (listener), mapped);
  int server = accept (hero_listener_get_fd (listener), NULL, NULL);
  g_assert_cmpint (server, >=, 0);
  return (Connection){ client, server };
}

static void
connection_close (Connection *connection)
{
  close (connection->client);
  close (connection->server);
}

static void
test_unix (void)
{
  g_autoptr (GError) error = NULL;
  HeroPeer peer;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_assert_true (hero_peer_from_unix (fds[0], &peer, &error));
  g_assert_cmpint (peer.pid, ==, getpid ());
  g_assert_cmpint (peer.uid, ==, geteuid ());
  g_assert_cmpint (peer.gid, ==, getegid ());
  g_assert_cmpuint (peer.start_time, >, 0);
  g_assert_cmpuint (peer.start_time, >=, hero_process_start_time (1));
  g_assert_cmpuint (hero_process_start_time (-5), ==, 0);
  close (fds[0]);
  close (fds[1]);
}

static void
assert_own (const char *address, gboolean mapped)
{
  g_autoptr (GError) error = NULL;
  Connection connection = connection_new (address, mapped);
  Pair pair;
  uid_t uid = 4242;

  g_assert_true (hero_peer_tcp_uid (connection.server, &uid, &error));
  g_assert_no_error (error);
  g_assert_cmpint (uid, ==, geteuid ());
  g_assert_true (hero_peer_tcp_is_own (connection.server, &error));

  g_assert_true (pair_from_fd (connection.server, &pair, &error));
  uid = 4242;
  g_assert_cmpint (lookup_by_netlink (&pair, &uid), ==, LOOKUP_FOUND);
  g_assert_cmpint (uid, ==, geteuid ());
  uid = 4242;
  g_assert_cmpint (lookup_in_proc (&pair, &uid), ==, LOOKUP_FOUND);
  g_assert_cmpint (uid, ==, geteuid ());
  connection_close (&connection);
}

static void
test_tcp_own (void)
{
  assert_own ("127.0.0.1:0", FALSE);
  assert_own ("127.0.0.1:0", TRUE);
  assert_own ("[::1]:0", FALSE);
}

/* The kernel reports a closed socket as root's; believing that would admit whoever closes at once. */
static void
test_tcp_closed (void)
{
  g_autoptr (GError) error = NULL;
  Connection connection = connection_new ("127.0.0.1:0", FALSE);
  Pair pair;
  uid_t uid;

  close (connection.client);
  g_assert_true (pair_from_fd (connection.server, &pair, &error));
  g_assert_cmpint (lookup_by_netlink (&pair, &uid), ==, LOOKUP_ABSENT);
  g_assert_cmpint (lookup_in_proc (&pair, &uid), ==, LOOKUP_ABSENT);
  g_assert_false (hero_peer_tcp_is_own (connection.server, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_NOT_FOUND);
  close (connection.server);
}

/* A listener of our own on the peer's port must not answer for a peer on another host. */
static void
test_tcp_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroListener) listener = hero_listener_new_tcp ("0.0.0.0:0", &error);
  g_assert_true (hero_listener_publish (listener, &error));
  g_autoptr (GSocketConnectable) target = g_network_address_parse (hero_listener_get_address (listener), 0, NULL);
  guint16 port = htons (g_network_address_get_port (G_NETWORK_ADDRESS (target)));
  Pair pair = { .family = AF_INET, .local.port = port, .remote.port = htons (9) };
  uid_t uid;

  end_set_ipv4 (&pair.local, inet_addr ("192.0.2.7"));
  end_set_ipv4 (&pair.remote, inet_addr ("127.0.0.1"));
  g_assert_cmpint (lookup_by_netlink (&pair, &uid), ==, LOOKUP_ABSENT);
  g_assert_cmpint (lookup_in_proc (&pair, &uid), ==, LOOKUP_ABSENT);
}

/* Root can become another user; another user finds root's or his own sockets, so he has the other tests. */
static void
test_tcp_stranger (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroListener) listener = hero_listener_new_tcp ("127.0.0.1:0", &error);
  g_assert_true (hero_listener_publish (listener, &error));
  gboolean root = geteuid () == 0;
  pid_t child = fork ();

  if (child == 0)
    {
      if (root && setuid (12345) < 0)
        _exit (1);
      connect_to (hero_listener_get_address (listener), FALSE);
      pause ();
    }
  GPollFD ready = { .fd = hero_listener_get_fd (listener), .events = G_IO_IN };
  g_assert_cmpint (g_poll (&ready, 1, 20000), ==, 1);
  int server = accept (ready.fd, NULL, NULL);
  gboolean own = hero_peer_tcp_is_own (server, &error);
  g_assert_true (own == !root);
  if (root)
    g_assert_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN);
  close (server);
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
}

static void
test_host (void)
{
  static const char *const extra[] = { "box.lan", "proxy.example:8443", NULL };
  static const struct
  {
    const char *host, *origin;
    gboolean allowed;
  } rows[] = {
    { "127.0.0.1:9988", NULL, TRUE },
    { "localhost:9988", NULL, TRUE },
    { "LOCALHOST:9988", NULL, TRUE },
    { "[::1]:9988", NULL, TRUE },
    { "10.1.2.3:9988", NULL, TRUE },
    { "box.lan", NULL, TRUE },
    { "box.lan:9988", NULL, TRUE },
    { "proxy.example:8443", "https://proxy.example:8443", TRUE },
    { "localhost:9988", "http://localhost:9988", TRUE },
    { "localhost:9988", "http://127.0.0.1:9988", TRUE },
    { NULL, NULL, FALSE },
    { "", NULL, FALSE },
    { "localhost", NULL, FALSE },
    { "localhost:80", NULL, FALSE },
    { "localhost:", NULL, FALSE },
    { "localhost:9988x", NULL, FALSE },
    { "evil.example:9988", NULL, FALSE },
    { "localhost.evil.example:9988", NULL, FALSE },
    { "10.1.2.4:9988", NULL, FALSE },
    { "[::1", NULL, FALSE },
    { "[::1]x:9988", NULL, FALSE },
    { "proxy.example", NULL, FALSE },
    { "localhost:9988", "http://evil.example", FALSE },
    { "localhost:9988", "http://localhost:6000", FALSE },
    { "localhost:9988", "http://localhost", FALSE },
    { "localhost:9988", "null", FALSE },
    { "localhost:9988", "file://", FALSE },
    { "localhost:9988", "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (hero_host_is_allowed (rows[i].host, rows[i].origin, "10.1.2.3", 9988, extra) != rows[i].allowed)
      g_error ("row %u: Host %s, Origin %s", i, rows[i].host, rows[i].origin);
  g_assert_true (hero_host_is_allowed ("localhost", NULL, NULL, 80, NULL));
  g_assert_true (hero_host_is_allowed ("localhost", "http://localhost", "0.0.0.0", 80, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer/unix", test_unix);
  g_test_add_func ("/peer/tcp-own", test_tcp_own);
  g_test_add_func ("/peer/tcp-closed", test_tcp_closed);
  g_test_add_func ("/peer/tcp-elsewhere", test_tcp_elsewhere);
  g_test_add_func ("/peer/tcp-stranger", test_tcp_stranger);
  g_test_add_func ("/peer/host", test_host);
  return g_test_run ();
}
