/* test-inherited.c: which handed-over sockets are ours, by number, pid and name. Uses descriptors 3 and 4. */
#include "inherited.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
hand_over (int fd, int family)
{
  int made = socket (family, SOCK_STREAM, 0);

  g_assert_cmpint (made, >=, 0);
  if (made != fd)
    {
      g_assert_cmpint (dup2 (made, fd), ==, fd);
      close (made);
    }
}

static HeroInherited *
inherit (const char *fds, const char *names, const char *pid, gboolean trusted)
{
  g_auto (GStrv) environment = NULL;

  environment = g_environ_setenv (environment, "LISTEN_FDS", fds, TRUE);
  environment = g_environ_setenv (environment, "LISTEN_FDNAMES", names, TRUE);
  if (pid != NULL)
    environment = g_environ_setenv (environment, "LISTEN_PID", pid, TRUE);
  return hero_inherited_new (environment, trusted);
}

static void
test_names (void)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  hand_over (3, AF_UNIX);
  hand_over (4, AF_INET);
  HeroInherited *inherited = inherit ("2", "a.rpc:a.rpc", pid, FALSE);
  g_assert_cmpint (hero_inherited_take (inherited, "b", "rpc", FALSE), ==, -1);
  g_assert_cmpint (hero_inherited_take (inherited, "a", "admin", FALSE), ==, -1);
  g_assert_cmpint (hero_inherited_take (inherited, "a", "rpc", TRUE), ==, 4); /* the name is both's, the kind is not */
  g_assert_cmpint (hero_inherited_take (inherited, "a", "rpc", TRUE), ==, -1);
  g_assert_true (fcntl (4, F_GETFD) & FD_CLOEXEC);
  hero_inherited_free (inherited);
  g_assert_cmpint (fcntl (3, F_GETFD), ==, -1); /* nobody took it */
  g_assert_cmpint (fcntl (4, F_GETFD), !=, -1);
  close (4);
}

static void
test_not_ours (void)
{
  static const struct
  {
    const char *fds, *pid;
    gboolean trusted, ours;
  } rows[] = { { "1", "1", FALSE, FALSE }, { "1", NULL, FALSE, FALSE }, { "1", NULL, TRUE, TRUE },
               { "0", NULL, TRUE, FALSE }, { "-1", NULL, TRUE, FALSE }, { "many", NULL, TRUE, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      hand_over (3, AF_UNIX);
      g_autoptr (HeroInherited) inherited = inherit (rows[i].fds, "a.rpc", rows[i].pid, rows[i].trusted);
      g_assert_cmpint (hero_inherited_take (inherited, "a", "rpc", FALSE), ==, rows[i].ours ? 3 : -1);
      close (3);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inherited/names", test_names);
  g_test_add_func ("/inherited/not-ours", test_not_ours);
  return g_test_run ();
}
