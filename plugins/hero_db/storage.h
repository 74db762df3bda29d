/*
 * storage.h: what hero_db needs from its storage, and all it knows of it. Databases 0..n-1 hold named keys; a key has a
 * type, a time at which it ends, and bytes. Service thread.
 *
 * A turn: storage_begin, then any calls, then storage_end_turn. Reads of one turn see one snapshot plus all that was
 * written here, durable or not. Writes of a turn share one commit. storage_take_ticket says what a reply must wait for:
 * once storage_get_durable has reached the ticket, neither kill -9 nor a power cut takes back what the reply shows.
 *
 * Format 0: LMDB, not sealed, never migrated.
 */
#pragma once

#include "slice.h"

#include <gio/gio.h>

#define STORAGE_PARTS_MAX 4 /* pieces of a value in one storage_put */

typedef struct _Storage Storage;
typedef struct _StorageCursor StorageCursor;

typedef enum
{
  STORAGE_STRING = 1, /* stored: values never change */
} StorageType;

typedef struct
{
  StorageType type;
  gint64 expires_at; /* Unix milliseconds, 0 = never */
  Slice value;
} StorageEntry;

/* "string". */
const char *storage_type_name (StorageType type);

/* After each commit, from the main loop. error: it has failed, and all that was not yet durable is undone. */
typedef void (*StorageCommitted) (gpointer data, const GError *error);

/* dir: made if missing. May block. */
Storage *storage_open (const char *dir, guint databases, StorageCommitted committed, gpointer data, GError **error);
void storage_close (Storage *self); /* only when storage_is_idle */

gboolean storage_begin (Storage *self, GError **error);
/* commit: begin to make durable what was written, unless that is under way; FALSE: more is about to come. */
void storage_end_turn (Storage *self, gboolean commit);
gboolean storage_is_idle (Storage *self); /* all that was written is on disk */
/* Leaves what can be done later to the next start, so that storage_is_idle comes soon. */
void storage_settle (Storage *self);
/* Tries a commit, to find out whether the disk takes writes again: `committed` tells. */
void storage_probe (Storage *self);

guint64 storage_take_ticket (Storage *self); /* of all calls since the last one; 0 = need not wait */
guint64 storage_get_durable (Storage *self);

/* ---- keys. An entry lives until its key is written or the turn ends. Ended keys are found until storage_expire. */
gboolean storage_get (Storage *self, guint db, Slice name, StorageEntry *entry);
/* Replaces the whole key. The value is the parts one behind the other; they may be pieces of the old value. */
void storage_put (Storage *self, guint db, Slice name, StorageType type, gint64 expires_at, const Slice *parts,
                  gsize count);
gboolean storage_delete (Storage *self, guint db, Slice name); /* FALSE: there was none */
/* Empties a database at once; its space is freed little by little. */
void storage_clear (Storage *self, guint db);

guint64 storage_count (Storage *self, guint db);          /* keys, ended ones not yet removed included */
guint64 storage_count_expiring (Storage *self, guint db); /* those of them that have an end */
gboolean storage_has_expiring (Storage *self);            /* in any database */

/* ---- expiry, by an index in order of time */
/* The earliest end in any database. FALSE: nothing ends. */
gboolean storage_next_expiry (Storage *self, gint64 *at);
/* Removes keys whose end is not after now, at most limit of them. How many. */
guint storage_expire (Storage *self, gint64 now, guint limit);

/*
 * ---- walk of all keys of a database, in an order of its own. A position is a number that stays good across turns,
 * changes and restarts: who walks on from storage_cursor_next_position meets each key that stays exactly once. Nothing
 * may be written while a cursor is open.
 */
/* At the first key from position on; 0 = the first of all. */
StorageCursor *storage_cursor_new (Storage *self, guint db, guint64 position);
void storage_cursor_free (StorageCursor *self);
/* FALSE at the end. Name and entry live until something is written or the turn ends. */
gboolean storage_cursor_get (StorageCursor *self, Slice *name, StorageEntry *entry);
void storage_cursor_next (StorageCursor *self);
/*
 * Where to go on behind the keys seen so far: 0 = that was all. Keys that share a position cannot be told apart by it:
 * then FALSE, and the caller takes at least one more.
 */
gboolean storage_cursor_get_position (StorageCursor *self, guint64 *position);

/* ---- figures */
guint64 storage_get_file_bytes (Storage *self);
gsize storage_get_dirty_bytes (Storage *self);
gint64 storage_get_commit_us (Storage *self); /* how long the last commit took */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Storage, storage_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StorageCursor, storage_cursor_free)
