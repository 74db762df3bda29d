/*
 * record-store.h: records on disk with group commit. What is written is seen at once by reads here; it is durable when
 * its ticket is. One commit is under way at a time, and what is written meanwhile goes into the next one. Service
 * thread; the commits run on the writer thread of hero-service/store.h.
 */
#pragma once

#include "slice.h"

typedef struct _RecordStore RecordStore;
typedef struct _RecordCursor RecordCursor;

/*
 * After each commit; reads then see what is on disk. error: it has failed, and everything not yet durable is undone.
 * Comes from the main loop, never inside a call.
 */
typedef void (*RecordStoreCommitted) (gpointer data, const GError *error);

/* tables: names, NULL-terminated; calls name a table by its index. May block. */
RecordStore *record_store_open (const char *path, guint format, const char *const *tables,
                                RecordStoreCommitted committed, gpointer data, GError **error);
/* Only when nothing is under way (record_store_is_idle). */
void record_store_close (RecordStore *self);

/* Takes this turn's snapshot unless it is there. Before the first read or write of a turn. */
gboolean record_store_begin_turn (RecordStore *self, GError **error);

/* FALSE: there is none. The value lives until the record is written or the turn ends. */
gboolean record_store_get (RecordStore *self, guint table, Slice key, Slice *value);
/* The value is the parts one behind the other. */
void record_store_put (RecordStore *self, guint table, Slice key, const Slice *parts, gsize count);
void record_store_delete (RecordStore *self, guint table, Slice key);

/*
 * What a reply to all that was read and written since the last call must wait for: it shows nothing that a power cut
 * could take back once this ticket is durable. 0 = it need not wait.
 */
guint64 record_store_take_ticket (RecordStore *self);
guint64 record_store_get_durable (RecordStore *self); /* tickets up to this one are on disk */

/* Commits what was written, and waits for it: only at start. */
gboolean record_store_commit_sync (RecordStore *self, GError **error);
/* Ends the snapshot of this turn. commit: begin the commit of what was written, unless one is under way. */
void record_store_end_turn (RecordStore *self, gboolean commit);
gboolean record_store_is_committing (RecordStore *self);
gboolean record_store_is_idle (RecordStore *self); /* all that was written is on disk */
/* An empty commit, to find out whether the disk takes writes again. */
void record_store_probe (RecordStore *self);

gint64 record_store_get_commit_us (RecordStore *self);  /* how long the last commit took */
gsize record_store_get_dirty_bytes (RecordStore *self); /* written and not yet on disk */
guint64 record_store_get_file_bytes (RecordStore *self);

/*
 * Walks the records of one table whose keys begin with prefix, in order of keys, dirty ones included. Nothing may be
 * written while a cursor is open. The prefix is borrowed.
 */
RecordCursor *record_cursor_new (RecordStore *self, guint table, Slice prefix);
void record_cursor_free (RecordCursor *self);
/* At the first record not before key, which begins with the prefix. FALSE: there is none. */
gboolean record_cursor_seek (RecordCursor *self, Slice key);
gboolean record_cursor_next (RecordCursor *self);
void record_cursor_get (RecordCursor *self, Slice *key, Slice *value); /* live as those of get */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecordStore, record_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecordCursor, record_cursor_free)
