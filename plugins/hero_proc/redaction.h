/*
 * redaction.h: takes the values of secrets out of text (contract 14): each value of 6 bytes or more, each such line of
 * a value with several lines, becomes "***". One pass over the text, whatever the number of values. Immutable once
 * made, shared by reference count. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcRedaction ProcRedaction;

/* values: NULL-terminated. NULL when there is nothing to hide in them. */
ProcRedaction *proc_redaction_new (const char *const *values);
/* For a job whose values cannot be known: every text as a whole becomes "***". */
ProcRedaction *proc_redaction_new_all (void);
ProcRedaction *proc_redaction_ref (ProcRedaction *self);
void proc_redaction_unref (ProcRedaction *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcRedaction, proc_redaction_unref)

/*
 * The text without the values; transfer full, NULL = it holds none and can stay as it is. cut: the text ends where it
 * was cut off, so a value may be there by its beginning only; that goes too. self may be NULL.
 */
char *proc_redaction_apply (const ProcRedaction *self, const char *text, gboolean cut);

G_END_DECLS
