/* catalog-private.h: what catalog.c, catalog-list.c and catalog-load.c share. Service thread. */
#pragma once

#include "catalog.h"

G_BEGIN_DECLS

typedef enum
{
  INDEXER_CREATING, /* not there yet */
  INDEXER_CLOSED,
  INDEXER_OPENING,
  INDEXER_OPEN,
  INDEXER_CLOSING,
  INDEXER_DELETING, /* not there any more */
} IndexerState;

typedef struct
{
  char *name;
  guint64 id;
  gint64 created_at;
  IndexerSchema *schema;
  IndexerState state;
  IndexerCounts counts;      /* while it is not open */
  IndexerDatabase *database; /* unless it is closed */
  gint64 used_us;            /* when it was last asked for */
  GQueue waiting;            /* Operation: for the state to settle */
} IndexerEntry;

struct _IndexerCatalog
{
  IndexerEngine *engine;
  GHashTable *entries; /* name -> IndexerEntry */
  guint64 next_id;
  guint n_open;
};

/* A closed one. */
IndexerEntry *indexer_catalog_add_entry (IndexerCatalog *self, const char *name, guint64 id, gint64 created_at,
                                         IndexerSchema *schema);

G_END_DECLS
