/* store-private.h: what the files of the store share. */
#pragma once

#include <lmdb.h>

#include <hero-service/store.h>

typedef struct _HeroStoreWriter HeroStoreWriter;

struct _HeroStore
{
  char *path;
  MDB_env *env;
  GHashTable *tables; /* name -> MDB_dbi; fixed once open */
  HeroStoreWriter *writer;
  char *registry_key; /* "device:inode" while it is in the registry */
  GMutex lock;
  GCond no_readers;
  guint readers;
};

struct _HeroStoreTxn
{
  HeroStore *store;
  MDB_txn *mdb;
};

/* Tables of our own; a service's names cannot begin with a dot. */
#define HERO_STORE_META ".meta"       /* the format, the sequences */
#define HERO_STORE_UNNAMED ".records" /* what table NULL means */

/* Sets error from an LMDB result. Always FALSE. */
gboolean hero_store_set_error (GError **error, int result, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* FALSE: the store has no such table. */
gboolean hero_store_find_table (HeroStore *store, const char *table, MDB_dbi *dbi);

HeroStoreWriter *hero_store_writer_new (HeroStore *store);
/* Finishes what is queued, then ends the thread. */
void hero_store_writer_free (HeroStoreWriter *writer);
