/* pattern.h: what to look for, compiled once (contract 7.2). A pattern belongs to one thread at a time. */
#pragma once

#include "error.h"

G_BEGIN_DECLS

typedef struct _CodePattern CodePattern;

typedef enum
{
  CODE_CASE_SMART, /* insensitive unless the pattern has an upper-case letter */
  CODE_CASE_SENSITIVE,
  CODE_CASE_INSENSITIVE,
} CodeCase;

/* A literal text; word: only where no word character stands beside it. CODE_BAD_PATTERN. */
CodePattern *code_pattern_new (const char *literal, CodeCase mode, gboolean word, GError **error);
void code_pattern_free (CodePattern *self);
/* The first match in data[from, length). Bytes that are no UTF-8 match nothing. */
gboolean code_pattern_find (CodePattern *self, const char *data, gsize length, gsize from, gsize *start, gsize *end);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodePattern, code_pattern_free)

G_END_DECLS
