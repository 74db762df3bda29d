/* key-walk.h: a page of the keys of a database, for key.list and the admin page. Service thread, inside a turn. */
#pragma once

#include "server.h"

#define KEY_WALK_BUDGET_US 200000 /* a page that finds little ends here; the caller goes on from its position */

typedef void (*KeyWalkFunc) (gpointer data, Slice name, const StorageEntry *entry);

typedef struct
{
  guint db;
  Slice pattern;
  guint count;      /* keys wanted */
  guint64 position; /* in: where to begin; out: where to go on, 0 = that was all */
  guint64 scanned;  /* out */
} KeyWalk;

/* func for each key that is there and matches; names and entries live until the turn ends. */
void key_walk (Server *server, KeyWalk *walk, KeyWalkFunc func, gpointer data);
