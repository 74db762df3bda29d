/* work.h: what clients ask for, as work for a worker: input structs with their CodeWork and how to free them. */
#pragma once

#include "code.h"
#include "file-list.h"
#include "file-read.h"
#include "repo-status.h"
#include "search.h"

G_BEGIN_DECLS

/* CodeRead, made with g_new0; strings owned. */
gpointer code_work_read (gpointer read, GCancellable *cancellable, GError **error);
void code_read_free (gpointer read);

/* CodeList likewise. */
gpointer code_work_list (gpointer list, GCancellable *cancellable, GError **error);
void code_list_free (gpointer list);

/* CodeSearch likewise. */
gpointer code_work_search (gpointer search, GCancellable *cancellable, GError **error);
void code_search_free (gpointer search);

/* One repository: its Repo object, or its status. */
typedef struct
{
  const CodeRepoPolicy *policy;
  char *repo;
  char **paths; /* status; NULL = all */
  CodeUntracked untracked;
} CodeRepoAsk;
gpointer code_work_describe (gpointer ask, GCancellable *cancellable, GError **error);
gpointer code_work_status (gpointer ask, GCancellable *cancellable, GError **error);
void code_repo_ask_free (gpointer ask);

/* CodeRoot: an empty object, when coderoot is there. */
gpointer code_work_look (gpointer root, GCancellable *cancellable, GError **error);

G_END_DECLS
