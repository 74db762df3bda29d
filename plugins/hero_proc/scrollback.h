/*
 * scrollback.h: the last bytes a terminal was sent, for whoever looks at it later. Questions to the terminal are left
 * out: answered anew, long after they were put, they would reach the program as if typed (contract 9). Pure; any thread,
 * one at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcScrollback ProcScrollback;

/* max: bytes kept; they are allocated as needed. */
ProcScrollback *proc_scrollback_new (gsize max);
void proc_scrollback_free (ProcScrollback *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcScrollback, proc_scrollback_free)

void proc_scrollback_feed (ProcScrollback *self, const char *bytes, gsize length);
/*
 * What is kept, at most its last max bytes, from a place where a terminal can begin; and, so that what is fed next goes
 * on from it, the bytes of a sequence that is not at its end. Transfer full.
 */
GBytes *proc_scrollback_get (ProcScrollback *self, gsize max);

G_END_DECLS
