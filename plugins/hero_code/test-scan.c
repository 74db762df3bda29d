/* test-scan.c: which directories are repositories. */
#include "scan.h"

#include "test-tree.h"

static char *
scan (TestTree *tree, const char *const *skip, guint *n_warnings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CodeScan) found = code_scan_run (tree->root, skip, NULL, &error);

  g_assert_no_error (error);
  if (n_warnings != NULL)
    *n_warnings = found->warnings->len;
  g_ptr_array_add (found->ids, NULL);
  return g_strjoinv (" ", (char **)found->ids->pdata);
}

static void
test_depth (TestTree *tree, gconstpointer data)
{
  g_autofree char *ids = NULL;

  tree_run (tree, "for d in one a/two a/b/three a/b/c/four github/octo/tool; do mkdir -p $d && git init -q $d; done;"
                  "mkdir -p one/inner && git init -q one/inner; mkdir -p plain/dir");
  ids = scan (tree, NULL, NULL);
  g_assert_cmpstr (ids, ==, "a/b/three a/two github/octo/tool one");
}

static void
test_skipped (TestTree *tree, gconstpointer data)
{
  static const char *const more[] = { "attic", NULL };
  g_autofree char *ids = NULL;
  g_autofree char *fewer = NULL;

  tree_run (tree, "for d in .hidden _priv node_modules vendor dist build bin obj target tmp temp attic ok; do"
                  "  mkdir -p $d/r a/$d/r && git init -q $d/r && git init -q a/$d/r; done");
  ids = scan (tree, NULL, NULL);
  g_assert_cmpstr (ids, ==, "a/attic/r a/ok/r attic/r ok/r");
  fewer = scan (tree, more, NULL);
  g_assert_cmpstr (fewer, ==, "a/ok/r ok/r");
}

static void
test_forms (TestTree *tree, gconstpointer data)
{
  g_autofree char *ids = NULL;
  guint n_warnings;

  tree_run (tree, "git init -q real; mkdir linked && echo 'gitdir: ../real/.git' > linked/.git; ln -s real link;"
                  "mkdir broken broken/.git; mkdir symgit && ln -s ../real/.git symgit/.git; git init -q .");
  ids = scan (tree, NULL, &n_warnings);
  g_assert_cmpstr (ids, ==, "broken linked real");
  g_assert_cmpuint (n_warnings, ==, 1); /* the .git of coderoot */
}

static void
test_missing (TestTree *tree, gconstpointer data)
{
  g_autofree char *gone = g_build_filename (tree->path, "gone", NULL);
  g_autoptr (CodeRoot) root = code_root_new (gone);
  g_autoptr (GError) error = NULL;

  g_assert_null (code_scan_run (root, NULL, NULL, &error));
  g_assert_error (error, CODE_ERROR, CODE_CODEROOT_MISSING);
}

static void
test_cancelled (TestTree *tree, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  tree_run (tree, "mkdir a");
  g_cancellable_cancel (cancellable);
  g_assert_null (code_scan_run (tree->root, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TREE_TEST ("/scan/depth", test_depth);
  TREE_TEST ("/scan/skipped", test_skipped);
  TREE_TEST ("/scan/forms", test_forms);
  TREE_TEST ("/scan/missing", test_missing);
  TREE_TEST ("/scan/cancelled", test_cancelled);
  return g_test_run ();
}
