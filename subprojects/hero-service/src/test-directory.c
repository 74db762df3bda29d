/* test-directory.c: exact modes under any umask, who may own a socket directory, and the lock. */
#include "test-dir.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hero-service/error.h>
#include <hero-service/listener.h>

static guint
mode_of (const char *path)
{
  struct stat st;

  g_assert_cmpint (lstat (path, &st), ==, 0);
  return st.st_mode & 07777;
}

static void
test_modes (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  static const mode_t masks[] = { 0, 022, 077, 0777 };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *parent = g_strdup_printf ("%s/p%u", dir, i);
      g_autofree char *path = g_strdup_printf ("%s/a/b", parent);
      mode_t before = umask (masks[i]);
      gboolean made = hero_make_dir (path, 0751, &error);
      mode_t after = umask (before);
      g_assert_no_error (error);
      g_assert_true (made);
      g_assert_cmpint (after, ==, masks[i]);
      g_assert_cmpint (mode_of (path), ==, 0751);
      g_assert_cmpint (mode_of (parent), ==, 0751);
    }
}

static void
test_existing (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_build_filename (dir, "file", NULL);
  g_autofree char *below = g_build_filename (file, "x", NULL);

  g_assert_cmpint (chmod (dir, 0711), ==, 0);
  g_assert_true (hero_make_dir (dir, 0755, &error));
  g_assert_cmpint (mode_of (dir), ==, 0711);

  g_assert_true (g_file_set_contents (file, "x", -1, NULL));
  g_assert_false (hero_make_dir (file, 0755, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_clear_error (&error);
  g_assert_false (hero_make_dir (below, 0755, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
}

#define RIVALS 4
#define RACES 300

typedef struct
{
  GCond start;
  GMutex lock;
  guint waiting;
  guint race;
  const char *dir;
} Race;

static void
wait_for_rivals (Race *race)
{
  g_mutex_lock (&race->lock);
  guint now = race->race;
  if (++race->waiting == RIVALS)
    {
      race->waiting = 0;
      race->race++;
      g_cond_broadcast (&race->start);
    }
  while (race->race == now)
    g_cond_wait (&race->start, &race->lock);
  g_mutex_unlock (&race->lock);
}

static gpointer
make_dirs (gpointer data)
{
  Race *race = data;

  for (guint i = 0; i < RACES; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_strdup_printf ("%s/p%u/%p", race->dir, i, (void *)g_thread_self ());
      wait_for_rivals (race);
      hero_make_dir (path, 0755, &error);
      g_assert_no_error (error);
      g_assert_true (g_file_test (path, G_FILE_TEST_IS_DIR));
    }
  return NULL;
}

/* The first directories of a data directory are made by the log writer and by a service at once. */
static void
test_one_parent_for_many (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  Race race = { .dir = dir };
  GThread *rivals[RIVALS];

  for (guint i = 0; i < RIVALS; i++)
    rivals[i] = g_thread_new ("rival", make_dirs, &race);
  for (guint i = 0; i < RIVALS; i++)
    g_thread_join (rivals[i]);
}

static void
test_dangling_parent (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *link = g_build_filename (dir, "link", NULL);
  g_autofree char *below = g_build_filename (link, "x", NULL);

  g_assert_cmpint (symlink ("nowhere", link), ==, 0);
  g_assert_false (hero_make_dir (below, 0755, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_nonnull (strstr (error->message, link));
}

static void
assert_refused (const char *dir, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (hero_socket_dir_prepare (dir, "svc", &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_nonnull (strstr (error->message, dir));
}

static void
test_refused_dirs (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *link = g_build_filename (dir, "link", NULL);
  g_autofree char *dangling = g_build_filename (dir, "dangling", NULL);
  g_autofree char *open_dir = g_build_filename (dir, "open", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink (dir, link), ==, 0);
  assert_refused (link, "symbolic link");
  g_assert_cmpint (symlink ("/tmp/hero-nowhere", dangling), ==, 0);
  assert_refused (dangling, "symbolic link");

  static const guint bad_modes[] = { 0775, 0757, 0777 };
  g_assert_cmpint (mkdir (open_dir, 0755), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bad_modes); i++)
    {
      g_assert_cmpint (chmod (open_dir, bad_modes[i]), ==, 0);
      assert_refused (open_dir, "writable by others");
    }
  g_assert_cmpint (chmod (open_dir, 01777), ==, 0);
  g_autoptr (HeroDirLock) lock = hero_socket_dir_prepare (open_dir, "svc", &error);
  g_assert_no_error (error);
  g_assert_nonnull (lock);
}

/* Without root, a user namespace that knows our uid only makes the directories of root foreign ones. */
static void
enter_own_namespace (void)
{
  g_autofree char *map = g_strdup_printf ("1000 %u 1\n", (guint)geteuid ());

  g_assert_cmpint (unshare (CLONE_NEWUSER), ==, 0);
  int fd = open ("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (write (fd, map, strlen (map)), ==, (gssize)strlen (map));
  close (fd);
}

static void
test_foreign_owner (void)
{
  if (g_test_subprocess ())
    {
      enter_own_namespace ();
      assert_refused ("/usr", "belongs to uid");
      return;
    }
  if (geteuid () == 0)
    {
      g_autoptr (TestDir) dir = test_dir_new ();
      g_assert_cmpint (chown (dir, 12345, (gid_t)-1), ==, 0);
      assert_refused (dir, "belongs to uid 12345");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_lock (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, ".svc.lock", NULL);
  g_autofree char *text = NULL;
  g_autofree char *mine = g_strdup_printf ("is used by pid %d (test-directory)", getpid ());
  g_autoptr (GError) error = NULL;

  mode_t before = umask (0);
  HeroDirLock *lock = hero_dir_lock (dir, ".svc.lock", &error);
  umask (before);
  g_assert_no_error (error);
  g_assert_cmpint (mode_of (path), ==, 0600);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpint (atoi (text), ==, getpid ());

  g_assert_null (hero_dir_lock (dir, ".svc.lock", &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, mine));
  g_clear_error (&error);

  hero_dir_unlock (lock);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  lock = hero_dir_lock (dir, ".svc.lock", &error);
  g_assert_no_error (error);
  hero_dir_unlock (lock);
}

/* The child of a process that was killed in the middle of a spawn shares its lock for an instant. */
static void
test_lock_of_the_dead (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, ".lock", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  HeroDirLock *lock;
  int fd = open (path, O_RDWR | O_CREAT, 0600);
  pid_t dead = fork (), heir;

  if (dead == 0)
    _exit (0);
  g_assert_cmpint (waitpid (dead, NULL, 0), ==, dead);
  text = g_strdup_printf ("%d\n", (int)dead);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  heir = fork ();
  if (heir == 0)
    {
      g_usleep (200 * 1000);
      _exit (0);
    }
  close (fd);

  lock = hero_dir_lock (dir, ".lock", &error);
  g_assert_no_error (error);
  hero_dir_unlock (lock);
  g_assert_cmpint (waitpid (heir, NULL, 0), ==, heir);
}

/* A link in place of the lock file must not make us write elsewhere. */
static void
test_lock_link (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, ".lock", NULL);
  g_autofree char *victim = g_build_filename (dir, "victim", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (victim, "precious", -1, NULL));
  g_assert_cmpint (symlink (victim, path), ==, 0);
  g_assert_null (hero_dir_lock (dir, ".lock", &error));
  g_assert_nonnull (error);
  g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/directory/modes", test_modes);
  g_test_add_func ("/directory/existing", test_existing);
  g_test_add_func ("/directory/one-parent-for-many", test_one_parent_for_many);
  g_test_add_func ("/directory/dangling-parent", test_dangling_parent);
  g_test_add_func ("/directory/refused", test_refused_dirs);
  g_test_add_func ("/directory/foreign-owner", test_foreign_owner);
  g_test_add_func ("/directory/lock", test_lock);
  g_test_add_func ("/directory/lock-of-the-dead", test_lock_of_the_dead);
  g_test_add_func ("/directory/lock-link", test_lock_link);
  return g_test_run ();
}
