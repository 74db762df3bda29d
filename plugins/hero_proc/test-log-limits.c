/* test-log-limits.c: what is over a limit of contract 10.2 is dropped, counted and told, and costs nobody else. */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#include "log-cursor.h"
#include "log-query.h"
#include "test-dir.h"

typedef struct
{
  TestDir *dir;
  ProcLogLimits limits;
  ProcLogStore *store;
  /* under lock: the disk, which the test can make stand still */
  GMutex lock;
  GCond cond;
  gboolean still, writing;
  gboolean guard;
} Fixture;

static void
on_written (gpointer data, const char *source, const char *text, gsize length, guint64 inode, gint64 offset)
{
  Fixture *f = data;

  g_mutex_lock (&f->lock);
  f->writing = TRUE;
  g_cond_broadcast (&f->cond);
  while (f->still)
    g_cond_wait (&f->cond, &f->lock);
  g_mutex_unlock (&f->lock);
}

static void
on_guard (gpointer data, gboolean active)
{
  ((Fixture *)data)->guard = active;
}

static const ProcLogHooks hooks = { .written = on_written, .guard = on_guard };

/* sources: of an earlier life. */
static void
reopen (Fixture *f, const char *const *sources)
{
  g_clear_pointer (&f->store, proc_log_store_free);
  f->store = proc_log_store_new (f->dir, &f->limits, sources, &hooks, f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = test_dir_new ();
  f->limits = (ProcLogLimits){ .file_max = 16 << 20,
                               .source_max = 256 << 20,
                               .total_max = 2048u << 20,
                               .retention_days = 14,
                               .flush_ms = 10,
                               .queue_lines = 10000,
                               .queue_bytes = 10 << 20,
                               .rate_lines = 100000,
                               .burst_lines = 100000,
                               .rate_bytes = 1 << 30,
                               .burst_bytes = 1 << 30 };
  reopen (f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  proc_log_store_free (f->store);
  test_dir_free (f->dir);
}

/* n lines of `length` bytes in one turn. Returns how many were taken. */
static guint
add_to (ProcLogSource *source, guint n, gsize length)
{
  g_autofree char *line = g_strnfill (length, 'x');
  ProcLogEntry entry = { .level = PROC_LEVEL_INFO };
  guint taken = 0;

  proc_log_source_begin (source);
  for (guint i = 0; i < n; i++)
    taken += proc_log_source_add (source, &entry, line, length);
  proc_log_source_end (source);
  return taken;
}

static guint
add (Fixture *f, const char *name, guint n, gsize length)
{
  g_autoptr (ProcLogSource) source = proc_log_store_get_source (f->store, name);

  return add_to (source, n, length);
}

static ProcLogStats
get_stats (Fixture *f)
{
  ProcLogStats stats;

  proc_log_store_get_stats (f->store, &stats);
  return stats;
}

static guint64
bytes_of (Fixture *f, const char *source)
{
  g_autoptr (GPtrArray) infos = proc_log_store_describe (f->store, source, -1);

  return infos->len > 0 ? ((ProcLogSourceInfo *)infos->pdata[0])->bytes : 0;
}

/* The newest line of a source: what was dropped of it, by its tag. */
static void
assert_told (Fixture *f, const char *source, guint lines)
{
  ProcLogQuery query = { .src = (char *)source, .any_context = TRUE, .stream = -1, .descending = TRUE, .limit = 1 };
  g_autoptr (ProcLogResult) found = NULL;
  g_autofree char *tag = g_strdup_printf ("dropped:%u", lines);

  proc_log_store_sync (f->store);
  found = proc_log_query_run (f->store, &query, NULL);
  g_assert_cmpuint (found->hits->len, ==, 1);
  g_assert_cmpstr (((ProcLogHit *)found->hits->pdata[0])->entry->tags, ==, tag);
}

/* ---------------------------------------------------------------------------------------------- a source */

static void
test_rate_lines (Fixture *f, gconstpointer data)
{
  f->limits.rate_lines = 0; /* no refill: only the burst */
  f->limits.burst_lines = 50;
  reopen (f, NULL);
  g_assert_cmpuint (add (f, "loud", 80, 10), ==, 50);
  g_assert_cmpuint (add (f, "quiet", 50, 10), ==, 50);
  g_assert_cmpuint (get_stats (f).dropped_rate, ==, 30);
  assert_told (f, "loud", 30);
}

static void
test_rate_bytes (Fixture *f, gconstpointer data)
{
  f->limits.rate_bytes = 0;
  f->limits.burst_bytes = 1000;
  reopen (f, NULL);
  g_assert_cmpuint (add (f, "loud", 5, 300), ==, 3);
  assert_told (f, "loud", 2);
  g_assert_cmpuint (add (f, "loud", 1, 100), ==, 1); /* a shorter one still goes in */
  g_assert_cmpuint (add (f, "quiet", 3, 300), ==, 3);
  g_assert_cmpuint (get_stats (f).dropped_rate, ==, 2);
}

/* ---------------------------------------------------------------------------------------------- the queue */

/* The next write does not end. */
static void
stop_writes (Fixture *f)
{
  g_mutex_lock (&f->lock);
  f->still = TRUE;
  f->writing = FALSE;
  g_mutex_unlock (&f->lock);
}

static void
wait_for_write (Fixture *f)
{
  g_mutex_lock (&f->lock);
  while (!f->writing)
    g_cond_wait (&f->cond, &f->lock);
  g_mutex_unlock (&f->lock);
}

/* From here on the writer stands in the middle of a round, with one line of "first" in the queue. */
static void
stop_disk (Fixture *f)
{
  stop_writes (f);
  g_assert_cmpuint (add (f, "first", 1, 10), ==, 1);
  wait_for_write (f);
}

static void
start_disk (Fixture *f)
{
  g_mutex_lock (&f->lock);
  f->still = FALSE;
  g_cond_broadcast (&f->cond);
  g_mutex_unlock (&f->lock);
}

/* The last handle goes while the writer has the source in hand: what was dropped is told all the same, at once. */
static void
test_last_handle (Fixture *f, gconstpointer data)
{
  ProcLogSource *source;

  f->limits.rate_lines = 0;
  f->limits.burst_lines = 50;
  reopen (f, NULL);
  source = proc_log_store_get_source (f->store, "loud");
  stop_writes (f);
  g_assert_cmpuint (add_to (source, 80, 10), ==, 50);
  wait_for_write (f);
  proc_log_source_unref (source);
  start_disk (f);
  assert_told (f, "loud", 30);
}

/* While the disk stands still: adding does not wait, the queue is bounded, its last quarter is for the quiet. */
static void
test_queue_lines (Fixture *f, gconstpointer data)
{
  guint taken = 0;

  f->limits.queue_lines = 100;
  reopen (f, NULL);
  stop_disk (f);
  for (guint i = 0; i < 300; i++)
    taken += add (f, "loud", 1, 10);
  g_assert_cmpuint (taken, ==, 74); /* beside the first */
  g_assert_cmpuint (get_stats (f).queued, ==, 75);
  g_assert_cmpuint (add (f, "quiet", 1, 10), ==, 1);
  g_assert_cmpuint (get_stats (f).dropped_queue, ==, 226);
  start_disk (f);
  assert_told (f, "loud", 226);
  g_assert_cmpuint (get_stats (f).queued, ==, 0);
  g_assert_cmpuint (add (f, "loud", 1, 10), ==, 1);
}

static void
test_queue_bytes (Fixture *f, gconstpointer data)
{
  guint taken = 0;

  f->limits.queue_bytes = 10000;
  reopen (f, NULL);
  stop_disk (f);
  for (guint i = 0; i < 100; i++)
    taken += add (f, "loud", 1, 1000);
  g_assert_cmpuint (taken, >, 0);
  g_assert_cmpuint (get_stats (f).queued_bytes, <=, 10000);
  g_assert_cmpuint (get_stats (f).dropped_queue, ==, 100 - taken);
  start_disk (f);
  proc_log_store_sync (f->store);
  g_assert_cmpuint (get_stats (f).queued_bytes, ==, 0);
}

/* ---------------------------------------------------------------------------------------------- space */

static void
test_source_max (Fixture *f, gconstpointer data)
{
  f->limits.source_max = 64 << 10;
  reopen (f, NULL);
  add (f, "small", 1, 100);
  for (guint i = 0; i < 20; i++)
    {
      add (f, "big", 20, 1000);
      proc_log_store_sync (f->store);
    }
  g_assert_cmpuint (bytes_of (f, "big"), <=, 64 << 10);
  g_assert_cmpuint (bytes_of (f, "big"), >, 32 << 10);
  g_assert_cmpuint (bytes_of (f, "small"), >, 100); /* older than all of them */
}

static void
test_retention (Fixture *f, gconstpointer data)
{
  static const char *const sources[] = { "old", "recent", NULL };
  g_autofree char *old = g_build_filename (f->dir, "old.log", NULL);
  g_autofree char *recent = g_build_filename (f->dir, "recent.log", NULL);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  struct utimbuf before = { now - 15 * 86400, now - 15 * 86400 }, after = { now - 13 * 86400, now - 13 * 86400 };

  add (f, "old", 1, 10);
  add (f, "recent", 1, 10);
  g_clear_pointer (&f->store, proc_log_store_free);
  g_assert_cmpint (utime (old, &before), ==, 0);
  g_assert_cmpint (utime (recent, &after), ==, 0);
  reopen (f, sources);
  add (f, "other", 1, 10); /* the first round keeps house */
  proc_log_store_sync (f->store);
  g_assert_false (g_file_test (old, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (recent, G_FILE_TEST_EXISTS));
}

/* No disk has so much: ours go, then nothing is written; what is not ours stays. */
static void
test_disk_guard (Fixture *f, gconstpointer data)
{
  static const char *const sources[] = { "a", NULL };
  g_autofree char *host = g_build_filename (f->dir, "hero_bundle.log", NULL);

  g_assert_true (g_file_set_contents (host, "the host's own\n", -1, NULL));
  add (f, "a", 5, 100);
  proc_log_store_sync (f->store);
  f->limits.min_free = G_MAXUINT64;
  reopen (f, sources);
  g_assert_cmpuint (add (f, "a", 3, 100), ==, 3);
  proc_log_store_sync (f->store);
  g_assert_true (f->guard);
  g_assert_true (get_stats (f).disk_guard);
  g_assert_cmpuint (get_stats (f).dropped_disk, ==, 3);
  g_assert_cmpuint (bytes_of (f, "a"), ==, 0);
  g_assert_true (g_file_test (host, G_FILE_TEST_EXISTS));
  f->limits.min_free = 0;
  reopen (f, sources);
  add (f, "a", 1, 100);
  proc_log_store_sync (f->store);
  g_assert_cmpuint (bytes_of (f, "a"), >, 100);
}

/* ---------------------------------------------------------------------------------------------- open files */

/* A search over many files gets along with its few descriptors; log-workers.c bounds the searches. */
static void
test_open_files (Fixture *f, gconstpointer data)
{
  ProcLogQuery query = { .any_context = TRUE, .stream = -1, .limit = 1000 };
  g_autoptr (ProcLogResult) found = NULL;
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));
  struct rlimit before, low;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("s%u.a", i);

      add (f, name, 2, 100);
    }
  proc_log_store_sync (f->store);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  low = (struct rlimit){ 128, before.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &low), ==, 0);
  for (int fd; (fd = open ("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
    g_array_append_val (taken, fd);
  for (guint i = 0; i < taken->len; i++)
    {
      if (i == PROC_LOG_READER_FILES + 1) /* all the search gets: one more while it looks for the next file */
        {
          found = proc_log_query_run (f->store, &query, NULL);
          g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
        }
      close (g_array_index (taken, int, i));
    }
  g_assert_nonnull (found);
  g_assert_cmpuint (found->hits->len, ==, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/log-limits/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("rate-lines", test_rate_lines);
  ADD ("rate-bytes", test_rate_bytes);
  ADD ("last-handle", test_last_handle);
  ADD ("queue-lines", test_queue_lines);
  ADD ("queue-bytes", test_queue_bytes);
  ADD ("source-max", test_source_max);
  ADD ("retention", test_retention);
  ADD ("disk-guard", test_disk_guard);
  ADD ("open-files", test_open_files);
#undef ADD
  return g_test_run ();
}
