/* repo-open.c: opens a repository after a look at who owns it and where its git directory lies. On a worker. */
#include "repo-open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define MAX_GITDIR_FILE 8192

static gboolean
set_unsafe (GError **error, const char *id, const char *reason, const char *text)
{
  code_error_set (error, CODE_REPO_UNSAFE, "repo_unsafe", "%s: %s", id, text);
  code_error_add_text (error, "reason", reason);
  return FALSE;
}

static gboolean
is_beneath (const char *path, const char *directory)
{
  g_autofree char *real = directory != NULL ? realpath (directory, NULL) : NULL;
  gsize length = real != NULL ? strlen (real) : 0;

  return length > 0 && strncmp (path, real, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* safe.directory of the user's and the system's configuration, never of the repository's own. */
static int
note_safe (const git_config_entry *entry, void *data)
{
  const char **directory = data;

  if (*entry->value == 0)
    directory[1] = NULL; /* an empty value takes back what came before */
  else if (g_str_equal (entry->value, "*") || g_str_equal (entry->value, directory[0]))
    directory[1] = directory[0];
  return 0;
}

static gboolean
is_declared_safe (const char *worktree)
{
  g_autoptr (git_config) config = NULL;
  const char *directory[2] = { worktree, NULL };

  if (git_config_open_default (&config) != 0)
    return FALSE;
  git_config_get_multivar_foreach (config, "safe.directory", NULL, note_safe, directory);
  return directory[1] != NULL;
}

static gboolean
check_owner (const char *id, const char *worktree, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  struct stat st;

  if (lstat (path, &st) != 0)
    {
      code_error_set_errno (error, errno, id);
      return FALSE;
    }
  if (st.st_uid == geteuid () || is_declared_safe (worktree))
    return TRUE;
  text = g_strdup_printf ("%s belongs to user %u; add it to safe.directory of your git configuration to trust it", path,
                          (unsigned int)st.st_uid);
  return set_unsafe (error, id, "owner", text);
}

/* The git directory: .git itself, or where a file .git points to. (transfer full) */
static char *
find_gitdir (const char *id, const char *worktree, GError **error)
{
  g_autofree char *dot_git = g_build_filename (worktree, ".git", NULL);
  g_autofree char *text = NULL;
  g_autofree char *target = NULL;
  g_autofree char *real = NULL;
  struct stat st;

  if (lstat (dot_git, &st) != 0)
    {
      code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s: not a repository", id);
      return NULL;
    }
  if (S_ISDIR (st.st_mode))
    return g_steal_pointer (&dot_git);
  if (!S_ISREG (st.st_mode) || st.st_size > MAX_GITDIR_FILE || !g_file_get_contents (dot_git, &text, NULL, NULL)
      || !g_str_has_prefix (text, "gitdir:"))
    {
      code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s: its .git is neither a directory nor a gitdir file",
                      id);
      return NULL;
    }
  g_strstrip (text);
  target = g_canonicalize_filename (g_strstrip (text + strlen ("gitdir:")), worktree);
  real = realpath (target, NULL);
  if (real == NULL)
    code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s: its git directory %s is not there", id, target);
  return g_steal_pointer (&real);
}

static gboolean
check_gitdir (const CodeRepoPolicy *policy, const char *id, const char *gitdir, GError **error)
{
  g_autofree char *real = realpath (gitdir, NULL);

  if (real == NULL)
    {
      code_error_set_errno (error, errno, id);
      return FALSE;
    }
  if (is_beneath (real, code_root_get_directory (policy->root)) || is_beneath (real, policy->data_dir))
    return TRUE;
  for (guint i = 0; policy->gitdir_roots != NULL && policy->gitdir_roots[i] != NULL; i++)
    if (is_beneath (real, policy->gitdir_roots[i]))
      return TRUE;
  return set_unsafe (error, id, "gitdir_outside",
                     "its git directory lies outside of coderoot; name its parent in gitdir_roots to allow it");
}

/* The repository's own configuration as data; NULL: it has none. */
static git_config *
read_config (const char *gitdir)
{
  g_autofree char *path = g_build_filename (gitdir, "config", NULL);
  git_config *config = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    git_config_open_ondisk (&config, path);
  return config;
}

/* Where git would take the files from; a linked worktree has no core.worktree. */
static gboolean
check_worktree (const char *id, const char *worktree, const char *gitdir, git_config *config, GError **error)
{
  g_autofree char *set = NULL;
  g_autofree char *wanted = NULL;
  g_autofree char *real = NULL;
  git_buf value = { 0 };

  if (git_config_get_string_buf (&value, config, "core.worktree") != 0)
    return TRUE;
  set = g_canonicalize_filename (value.ptr, gitdir);
  git_buf_dispose (&value);
  wanted = realpath (worktree, NULL);
  real = realpath (set, NULL);
  if (real != NULL && g_strcmp0 (real, wanted) == 0)
    return TRUE;
  return set_unsafe (error, id, "worktree_outside", "its core.worktree is another directory");
}

/* Known before libgit2 opens it, which forgets to free memory each time it refuses one. */
static gboolean
check_objects (const char *id, git_config *config, GError **error)
{
  git_buf value = { 0 };
  gboolean sha1;

  if (git_config_get_string_buf (&value, config, "extensions.objectformat") != 0)
    return TRUE;
  sha1 = g_ascii_strcasecmp (value.ptr, "sha1") == 0;
  if (!sha1)
    {
      code_error_set (error, CODE_REPO_UNSAFE, "repo_unsupported", "%s: its objects have names of the kind %s", id,
                      value.ptr);
      code_error_add_text (error, "feature", value.ptr);
    }
  git_buf_dispose (&value);
  return sha1;
}

static gboolean
check_config (const char *id, const char *worktree, const char *gitdir, GError **error)
{
  g_autoptr (git_config) config = read_config (gitdir);

  return config == NULL || (check_worktree (id, worktree, gitdir, config, error) && check_objects (id, config, error));
}

git_repository *
code_repo_open (const CodeRepoPolicy *policy, const char *id, GError **error)
{
  g_autofree char *worktree = NULL;
  g_autofree char *gitdir = NULL;
  g_autofree char *dot_git = NULL;
  git_repository *repository = NULL;
  struct stat st;
  int fd = code_root_open (policy->root, id, CODE_OPEN_DIRECTORY, &st, error);
  int result;

  if (fd < 0)
    return NULL;
  close (fd);
  code_git_init (policy->home);
  worktree = g_build_filename (code_root_get_directory (policy->root), id, NULL);
  dot_git = g_build_filename (worktree, ".git", NULL);
  gitdir = find_gitdir (id, worktree, error);
  if (gitdir == NULL || !check_gitdir (policy, id, gitdir, error) || !check_owner (id, worktree, worktree, error)
      || !check_owner (id, worktree, dot_git, error) || !check_owner (id, worktree, gitdir, error)
      || !check_config (id, worktree, gitdir, error))
    return NULL;
  result = git_repository_open_ext (&repository, worktree, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
  if (result == GIT_ENOTFOUND)
    code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s: its .git is not a valid repository", id);
  else if (result != 0)
    code_git_set_error (error, result, id);
  return repository;
}
