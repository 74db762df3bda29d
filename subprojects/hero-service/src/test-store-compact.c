/* test-store-compact.c: a store that shrinks while it is used, and kill -9 in a loop, with and without that. */
#include "test-store-fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* ---- compaction */

typedef struct
{
  HeroStoreSizes sizes;
  GError *error;
  gboolean over;
} Compaction;

static void
on_compacted (GObject *source, GAsyncResult *result, gpointer data)
{
  Compaction *compaction = data;

  g_assert_true (hero_store_compact_finish (NULL, result, &compaction->sizes, &compaction->error)
                 == (compaction->error == NULL));
  compaction->over = TRUE;
}

static void
compact (HeroStore *store, Compaction *compaction)
{
  hero_store_compact_async (store, on_compacted, compaction);
  while (!compaction->over)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_compact (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autofree char *copy = g_strconcat (path, ".compact", NULL);
  HeroStore *store;
  Compaction compaction = { 0 };
  struct stat st;

  g_assert_true (g_file_set_contents (copy, "left over", -1, NULL));
  store = open_ok (path, &plain);
  g_assert_cmpint (lstat (copy, &st), ==, -1);
  put (store, NULL, "k", "unnamed");
  put (store, "b", "k", "v");
  for (guint i = 0; i < 8; i++)
    g_assert_true (hero_store_write_sync (store, write_big, NULL, NULL));
  g_assert_cmpuint (hero_store_get_free (store), <, 1 << 20);
  g_assert_true (hero_store_write_sync (store, write_clear, NULL, NULL));
  g_assert_cmpuint (hero_store_get_free (store), >, 7 << 20);

  compact (store, &compaction);
  g_assert_no_error (compaction.error);
  g_assert_cmpuint (compaction.sizes.before, >, 8 << 20);
  g_assert_cmpuint (compaction.sizes.after, <, 1 << 20);
  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_assert_cmpuint ((guint64)st.st_size, ==, compaction.sizes.after);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);
  g_assert_cmpuint (hero_store_get_free (store), <, 1 << 20);

  /* It goes on: both tables, the format, and the place in the registry. */
  assert_value (store, NULL, "k", "unnamed");
  assert_value (store, "b", "k", "v");
  put (store, "b", "k", "w");
  assert_open_fails (path, &plain, HERO_ERROR_BUSY, "already");
  hero_store_close (store);
  store = open_ok (path, &plain);
  assert_value (store, "b", "k", "w");
  hero_store_close (store);
}

static gpointer
compact_many (gpointer store)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 20; i++)
    {
      Compaction compaction = { 0 };

      hero_store_compact_async (store, on_compacted, &compaction);
      while (!compaction.over)
        g_main_context_iteration (context, TRUE);
      g_assert_no_error (compaction.error);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Readers and writers beside it see nothing of it. */
static void
test_compact_threads (void)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (HeroStore) store = open_ok (path, &plain);
  GThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("worker", i == 0 ? compact_many : write_from_thread, store);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  HeroStoreTxn *txn = hero_store_read_begin (store, NULL);
  g_assert_cmpuint (hero_store_count (txn, "a"), ==, 100);
  hero_store_read_end (txn);
}

/* ---- kill -9: what was acknowledged is there */

static void
ignore_compacted (GObject *source, GAsyncResult *result, gpointer data)
{
}

static void
acknowledge (GObject *source, GAsyncResult *result, gpointer data)
{
  guint64 *message = data; /* number, descriptor */

  if (hero_store_write_finish (NULL, result, NULL) && write ((int)message[1], message, sizeof *message) < 0)
    _exit (2);
  g_free (message);
}

/* Writes for ever, in groups of every size, and tells each commit. */
static void
write_until_killed (const char *path, int acknowledgements, gboolean compacts)
{
  HeroStore *store = open_ok (path, &plain);

  for (guint round = 1;; round = round * 7 % 61)
    {
      for (guint i = 0; i < round; i++)
        {
          guint64 *message = g_new (guint64, 2);
          message[1] = (guint64)acknowledgements;
          hero_store_write_async (store, write_append, message, NULL, acknowledge, message);
        }
      if (compacts)
        hero_store_compact_async (store, ignore_compacted, NULL);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static guint64
run_and_kill (const char *path, guint after_acknowledged, gboolean compacts)
{
  int pipe_ends[2];
  guint64 number, highest = 0;
  guint seen = 0;

  g_assert_cmpint (pipe (pipe_ends), ==, 0);
  pid_t child = fork ();
  if (child == 0)
    {
      close (pipe_ends[0]);
      write_until_killed (path, pipe_ends[1], compacts);
    }
  close (pipe_ends[1]);
  while (read (pipe_ends[0], &number, sizeof number) == sizeof number)
    {
      highest = MAX (highest, number);
      if (++seen == after_acknowledged)
        kill (child, SIGKILL);
    }
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  close (pipe_ends[0]);
  return highest;
}

static void
test_kill (gconstpointer compacts)
{
  g_autoptr (TestDir) dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  guint64 before = 0;

  for (guint round = 0; round < 25; round++)
    {
      guint64 acknowledged = run_and_kill (path, 1 + round * 13, compacts != NULL);
      g_assert_cmpuint (acknowledged, >, before);
      g_autoptr (HeroStore) store = open_ok (path, &plain);
      g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
      for (guint64 number = 1; number <= acknowledged; number++)
        {
          guint64 key = GUINT64_TO_BE (number);
          gconstpointer value;
          gsize length;
          g_assert_true (hero_store_get (txn, "a", &key, sizeof key, &value, &length));
        }
      before = acknowledged;
      hero_store_read_end (g_steal_pointer (&txn));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/compact", test_compact);
  g_test_add_func ("/store/compact-threads", test_compact_threads);
  g_test_add_data_func ("/store/kill", NULL, test_kill);
  g_test_add_data_func ("/store/kill-compacting", "", test_kill);
  return g_test_run ();
}
