/* scan.h: finds the repositories below coderoot (contract 3.1). Reads directories only; opens no repository. On a
 * worker. */
#pragma once

#include <gio/gio.h>

#include "root.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *ids;      /* char *: paths relative to coderoot, in byte order */
  GPtrArray *warnings; /* char * */
} CodeScan;

/* skip: further names that are not descended into. CODE_CODEROOT_MISSING, CODE_LIMIT_EXCEEDED, G_IO_ERROR_CANCELLED. */
CodeScan *code_scan_run (CodeRoot *root, const char *const *skip, GCancellable *cancellable, GError **error);
void code_scan_free (CodeScan *self);
/* TRUE for names that a scan does not descend into. */
gboolean code_scan_skips (const char *name, const char *const *skip);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeScan, code_scan_free)

G_END_DECLS
