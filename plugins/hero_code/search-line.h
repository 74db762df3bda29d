/* search-line.h: one line with matches as an answer shows it. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  gsize start, end; /* bytes in the line */
} CodeRange;

typedef struct
{
  const char *text; /* without its LF */
  gsize length;
  guint64 number; /* from 1 */
} CodeLine;

/* ranges: CodeRange of each match, in order, at least one. before, after: lines of context, or NULL. (transfer full) */
JsonObject *code_line_print (const CodeLine *line, const GArray *ranges, JsonArray *before, JsonArray *after);
/* A line of context: valid UTF-8, cut to what a preview may be, without CR. (transfer full) */
char *code_line_plain (const char *text, gsize length);

G_END_DECLS
