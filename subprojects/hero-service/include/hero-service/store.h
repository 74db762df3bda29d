/*
 * store.h: records in LMDB. One environment per file and process (a registry by device and inode sees to it), one
 * writer thread per environment: writes are closures, those queued together share one transaction and one sync. Reads
 * are short snapshots on any thread. Keys are at most 511 bytes.
 */
#pragma once

#include <hero-service/context.h>

G_BEGIN_DECLS

typedef struct _HeroStore HeroStore;
typedef struct _HeroStoreTxn HeroStoreTxn;
typedef struct _HeroStoreCursor HeroStoreCursor;

/*
 * Brings records of format `from` to `from + 1` inside the transaction. The file was copied to <file>.v<from> before.
 */
typedef gboolean (*HeroStoreMigrate) (HeroStoreTxn *txn, guint from, GError **error);

typedef struct
{
  guint format;              /* the format this build writes, from 1; a newer file is refused with HERO_ERROR_FORMAT */
  HeroStoreMigrate migrate;  /* NULL while there is only one format */
  gsize map_size;            /* bytes of address space, 0 = 64 GiB; the file only grows as it is used */
  const char *const *tables; /* all there are, NULL-terminated or NULL; made at open; names do not begin with a dot */
  gboolean relaxed;          /* TRUE: commits are not synced (a power cut may lose the file, kill -9 loses nothing) */
} HeroStoreOptions;

/*
 * path: the data file itself; directory made 0700, file 0600; LMDB adds <path>-lock. HERO_ERROR_BUSY when open in this
 * process, HERO_ERROR_FORMAT when written by a newer version or not by us. May block: in start.
 */
HeroStore *hero_store_open (const char *path, const HeroStoreOptions *options, GError **error);
/* Waits for the writer to finish what is queued and for open snapshots to end, then closes. Service thread, at stop. */
void hero_store_close (HeroStore *store);
guint64 hero_store_get_size (HeroStore *store); /* bytes of the file in use; any thread */
guint64 hero_store_get_free (HeroStore *store); /* bytes of it that hold nothing; reads the list of free pages; any thread */

/* ---- writing */
/* Runs on the writer thread, once. FALSE: this closure's changes are undone, those of its group are not. */
typedef gboolean (*HeroStoreWriteFunc) (HeroStoreTxn *txn, gpointer data, GError **error);
/*
 * Queues a write. callback comes on the thread-default context of the caller, after the commit is on disk (or with the
 * error). data is freed with destroy after that. A full disk or map is HERO_ERROR_STORAGE_FULL,
 * 65,536 writes waiting are HERO_ERROR_LIMIT. Any thread.
 */
void hero_store_write_async (HeroStore *store, HeroStoreWriteFunc func, gpointer data, GDestroyNotify destroy,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean hero_store_write_finish (HeroStore *store, GAsyncResult *result, GError **error);
/* The same, waiting: only in start, before the service serves. */
gboolean hero_store_write_sync (HeroStore *store, HeroStoreWriteFunc func, gpointer data, GError **error);

/* ---- the file's size */
typedef struct
{
  guint64 before, after; /* bytes of the file */
} HeroStoreSizes;
/*
 * Makes the file as small as its records are: a copy without free pages is written, synced, and takes its place. Writes
 * queued meanwhile wait, reads only while the files change places. Killed at any point, it leaves one whole file with
 * everything acknowledged. HERO_ERROR_STORAGE_FULL when there is no room for the copy; the file then stays as it is.
 * callback comes on the thread-default context of the caller. Any thread.
 */
void hero_store_compact_async (HeroStore *store, GAsyncReadyCallback callback, gpointer user_data);
/* sizes may be NULL. */
gboolean hero_store_compact_finish (HeroStore *store, GAsyncResult *result, HeroStoreSizes *sizes, GError **error);

/* ---- reading: a snapshot for a bounded, short section; end it before returning to the loop. Any thread. */
HeroStoreTxn *hero_store_read_begin (HeroStore *store, GError **error);
void hero_store_read_end (HeroStoreTxn *txn);

/* ---- records; table NULL = the unnamed one. Values point into the map: valid until the transaction ends. */
gboolean hero_store_get (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length,
                         gconstpointer *value, gsize *value_length); /* FALSE: not there */
gboolean hero_store_put (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length, gconstpointer value,
                         gsize value_length, GError **error);
/* Adds under the next key of a big-endian 64-bit sequence, from 1; no number is given twice. sequence may be NULL. */
gboolean hero_store_append (HeroStoreTxn *txn, const char *table, gconstpointer value, gsize value_length,
                            guint64 *sequence, GError **error);
gboolean hero_store_delete (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length,
                            gboolean *existed, GError **error);
gboolean hero_store_clear (HeroStoreTxn *txn, const char *table, GError **error);
guint64 hero_store_count (HeroStoreTxn *txn, const char *table);

/* ---- ordered iteration, by bytes of the key. Ends before the transaction does. */
HeroStoreCursor *hero_store_cursor_new (HeroStoreTxn *txn, const char *table);
void hero_store_cursor_free (HeroStoreCursor *cursor);
/* At the first key >= the given one (NULL = the first of all). FALSE at the end. */
gboolean hero_store_cursor_seek (HeroStoreCursor *cursor, gconstpointer key, gsize key_length);
gboolean hero_store_cursor_last (HeroStoreCursor *cursor);
gboolean hero_store_cursor_next (HeroStoreCursor *cursor);
gboolean hero_store_cursor_previous (HeroStoreCursor *cursor);
/* Where the last move went; value and value_length may be NULL. */
void hero_store_cursor_get (HeroStoreCursor *cursor, gconstpointer *key, gsize *key_length, gconstpointer *value,
                            gsize *value_length);
/* Deletes that record, in a write closure; next then moves to the one after it. */
gboolean hero_store_cursor_delete (HeroStoreCursor *cursor, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroStoreTxn, hero_store_read_end)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroStoreCursor, hero_store_cursor_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroStore, hero_store_close)

G_END_DECLS
