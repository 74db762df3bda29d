/* path.h: what a path in a request may look like (contract 2). Any thread. */
#pragma once

#include "error.h"

G_BEGIN_DECLS

/*
 * UTF-8 or, from path_b64, any bytes: no leading '/', no empty, "." or ".." part, no NUL, at most 4,096 bytes and 255 a
 * part. "" is the root where a directory is meant. CODE_INVALID_PARAMS names the parameter.
 */
gboolean code_path_check (const char *parameter, const char *path, GError **error);
/* TRUE if a part is ".git" in any case. */
gboolean code_path_enters_git (const char *path);
/* Appends a part; base "" = none. (transfer full) */
char *code_path_join (const char *base, const char *name);
/* Valid UTF-8, bytes that are none as U+FFFD. (transfer full) */
char *code_path_display (const char *path);

G_END_DECLS
