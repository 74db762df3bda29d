/*
 * store.c: opening and closing an LMDB file: one environment per file and process, the format it is in, and its
 * migration. Opening blocks and happens in start; the registry is shared by all threads, behind one lock.
 */
#include "errno-error.h"
#include "store-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hero-service/error.h>
#include <hero-service/listener.h>

#define DEFAULT_MAP_SIZE ((gsize)64 << 30)
#define SMALLEST_MAP_SIZE ((gsize)64 << 20)
#define MAX_READERS 1024
#define FORMAT_KEY "format"

/*
 * LMDB opens one file twice without a word, and then its locks do not hold: hence device and inode of all open files.
 */
static GMutex registry_lock;
static GHashTable *registry;

static gboolean
registry_add (HeroStore *self, dev_t device, ino_t inode, GError **error)
{
  char *key = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)device, (guint64)inode);

  g_mutex_lock (&registry_lock);
  if (!registry)
    registry = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean free_place = !g_hash_table_contains (registry, key);
  if (free_place)
    g_hash_table_add (registry, key);
  g_mutex_unlock (&registry_lock);

  if (free_place)
    self->registry_key = key;
  else
    {
      g_free (key);
      g_set_error (error, HERO_ERROR, HERO_ERROR_BUSY, "%s is open in this process already", self->path);
    }
  return free_place;
}

static void
registry_remove (HeroStore *self)
{
  g_mutex_lock (&registry_lock);
  g_hash_table_remove (registry, self->registry_key);
  g_mutex_unlock (&registry_lock);
  g_clear_pointer (&self->registry_key, g_free);
}

gboolean
hero_store_register (HeroStore *self, GError **error)
{
  struct stat st;

  if (self->registry_key)
    registry_remove (self);
  if (stat (self->path, &st) < 0)
    return hero_errno_error (error, errno, "cannot look at %s", self->path);
  return registry_add (self, st.st_dev, st.st_ino, error);
}

gboolean
hero_store_sync_dir (const char *dir, GError **error)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int number = fd >= 0 && fsync (fd) == 0 ? 0 : errno;

  if (fd >= 0)
    close (fd);
  return number == 0 || hero_errno_error (error, number, "cannot sync directory %s", dir);
}

/* Makes the file, with its exact mode and durably, before LMDB does: its inode is what the registry needs. */
static gboolean
make_file (HeroStore *self, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (self->path);
  struct stat st;

  if (!hero_make_dir (dir, 0700, error))
    return FALSE;
  int fd = open (self->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean created = fd >= 0;
  if (!created && errno == EEXIST)
    fd = open (self->path, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return hero_errno_error (error, errno, "cannot open %s", self->path);

  gboolean ok = fstat (fd, &st) == 0 && (!created || fchmod (fd, 0600) == 0);
  int number = errno;
  close (fd);
  if (!ok)
    return hero_errno_error (error, number, "cannot set up %s", self->path);
  return (!created || hero_store_sync_dir (dir, error)) && registry_add (self, st.st_dev, st.st_ino, error);
}

int
hero_store_open_env (HeroStore *self)
{
  guint flags = MDB_NOSUBDIR | MDB_NOTLS | (self->relaxed ? MDB_NOSYNC : 0);
  int result = mdb_env_create (&self->env);

  if (result == 0)
    result = mdb_env_set_mapsize (self->env, self->map_size);
  if (result == 0)
    result = mdb_env_set_maxdbs (self->env, self->n_tables);
  if (result == 0)
    result = mdb_env_set_maxreaders (self->env, MAX_READERS);
  if (result == 0)
    result = mdb_env_open (self->env, self->path, flags, 0600);
  if (result != 0)
    g_clear_pointer (&self->env, mdb_env_close);
  return result;
}

/* A map is address space only, but rlimits, containers and valgrind may allow less of it. */
static gboolean
open_env (HeroStore *self, GError **error)
{
  int result = hero_store_open_env (self);
  int dead;

  while ((result == ENOMEM || result == EINVAL) && self->map_size / 2 >= SMALLEST_MAP_SIZE)
    {
      self->map_size /= 2;
      result = hero_store_open_env (self);
    }
  if (result == MDB_INVALID || result == MDB_VERSION_MISMATCH || result == MDB_CORRUPTED)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_FORMAT,
                   "%s is not a store of ours (%s): move it away or restore a backup", self->path,
                   mdb_strerror (result));
      return FALSE;
    }
  if (result != 0)
    return hero_store_set_error (error, result, "cannot open %s", self->path);

  g_autofree char *lock_path = g_strconcat (self->path, "-lock", NULL);
  if (g_chmod (lock_path, 0600) < 0)
    return hero_errno_error (error, errno, "cannot set the mode of %s", lock_path);
  mdb_reader_check (self->env, &dead);
  return TRUE;
}

static gboolean
open_table (HeroStore *self, MDB_txn *txn, const char *name, GError **error)
{
  MDB_dbi dbi;
  int result = mdb_dbi_open (txn, name, MDB_CREATE, &dbi);

  if (result != 0)
    return hero_store_set_error (error, result, "cannot open table \"%s\" of %s", name, self->path);
  g_hash_table_insert (self->tables, g_strdup (name), GUINT_TO_POINTER (dbi));
  return TRUE;
}

/* TRUE if nobody has written to the file yet. The unnamed database lists the tables. */
static gboolean
is_fresh (MDB_txn *txn)
{
  MDB_stat stat;
  MDB_dbi unnamed;

  return mdb_dbi_open (txn, NULL, 0, &unnamed) == 0 && mdb_stat (txn, unnamed, &stat) == 0 && stat.ms_entries == 0;
}

/* 0 = it has none. */
static guint
read_format (MDB_txn *txn)
{
  MDB_val key = { strlen (FORMAT_KEY), (void *)FORMAT_KEY }, value;
  MDB_dbi meta;

  if (mdb_dbi_open (txn, HERO_STORE_META, 0, &meta) != 0 || mdb_get (txn, meta, &key, &value) != 0)
    return 0;
  g_autofree char *text = g_strndup (value.mv_data, value.mv_size);
  return (guint)g_ascii_strtoull (text, NULL, 10);
}

static gboolean
write_format (HeroStoreTxn *txn, guint format, GError **error)
{
  char text[16];
  gsize length = (gsize)g_snprintf (text, sizeof text, "%u", format);

  return hero_store_put (txn, HERO_STORE_META, FORMAT_KEY, strlen (FORMAT_KEY), text, length, error);
}

/*
 * The copy is complete and on disk before its name appears. Outside of a transaction: copying takes LMDB's write lock.
 */
static gboolean
back_up (HeroStore *self, guint format, GError **error)
{
  g_autofree char *backup = g_strdup_printf ("%s.v%u", self->path, format);
  g_autofree char *temporary = g_strconcat (backup, ".tmp", NULL);
  g_autofree char *dir = g_path_get_dirname (self->path);
  int fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  if (fd < 0)
    return hero_errno_error (error, errno, "cannot make the backup %s", temporary);
  int result = fchmod (fd, 0600) == 0 ? mdb_env_copyfd (self->env, fd) : errno;
  if (result == 0 && fsync (fd) < 0)
    result = errno;
  close (fd);
  if (result == 0 && rename (temporary, backup) < 0)
    result = errno;
  if (result != 0)
    {
      unlink (temporary);
      return hero_store_set_error (error, result, "cannot make the backup %s", backup);
    }
  return hero_store_sync_dir (dir, error);
}

static gboolean
migrate (HeroStoreTxn *txn, const HeroStoreOptions *options, guint found, GError **error)
{
  for (guint from = found; from < options->format; from++)
    if (!options->migrate (txn, from, error))
      {
        g_prefix_error (error, "cannot bring %s from format %u to %u: ", txn->store->path, from, from + 1);
        return FALSE;
      }
  return write_format (txn, options->format, error);
}

static gboolean
adopt_format (HeroStoreTxn *txn, const HeroStoreOptions *options, GError **error)
{
  HeroStore *self = txn->store;
  guint found = read_format (txn->mdb);

  if (found == 0)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_FORMAT,
                   "%s has no format record: it is not a store of ours; move it away", self->path);
      return FALSE;
    }
  if (found == options->format)
    return TRUE;
  if (found > options->format || !options->migrate)
    {
      g_set_error (
          error, HERO_ERROR, HERO_ERROR_FORMAT,
          "%s has format %u, this version reads format %u: install the version that wrote it, or move the file away",
          self->path, found, options->format);
      return FALSE;
    }
  return migrate (txn, options, found, error);
}

/* One transaction: the tables, the format and the migration are there together or not at all. */
static gboolean
set_up (HeroStoreTxn *txn, const HeroStoreOptions *options, GError **error)
{
  HeroStore *self = txn->store;
  gboolean fresh = is_fresh (txn->mdb);

  if (!open_table (self, txn->mdb, HERO_STORE_META, error) || !open_table (self, txn->mdb, HERO_STORE_UNNAMED, error))
    return FALSE;
  for (guint i = 0; options->tables && options->tables[i]; i++)
    if (!open_table (self, txn->mdb, options->tables[i], error))
      return FALSE;
  return fresh ? write_format (txn, options->format, error) : adopt_format (txn, options, error);
}

static gboolean
back_up_if_older (HeroStore *self, const HeroStoreOptions *options, GError **error)
{
  MDB_txn *txn;
  int result = mdb_txn_begin (self->env, NULL, MDB_RDONLY, &txn);

  if (result != 0)
    return hero_store_set_error (error, result, "cannot read %s", self->path);
  guint found = read_format (txn);
  mdb_txn_abort (txn);
  return found == 0 || found >= options->format || !options->migrate || back_up (self, found, error);
}

static gboolean
open_tables (HeroStore *self, const HeroStoreOptions *options, GError **error)
{
  HeroStoreTxn txn = { .store = self };
  int result = mdb_txn_begin (self->env, NULL, 0, &txn.mdb);

  if (result != 0)
    return hero_store_set_error (error, result, "cannot write to %s", self->path);
  if (!set_up (&txn, options, error))
    {
      mdb_txn_abort (txn.mdb);
      return FALSE;
    }
  result = mdb_txn_commit (txn.mdb);
  return result == 0 || hero_store_set_error (error, result, "cannot write to %s", self->path);
}

HeroStore *
hero_store_open (const char *path, const HeroStoreOptions *options, GError **error)
{
  g_autoptr (HeroStore) self = g_new0 (HeroStore, 1);

  g_return_val_if_fail (options->format > 0, NULL);
  self->path = g_strdup (path);
  self->map_size = options->map_size ? options->map_size : DEFAULT_MAP_SIZE;
  self->relaxed = options->relaxed;
  self->n_tables = (options->tables ? g_strv_length ((char **)options->tables) : 0) + 2;
  self->tables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->no_readers);
  if (!make_file (self, error) || !open_env (self, error) || !back_up_if_older (self, options, error)
      || !open_tables (self, options, error))
    return NULL;
  hero_store_compact_clean (self);
  self->writer = hero_store_writer_new (self);
  return g_steal_pointer (&self);
}

void
hero_store_close (HeroStore *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->writer, hero_store_writer_free);

  g_mutex_lock (&self->lock);
  while (self->readers > 0)
    g_cond_wait (&self->no_readers, &self->lock);
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&self->env, mdb_env_close);
  if (self->registry_key)
    registry_remove (self);
  g_hash_table_unref (self->tables);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->no_readers);
  g_free (self->path);
  g_free (self);
}

/* Bytes the open environment uses; 0 when there is none. With the lock held. */
static guint64
get_size (HeroStore *self, guint64 *page_size)
{
  MDB_envinfo info;
  MDB_stat stat;

  if (!self->env || mdb_env_info (self->env, &info) != 0 || mdb_env_stat (self->env, &stat) != 0)
    return 0;
  *page_size = stat.ms_psize;
  return ((guint64)info.me_last_pgno + 1) * stat.ms_psize;
}

guint64
hero_store_get_size (HeroStore *self)
{
  guint64 page_size, size;

  g_mutex_lock (&self->lock);
  while (self->exchange)
    g_cond_wait (&self->no_readers, &self->lock);
  size = get_size (self, &page_size);
  g_mutex_unlock (&self->lock);
  return size;
}

/* The free list is table 0; each record begins with the number of its pages. */
guint64
hero_store_get_free (HeroStore *self)
{
  HeroStoreTxn *txn = hero_store_read_begin (self, NULL);
  guint64 pages = 0, page_size = 0;
  MDB_cursor *cursor;
  MDB_val key, value;

  if (!txn)
    return 0;
  if (mdb_cursor_open (txn->mdb, 0, &cursor) == 0)
    {
      while (mdb_cursor_get (cursor, &key, &value, MDB_NEXT) == 0)
        {
          gsize count;
          memcpy (&count, value.mv_data, sizeof count);
          pages += count;
        }
      mdb_cursor_close (cursor);
    }
  g_mutex_lock (&self->lock);
  get_size (self, &page_size);
  g_mutex_unlock (&self->lock);
  hero_store_read_end (txn);
  return pages * page_size;
}
