/* repo-object.h: a repository as clients see it, the Repo object of contract 3.4. On a worker: it reads the repository.
 */
#pragma once

#include "repo-open.h"
#include "repo-status.h"

G_BEGIN_DECLS

/* Always an object: what cannot be opened has `error`. id: found by a scan. (transfer full) */
JsonObject *code_repo_describe (const CodeRepoPolicy *policy, const char *id);
/* {kind,branch,commit,upstream} (transfer full) */
JsonObject *code_repo_head (git_repository *repository);
const char *code_repo_state (git_repository *repository);
/* {staged,unstaged,untracked,conflicted} (transfer full) */
JsonObject *code_status_counts (const CodeStatus *status);

G_END_DECLS
