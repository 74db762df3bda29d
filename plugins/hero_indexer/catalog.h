/*
 * catalog.h: the databases by name: create, open, close, delete, list. What takes time is asynchronous; while a name is
 * between two states, what comes for it waits and then meets the new state, so of many creators one wins and the others
 * find a database that is there. Service thread.
 */
#pragma once

#include "database.h"

G_BEGIN_DECLS

typedef struct _IndexerCatalog IndexerCatalog;

/*
 * The end of an operation. database: the open one, after use; flag: "was open" after close. error: NULL = done;
 * borrowed.
 */
typedef void (*IndexerCatalogFunc) (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data);

typedef struct
{
  const char *name;
  gint64 created_at; /* Unix milliseconds */
  IndexerCounts counts;
  gboolean is_open;
  guint n_segments; /* 0 while closed */
  guint64 pending;  /* documents that wait for a commit */
  guint64 memory;   /* bytes of the index in memory, 0 while closed */
} IndexerDatabaseInfo;

/* Reads all names; opens no database. engine stays the caller's. Blocks: in start. */
IndexerCatalog *indexer_catalog_new (IndexerEngine *engine, GError **error);
/* Closes all handles without a commit. */
void indexer_catalog_free (IndexerCatalog *self);

/* 1..200 bytes, no control character, no '/' or '\\', no '.' first, no blank at either end. */
gboolean indexer_catalog_check_name (const char *name, GError **error);

/* INDEXER_DATABASE_EXISTS when it is there. Durable when func comes. */
void indexer_catalog_create (IndexerCatalog *self, const char *name, IndexerSchema *schema, IndexerCatalogFunc func,
                             gpointer data);
/* The open database, opened when needed. INDEXER_DATABASE_NOT_FOUND. */
void indexer_catalog_use (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data);
/* Commits what is pending, then frees its memory. */
void indexer_catalog_close (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data);
/* Searches that run finish on what they see; the space is given back behind them. */
void indexer_catalog_delete (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data);
/* Commits every open database that has something to commit; func (data) when all are done. */
void indexer_catalog_commit_all (IndexerCatalog *self, void (*func) (gpointer data), gpointer data);

/* Of one database that exists; FALSE: there is none. */
gboolean indexer_catalog_get_info (IndexerCatalog *self, const char *name, IndexerDatabaseInfo *info);
/* All, by name. (element-type IndexerDatabaseInfo) (transfer full); names are borrowed until the next change. */
GArray *indexer_catalog_list (IndexerCatalog *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerCatalog, indexer_catalog_free)

G_END_DECLS
