/*
 * repo-status.h: what has changed in a work tree, as git status --porcelain=v2 --no-renames tells it (contract 3.5).
 * Reads only: the index is not refreshed on disk, no filter is run. On a worker.
 */
#pragma once

#include "git.h"

G_BEGIN_DECLS

typedef enum
{
  CODE_UNTRACKED_NO,
  CODE_UNTRACKED_NORMAL, /* a directory is one entry */
  CODE_UNTRACKED_ALL,
} CodeUntracked;

typedef struct
{
  char *path;           /* as git prints it: an untracked directory ends in '/' */
  char x, y;            /* index, work tree: . M T A D ? U */
  const char *conflict; /* "UU", .. or NULL */
  const char *kind;     /* file symlink submodule repo dir */
  gboolean uncertain;   /* an external filter would have to be run to be sure */
} CodeStatusEntry;

typedef struct
{
  GPtrArray *entries; /* CodeStatusEntry, in byte order of the path */
  guint staged, unstaged, untracked, conflicted;
} CodeStatus;

/* paths: literal path prefixes, or NULL = all. */
CodeStatus *code_status_new (git_repository *repository, CodeUntracked untracked, const char *const *paths,
                             GError **error);
void code_status_free (CodeStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeStatus, code_status_free)

G_END_DECLS
