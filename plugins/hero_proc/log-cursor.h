/*
 * log-cursor.h: walks the lines of one source, forward or backward, over all its files, from a time or from a place.
 * Reads with pread, block by block. One thread.
 */
#pragma once

#include "log-store.h"

G_BEGIN_DECLS

/* What the walks of one search share: few open files, whatever the number of sources. */
enum
{
  PROC_LOG_READER_FILES = 8,
};

typedef struct
{
  gint64 budget;     /* bytes that may still be read; negative = stop */
  gsize block_bytes; /* of a walk, at first */
  struct
  {
    guint64 inode; /* 0 = free */
    int fd;
  } files[PROC_LOG_READER_FILES];
  guint next; /* to be closed when there is none free */
} ProcLogReader;

/* n_walks: that there will be. */
void proc_log_reader_init (ProcLogReader *self, gint64 budget, guint n_walks);
void proc_log_reader_clear (ProcLogReader *self);

typedef struct
{
  char *source;
  GArray *segments; /* ProcLogSegment, oldest first */
  ProcLogReader *reader; /* shared by the walks of one search */
  gboolean backward;
  guint segment;   /* the one being read */
  gint64 position; /* forward: where the next block begins; backward: where it ends */
  GByteArray *block;
  gint64 block_start; /* of the block in its file */
  gsize at;           /* in the block: forward the next line's start, backward the end of the next line */

  const char *line; /* the line under the cursor, without LF; NULL = at the end */
  gsize line_length;
  gint64 line_offset; /* in its file */
  guint64 line_inode;
  gint64 line_ms;
} ProcLogWalk;

/* At the first line with time >= at_ms; backward: at the last one with time < at_ms (G_MAXINT64 = the very last). */
ProcLogWalk *proc_log_walk_new (ProcLogStore *store, ProcLogReader *reader, const char *source, gboolean backward,
                                gint64 at_ms);
/*
 * At the line after (backward: before) the one at this place. FALSE: there is no such line any more, the walk stands
 * where proc_log_walk_new put it.
 */
gboolean proc_log_walk_seek (ProcLogWalk *self, guint64 inode, gint64 offset, gint64 ms);
void proc_log_walk_next (ProcLogWalk *self);
void proc_log_walk_free (ProcLogWalk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogWalk, proc_log_walk_free)

G_END_DECLS
