/* place.h: a file address (contract 2): a path, in a repository or not. On a worker: it looks at the disk. */
#pragma once

#include "root.h"

G_BEGIN_DECLS

typedef struct
{
  char *full; /* relative to coderoot */
  char *repo; /* id, NULL outside of repositories */
  char *path; /* relative to the repository, else to coderoot */
} CodePlace;

/*
 * repo NULL: path is relative to coderoot, and the repository it lies in is found. Both were checked by
 * code_path_check. Errors: repo_not_found, coderoot_missing.
 */
gboolean code_place_init (CodePlace *self, CodeRoot *root, const char *repo, const char *path, GError **error);
void code_place_clear (CodePlace *self);
/* Sets repo and path, with path_b64 for a name that is not UTF-8. */
void code_place_print (const char *repo, const char *path, JsonObject *object);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CodePlace, code_place_clear)

G_END_DECLS
