/*
 * database.h: one open database: its index in memory, the documents that wait for a commit, and the way to the store.
 *
 *   add      lane thread: JSON -> record, kept in memory; answered from there
 *   commit   lane thread: records -> segment -> next snapshot; store's writer: one transaction; service thread: the
 * next snapshot becomes the one that searches see, then the callers hear of it
 *
 * One commit at a time; those that come meanwhile are joined into the next. Documents beyond the writer's memory are
 * written down early, where nothing counts them until a commit does. References from any thread; the rest as told.
 */
#pragma once

#include "engine.h"
#include "snapshot.h"

G_BEGIN_DECLS

typedef struct _IndexerDatabase IndexerDatabase;

typedef struct
{
  guint count;
  guint64 opstamp; /* of the last document, 0 when there is none */
  GArray *skipped; /* IndexerSkipped */
} IndexerAdded;

typedef struct
{
  guint64 opstamp;
  guint64 doc_count;
} IndexerCommitted;

/* error: NULL = done; borrowed. */
typedef void (*IndexerAddFunc) (const IndexerAdded *added, const GError *error, gpointer data);
typedef void (*IndexerCommitFunc) (const IndexerCommitted *committed, const GError *error, gpointer data);
typedef void (*IndexerLoadFunc) (IndexerDatabase *self, const GError *error, gpointer data);

/* ---- service thread */
IndexerDatabase *indexer_database_new (IndexerEngine *engine, const char *name, guint64 id, IndexerSchema *schema);
/* Builds the index from the store. func comes on the service thread. */
void indexer_database_load (IndexerDatabase *self, IndexerLoadFunc func, gpointer data);
/*
 * documents: one object, or the elements of an array when is_batch; borrowed until func comes, on a lane thread.
 * All or nothing. Errors of document.h with the index; HERO_ERROR_STORAGE_FULL when the disk refuses what waits for it.
 */
void indexer_database_add (IndexerDatabase *self, JsonNode *documents, gboolean is_batch, IndexerAddFunc func,
                           gpointer data);
/*
 * func comes on the service thread when everything added before is durable and visible.
 * only_if_dirty: write nothing when there is nothing to commit.
 */
void indexer_database_commit (IndexerDatabase *self, gboolean only_if_dirty, IndexerCommitFunc func, gpointer data);
IndexerSnapshot *indexer_database_get_snapshot (IndexerDatabase *self); /* borrowed */
IndexerCounts indexer_database_get_counts (IndexerDatabase *self);      /* committed */
/* The database was deleted: func (id, data) on the service thread when the last reference is gone. */
void indexer_database_drop (IndexerDatabase *self, void (*func) (guint64 id, gpointer data), gpointer data);

/* ---- any thread */
IndexerDatabase *indexer_database_ref (IndexerDatabase *self);
void indexer_database_unref (IndexerDatabase *self);
const char *indexer_database_get_name (IndexerDatabase *self);
guint64 indexer_database_get_id (IndexerDatabase *self);
IndexerSchema *indexer_database_get_schema (IndexerDatabase *self);
guint64 indexer_database_get_pending (IndexerDatabase *self); /* documents that wait for a commit */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerDatabase, indexer_database_unref)

G_END_DECLS
