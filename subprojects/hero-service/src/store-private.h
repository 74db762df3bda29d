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
  gsize map_size;     /* as it was opened with */
  gboolean relaxed;
  guint n_tables; /* with our own */
  GMutex lock;
  GCond no_readers;  /* the last one has ended, or the exchange of the file is over */
  guint readers;     /* under lock */
  gboolean exchange; /* under lock: the file is being replaced, nobody begins to read; env may be NULL after it failed */
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

/* store.c: opens self->path with the options the store has; 0 or an LMDB result. */
int hero_store_open_env (HeroStore *store);
/* store.c: the file the path names now is the one that is open. */
gboolean hero_store_register (HeroStore *store, GError **error);
gboolean hero_store_sync_dir (const char *dir, GError **error);
/* store-compact.c: writer thread, outside of a transaction. */
gboolean hero_store_compact (HeroStore *store, HeroStoreSizes *sizes, GError **error);
/* Removes what an interrupted one left. */
void hero_store_compact_clean (HeroStore *store);

HeroStoreWriter *hero_store_writer_new (HeroStore *store);
/* Finishes what is queued, then ends the thread. */
void hero_store_writer_free (HeroStoreWriter *writer);
