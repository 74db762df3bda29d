/* search.h: literal search through the files of repositories, without an index (contract 7.2). On a worker. */
#pragma once

#include "corpus.h"
#include "pattern.h"

G_BEGIN_DECLS

typedef struct
{
  char *pattern;
  CodeCase mode;
  gboolean word, count_only, ignored;
  guint context;      /* lines before and after */
  guint max_per_file; /* lines shown of a file; 0 = all */
  guint max_lines;    /* lines shown in all */
  gint64 max_file_bytes;
  gint64 timeout_us; /* 0 = none */
  char **repos;      /* ids, in byte order */
  const CodeRepoPolicy *policy;
} CodeSearch;

/* {files,total_files,stats,truncated,reason}. Errors of pattern.h. (transfer full) */
JsonObject *code_search_run (const CodeSearch *search, GCancellable *cancellable, GError **error);

G_END_DECLS
