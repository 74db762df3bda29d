/*
 * output.h: what a connection still has to send, in order. Each reply carries a ticket: it may leave once the storage
 * says that this ticket is durable, and those behind it wait with it. Memory is what is pending. Service thread.
 */
#pragma once

#include <glib.h>

typedef struct _Output Output;

Output *output_new (void);
void output_free (Output *self);

void output_append (Output *self, gconstpointer data, gsize length);
/* What was appended since the last seal is one reply, bound to this ticket; 0 = free to go. */
void output_seal (Output *self, guint64 ticket);

gsize output_get_length (Output *self);                 /* bytes pending, sealed or not */
gsize output_get_ready (Output *self, guint64 durable); /* bytes that may leave */

/*
 * One vectored write of what may leave; fd does not block. The bytes written, or -1 with errno set (EAGAIN: the peer
 * does not take any more now).
 */
gssize output_flush (Output *self, int fd, guint64 durable);

/* Everything that is pending, for a client without a socket; *ticket: what it must wait for. */
GBytes *output_take (Output *self, guint64 *ticket);

/* A commit has failed: each sealed reply that waits for more than `durable` becomes `line` (with its CR LF). */
void output_replace_waiting (Output *self, guint64 durable, const char *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Output, output_free)
