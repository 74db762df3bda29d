/* repo-refs.h: the parts of a Repo object that come from references and commits. On a worker. */
#pragma once

#include "git.h"

G_BEGIN_DECLS

void code_repo_add_remotes (JsonObject *object, git_repository *repository);
/* head, branch, tag, ahead, behind, need_push, need_pull, last_commit */
void code_repo_add_refs (JsonObject *object, git_repository *repository);
/* branches, tags, stashes, submodules, worktrees */
void code_repo_add_numbers (JsonObject *object, git_repository *repository);
/* A URL with its password replaced by "***". (transfer full) */
char *code_mask_url (const char *url);

G_END_DECLS
