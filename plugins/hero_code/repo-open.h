/* repo-open.h: opens a repository after what contract 3.2 asks of it has been looked at. On a worker: it reads files.
 */
#pragma once

#include "git.h"
#include "root.h"

G_BEGIN_DECLS

typedef struct
{
  CodeRoot *root;
  const char *data_dir;            /* a gitdir may lie beneath it */
  const char *const *gitdir_roots; /* and beneath these */
  const char *home; /* where the user's configuration of git lies, NULL = as libgit2 finds it */
} CodeRepoPolicy;

/*
 * id: checked by code_path_check. Errors: repo_not_found, repo_unsafe (owner, gitdir_outside, worktree_outside),
 * repo_unsupported, coderoot_missing, io_error. The repository belongs to one thread at a time.
 */
git_repository *code_repo_open (const CodeRepoPolicy *policy, const char *id, GError **error);

G_END_DECLS
