/*
 * log-store.h: log files of the sources, below one directory: a = a.log, a.b = a/b.log, older parts .log.1, .log.2, ..
 * (contract 10.2, 10.3). Adding never waits for the disk: a bounded queue stands between, a writer thread behind it.
 * Files of others in the same tree are never written, renamed or deleted: only those of sources in our catalogue.
 */
#pragma once

#include <gio/gio.h>

#include "log-line.h"

G_BEGIN_DECLS

typedef struct _ProcLogStore ProcLogStore;

/* Sizes in bytes. */
typedef struct
{
  guint64 file_max, source_max, total_max; /* a file is at most a quarter of the others */
  guint64 min_free;                        /* free space below which the oldest go, then writing stops; 0 = no matter */
  guint retention_days;                    /* 0 = no limit */
  guint flush_ms;
  guint queue_lines;
  gsize queue_bytes;
} ProcLogLimits;

typedef struct
{
  guint64 queued, queued_bytes;
  guint64 written_lines, written_bytes;
  guint64 dropped_queue, dropped_disk;
  guint64 disk_bytes;
  gboolean disk_guard;
} ProcLogStats;

/* A source became ours: it is to be in `sources` next time. On the writer's thread. */
typedef void (*ProcLogCatalogue) (gpointer data, const char *source);

/* sources: the catalogue so far, NULL-terminated. Makes the directory (0755). Torn last lines are cut off. */
ProcLogStore *proc_log_store_new (const char *log_dir, const ProcLogLimits *limits, const char *const *sources,
                                  ProcLogCatalogue catalogue, gpointer data);
/* Writes what is queued, then ends. */
void proc_log_store_free (ProcLogStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogStore, proc_log_store_free)

/* Takes the entry. FALSE: the queue is full, it was dropped and counted. Any thread. */
gboolean proc_log_store_add (ProcLogStore *self, const char *source, ProcLogEntry *entry);
void proc_log_store_get_stats (ProcLogStore *self, ProcLogStats *stats); /* any thread */

/* ---- reading. Any thread but the service's: it opens files. */

/* One file of a source, open. Lines are in the order of time. */
typedef struct
{
  int fd;
  gint64 size; /* what was there when it was opened: whole lines */
  guint64 inode;
} ProcLogSegment;

/*
 * Names of all sources (sorted) that match `pattern`: whole parts and all below, "web*" as prefix of the text, NULL =
 * all. Transfer full.
 */
char **proc_log_store_list (ProcLogStore *self, const char *pattern);
/* The files of one source, oldest first: GArray of ProcLogSegment, closed with it. */
GArray *proc_log_store_open (ProcLogStore *self, const char *source);
/* Waits until everything added before the call is in the files. */
void proc_log_store_sync (ProcLogStore *self);

G_END_DECLS
