/* corpus.h: which files a search looks at, and their text (contract 7.1). On a worker. */
#pragma once

#include <gio/gio.h>

#include "repo-open.h"

G_BEGIN_DECLS

typedef struct
{
  guint binary, too_large, unreadable;
} CodeSkipped;

/*
 * One file: path in the repository; data: as it is on disk, with its length. FALSE ends the walk.
 */
typedef gboolean (*CodeCorpusFunc) (const char *path, const char *data, gsize length, gpointer user_data);

typedef struct
{
  CodeRoot *root;
  const char *repo;
  git_repository *repository; /* for its ignore rules */
  gboolean ignored;           /* ignored files too */
  gint64 max_bytes;
  GCancellable *cancellable;
  CodeSkipped *skipped;
  CodeCorpusFunc func;
  gpointer user_data;
} CodeCorpus;

/* Every text file of the work tree, directories in byte order. FALSE: func ended it, or an error is set. */
gboolean code_corpus_walk (const CodeCorpus *corpus, GError **error);
/*
 * The text to search: data itself, without a byte order mark, or *converted (transfer full) for UTF-16. NULL: binary.
 */
const char *code_corpus_text (const char *data, gsize length, gsize *text_length, char **converted);

G_END_DECLS
