/* git.c: libgit2 set up for this process. Any thread. */
#include "git.h"

#include <string.h>

void
code_git_init (const char *home)
{
  static gsize done;
  const char *extensions[] = { "partialclone", "worktreeconfig" };

  if (!g_once_init_enter (&done))
    return;
  git_libgit2_init ();
  git_libgit2_opts (GIT_OPT_SET_EXTENSIONS, extensions, G_N_ELEMENTS (extensions));
  if (home != NULL)
    git_libgit2_opts (GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, home);
  g_once_init_leave (&done, 1);
}

/* What libgit2 says when it meets a format it cannot read, and the word for it. */
static const char *
unsupported_feature (const char *message)
{
  static const struct
  {
    const char *part, *feature;
  } known[] = {
    { "objectformat", "sha256" },
    { "extension name", "extension" },
    { "unsupported mandatory extension: 'link'", "split_index" },
    { "unsupported mandatory extension: 'sdir'", "sparse_index" },
    { "unsupported repository version", "repository_version" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strstr (message, known[i].part) != NULL)
      return known[i].feature;
  return NULL;
}

gboolean
code_git_set_error (GError **error, int result, const char *what)
{
  const git_error *last = git_error_last ();
  const char *message = last != NULL && last->message != NULL ? last->message : "unknown error";
  const char *feature = unsupported_feature (message);

  if (result == GIT_EOWNER)
    {
      code_error_set (error, CODE_REPO_UNSAFE, "repo_unsafe", "%s: it belongs to another user", what);
      code_error_add_text (error, "reason", "owner");
    }
  else if (feature != NULL)
    {
      code_error_set (error, CODE_REPO_UNSAFE, "repo_unsupported", "%s: %s", what, message);
      code_error_add_text (error, "feature", feature);
    }
  else if (result == GIT_ENOTFOUND || result == GIT_EINVALIDSPEC || result == GIT_EAMBIGUOUS)
    {
      code_error_set (error, CODE_NOT_FOUND, "rev_not_found", "%s: %s", what, message);
    }
  else
    {
      code_error_set (error, CODE_IO_ERROR, "io_error", "%s: %s", what, message);
    }
  return FALSE;
}
