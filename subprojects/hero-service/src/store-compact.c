/*
 * store-compact.c: a store becomes as small as its records: a copy without free pages takes the place of the file. On
 * the writer thread, so nothing is written meanwhile; readers are kept out only while the files change places.
 */
#include "errno-error.h"
#include "store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".compact"

/* Written, synced and closed; whatever happens to us, the file itself is untouched. 0 or an errno or LMDB result. */
static int
write_copy (HeroStore *self, const char *copy)
{
  int fd = open (copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int result;

  if (fd < 0)
    return errno;
  result = fchmod (fd, 0600) == 0 ? mdb_env_copyfd2 (self->env, fd, MDB_CP_COMPACT) : errno;
  if (result == 0 && fsync (fd) < 0)
    result = errno;
  close (fd);
  return result;
}

static guint64
size_of (const char *path)
{
  struct stat st;

  return stat (path, &st) == 0 ? (guint64)st.st_size : 0;
}

/* The handles of the tables belong to an environment. The same names are there: it is a copy. */
static int
open_tables_again (HeroStore *self)
{
  GHashTableIter iter;
  gpointer name;
  MDB_txn *txn;
  int result = mdb_txn_begin (self->env, NULL, 0, &txn);

  if (result != 0)
    return result;
  g_hash_table_iter_init (&iter, self->tables);
  while (result == 0 && g_hash_table_iter_next (&iter, &name, NULL))
    {
      MDB_dbi dbi;

      result = mdb_dbi_open (txn, name, 0, &dbi);
      if (result == 0)
        g_hash_table_iter_replace (&iter, GUINT_TO_POINTER (dbi));
    }
  if (result == 0)
    return mdb_txn_commit (txn);
  mdb_txn_abort (txn);
  return result;
}

/* Nobody is kept out while others still read: a thread may hold one snapshot and begin a second. */
static void
begin_exchange (HeroStore *self)
{
  g_mutex_lock (&self->lock);
  while (self->readers > 0)
    g_cond_wait (&self->no_readers, &self->lock);
  self->exchange = TRUE;
  g_mutex_unlock (&self->lock);
}

static void
end_exchange (HeroStore *self)
{
  g_mutex_lock (&self->lock);
  self->exchange = FALSE;
  g_cond_broadcast (&self->no_readers);
  g_mutex_unlock (&self->lock);
}

/* Nobody reads or writes. Whether or not the copy could take its place, the file that has the name is open again. */
static gboolean
exchange (HeroStore *self, const char *copy, GError **error)
{
  int number = 0, result;

  g_clear_pointer (&self->env, mdb_env_close);
  if (rename (copy, self->path) < 0)
    number = errno;
  result = hero_store_open_env (self);
  if (result == 0)
    result = open_tables_again (self);
  if (result != 0)
    {
      g_clear_pointer (&self->env, mdb_env_close);
      return hero_store_set_error (error, result, "cannot open %s again", self->path);
    }
  if (number != 0)
    return hero_errno_error (error, number, "cannot replace %s", self->path);
  return hero_store_register (self, error);
}

gboolean
hero_store_compact (HeroStore *self, HeroStoreSizes *sizes, GError **error)
{
  g_autofree char *copy = g_strconcat (self->path, SUFFIX, NULL);
  g_autofree char *dir = g_path_get_dirname (self->path);
  gboolean done;
  int result;

  if (!self->env)
    return hero_store_set_error (error, EIO, "cannot compact %s", self->path);
  sizes->before = sizes->after = size_of (self->path);
  result = write_copy (self, copy);
  if (result != 0)
    {
      unlink (copy);
      return hero_store_set_error (error, result, "cannot compact %s", self->path);
    }
  begin_exchange (self);
  done = exchange (self, copy, error);
  end_exchange (self);
  sizes->after = size_of (self->path);
  return done && hero_store_sync_dir (dir, error); /* before anything is written, but nobody who reads waits for it */
}

void
hero_store_compact_clean (HeroStore *self)
{
  g_autofree char *copy = g_strconcat (self->path, SUFFIX, NULL);

  unlink (copy);
}
