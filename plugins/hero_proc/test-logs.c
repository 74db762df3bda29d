/* test-logs.c: from pipe to file to query: order, cursors over rotation, limits, torn lines, noisy sources. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "errors.h"
#include "fifo.h"
#include "log-query.h"
#include "test-dir.h"

typedef struct
{
  TestDir *dir;
  GPtrArray *catalogue;
  ProcLogLimits limits;
  ProcLogStore *store;
} Fixture;

static void
on_catalogue (gpointer data, const char *source, gboolean ours)
{
  Fixture *f = data;
  guint at;

  if (ours)
    g_ptr_array_add (f->catalogue, g_strdup (source));
  else if (g_ptr_array_find_with_equal_func (f->catalogue, source, g_str_equal, &at))
    g_ptr_array_remove_index (f->catalogue, at);
}

static const ProcLogHooks hooks = { .catalogue = on_catalogue };

static void
open_store (Fixture *f)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new ();

  for (guint i = 0; i < f->catalogue->len; i++)
    g_ptr_array_add (known, f->catalogue->pdata[i]);
  g_ptr_array_add (known, NULL);
  f->store = proc_log_store_new (f->dir, &f->limits, (const char *const *)known->pdata, &hooks, f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = test_dir_new ();
  f->catalogue = g_ptr_array_new_with_free_func (g_free);
  f->limits = (ProcLogLimits){ 16 << 20, 256 << 20, 2048u << 20, 0, 14, 10, 10000, 10 << 20, 100000, 100000, 1 << 30, 1 << 30 };
  if (data != NULL)
    f->limits.file_max = f->limits.source_max = f->limits.total_max = GPOINTER_TO_UINT (data);
  open_store (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  proc_log_store_free (f->store);
  g_ptr_array_unref (f->catalogue);
  test_dir_free (f->dir);
}

static void
set_rate (Fixture *f, guint lines, guint burst)
{
  proc_log_store_free (f->store);
  f->limits.rate_lines = lines;
  f->limits.burst_lines = burst;
  open_store (f);
}

/* FALSE: it was dropped. */
static gboolean
try_add (Fixture *f, const char *source, gint64 ms, guint level, const char *content)
{
  g_autoptr (ProcLogSource) handle = proc_log_store_get_source (f->store, source);
  ProcLogEntry entry = { .ts_ms = ms, .level = level };
  gboolean added;

  proc_log_source_begin (handle);
  added = proc_log_source_add (handle, &entry, content, strlen (content));
  proc_log_source_end (handle);
  return added;
}

static void
add (Fixture *f, const char *source, gint64 ms, guint level, const char *content)
{
  g_assert_true (try_add (f, source, ms, level, content));
}

static ProcLogResult *
run (Fixture *f, const char *src, const char *cursor, gboolean descending, guint limit)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);
  g_autoptr (GError) error = NULL;
  ProcLogResult *result;

  query->src = g_strdup (src);
  query->cursor = g_strdup (cursor);
  query->any_context = TRUE;
  query->stream = -1;
  query->descending = descending;
  query->limit = limit;
  result = proc_log_query_run (f->store, query, &error);
  g_assert_no_error (error);
  return result;
}

/* The contents of an answer, joined. */
static char *
contents (ProcLogResult *result)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < result->hits->len; i++)
    g_string_append_printf (text, "%s ", ((ProcLogHit *)result->hits->pdata[i])->entry->content);
  return g_string_free (text, FALSE);
}

#define ASSERT_CONTENTS(result, expected)                                                                              \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *got_ = contents (result);                                                                         \
    g_assert_cmpstr (got_, ==, expected);                                                                              \
  }                                                                                                                    \
  G_STMT_END

static void
test_order_and_sources (Fixture *f, gconstpointer data)
{
  g_autoptr (ProcLogResult) all = NULL, web = NULL, prefix = NULL, back = NULL;
  g_auto (GStrv) sources = NULL;

  add (f, "web.main", 1000, 10, "a");
  add (f, "db", 1001, 10, "b");
  add (f, "web2.main", 1002, 10, "c");
  add (f, "web.main", 1002, 10, "d");
  add (f, "web.main", 1002, 10, "e");
  proc_log_store_sync (f->store);
  all = run (f, NULL, NULL, FALSE, 100);
  ASSERT_CONTENTS (all, "a b d e c ");
  web = run (f, "web", NULL, FALSE, 100);
  ASSERT_CONTENTS (web, "a d e ");
  prefix = run (f, "web*", NULL, FALSE, 100);
  ASSERT_CONTENTS (prefix, "a d e c ");
  back = run (f, NULL, NULL, TRUE, 100);
  ASSERT_CONTENTS (back, "c e d b a ");
  sources = proc_log_store_list (f->store, NULL);
  g_assert_cmpuint (g_strv_length (sources), ==, 3);
}

/* Page by page, both ways, nothing twice and nothing missing, though many lines share a millisecond. */
static void
test_cursors (Fixture *f, gconstpointer data)
{
  for (gint pass = 0; pass < 2; pass++)
    {
      g_autofree char *cursor = NULL;
      g_autoptr (GString) got = g_string_new (NULL), expected = g_string_new (NULL);

      for (guint i = 0; pass == 0 && i < 100; i++)
        {
          g_autofree char *text = g_strdup_printf ("%u", i);

          add (f, i % 3 == 0 ? "a" : i % 3 == 1 ? "b.x" : "c", 5000 + i / 30, 10, text);
        }
      proc_log_store_sync (f->store);
      for (;;)
        {
          g_autoptr (ProcLogResult) page = run (f, NULL, cursor, pass == 1, 7);
          g_autofree char *text = contents (page);

          g_assert_false (page->gap);
          g_string_append (got, text);
          g_free (cursor);
          cursor = g_strdup (page->next_cursor);
          g_assert_nonnull (cursor);
          if (!page->has_more)
            break;
        }
      {
        g_autoptr (ProcLogResult) all = run (f, NULL, NULL, pass == 1, 1000);
        g_autofree char *text = contents (all);

        g_assert_cmpuint (all->hits->len, ==, 100);
        g_assert_cmpstr (got->str, ==, text);
      }
    }
}

static void
test_follow (Fixture *f, gconstpointer data)
{
  g_autoptr (ProcLogResult) first = NULL, none = NULL, second = NULL;

  add (f, "a", 1000, 10, "one");
  proc_log_store_sync (f->store);
  first = run (f, NULL, NULL, FALSE, 10);
  none = run (f, NULL, first->next_cursor, FALSE, 10);
  g_assert_cmpuint (none->hits->len, ==, 0);
  g_assert_cmpstr (none->next_cursor, ==, first->next_cursor);
  add (f, "a", 1000, 10, "two");
  proc_log_store_sync (f->store);
  second = run (f, NULL, none->next_cursor, FALSE, 10);
  ASSERT_CONTENTS (second, "two ");
}

static void
test_filters (Fixture *f, gconstpointer data)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);
  g_autoptr (ProcLogResult) level = NULL, text = NULL, window = NULL;

  add (f, "a", 1000, 0, "debug");
  add (f, "a", 2000, 30, "Warnung");
  add (f, "a", 3000, 254, "\xc3\x84rger");
  proc_log_store_sync (f->store);
  query->any_context = TRUE;
  query->stream = -1;
  query->limit = 10;
  query->level = 30;
  level = proc_log_query_run (f->store, query, NULL);
  ASSERT_CONTENTS (level, "Warnung \xc3\x84rger ");
  query->text = g_utf8_casefold ("\xc3\xa4RGER", -1);
  text = proc_log_query_run (f->store, query, NULL);
  ASSERT_CONTENTS (text, "\xc3\x84rger ");
  g_clear_pointer (&query->text, g_free);
  query->level = 0;
  query->from_ms = 2000;
  query->to_ms = 3000;
  window = proc_log_query_run (f->store, query, NULL);
  ASSERT_CONTENTS (window, "Warnung ");
  query->cursor = g_strdup ("nonsense");
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (proc_log_query_run (f->store, query, &error));
    g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
  }
}

static guint64
disk_bytes (const char *dir)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  const char *name;
  guint64 total = 0;

  while ((name = g_dir_read_name (handle)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      struct stat info;

      if (lstat (path, &info) == 0)
        total += S_ISDIR (info.st_mode) ? disk_bytes (path) : (guint64)info.st_size;
    }
  return total;
}

/* A bounded tree: the oldest goes, the newest is there, a cursor into what is gone says so. */
static void
test_rotation (Fixture *f, gconstpointer data)
{
  g_autofree char *line = g_strnfill (1000, 'x'), *host = g_build_filename (f->dir, "hero_bundle.log", NULL);
  g_autoptr (ProcLogResult) first = NULL, later = NULL, last = NULL;
  ProcLogStats stats;

  g_assert_true (g_file_set_contents (host, "the host's own\n", -1, NULL));
  add (f, "web.main", 1, 10, "first");
  proc_log_store_sync (f->store);
  first = run (f, NULL, NULL, FALSE, 10);
  for (guint i = 0; i < 5000; i++)
    {
      add (f, i % 2 ? "web.main" : "db", 1000 + i, 10, line);
      if (i % 500 == 0)
        proc_log_store_sync (f->store);
    }
  add (f, "web.main", 100000, 10, "last");
  proc_log_store_sync (f->store);
  g_assert_cmpuint (disk_bytes (f->dir), <, 1200 * 1024);
  proc_log_store_get_stats (f->store, &stats);
  g_assert_cmpuint (stats.disk_bytes, <=, 1100 * 1024);
  g_assert_cmpuint (stats.written_lines, ==, 5002);
  later = run (f, NULL, first->next_cursor, FALSE, 1);
  g_assert_true (later->gap);
  g_assert_cmpuint (later->hits->len, ==, 1);
  last = run (f, "web", NULL, TRUE, 1);
  ASSERT_CONTENTS (last, "last ");
  g_assert_true (g_file_test (host, G_FILE_TEST_EXISTS));
}

/* What a crash left half written is cut off; the rest is still there. */
static void
test_torn (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "a.log", NULL);
  g_autoptr (ProcLogResult) result = NULL;
  int fd;

  add (f, "a", 1000, 10, "whole");
  proc_log_store_free (f->store);
  fd = open (path, O_WRONLY | O_APPEND);
  g_assert_cmpint (write (fd, "2\t0\t0\t10\t-\ttor", 14), ==, 14);
  close (fd);
  open_store (f);
  add (f, "a", 500, 10, "after");
  proc_log_store_sync (f->store);
  result = run (f, NULL, NULL, FALSE, 10);
  ASSERT_CONTENTS (result, "whole after ");
  g_assert_cmpint (((ProcLogHit *)result->hits->pdata[1])->entry->ts_ms, ==, 1000); /* time never goes back */
}

/* A flood through a pipe: the reader keeps up, little is kept, what was dropped is told, the neighbour loses nothing.
 */
static void
test_flood (Fixture *f, gconstpointer data)
{
  g_autoptr (ProcCapture) capture = NULL;
  g_autofree char *loud = g_build_filename (f->dir, "loud.out", NULL),
                  *quiet = g_build_filename (f->dir, "quiet.out", NULL);
  int in[2], out[2];
  g_autoptr (ProcLogResult) noisy = NULL, calm = NULL, told = NULL;

  set_rate (f, 100, 200);
  capture = proc_capture_new (f->store, 16384, NULL);
  in[0] = proc_fifo_open (loud, 65536, NULL);
  out[0] = open (loud, O_RDWR | O_CLOEXEC);
  in[1] = proc_fifo_open (quiet, 65536, NULL);
  out[1] = open (quiet, O_RDWR | O_CLOEXEC);
  proc_capture_add (capture, 1, "loud", 0, PROC_STREAM_STDOUT, 0, NULL, in[0], loud);
  proc_capture_add (capture, 2, "quiet", 0, PROC_STREAM_STDERR, 0, NULL, in[1], quiet);
  for (guint i = 0; i < 20000; i++)
    {
      g_assert_cmpint (write (out[0], "noise noise noise noise\n", 24), ==, 24);
      if (i % 400 == 0)
        g_assert_cmpint (write (out[1], "word\n", 5), ==, 5);
    }
  close (out[0]);
  close (out[1]);
  proc_capture_end (capture, 1);
  proc_capture_end (capture, 2);
  g_clear_pointer (&capture, proc_capture_free);
  proc_log_store_sync (f->store);
  calm = run (f, "quiet", NULL, FALSE, 1000);
  g_assert_cmpuint (calm->hits->len, ==, 50);
  noisy = run (f, "loud", NULL, FALSE, 100000);
  g_assert_cmpuint (noisy->hits->len, <, 10000);
  told = run (f, "loud", NULL, TRUE, 1);
  {
    ProcLogEntry *entry = ((ProcLogHit *)told->hits->pdata[0])->entry;
    g_autofree char *tag = g_strdup_printf ("dropped:%u", 20000 - (noisy->hits->len - 1));

    g_assert_cmpuint (entry->level, ==, PROC_LEVEL_WARNING);
    g_assert_cmpstr (entry->tags, ==, tag);
  }
  g_assert_false (g_file_test (loud, G_FILE_TEST_EXISTS));
}

static void
test_times (void)
{
  g_assert_cmpint (proc_time_from_int (1700000000), ==, 1700000000000);
  g_assert_cmpint (proc_time_from_int (1700000000123), ==, 1700000000123);
  g_assert_cmpint (proc_time_from_text ("2023-11-14T22:13:20.5Z"), ==, 1700000000500);
  g_assert_cmpint (proc_time_from_text ("yesterday"), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, limit, func) g_test_add ("/logs/" name, Fixture, GUINT_TO_POINTER (limit), set_up, func, tear_down)
  ADD ("order-and-sources", 0, test_order_and_sources);
  ADD ("cursors", 0, test_cursors);
  ADD ("follow", 0, test_follow);
  ADD ("filters", 0, test_filters);
  ADD ("rotation", 1024 * 1024, test_rotation);
  ADD ("torn", 0, test_torn);
  ADD ("flood", 0, test_flood);
#undef ADD
  g_test_add_func ("/logs/times", test_times);
  return g_test_run ();
}
