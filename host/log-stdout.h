/*
 * log-stdout.h: lines to a descriptor without a torn line and without waiting for its reader. While the descriptor
 * takes lines they are written at once by the thread that has them; when it does not (a full pipe), they wait in a
 * bounded queue for a thread that does nothing else. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _HeroLogStdout HeroLogStdout;

/* fd: borrowed. limit: lines that may wait; what comes beyond is lost, counted, and told once the reader reads again.
 */
HeroLogStdout *hero_log_stdout_new (int fd, guint limit);
/* Waits at most a second for what is still in the queue. */
void hero_log_stdout_free (HeroLogStdout *out);
/* One whole line with its newline. */
void hero_log_stdout_write (HeroLogStdout *out, const char *line, gsize length);
/* Waits until the queue is empty, at most `timeout_ms`. */
void hero_log_stdout_flush (HeroLogStdout *out, guint timeout_ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroLogStdout, hero_log_stdout_free)

G_END_DECLS
