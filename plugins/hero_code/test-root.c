/* test-root.c: no path leaves coderoot, none enters a git directory. */
#include "root.h"

#include <unistd.h>

#include "path.h"
#include "test-tree.h"

static void
test_paths (void)
{
  static const char *const good[] = { "", "a", "a/b", "-rf", "a\nb", "...", "..a", "a..", " ", NULL };
  static const char *const bad[] = { "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/.", NULL };
  g_autofree char *part = g_strnfill (256, 'x');
  g_autofree char *fits = g_strnfill (255, 'x');

  for (guint i = 0; good[i] != NULL; i++)
    g_assert_true (code_path_check ("path", good[i], NULL));
  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_false (code_path_check ("path", bad[i], &error));
      g_assert_error (error, CODE_ERROR, CODE_INVALID_PARAMS);
    }
  g_assert_true (code_path_check ("path", fits, NULL));
  g_assert_false (code_path_check ("path", part, NULL));

  g_assert_true (code_path_enters_git (".git"));
  g_assert_true (code_path_enters_git ("a/.GIT/config"));
  g_assert_false (code_path_enters_git (".github/x"));
  g_assert_false (code_path_enters_git ("a.git"));
}

/* expected: "" = it opens, else the code_name or "code_name/reason". */
static void
check (TestTree *tree, const char *path, CodeOpenKind kind, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) errors = NULL;
  g_autofree char *got = NULL;
  struct stat st;
  int fd = code_root_open (tree->root, path, kind, &st, &error);

  if (fd >= 0)
    close (fd);
  else
    errors = code_error_get_data (error);
  if (errors != NULL && json_object_has_member (errors, "reason"))
    got = g_strdup_printf ("%s/%s", code_error_get_name (error), json_object_get_string_member (errors, "reason"));
  else
    got = g_strdup (fd >= 0 ? "" : code_error_get_name (error));
  g_test_message ("%s", path);
  g_assert_cmpstr (got, ==, expected);
}

static void
test_open (TestTree *tree, gconstpointer data)
{
  tree_run (tree, "echo secret > ../$(basename $PWD)-outside; git init -q r; echo x > r/f; mkdir r/d; mkfifo r/fifo;"
                  "ln -s f r/inside; ln -s ../../$(basename $PWD)-outside r/out; ln -s $PWD/r/f r/absolute;"
                  "ln -s .git r/alias; ln -s .git/config r/config; ln -s loop r/loop; git init -q --bare bare;"
                  "ln -s r link; ln -s /etc etc; mkdir w; echo 'gitdir: ../r/.git' > w/.git; ln -s .git w/g");
  check (tree, "w/g", CODE_OPEN_FILE, "path_forbidden/git_internal");
  check (tree, "", CODE_OPEN_DIRECTORY, "");
  check (tree, "r/f", CODE_OPEN_FILE, "");
  check (tree, "r/f", CODE_OPEN_ANY, "");
  check (tree, "r/d", CODE_OPEN_DIRECTORY, "");
  check (tree, "r/inside", CODE_OPEN_FILE, "");
  check (tree, "link/f", CODE_OPEN_FILE, "");
  check (tree, "r/d", CODE_OPEN_FILE, "not_a_file");
  check (tree, "r/f", CODE_OPEN_DIRECTORY, "not_a_directory");
  check (tree, "r/none", CODE_OPEN_FILE, "file_not_found");
  check (tree, "r/f/x", CODE_OPEN_FILE, "file_not_found");
  check (tree, "r/fifo", CODE_OPEN_FILE, "not_a_file");
  check (tree, "r/out", CODE_OPEN_FILE, "path_forbidden/escape");
  check (tree, "r/absolute", CODE_OPEN_FILE, "path_forbidden/escape");
  check (tree, "etc/passwd", CODE_OPEN_FILE, "path_forbidden/escape");
  check (tree, "r/loop", CODE_OPEN_FILE, "path_forbidden/escape");
  check (tree, "r/.git/config", CODE_OPEN_FILE, "path_forbidden/git_internal");
  check (tree, "r/.GIT", CODE_OPEN_DIRECTORY, "path_forbidden/git_internal");
  check (tree, "r/alias/config", CODE_OPEN_FILE, "path_forbidden/git_internal");
  check (tree, "r/config", CODE_OPEN_FILE, "path_forbidden/git_internal");
  check (tree, "bare/config", CODE_OPEN_FILE, "path_forbidden/git_internal");
  check (tree, "bare/refs/heads", CODE_OPEN_DIRECTORY, "path_forbidden/git_internal");
  tree_run (tree, "rm ../$(basename $PWD)-outside");
}

/* While another thread swaps a directory for a symlink to the outside, nothing but the inside is ever opened. */
static gpointer
swap (gpointer data)
{
  TestTree *tree = data;
  g_autofree char *dir = g_build_filename (tree->path, "d", NULL);
  g_autofree char *other = g_build_filename (tree->path, "o", NULL);
  g_autofree char *away = g_build_filename (tree->path, "away", NULL);

  for (guint i = 0; i < 20000; i++)
    {
      g_rename (dir, away);
      g_rename (other, dir);
      g_rename (dir, other);
      g_rename (away, dir);
    }
  return NULL;
}

static void
test_race (TestTree *tree, gconstpointer data)
{
  g_autoptr (GThread) thread = NULL;
  g_autofree char *inside = g_build_filename (tree->path, "d", "f", NULL);
  struct stat wanted;
  guint n_opened = 0;

  tree_run (tree, "mkdir d; echo inside > d/f; ln -s /etc o; ln -s /etc/passwd d/p");
  g_assert_cmpint (stat (inside, &wanted), ==, 0);
  thread = g_thread_ref (g_thread_new ("swap", swap, tree));
  for (guint i = 0; i < 20000; i++)
    {
      struct stat st;
      int fd = code_root_open (tree->root, "d/f", CODE_OPEN_FILE, &st, NULL);
      int out = code_root_open (tree->root, "d/passwd", CODE_OPEN_FILE, &st, NULL);

      g_assert_cmpint (out, ==, -1);
      if (fd < 0)
        continue;
      g_assert_cmpint (fstat (fd, &st), ==, 0);
      g_assert_cmpuint (st.st_ino, ==, wanted.st_ino);
      close (fd);
      n_opened++;
    }
  g_thread_join (thread);
  g_assert_cmpuint (n_opened, >, 0);
}

static void
test_coderoot_is_link (TestTree *tree, gconstpointer data)
{
  g_autofree char *link = g_build_filename (tree->path, "root", NULL);
  g_autoptr (CodeRoot) root = code_root_new (link);
  g_autofree char *real = NULL;
  struct stat st;
  int fd;

  tree_run (tree, "mkdir real; echo x > real/f; ln -s real root");
  fd = code_root_open (root, "f", CODE_OPEN_FILE, &st, NULL);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  real = code_root_resolve (root, NULL);
  g_assert_true (g_str_has_suffix (real, "/real"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/beneath/paths", test_paths);
  TREE_TEST ("/beneath/open", test_open);
  TREE_TEST ("/beneath/race", test_race);
  TREE_TEST ("/beneath/coderoot-is-link", test_coderoot_is_link);
  return g_test_run ();
}
