/* database-private.h: the state that database.c, database-load.c, database-add.c and database-flush.c share. */
#pragma once

#include "database.h"

G_BEGIN_DECLS

struct _IndexerDatabase
{
  gatomicrefcount refs;
  IndexerEngine *engine;
  char *name;
  guint64 id;
  IndexerSchema *schema;
  IndexerLane *lane;

  /* Service thread. */
  IndexerSnapshot *snapshot;
  IndexerCounts counts;
  GQueue commits; /* Waiter: wait for the next flush */
  gboolean flushing, spill_wanted;
  void (*dropped) (guint64 id, gpointer data);
  gpointer dropped_data;

  /* Of the flush under way; between two of them of the service thread. */
  GPtrArray *spilled; /* IndexerSegment: written down, not committed */
  guint64 n_spilled, spilled_bytes;

  GMutex lock;        /* for what follows */
  GPtrArray *pending; /* GBytes: records in memory */
  guint64 pending_bytes;
  guint64 next_opstamp;
  guint64 n_uncommitted; /* pending, spilled and under way */
  GQueue parked;         /* Add: wait for the disk to take what is in memory */
  gboolean disk_refuses; /* the last write failed */
};

/* Service thread: starts a flush when one is wanted and none is under way. */
void indexer_database_flush (IndexerDatabase *self);
/* Service thread: the disk has taken something, or has said that it will not. Adds that waited for it go on. */
void indexer_database_resume_adds (IndexerDatabase *self, gboolean disk_refuses);

G_END_DECLS
