/*
 * keyspace.h: what handlers do with keys: a key whose time has come is not there, whatever the storage still holds; and
 * the readers of arguments that many commands share. A function that says FALSE has written the error. Service thread.
 */
#pragma once

#include "server.h"

/* Reads; counts a hit or miss. */
gboolean keyspace_read (Call *call, Slice name, StorageEntry *entry);
/* Looks without counting: for commands that change the key. */
gboolean keyspace_find (Call *call, Slice name, StorageEntry *entry);
gboolean keyspace_find_in (Call *call, guint db, Slice name, StorageEntry *entry);
/* A key that is not there is an empty string without an end. */
void keyspace_find_or_empty (Call *call, Slice name, StorageEntry *entry);
gboolean keyspace_has_ended (const Call *call, const StorageEntry *entry);

void keyspace_set (Call *call, Slice name, Slice value, gint64 expires_at);
/* TRUE if it was there for clients, too. */
gboolean keyspace_delete (Call *call, Slice name);

/* ---- arguments */
gboolean call_get_integer (Call *call, gsize index, gint64 *value);
gboolean call_get_float (Call *call, Slice text, long double *value);
/* The number of a database. */
gboolean call_get_database (Call *call, gsize index, guint *db);
/* A value of this length may be stored. */
gboolean call_check_length (Call *call, gsize length);
void call_syntax_error (Call *call);
gboolean call_is (const Call *call, gsize index, const char *word);
