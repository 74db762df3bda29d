/* file-list.h: the entries of a directory (contract 6.2). On a worker. */
#pragma once

#include <gio/gio.h>

#include "repo-open.h"

G_BEGIN_DECLS

typedef struct
{
  char *repo, *path; /* repo NULL = path is relative to coderoot */
  guint depth;       /* 1 = the directory alone */
  const CodeRepoPolicy *policy;
} CodeList;

/* {items,total}: directories first, then byte order. Errors of root.h, limit_exceeded. (transfer full) */
JsonObject *code_file_list (const CodeList *list, GCancellable *cancellable, GError **error);

G_END_DECLS
