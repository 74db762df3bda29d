/* code.h: the service: its parts, and the calls of its descriptor. Service thread unless said otherwise. */
#pragma once

#include <hero-service/hero-service.h>

#include "frozen.h"
#include "job.h"
#include "pool.h"
#include "repo-open.h"
#include "repos.h"

G_BEGIN_DECLS

typedef struct
{
  HeroServiceContext *ctx;
  char *coderoot;
  CodeRoot *root;
  CodeRepoPolicy policy;
  CodePool *requests; /* what clients wait for */
  CodePool *scans;    /* looking through all repositories */
  CodePool *searches;
  CodeFrozen *frozen;
  CodeJobs *jobs;
  CodeRepos *repos;
  guint64 n_searches, n_reads;
} Code;

extern const HeroConfigKey code_config_keys[];
extern const HeroSocketSpec code_sockets[];

gpointer code_create (HeroServiceContext *ctx, GError **error);
gboolean code_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean code_serve (gpointer self, GError **error);
void code_stop (gpointer self);
void code_destroy (gpointer self);

G_END_DECLS
