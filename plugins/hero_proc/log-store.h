/*
 * log-store.h: log lines on their way to files below one directory (contract 10.2, 10.3). Adding never waits for the
 * disk: a source may add so much a second, all sources together so much at once, and what is over is dropped and
 * counted. A writer thread stands behind. Files of others in the same tree are read, but never written, renamed or
 * deleted: only those of sources in our catalogue are.
 */
#pragma once

#include <gio/gio.h>

#include "log-line.h"

G_BEGIN_DECLS

typedef struct _ProcLogStore ProcLogStore;
typedef struct _ProcLogSource ProcLogSource;

/* Sizes in bytes. */
typedef struct
{
  guint64 file_max, source_max, total_max; /* a file is at most a quarter of the others */
  guint64 min_free;                        /* free space below which the oldest go, then writing stops; 0 = no matter */
  guint retention_days;                    /* 0 = no limit */
  guint flush_ms;
  guint queue_lines; /* that wait for the disk, of all sources */
  gsize queue_bytes;
  guint rate_lines, burst_lines; /* a second; a source */
  gsize rate_bytes, burst_bytes;
} ProcLogLimits;

typedef struct
{
  guint64 queued, queued_bytes;
  guint64 written_lines, written_bytes;
  guint64 dropped_rate, dropped_queue, dropped_disk; /* lines */
  guint64 disk_bytes;
  gint64 flush_ms; /* how long the last round of the writer took */
  gboolean disk_guard;
} ProcLogStats;

/* What the owner is told, all on the writer's thread; every function may be NULL. */
typedef struct
{
  /* A source became ours (it is to be in `sources` next time), or has nothing any more. */
  void (*catalogue) (gpointer data, const char *source, gboolean ours);
  /* Whole lines were written: where they begin. */
  void (*written) (gpointer data, const char *source, const char *text, gsize length, guint64 inode, gint64 offset);
  /* Lines were dropped since the last time it was told: about once in ten seconds while it lasts. */
  void (*dropped) (gpointer data, const char *source, guint32 context, guint32 job_id, guint64 lines, guint64 bytes);
  /* The disk has too little space for logs; or has it again. */
  void (*guard) (gpointer data, gboolean active);
} ProcLogHooks;

/* sources: the catalogue so far, NULL-terminated. Makes the directory (0755). hooks: static. */
ProcLogStore *proc_log_store_new (const char *log_dir, const ProcLogLimits *limits, const char *const *sources,
                                  const ProcLogHooks *hooks, gpointer data);
/* Writes what is queued, then ends. All handles are gone before. */
void proc_log_store_free (ProcLogStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogStore, proc_log_store_free)

/* ---- adding. Any thread; nothing waits. */

/* name: legal. Transfer full. */
ProcLogSource *proc_log_store_get_source (ProcLogStore *self, const char *name);
/* The last one: a summary of what was dropped does not wait any longer. */
void proc_log_source_unref (ProcLogSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogSource, proc_log_source_unref)
const char *proc_log_source_get_name (ProcLogSource *source);

/* One turn of adding: between the two nobody else adds to this source, so it is short. */
void proc_log_source_begin (ProcLogSource *source);
void proc_log_source_end (ProcLogSource *source);
/*
 * In a turn: one line, copied. entry: content is not looked at; ts_ms 0 = now, and never before the line in front of it.
 * FALSE: dropped and counted.
 */
gboolean proc_log_source_add (ProcLogSource *source, const ProcLogEntry *entry, const char *content, gsize length);

void proc_log_store_get_stats (ProcLogStore *self, ProcLogStats *stats); /* any thread */
guint64 proc_log_stats_get_dropped (const ProcLogStats *stats);

/* ---- that waits for the writer's thread: any thread but the service's and the writer's */

/* Everything added before the call is in the files. */
void proc_log_store_sync (ProcLogStore *self);
/* Puts the files of the sources that match (NULL = all) aside; the next line begins new ones. */
void proc_log_store_rotate (ProcLogStore *self, const char *pattern);
/* Removes files of our sources that match: all, or those whose last line is before before_ms (0 = all). */
void proc_log_store_delete (ProcLogStore *self, const char *pattern, gint64 before_ms, guint64 *bytes,
                            guint64 *segments);

/* ---- reading. Any thread but the service's: it opens files. */

/* One file of a source. Lines are in the order of time. */
typedef struct
{
  char *path; /* where it was; rotation may have moved it on */
  guint index;
  gint64 size; /* whole lines, when it was listed */
  guint64 inode;
} ProcLogSegment;

/* What one source costs and holds. */
typedef struct
{
  char *src;
  gboolean foreign; /* not ours: only read */
  guint64 bytes;
  guint segments;
  gint64 first_ms, last_ms; /* 0 = no line */
  gint64 lines;             /* in its files; -1 = not counted yet */
  guint64 dropped_lines, dropped_bytes;
  double rate; /* lines a second over the last minute, dropped ones too */
} ProcLogSourceInfo;

/* "web": the source and all below it; "web*": whatever begins so; NULL, "": all. */
gboolean proc_log_source_matches (const char *source, const char *pattern);
/* Names of all sources that match, sorted. Transfer full. */
char **proc_log_store_list (ProcLogStore *self, const char *pattern);
/* The files of one source, oldest first: GArray of ProcLogSegment, freed with it. */
GArray *proc_log_store_get_segments (ProcLogStore *self, const char *source);
/* Opens one for reading, wherever rotation has moved it; -1: it is gone. */
int proc_log_segment_open (const ProcLogSegment *segment);
/*
 * GPtrArray of ProcLogSourceInfo by name. context: only sources in which this context has written, -1 = all. Counts the
 * lines of old files, a bounded amount a call.
 */
GPtrArray *proc_log_store_describe (ProcLogStore *self, const char *pattern, gint64 context);

G_END_DECLS
