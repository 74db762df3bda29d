/* test-tree.h: a temporary coderoot for tests, with real files and repositories made by git. */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>

#include "root.h"

typedef struct
{
  char *path;
  CodeRoot *root;
} TestTree;

static inline void
tree_up (TestTree *tree, gconstpointer data)
{
  tree->path = g_dir_make_tmp ("code-XXXXXX", NULL);
  g_assert_nonnull (tree->path);
  tree->root = code_root_new (tree->path);
}

/* A shell command in the tree, with a git that knows no configuration but the tree's. */
static inline void
tree_run (TestTree *tree, const char *script)
{
  g_autofree char *line = g_strdup_printf (
      "cd '%s' && export HOME='%s' GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=C "
      "GIT_COMMITTER_EMAIL=c@x GIT_AUTHOR_DATE='1700000000 +0100' GIT_COMMITTER_DATE='1700000000 +0100' && set -e; %s",
      tree->path, tree->path, script);
  char *argv[] = { "/bin/sh", "-c", line, NULL };
  int status = -1;
  g_autofree char *errors = NULL;
  g_autofree char *output = NULL;

  g_assert_true (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &output, &errors, &status, NULL));
  if (status != 0)
    g_error ("%s: %s", script, errors);
}

static inline void
tree_down (TestTree *tree, gconstpointer data)
{
  char *argv[] = { "/bin/rm", "-rf", tree->path, NULL };

  g_assert_true (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL));
  code_root_free (tree->root);
  g_free (tree->path);
}

#define TREE_TEST(path, func) g_test_add (path, TestTree, NULL, tree_up, func, tree_down)
