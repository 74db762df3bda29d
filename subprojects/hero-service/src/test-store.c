/* test-store.c: real LMDB files: records, cursors, groups, formats, full maps and disks. */
#include "test-store-fixture.h"

#include <fcntl.h>
#include <lmdb.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* ---- tests */

static void
test_records (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "deep", "data.mdb", NULL);
  g_autofree char *deep = g_path_get_dirname (path);
  struct stat st;

  mode_t before = umask (0);
  HeroStore *store = open_ok (path, &plain);
  umask (before);
  put (store, NULL, "k", "unnamed");
  put (store, "a", "k", "one");
  put (store, "b", "k", "two");
  put (store, "a", "gone", "x");
  put (store, "a", "gone", NULL);
  put (store, "a", "never", NULL);
  hero_store_close (store);

  g_assert_cmpint (lstat (deep, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  static const char *const files[] = { "data.mdb", "data.mdb-lock" };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (deep, files[i], NULL);
      g_assert_cmpint (lstat (file, &st), ==, 0);
      g_assert_cmpint (st.st_mode & 07777, ==, 0600);
    }

  store = open_ok (path, &plain);
  assert_value (store, NULL, "k", "unnamed");
  assert_value (store, "a", "k", "one");
  assert_value (store, "b", "k", "two");
  assert_value (store, "a", "gone", NULL);
  g_assert_cmpuint (hero_store_get_size (store), >, 0);
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
  g_assert_cmpuint (hero_store_count (txn, "a"), ==, 1);
  hero_store_read_end (g_steal_pointer (&txn));
  hero_store_close (store);
}

static void
test_bad_arguments (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autofree char *longest = g_strnfill (511, 'k');
  g_autofree char *too_long = g_strnfill (512, 'k');
  g_autoptr (HeroStore) store = open_ok (path, &plain);
  const struct
  {
    Put put;
    int code;
  } rows[] = { { { "nope", "k", "v", FALSE }, HERO_ERROR_NOT_FOUND },
               { { "a", "", "v", FALSE }, HERO_ERROR_INVALID },
               { { "a", too_long, "v", FALSE }, HERO_ERROR_INVALID },
               { { "a", too_long, NULL, FALSE }, HERO_ERROR_INVALID } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (hero_store_write_sync (store, write_put, (gpointer)&rows[i].put, &error));
      g_assert_error (error, HERO_ERROR, rows[i].code);
    }
  put (store, "a", longest, "v");
  assert_value (store, "a", longest, "v");
  assert_value (store, "nope", "k", NULL);
}

static gboolean
delete_odd (HeroStoreTxn *txn, gpointer data, GError **error)
{
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, "a");
  gboolean more = hero_store_cursor_seek (cursor, NULL, 0);

  for (; more; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key;
      gsize length;
      hero_store_cursor_get (cursor, &key, &length, NULL, NULL);
      if ((((const char *)key)[length - 1] - '0') % 2 == 1 && !hero_store_cursor_delete (cursor, error))
        return FALSE;
    }
  return TRUE;
}

static char *
keys_of (HeroStore *store, gboolean backwards)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, "a");
  GString *keys = g_string_new (NULL);
  gboolean more = backwards ? hero_store_cursor_last (cursor) : hero_store_cursor_seek (cursor, NULL, 0);

  while (more)
    {
      gconstpointer key;
      gsize length;
      hero_store_cursor_get (cursor, &key, &length, NULL, NULL);
      g_string_append_len (keys, key, (gssize)length);
      g_string_append_c (keys, ' ');
      more = backwards ? hero_store_cursor_previous (cursor) : hero_store_cursor_next (cursor);
    }
  return g_string_free (keys, FALSE);
}

static void
test_cursor (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (HeroStore) store = open_ok (path, &plain);
  g_autoptr (GError) error = NULL;
  gconstpointer key;
  gsize length;

  g_autofree char *none = keys_of (store, FALSE);
  g_assert_cmpstr (none, ==, "");
  static const char *const keys[] = { "k4", "k1", "k3", "k2", "k6" };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    put (store, "a", keys[i], "v");
  put (store, "b", "other", "v");
  g_autofree char *forward = keys_of (store, FALSE);
  g_autofree char *backward = keys_of (store, TRUE);
  g_assert_cmpstr (forward, ==, "k1 k2 k3 k4 k6 ");
  g_assert_cmpstr (backward, ==, "k6 k4 k3 k2 k1 ");

  HeroStoreTxn *txn = hero_store_read_begin (store, NULL);
  HeroStoreCursor *cursor = hero_store_cursor_new (txn, "a");
  g_assert_true (hero_store_cursor_seek (cursor, "k5", 2));
  hero_store_cursor_get (cursor, &key, &length, NULL, NULL);
  g_assert_cmpmem (key, length, "k6", 2);
  g_assert_false (hero_store_cursor_seek (cursor, "k7", 2));
  hero_store_cursor_free (cursor);
  hero_store_read_end (txn);

  hero_store_write_sync (store, delete_odd, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *even = keys_of (store, FALSE);
  g_assert_cmpstr (even, ==, "k2 k4 k6 ");
}

/* Readers remember "I have seen up to 7": a number must never name two records. */
static void
test_append (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  HeroStore *store = open_ok (path, &plain);
  guint64 number = 0;

  for (guint i = 1; i <= 300; i++)
    {
      g_assert_true (hero_store_write_sync (store, write_append, &number, NULL));
      g_assert_cmpuint (number, ==, i);
    }
  g_assert_true (hero_store_write_sync (store, write_clear, NULL, NULL));
  hero_store_close (store);
  store = open_ok (path, &plain);
  g_assert_true (hero_store_write_sync (store, write_append, &number, NULL));
  g_assert_cmpuint (number, ==, 301);
  HeroStoreTxn *txn = hero_store_read_begin (store, NULL);
  g_assert_cmpuint (hero_store_count (txn, "a"), ==, 1);
  hero_store_read_end (txn);
  hero_store_close (store);
}

/* ---- the writer */

typedef struct
{
  GMainContext *context;
  GThread *thread;
  GString *order;
  guint good, bad, freed;
  GMutex gate; /* held while the first closure must wait */
} Group;

static gboolean
write_gate (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Group *group = data;

  g_mutex_lock (&group->gate);
  g_mutex_unlock (&group->gate);
  return TRUE;
}

typedef struct
{
  Put put;
  Group *group;
} GroupPut;

static gboolean
write_group_put (HeroStoreTxn *txn, gpointer data, GError **error)
{
  return write_put (txn, &((GroupPut *)data)->put, error);
}

static void
group_put_free (gpointer data)
{
  GroupPut *put_data = data;

  g_assert_true (g_thread_self () == put_data->group->thread);
  put_data->group->freed++;
  g_free (put_data);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Group *group = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_thread_self () == group->thread);
  if (hero_store_write_finish (NULL, result, &error))
    group->good++;
  else
    {
      g_assert_error (error, HERO_ERROR, HERO_ERROR_INVALID);
      group->bad++;
    }
}

/* All of it is queued behind one closure, so it is one group: the failing ones are undone, the others are not. */
static void
test_group (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (HeroStore) store = open_ok (path, &plain);
  Group group = { .context = g_main_context_new (), .thread = g_thread_self () };
  static const char *const keys[] = { "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7" };

  put (store, "a", "k3", "before");
  g_main_context_push_thread_default (group.context);
  g_mutex_init (&group.gate);
  g_mutex_lock (&group.gate);
  hero_store_write_async (store, write_gate, &group, NULL, on_written, &group);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      GroupPut *data = g_new0 (GroupPut, 1);
      *data = (GroupPut){ { "a", keys[i], "after", i % 4 == 3 }, &group };
      hero_store_write_async (store, write_group_put, data, group_put_free, on_written, &group);
    }
  g_mutex_unlock (&group.gate);
  while (group.freed < G_N_ELEMENTS (keys))
    g_main_context_iteration (group.context, TRUE);
  g_assert_cmpuint (group.good, ==, 7);
  g_assert_cmpuint (group.bad, ==, 2);
  assert_value (store, "a", "k0", "after");
  assert_value (store, "a", "k3", "before");
  assert_value (store, "a", "k6", "after");
  assert_value (store, "a", "k7", NULL);

  g_main_context_pop_thread_default (group.context);
  g_main_context_unref (group.context);
  g_mutex_clear (&group.gate);
}

static void
test_close_waits (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  HeroStore *store = open_ok (path, &plain);
  Group group = { .context = g_main_context_new (), .thread = g_thread_self () };

  g_main_context_push_thread_default (group.context);
  for (guint i = 0; i < 3000; i++)
    {
      GroupPut *data = g_new0 (GroupPut, 1);
      *data = (GroupPut){ { "a", "last", "v", FALSE }, &group };
      hero_store_write_async (store, write_group_put, data, group_put_free, on_written, &group);
    }
  hero_store_close (store);
  while (group.freed < 3000)
    g_main_context_iteration (group.context, TRUE);
  g_assert_cmpuint (group.good, ==, 3000);
  g_main_context_pop_thread_default (group.context);
  g_main_context_unref (group.context);
  store = open_ok (path, &plain);
  assert_value (store, "a", "last", "v");
  hero_store_close (store);
}

static void
test_threads (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (HeroStore) store = open_ok (path, &plain);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("writer", write_from_thread, store);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  HeroStoreTxn *txn = hero_store_read_begin (store, NULL);
  g_assert_cmpuint (hero_store_count (txn, "a"), ==, 200);
  /* A second snapshot in the same thread, as two handlers of one service have it. */
  HeroStoreTxn *second = hero_store_read_begin (store, NULL);
  g_assert_nonnull (second);
  hero_store_read_end (second);
  hero_store_read_end (txn);
}

/* ---- opening */

static void
test_twice (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autofree char *link = g_build_filename (dir, "link.mdb", NULL);
  HeroStore *store = open_ok (path, &plain);

  assert_open_fails (path, &plain, HERO_ERROR_BUSY, "is open in this process");
  g_assert_cmpint (symlink (path, link), ==, 0);
  assert_open_fails (link, &plain, HERO_ERROR_BUSY, "is open in this process");
  put (store, "a", "k", "v");
  hero_store_close (store);
  hero_store_close (open_ok (path, &plain));
}

static void
test_foreign_file (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *text = g_build_filename (dir, "text.mdb", NULL);
  g_autofree char *foreign = g_build_filename (dir, "foreign.mdb", NULL);
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;

  g_autofree char *junk = g_strnfill (20000, 'x');
  g_assert_true (g_file_set_contents (text, junk, -1, NULL));
  assert_open_fails (text, &plain, HERO_ERROR_FORMAT, "is not a store of ours");

  g_assert_cmpint (mdb_env_create (&env), ==, 0);
  g_assert_cmpint (mdb_env_open (env, foreign, MDB_NOSUBDIR, 0600), ==, 0);
  g_assert_cmpint (mdb_txn_begin (env, NULL, 0, &txn), ==, 0);
  g_assert_cmpint (mdb_dbi_open (txn, NULL, 0, &dbi), ==, 0);
  g_assert_cmpint (mdb_put (txn, dbi, &(MDB_val){ 1, (char *)"k" }, &(MDB_val){ 1, (char *)"v" }, 0), ==, 0);
  g_assert_cmpint (mdb_txn_commit (txn), ==, 0);
  mdb_env_close (env);
  assert_open_fails (foreign, &plain, HERO_ERROR_FORMAT, "is not a store of ours");
}

static gboolean
migrate_add (HeroStoreTxn *txn, guint from, GError **error)
{
  char key[] = "migrated-0";

  key[strlen (key) - 1] = (char)('0' + from);
  return hero_store_put (txn, "a", key, strlen (key), "yes", 3, error);
}

static gboolean
migrate_fail (HeroStoreTxn *txn, guint from, GError **error)
{
  if (!migrate_add (txn, from, error))
    return FALSE;
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "record 7 is odd");
  return FALSE;
}

static void
test_formats (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autofree char *backup = g_strconcat (path, ".v1", NULL);
  static const HeroStoreOptions failing = { .format = 3, .migrate = migrate_fail, .tables = two_tables };
  static const HeroStoreOptions third = { .format = 3, .migrate = migrate_add, .tables = two_tables };

  HeroStore *store = open_ok (path, &plain);
  put (store, "a", "k", "old");
  hero_store_close (store);

  assert_open_fails (path, &failing, HERO_ERROR_INVALID, "from format 1 to 2: record 7 is odd");
  store = open_ok (path, &plain);
  assert_value (store, "a", "migrated-1", NULL);
  hero_store_close (store);

  store = open_ok (path, &third);
  assert_value (store, "a", "k", "old");
  assert_value (store, "a", "migrated-1", "yes");
  assert_value (store, "a", "migrated-2", "yes");
  hero_store_close (store);
  assert_open_fails (path, &plain, HERO_ERROR_FORMAT, "has format 3, this version reads format 1");

  store = open_ok (backup, &plain);
  assert_value (store, "a", "k", "old");
  assert_value (store, "a", "migrated-1", NULL);
  hero_store_close (store);
}

static void
test_full (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  HeroStoreOptions small = { .format = 1, .tables = two_tables, .map_size = 8 << 20 };
  g_autoptr (HeroStore) store = open_ok (path, &small);
  g_autoptr (GError) error = NULL;
  guint written = 0;

  put (store, "b", "k", "v");
  while (hero_store_write_sync (store, write_big, NULL, &error) && written < 100)
    written++;
  g_assert_error (error, HERO_ERROR, HERO_ERROR_STORAGE_FULL);
  g_assert_cmpuint (written, >, 3);
  assert_value (store, "b", "k", "v");
  g_assert_true (hero_store_write_sync (store, write_clear, NULL, NULL));
  put (store, "b", "k", "w");
  assert_value (store, "b", "k", "w");
}

static void
write_proc (const char *path, const char *format, guint id)
{
  g_autofree char *text = g_strdup_printf (format, id);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  close (fd);
}

/* A real full disk: a small file system in a mount namespace of a child of ours. */
static void
test_disk_full (void)
{
  g_autoptr (TestDir) dir = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  guint uid = geteuid ();
  dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  guint gid = getegid ();
  g_assert_cmpint (unshare (CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)), ==, 0);
  if (uid != 0)
    {
      write_proc ("/proc/self/setgroups", "deny", 0);
      write_proc ("/proc/self/uid_map", "0 %u 1", uid);
      write_proc ("/proc/self/gid_map", "0 %u 1", gid);
    }
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  g_assert_cmpint (mount ("none", dir, "tmpfs", 0, "size=4m"), ==, 0);

  HeroStore *store = open_ok (path, &plain);
  g_autoptr (GError) error = NULL;
  guint written = 0;
  put (store, "b", "k", "v");
  while (hero_store_write_sync (store, write_big, NULL, &error) && written < 100)
    written++;
  g_assert_error (error, HERO_ERROR, HERO_ERROR_STORAGE_FULL);
  assert_value (store, "b", "k", "v");
  hero_store_close (store);
  store = open_ok (path, &plain);
  HeroStoreTxn *txn = hero_store_read_begin (store, NULL);
  g_assert_cmpuint (hero_store_count (txn, "a"), ==, written);
  hero_store_read_end (txn);
  hero_store_close (store);
  g_assert_cmpint (umount (dir), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/records", test_records);
  g_test_add_func ("/store/bad-arguments", test_bad_arguments);
  g_test_add_func ("/store/cursor", test_cursor);
  g_test_add_func ("/store/append", test_append);
  g_test_add_func ("/store/group", test_group);
  g_test_add_func ("/store/close-waits", test_close_waits);
  g_test_add_func ("/store/threads", test_threads);
  g_test_add_func ("/store/twice", test_twice);
  g_test_add_func ("/store/foreign-file", test_foreign_file);
  g_test_add_func ("/store/formats", test_formats);
  g_test_add_func ("/store/full", test_full);
  g_test_add_func ("/store/disk-full", test_disk_full);
  return g_test_run ();
}
