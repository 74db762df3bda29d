/*
 * root.h: the directory no path leaves. Files below it are opened relative to its descriptor by openat2, so the kernel
 * keeps them beneath, and what was opened is looked at again before anybody reads it (contract 6.1). Any thread.
 */
#pragma once

#include <sys/stat.h>

#include "error.h"

G_BEGIN_DECLS

typedef struct _CodeRoot CodeRoot;

/* directory: absolute; it may be a symlink itself. It need not exist yet: each use looks again. */
CodeRoot *code_root_new (const char *directory);
void code_root_free (CodeRoot *self);
const char *code_root_get_directory (CodeRoot *self); /* as configured */
/* The real path. CODE_CODEROOT_MISSING. (transfer full) */
char *code_root_resolve (CodeRoot *self, GError **error);

typedef enum
{
  CODE_OPEN_FILE,      /* a regular file, else not_a_file */
  CODE_OPEN_DIRECTORY, /* else not_a_directory */
  CODE_OPEN_ANY,       /* one of the two */
} CodeOpenKind;

/*
 * Opens a path (checked by code_path_check; "" = the root itself) for reading. Returns the descriptor or -1 with
 * CODE_NOT_FOUND, CODE_PATH_FORBIDDEN (reason escape, git_internal), CODE_NOT_A_FILE, CODE_CODEROOT_MISSING,
 * CODE_IO_ERROR.
 */
int code_root_open (CodeRoot *self, const char *path, CodeOpenKind kind, struct stat *st, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeRoot, code_root_free)

G_END_DECLS
