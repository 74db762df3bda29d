/* test-listener.c: each step and each refusal of conventions 2.3, with real sockets. */
#include "test-dir.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <gio/gunixsocketaddress.h>

#include <hero-service/error.h>
#include <hero-service/listener.h>

static int
raw_listen (const char *path, int backlog)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  if (backlog >= 0)
    g_assert_cmpint (listen (fd, backlog), ==, 0);
  return fd;
}

static gboolean
can_connect (const char *path)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return connection != NULL;
}

static void
assert_refused (const char *path, int code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (hero_listener_new_unix (path, 0600, NULL, &error));
  g_assert_error (error, HERO_ERROR, code);
  if (!strstr (error->message, text))
    g_error ("\"%s\" does not tell \"%s\"", error->message, text);
}

static void
test_path_length (void)
{
  g_autofree char *longest = g_strnfill (107, 'a');
  g_autofree char *too_long = g_strnfill (108, 'a');
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  longest[0] = too_long[0] = '/';
  text = g_strdup_printf ("socket path is 108 bytes, the limit is 107: %s; set socket_dir to a shorter directory",
                          too_long);
  assert_refused (too_long, HERO_ERROR_INVALID, text);
  g_autoptr (HeroListener) listener = hero_listener_new_unix (longest, 0600, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (listener);
}

static void
test_publish (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  static const mode_t masks[] = { 0, 077, 0777 };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      g_autoptr (GError) error = NULL;
      struct stat st;
      HeroListener *listener = hero_listener_new_unix (path, 0660, NULL, &error);
      g_assert_no_error (error);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      g_assert_false (hero_listener_is_published (listener));

      int fd = hero_listener_get_fd (listener);
      mode_t before = umask (masks[i]);
      gboolean published = hero_listener_publish (listener, &error);
      umask (before);
      g_assert_no_error (error);
      g_assert_true (published && hero_listener_is_published (listener));
      g_assert_cmpint (hero_listener_get_fd (listener), ==, fd);
      g_assert_cmpint (lstat (path, &st), ==, 0);
      g_assert_cmpint (st.st_mode & 07777, ==, 0660);
      g_assert_true (can_connect (path));
      g_assert_true (hero_listener_is_intact (listener));

      hero_listener_close (listener);
      g_assert_false (can_connect (path));
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
      hero_listener_free (listener);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

static void
test_group (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autoptr (GError) error = NULL;
  gid_t groups[64];
  struct stat st;

  int count = getgroups (G_N_ELEMENTS (groups), groups);
  gid_t wanted = geteuid () == 0 ? 1 : count > 0 ? groups[count - 1] : getegid ();
  g_autofree char *name = g_strdup (getgrgid (wanted)->gr_name);
  g_autoptr (HeroListener) listener = hero_listener_new_unix (path, 0660, name, &error);
  g_assert_no_error (error);
  g_assert_true (hero_listener_publish (listener, &error));
  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_assert_cmpint (st.st_gid, ==, wanted);
  g_assert_cmpint (st.st_mode & 07777, ==, 0660);

  g_autofree char *other = g_build_filename (dir, "other.sock", NULL);
  g_assert_null (hero_listener_new_unix (other, 0660, "no-such-group", &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_INVALID);
}

static void
test_dead (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autoptr (GError) error = NULL;

  close (raw_listen (path, 5));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_autoptr (HeroListener) listener = hero_listener_new_unix (path, 0600, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (hero_listener_publish (listener, &error));
}

static void
test_foreign_file (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *link = g_build_filename (dir, "link.sock", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  assert_refused (path, HERO_ERROR_EXISTS, "is not a socket");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
  g_assert_cmpint (symlink ("/nowhere", link), ==, 0);
  assert_refused (link, HERO_ERROR_EXISTS, "is not a socket");
}

static void
test_live (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "resp.sock", NULL);
  g_autofree char *name = g_path_get_basename (dir);
  g_autofree char *text = g_strdup_printf ("%s/resp.sock is served by pid %d (test-listener); stop it, or set [host] "
                                           "socket_dir to another place",
                                           name, getpid ());
  int fd = raw_listen (path, 5);

  assert_refused (path, HERO_ERROR_BUSY, text);
  g_assert_true (can_connect (path));
  close (fd);
}

/* A backlog that is full says nothing about its owner, but somebody holds it. */
static void
test_full_backlog (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = raw_listen (path, 0);
  int clients[4];

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)!connect (clients[i], (struct sockaddr *)&address, sizeof address);
    }
  assert_refused (path, HERO_ERROR_BUSY, "is served by another process");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    close (clients[i]);
  close (fd);
}

static gpointer
serve_health (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);
  static const char reply[]
      = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"status\":\"ok\", \"service\" : \"hero_db\"}";

  for (;;)
    {
      char request[1024];
      int client = accept (fd, NULL, NULL);
      if (client < 0)
        return NULL;
      if (recv (client, request, sizeof request, 0) > 0)
        send (client, reply, sizeof reply - 1, MSG_NOSIGNAL);
      close (client);
    }
}

static void
test_holder_names_service (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *text = g_strdup_printf ("is served by pid %d (test-listener) as service hero_db", getpid ());
  int fd = raw_listen (path, 5);
  GThread *thread = g_thread_new ("health", serve_health, GINT_TO_POINTER (fd));

  assert_refused (path, HERO_ERROR_BUSY, text);
  shutdown (fd, SHUT_RDWR);
  g_thread_join (thread);
  close (fd);
}

static void
test_bind_never_replaces (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  HeroListener *listener = hero_listener_new_unix (path, 0600, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_false (hero_listener_publish (listener, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_BUSY);
  hero_listener_free (listener);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
}

static void
test_unlink_only_ours (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autoptr (GError) error = NULL;

  HeroListener *listener = hero_listener_new_unix (path, 0600, NULL, &error);
  g_assert_true (hero_listener_publish (listener, &error));
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_false (hero_listener_is_intact (listener));
  int other = raw_listen (path, 5);
  g_assert_false (hero_listener_is_intact (listener));
  hero_listener_free (listener);
  g_assert_true (can_connect (path));
  close (other);
}

static void
test_from_fd (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *deaf = g_build_filename (dir, "deaf.sock", NULL);
  g_autoptr (GError) error = NULL;

  int deaf_fd = raw_listen (deaf, -1);
  g_assert_null (hero_listener_new_from_fd (deaf_fd, NULL, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_INVALID);
  g_clear_error (&error);
  close (deaf_fd);

  HeroListener *listener = hero_listener_new_from_fd (raw_listen (path, 5), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (hero_listener_get_address (listener), ==, path);
  g_assert_true (hero_listener_is_published (listener) && hero_listener_is_intact (listener));
  hero_listener_free (listener);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_tcp (void)
{
  g_autoptr (GError) error = NULL;
  static const char *const bad[]
      = { "",      "80",   "localhost:80", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:x", "::1:80", "[127.0.0.1]:80",
          "[::1]", "[]:80" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (hero_listener_new_tcp (bad[i], &error));
      g_assert_error (error, HERO_ERROR, HERO_ERROR_INVALID);
      g_clear_error (&error);
    }

  g_autoptr (HeroListener) listener = hero_listener_new_tcp ("127.0.0.1:0", &error);
  g_assert_no_error (error);
  g_assert_true (hero_listener_publish (listener, &error));
  const char *address = hero_listener_get_address (listener);
  g_assert_true (g_str_has_prefix (address, "127.0.0.1:"));
  g_assert_cmpint (atoi (address + strlen ("127.0.0.1:")), >, 0);
  g_assert_true (hero_listener_is_intact (listener));

  g_autoptr (HeroListener) second = hero_listener_new_tcp (address, &error);
  g_assert_no_error (error);
  g_assert_false (hero_listener_publish (second, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_BUSY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listener/path-length", test_path_length);
  g_test_add_func ("/listener/publish", test_publish);
  g_test_add_func ("/listener/group", test_group);
  g_test_add_func ("/listener/dead", test_dead);
  g_test_add_func ("/listener/foreign-file", test_foreign_file);
  g_test_add_func ("/listener/live", test_live);
  g_test_add_func ("/listener/full-backlog", test_full_backlog);
  g_test_add_func ("/listener/holder-names-service", test_holder_names_service);
  g_test_add_func ("/listener/bind-never-replaces", test_bind_never_replaces);
  g_test_add_func ("/listener/unlink-only-ours", test_unlink_only_ours);
  g_test_add_func ("/listener/from-fd", test_from_fd);
  g_test_add_func ("/listener/tcp", test_tcp);
  return g_test_run ();
}
