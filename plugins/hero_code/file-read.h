/* file-read.h: the content of a file, whole or a range, from the disk or from a commit (contract 6.2). On a worker. */
#pragma once

#include <gio/gio.h>

#include "repo-open.h"

G_BEGIN_DECLS

typedef struct
{
  char *repo, *path, *rev;     /* repo, rev: NULL = none */
  gint64 start_line, end_line; /* from 1; 0 = not given */
  gint64 offset, length;       /* bytes; -1 = not given */
  gboolean base64;
  gint64 max_bytes;   /* of a whole file */
  gboolean read_only; /* nothing is writable */
  const CodeRepoPolicy *policy;
} CodeRead;

/* The result of file.read. Errors of root.h, is_binary, not_utf8, too_large, rev_not_found. (transfer full) */
JsonObject *code_file_read (const CodeRead *read, GCancellable *cancellable, GError **error);

G_END_DECLS
