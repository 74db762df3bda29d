/*
 * repo-remotes.h: remotes and upstream branches, read from the configuration by ourselves: every function of
 * libgit2 1.5 that looks up a remote loses 20 KiB for each configuration key that does not match (git_regexp_match
 * forgets its match data). On a worker.
 */
#pragma once

#include "git.h"

G_BEGIN_DECLS

typedef struct _CodeRemotes CodeRemotes;

/* As the configuration is now. Never NULL. */
CodeRemotes *code_remotes_new (git_repository *repository);
void code_remotes_free (CodeRemotes *remotes);

/* [{name,fetch_url,push_url}] by name, passwords masked, url.*.insteadOf applied. (transfer full) */
JsonArray *code_remotes_print (CodeRemotes *remotes);
/* The full name of the reference a branch ("refs/heads/x") follows, or NULL. It need not exist. (transfer full) */
char *code_remotes_upstream (CodeRemotes *remotes, const char *branch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeRemotes, code_remotes_free)

G_END_DECLS
