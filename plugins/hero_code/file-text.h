/* file-text.h: what kind of bytes a file has. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CODE_BINARY_LOOK 8000 /* git's rule: a NUL in so many first bytes */

gboolean code_text_is_binary (const char *data, gsize length);
gboolean code_text_has_bom (const char *data, gsize length);
guint64 code_text_count_lines (const char *data, gsize length);
/* "lf", "crlf", "mixed" or "none" */
const char *code_text_eol (const char *data, gsize length);

G_END_DECLS
