/* git.h: libgit2 set up for this process, and its errors as ours. Any thread. */
#pragma once

#include <git2.h>

#include "error.h"

G_BEGIN_DECLS

/*
 * Once per process, however often it is called; before any other use, which is when the first repository is opened:
 * libgit2 reads all certificates of the system when it begins, half a megabyte. home: where the user's configuration of git
 * lies, NULL = as libgit2 finds it.
 * libgit2 starts no program of a repository: only data is looked at.
 */
void code_git_init (const char *home);

/* From the last libgit2 error of this thread: repo_unsafe, repo_unsupported, rev_not_found or io_error. Always FALSE.
 */
gboolean code_git_set_error (GError **error, int result, const char *what);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_repository, git_repository_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_reference, git_reference_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_commit, git_commit_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_config, git_config_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_status_list, git_status_list_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_index, git_index_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_remote, git_remote_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (git_object, git_object_free)

G_END_DECLS
