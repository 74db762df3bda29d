/*
 * repos.h: the repositories as the last scan found them, in memory: repo.list touches none of them. Service thread.
 *
 *   scan: names (one walk on a worker) -> the list is known -> each is described (workers) -> the scan has ended
 */
#pragma once

#include "job.h"
#include "pool.h"
#include "repo-open.h"

G_BEGIN_DECLS

typedef struct _CodeRepos CodeRepos;

/* pool: for scans. skip: names beside the usual ones that a scan does not enter. All stay the caller's. */
CodeRepos *code_repos_new (HeroServiceContext *ctx, CodePool *pool, const CodeRepoPolicy *policy,
                           const char *const *skip);
void code_repos_free (CodeRepos *self);

/* func (result, error, data): {found,added,removed,duration_ms,warnings}, taken over. A scan that runs is joined. */
void code_repos_scan (CodeRepos *self, CodeJob *job, CodeDone func, gpointer data);
/*
 * func (NULL, error, data) when the names are known; described: when each was looked at too. At once if so.
 * error: of the last look, coderoot_missing.
 */
void code_repos_when_known (CodeRepos *self, gboolean described, CodeDone func, gpointer data);

guint code_repos_get_n (CodeRepos *self);
gint64 code_repos_get_scanned_at (CodeRepos *self); /* Unix ms, 0 = never */
const GPtrArray *code_repos_get_warnings (CodeRepos *self);
gboolean code_repos_has_failed (CodeRepos *self); /* the last scan could not read coderoot */
/* The Repo object, borrowed; NULL: not known. */
JsonObject *code_repos_get (CodeRepos *self, const char *id);
/* Takes over a newer description of one that is known; others are ignored. Takes repo. */
void code_repos_put (CodeRepos *self, JsonObject *repo);
/* Those that a filter matches, in byte order of the id. (element-type utf8) (transfer full) */
GPtrArray *code_repos_match (CodeRepos *self, JsonObject *filter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeRepos, code_repos_free)

G_END_DECLS
