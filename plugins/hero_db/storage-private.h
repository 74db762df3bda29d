/*
 * storage-private.h: format 0 of hero_db's storage, as its files share it. Service thread.
 *
 * A database is a "space" with a number of its own, so that to empty one is to give it a new space; the records of the
 * old one are garbage, deleted by the way. A key is found by a hash of its name, keyed with a secret of this store: 128
 * bits that no client can aim at, short enough for LMDB, and an order in which SCAN can be cut at any place.
 *
 *   table       key                           value
 *   keys        space, hash of the name       head, name, bytes
 *   expiry      space, end, hash of the name  nothing
 *   databases   number                        space, keys, expiring keys
 *   garbage     space                         nothing
 *   settings    "secret"                      key of the hash
 *
 * Numbers inside keys are big-endian, so that their order is that of the bytes; in values they are little-endian.
 */
#pragma once

#include <sodium.h>

#include "record-store.h"
#include "storage.h"

#define HASH_SIZE crypto_shorthash_siphashx24_BYTES
#define KEY_SIZE (4 + HASH_SIZE)
#define EXPIRY_SIZE (4 + 8 + HASH_SIZE)
G_STATIC_ASSERT (HASH_SIZE == 16);

enum
{
  TABLE_KEYS,
  TABLE_EXPIRY,
  TABLE_DATABASES,
  TABLE_GARBAGE,
  TABLE_SETTINGS,
};

typedef struct
{
  guint32 type;
  guint32 name_length;
  gint64 expires_at;
} Head;

typedef struct
{
  guint32 space; /* 0 = nothing was ever written */
  guint64 keys, expiring;
  gboolean changed; /* its record on disk is old */
} Database;

struct _Storage
{
  RecordStore *records;
  StorageCommitted committed;
  gpointer data;
  guchar secret[crypto_shorthash_siphashx24_KEYBYTES];
  guint database_count;
  Database *databases;
  gboolean changed; /* one of them, since the last turn */
  guint32 last_space;
  GArray *garbage;   /* guint32 */
  gboolean settling; /* garbage stays where it is */
};

/* ------------------------------------------------------------------------------------------------ spelling */

static inline void
put_be32 (char *bytes, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

static inline void
put_be64 (char *bytes, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

static inline guint64
get_be64 (const char *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_BE (value);
}

static inline Slice
key_of_name (Storage *self, guint32 space, Slice name, char key[KEY_SIZE])
{
  put_be32 (key, space);
  crypto_shorthash_siphashx24 ((guchar *)key + 4, (const guchar *)name.data, name.length, self->secret);
  return slice (key, KEY_SIZE);
}

/* The record of the expiry index for the key in `key`. */
static inline Slice
expiry_of_key (Slice key, gint64 at, char expiry[EXPIRY_SIZE])
{
  memcpy (expiry, key.data, 4);
  put_be64 (expiry + 4, (guint64)at);
  memcpy (expiry + 12, key.data + 4, HASH_SIZE);
  return slice (expiry, EXPIRY_SIZE);
}

/* The entry in a record of the table keys, and the name it is stored under. */
static inline void
parse_entry (Slice record, Slice *name, StorageEntry *entry)
{
  Head head;

  memcpy (&head, record.data, sizeof head);
  entry->type = GUINT32_FROM_LE (head.type);
  entry->expires_at = GINT64_FROM_LE (head.expires_at);
  *name = slice (record.data + sizeof head, GUINT32_FROM_LE (head.name_length));
  entry->value = slice (name->data + name->length, record.length - sizeof head - name->length);
}

/* ------------------------------------------------------------------------------------------------ storage-spaces.c */

/* The database is about to be written, or was: its record follows with the same commit. */
void storage_mark_changed (Storage *self, Database *database);
/* Gives it a space if it has none. */
Database *storage_get_writable (Storage *self, guint db);
/* Writes the records of the databases that changed, into the same commit as the keys. */
void storage_write_databases (Storage *self);
/* The state on disk, at start and after a failed commit. The turn has begun. */
void storage_read_databases (Storage *self);
/* Deletes some of what databases that were emptied have left. */
void storage_collect_garbage (Storage *self);
