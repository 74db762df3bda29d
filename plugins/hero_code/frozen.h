/*
 * frozen.h: results that a client reads page by page (contract 2). A cursor shows one result as it was, for ten
 * minutes, whatever changes meanwhile. Service thread.
 */
#pragma once

#include "error.h"

G_BEGIN_DECLS

typedef struct _CodeFrozen CodeFrozen;

CodeFrozen *code_frozen_new (void);
void code_frozen_free (CodeFrozen *self);
/*
 * frame: the answer with all elements in the array `member`; taken. Returns it with the first `limit` of them and
 * next_cursor, which is null when that was all. (transfer full)
 */
JsonObject *code_frozen_first (CodeFrozen *self, JsonObject *frame, const char *member, guint limit);
/* The page of a cursor. CODE_CURSOR_EXPIRED. (transfer full) */
JsonObject *code_frozen_next (CodeFrozen *self, const char *cursor, guint limit, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodeFrozen, code_frozen_free)

G_END_DECLS
