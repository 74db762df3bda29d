/* repo-local.h: what in a repository could start a program when git works in it (contract 3.2). On a worker. */
#pragma once

#include "git.h"

G_BEGIN_DECLS

/* Active hooks ("hook:pre-commit") and keys of the repository's own configuration. (transfer full) */
JsonArray *code_repo_local_commands (git_repository *repository);

G_END_DECLS
