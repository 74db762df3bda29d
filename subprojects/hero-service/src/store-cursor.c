/* store-cursor.c: ordered iteration over one table. Belongs to its transaction and the transaction's thread. */
#include "store-private.h"

struct _HeroStoreCursor
{
  MDB_cursor *mdb;
  MDB_val key, value;
};

HeroStoreCursor *
hero_store_cursor_new (HeroStoreTxn *txn, const char *table)
{
  MDB_dbi dbi;
  MDB_cursor *mdb;

  if (!hero_store_find_table (txn->store, table, &dbi) || mdb_cursor_open (txn->mdb, dbi, &mdb) != 0)
    g_return_val_if_reached (NULL);
  HeroStoreCursor *self = g_new0 (HeroStoreCursor, 1);
  self->mdb = mdb;
  return self;
}

void
hero_store_cursor_free (HeroStoreCursor *self)
{
  if (!self)
    return;
  mdb_cursor_close (self->mdb);
  g_free (self);
}

static gboolean
move (HeroStoreCursor *self, MDB_cursor_op op)
{
  return mdb_cursor_get (self->mdb, &self->key, &self->value, op) == 0;
}

gboolean
hero_store_cursor_seek (HeroStoreCursor *self, gconstpointer key, gsize key_length)
{
  if (!key)
    return move (self, MDB_FIRST);
  self->key = (MDB_val){ key_length, (void *)key };
  return move (self, MDB_SET_RANGE);
}

gboolean
hero_store_cursor_last (HeroStoreCursor *self)
{
  return move (self, MDB_LAST);
}

gboolean
hero_store_cursor_next (HeroStoreCursor *self)
{
  return move (self, MDB_NEXT);
}

gboolean
hero_store_cursor_previous (HeroStoreCursor *self)
{
  return move (self, MDB_PREV);
}

void
hero_store_cursor_get (HeroStoreCursor *self, gconstpointer *key, gsize *key_length, gconstpointer *value,
                       gsize *value_length)
{
  *key = self->key.mv_data;
  *key_length = self->key.mv_size;
  if (value)
    *value = self->value.mv_data;
  if (value_length)
    *value_length = self->value.mv_size;
}

gboolean
hero_store_cursor_delete (HeroStoreCursor *self, GError **error)
{
  int result = mdb_cursor_del (self->mdb, 0);

  return result == 0 || hero_store_set_error (error, result, "cannot delete a record");
}
