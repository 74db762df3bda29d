/* store-records.c: transactions and the records in them. A transaction belongs to one thread at a time. */
#include "store-private.h"

#include <errno.h>
#include <string.h>

#include <hero-service/error.h>

#define MAX_KEY 511

static int
error_code_of (int result)
{
  switch (result)
    {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
      return HERO_ERROR_STORAGE_FULL;
    case MDB_TXN_FULL:
      return HERO_ERROR_TOO_LARGE;
    case MDB_READERS_FULL:
      return HERO_ERROR_LIMIT;
    case MDB_BAD_VALSIZE:
      return HERO_ERROR_INVALID;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return HERO_ERROR_FORMAT;
    default:
      return HERO_ERROR_FAILED;
    }
}

gboolean
hero_store_set_error (GError **error, int result, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, HERO_ERROR, error_code_of (result), "%s: %s", what, mdb_strerror (result));
  return FALSE;
}

gboolean
hero_store_find_table (HeroStore *store, const char *table, MDB_dbi *dbi)
{
  gpointer value;

  if (!g_hash_table_lookup_extended (store->tables, table ? table : HERO_STORE_UNNAMED, NULL, &value))
    return FALSE;
  *dbi = GPOINTER_TO_UINT (value);
  return TRUE;
}

static gboolean
check_table (HeroStoreTxn *txn, const char *table, MDB_dbi *dbi, GError **error)
{
  if (hero_store_find_table (txn->store, table, dbi))
    return TRUE;
  g_set_error (error, HERO_ERROR, HERO_ERROR_NOT_FOUND, "%s has no table \"%s\"", txn->store->path, table);
  return FALSE;
}

static gboolean
check_key (gsize length, GError **error)
{
  if (length >= 1 && length <= MAX_KEY)
    return TRUE;
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "key: expected 1..%d bytes, found %" G_GSIZE_FORMAT, MAX_KEY,
               length);
  return FALSE;
}

HeroStoreTxn *
hero_store_read_begin (HeroStore *store, GError **error)
{
  MDB_txn *mdb;
  int result;

  g_mutex_lock (&store->lock);
  while (store->exchange)
    g_cond_wait (&store->no_readers, &store->lock);
  result = store->env ? mdb_txn_begin (store->env, NULL, MDB_RDONLY, &mdb) : EIO;
  store->readers += result == 0;
  g_mutex_unlock (&store->lock);
  if (result != 0)
    {
      hero_store_set_error (error, result, "cannot read %s", store->path);
      return NULL;
    }

  HeroStoreTxn *txn = g_new (HeroStoreTxn, 1);
  *txn = (HeroStoreTxn){ .store = store, .mdb = mdb };
  return txn;
}

void
hero_store_read_end (HeroStoreTxn *txn)
{
  if (!txn)
    return;

  HeroStore *store = txn->store;
  mdb_txn_abort (txn->mdb);
  g_free (txn);

  g_mutex_lock (&store->lock);
  if (--store->readers == 0)
    g_cond_broadcast (&store->no_readers);
  g_mutex_unlock (&store->lock);
}

gboolean
hero_store_get (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length, gconstpointer *value,
                gsize *value_length)
{
  MDB_val k = { key_length, (void *)key }, v;
  MDB_dbi dbi;

  if (!hero_store_find_table (txn->store, table, &dbi) || mdb_get (txn->mdb, dbi, &k, &v) != 0)
    return FALSE;
  *value = v.mv_data;
  *value_length = v.mv_size;
  return TRUE;
}

gboolean
hero_store_put (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length, gconstpointer value,
                gsize value_length, GError **error)
{
  MDB_val k = { key_length, (void *)key }, v = { value_length, (void *)value };
  MDB_dbi dbi;

  if (!check_table (txn, table, &dbi, error) || !check_key (key_length, error))
    return FALSE;
  int result = mdb_put (txn->mdb, dbi, &k, &v, 0);
  return result == 0 || hero_store_set_error (error, result, "cannot write to %s", txn->store->path);
}

/* The number of a table's last append, or of its last key if that was put by hand. */
static guint64
last_sequence (HeroStoreTxn *txn, MDB_dbi dbi, const char *counter_key)
{
  MDB_cursor *cursor;
  MDB_val k, v;
  gconstpointer value;
  gsize length;
  guint64 number, last = 0;

  if (hero_store_get (txn, HERO_STORE_META, counter_key, strlen (counter_key), &value, &length)
      && length == sizeof number)
    {
      memcpy (&number, value, sizeof number);
      last = GUINT64_FROM_BE (number);
    }
  if (mdb_cursor_open (txn->mdb, dbi, &cursor) != 0)
    return last;
  if (mdb_cursor_get (cursor, &k, &v, MDB_LAST) == 0 && k.mv_size == sizeof number)
    {
      memcpy (&number, k.mv_data, sizeof number);
      last = MAX (last, GUINT64_FROM_BE (number));
    }
  mdb_cursor_close (cursor);
  return last;
}

gboolean
hero_store_append (HeroStoreTxn *txn, const char *table, gconstpointer value, gsize value_length, guint64 *sequence,
                   GError **error)
{
  g_autofree char *counter_key = g_strconcat ("sequence.", table ? table : HERO_STORE_UNNAMED, NULL);
  MDB_dbi dbi;

  if (!check_table (txn, table, &dbi, error))
    return FALSE;
  guint64 number = last_sequence (txn, dbi, counter_key) + 1;
  guint64 key = GUINT64_TO_BE (number);
  if (sequence)
    *sequence = number;
  return hero_store_put (txn, table, &key, sizeof key, value, value_length, error)
         && hero_store_put (txn, HERO_STORE_META, counter_key, strlen (counter_key), &key, sizeof key, error);
}

gboolean
hero_store_delete (HeroStoreTxn *txn, const char *table, gconstpointer key, gsize key_length, gboolean *existed,
                   GError **error)
{
  MDB_val k = { key_length, (void *)key };
  MDB_dbi dbi;

  if (!check_table (txn, table, &dbi, error) || !check_key (key_length, error))
    return FALSE;
  int result = mdb_del (txn->mdb, dbi, &k, NULL);
  if (existed)
    *existed = result == 0;
  return result == 0 || result == MDB_NOTFOUND
         || hero_store_set_error (error, result, "cannot delete from %s", txn->store->path);
}

gboolean
hero_store_clear (HeroStoreTxn *txn, const char *table, GError **error)
{
  MDB_dbi dbi;

  if (!check_table (txn, table, &dbi, error))
    return FALSE;
  int result = mdb_drop (txn->mdb, dbi, 0);
  return result == 0 || hero_store_set_error (error, result, "cannot clear a table of %s", txn->store->path);
}

guint64
hero_store_count (HeroStoreTxn *txn, const char *table)
{
  MDB_stat stat;
  MDB_dbi dbi;

  return hero_store_find_table (txn->store, table, &dbi) && mdb_stat (txn->mdb, dbi, &stat) == 0 ? stat.ms_entries : 0;
}
