/*
 * log-file.h: log files by source, written and rotated by one thread of its own (conventions 9). Source "a.b" is the
 * file <directory>/a/b.log. Calls from any thread; none waits for the disk.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _HeroLogFile HeroLogFile;

/* Told, on the writer thread, once when files cannot be written and when lines were lost. */
typedef void (*HeroLogFileWarning) (const char *text, gpointer data);

#define HERO_LOG_FILE_QUEUE 8192 /* lines */

/* max_bytes: a file that would pass it is put aside as .1, .2, ..; keep: how many of those stay. */
HeroLogFile *hero_log_file_new (const char *directory, guint64 max_bytes, guint keep, guint queue_limit,
                                HeroLogFileWarning warning, gpointer data);
void hero_log_file_free (HeroLogFile *files); /* writes what is in the queue */
/* line: with its newline, taken over. A full queue loses it and counts. */
void hero_log_file_write (HeroLogFile *files, const char *source, char *line);
void hero_log_file_reopen (HeroLogFile *files);
void hero_log_file_flush (HeroLogFile *files, guint timeout_ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroLogFile, hero_log_file_free)

G_END_DECLS
