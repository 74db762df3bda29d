/* test-repo.c: repositories as git itself sees them, and those that must not be opened. */
#include "repo-object.h"

#include "test-tree.h"

static CodeRepoPolicy
policy_of (TestTree *tree)
{
  code_git_init (NULL);
  return (CodeRepoPolicy){ tree->root, NULL, NULL };
}

/* "x y path" lines, as the porcelain output is cut down to. */
static char *
our_status (TestTree *tree, const char *id)
{
  CodeRepoPolicy policy = policy_of (tree);
  g_autoptr (GError) error = NULL;
  g_autoptr (git_repository) repository = code_repo_open (&policy, id, &error);
  g_autoptr (CodeStatus) status = NULL;
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  status = code_status_new (repository, CODE_UNTRACKED_NORMAL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < status->entries->len; i++)
    {
      CodeStatusEntry *entry = status->entries->pdata[i];

      g_string_append_printf (text, "%c%c %s\n", entry->x, entry->y, entry->path);
    }
  return g_string_free (text, FALSE);
}

static char *
git_status (TestTree *tree, const char *id)
{
  g_autofree char *script = g_strdup_printf (
      "git -C %s status --porcelain=v2 --no-renames --untracked-files=normal --ignore-submodules=dirty | sed -E"
      " -e 's/^1 (..) ([^ ]+ ){6}/\\1 /' -e 's/^u (..) ([^ ]+ ){8}/\\1 /' -e 's/^\\? /?? /' | LC_ALL=C sort -k2 > "
      "status",
      id);
  g_autofree char *path = g_build_filename (tree->path, "status", NULL);
  char *text = NULL;

  tree_run (tree, script);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
check_status (TestTree *tree, const char *id)
{
  g_autofree char *ours = our_status (tree, id);
  g_autofree char *gits = git_status (tree, id);

  g_assert_cmpstr (ours, ==, gits);
}

static void
test_status (TestTree *tree, gconstpointer data)
{
  tree_run (
      tree,
      "git init -q r; cd r; for f in a b c d e f; do echo $f > $f; done; ln -s a l; git add .; git commit -qm one");
  check_status (tree, "r");
  tree_run (tree,
            "cd r; echo x >> a; rm b; echo n > new; git add new; echo y >> new; git rm -q c; echo z > d; git add d;"
            "git mv e moved; chmod +x f; rm l; echo no-link > l; mkdir dir; echo u > dir/u; echo ig > ig; echo ig > "
            ".gitignore;"
            "mkdir empty; git init -q nested; echo 1 > nested/f");
  check_status (tree, "r");
}

static void
test_conflict (TestTree *tree, gconstpointer data)
{
  tree_run (
      tree,
      "git init -q -b main r; cd r; for f in uu du ud; do echo 0 > $f; done; git add .; git commit -qm base;"
      "git checkout -q -b side; echo s > uu; echo s > du; git rm -q ud; echo s > aa; git add .; git commit -qm side;"
      "git checkout -q main; echo m > uu; git rm -q du; echo m > ud; echo m > aa; git add .; git commit -qm main;"
      "git merge side > /dev/null || true");
  check_status (tree, "r");
}

static void
test_unborn_and_sparse (TestTree *tree, gconstpointer data)
{
  tree_run (tree, "git init -q -b main r; echo x > r/f; git -C r add f");
  check_status (tree, "r");
  tree_run (tree, "git init -q s; cd s; mkdir in out; echo 1 > in/f; echo 2 > out/f; git add .; git commit -qm x;"
                  "git sparse-checkout set --no-cone /in/ > /dev/null; echo 3 > in/f");
  check_status (tree, "s");
}

static const char *
text_of (JsonObject *object, const char *member)
{
  return json_object_get_string_member_with_default (object, member, NULL);
}

static void
test_object (TestTree *tree, gconstpointer data)
{
  CodeRepoPolicy policy = policy_of (tree);
  g_autoptr (JsonObject) repo = NULL;
  JsonObject *head, *remote;
  JsonArray *commands;

  tree_run (
      tree,
      "git init -q --bare far.git; mkdir -p github/octo; git init -q -b main github/octo/tool; cd github/octo/tool;"
      "git remote add origin file://$HOME/far.git; echo 1 > f; git add f; git commit -qm 'first one';"
      "git tag v1.10; git tag -a v1.9 -m nine; git push -q -u origin main; echo 2 > f; git commit -qam 'second';"
      "echo 3 > f; git stash -q; git branch other; echo 4 > untracked;"
      "printf '#!/bin/sh\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit;"
      "git config core.sshCommand evil; git config remote.two.url https://u:secret@h/x;"
      "git config remote.zz.url short:y; git config remote.zz.pushurl ssh://p/y;"
      "git config url.https://wrong/.insteadOf sh; git config url.https://h/.insteadOf short:");
  repo = code_repo_describe (&policy, "github/octo/tool");
  g_assert_true (json_object_get_null_member (repo, "error"));
  g_assert_cmpstr (text_of (repo, "provider"), ==, "github");
  g_assert_cmpstr (text_of (repo, "account"), ==, "octo");
  g_assert_cmpstr (text_of (repo, "name"), ==, "tool");
  g_assert_cmpstr (text_of (repo, "kind"), ==, "normal");
  g_assert_cmpstr (text_of (repo, "branch"), ==, "main");
  g_assert_null (text_of (repo, "tag"));
  g_assert_cmpint (json_object_get_int_member (repo, "ahead"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (repo, "behind"), ==, 0);
  g_assert_true (json_object_get_boolean_member (repo, "need_push"));
  g_assert_cmpint (json_object_get_int_member (repo, "branches"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (repo, "tags"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (repo, "stashes"), ==, 1);
  head = json_object_get_object_member (repo, "head");
  g_assert_cmpstr (text_of (head, "upstream"), ==, "origin/main");
  g_assert_cmpstr (text_of (json_object_get_object_member (repo, "last_commit"), "summary"), ==, "second");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (repo, "counts"), "untracked"), ==, 1);
  remote = json_array_get_object_element (json_object_get_array_member (repo, "remotes"), 1);
  g_assert_cmpstr (text_of (remote, "fetch_url"), ==, "https://u:***@h/x");
  g_assert_cmpstr (text_of (remote, "push_url"), ==, "https://u:***@h/x");
  remote = json_array_get_object_element (json_object_get_array_member (repo, "remotes"), 2);
  g_assert_cmpstr (text_of (remote, "name"), ==, "zz");
  g_assert_cmpstr (text_of (remote, "fetch_url"), ==, "https://h/y");
  g_assert_cmpstr (text_of (remote, "push_url"), ==, "ssh://p/y");
  commands = json_object_get_array_member (repo, "local_commands");
  g_assert_cmpuint (json_array_get_length (commands), ==, 2);

  tree_run (tree, "git -C github/octo/tool checkout -q v1.9");
  json_object_unref (repo);
  repo = code_repo_describe (&policy, "github/octo/tool");
  g_assert_cmpstr (text_of (repo, "tag"), ==, "v1.9");
  g_assert_cmpstr (text_of (json_object_get_object_member (repo, "head"), "kind"), ==, "detached");
}

static void
check_error (TestTree *tree, const char *id, const char *code_name, const char *reason)
{
  CodeRepoPolicy policy = policy_of (tree);
  g_autoptr (JsonObject) repo = code_repo_describe (&policy, id);
  JsonObject *error
      = json_object_get_null_member (repo, "error") ? NULL : json_object_get_object_member (repo, "error");

  g_test_message ("%s", id);
  g_assert_cmpstr (error != NULL ? text_of (error, "code_name") : NULL, ==, code_name);
  g_assert_cmpstr (error != NULL ? text_of (error, "reason") : NULL, ==, reason);
}

static void
test_unsafe (TestTree *tree, gconstpointer data)
{
  tree_run (tree, "git init -q good; git init -q wt; git -C wt config core.worktree /etc; git init -q own;"
                  "git -C own config core.worktree ..; git -C own config core.worktree \"$PWD/own\";"
                  "mkdir out; echo 'gitdir: /etc' > out/.git; mkdir inside; mv good/.git inside-git; "
                  "echo 'gitdir: ../inside-git' > good/.git; git init -q --object-format=sha256 sha;"
                  "git init -q split; cd split; echo 1 > f; git add f; git update-index --split-index; cd ..;"
                  "mkdir broken broken/.git");
  check_error (tree, "good", NULL, NULL);
  check_error (tree, "own", NULL, NULL);
  check_error (tree, "wt", "repo_unsafe", "worktree_outside");
  check_error (tree, "out", "repo_unsafe", "gitdir_outside");
  check_error (tree, "sha", "repo_unsupported", "sha256");
  check_error (tree, "split", "repo_unsupported", "split_index");
  check_error (tree, "broken", "repo_not_found", NULL);
}

/* Nothing a repository names is started by looking at it. */
static void
test_nothing_runs (TestTree *tree, gconstpointer data)
{
  g_autofree char *marker = g_build_filename (tree->path, "marker", NULL);
  CodeRepoPolicy policy = policy_of (tree);
  g_autoptr (JsonObject) repo = NULL;

  tree_run (
      tree,
      "git init -q r; cd r; echo 1 > f; echo '* filter=evil diff=evil' > .gitattributes; git add .; git commit -qm x;"
      "T=\"touch $HOME/marker\"; git config filter.evil.clean \"$T\"; git config filter.evil.smudge \"$T\";"
      "git config core.fsmonitor \"$T\"; git config core.pager \"$T\"; git config diff.evil.textconv \"$T\";"
      "for h in post-checkout pre-commit post-index-change; do printf \"#!/bin/sh\\n$T\\n\" > .git/hooks/$h;"
      " chmod +x .git/hooks/$h; done; echo 2 > f");
  repo = code_repo_describe (&policy, "r");
  g_assert_true (json_object_get_null_member (repo, "error"));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (repo, "counts"), "unstaged"), ==, 1);
  g_assert_false (g_file_test (marker, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TREE_TEST ("/repo/status", test_status);
  TREE_TEST ("/repo/conflict", test_conflict);
  TREE_TEST ("/repo/unborn-and-sparse", test_unborn_and_sparse);
  TREE_TEST ("/repo/object", test_object);
  TREE_TEST ("/repo/unsafe", test_unsafe);
  TREE_TEST ("/repo/nothing-runs", test_nothing_runs);
  return g_test_run ();
}
