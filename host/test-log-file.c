/* test-log-file.c: log files by source: place, modes, rotation, reopening, a full queue, an unwritable directory. */
#include "log-file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 30000

typedef struct
{
  char *top, *directory;
  HeroLogFile *files;
  GString *warnings;
  GMutex lock;
} Fixture;

static void
warn (const char *text, gpointer data)
{
  Fixture *f = data;

  g_mutex_lock (&f->lock);
  g_string_append_printf (f->warnings, "%s\n", text);
  g_mutex_unlock (&f->lock);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->top = g_dir_make_tmp ("hero-log-XXXXXX", NULL);
  f->directory = g_build_filename (f->top, "var", "logs", NULL);
  f->warnings = g_string_new (NULL);
  f->files = hero_log_file_new (f->directory, 100, 2, 8192, warn, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", f->top, NULL };

  hero_log_file_free (f->files);
  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  g_string_free (f->warnings, TRUE);
  g_free (f->directory);
  g_free (f->top);
}

static void
write_line (Fixture *f, const char *source, const char *line)
{
  hero_log_file_write (f->files, source, g_strdup (line));
}

static void
assert_file (Fixture *f, const char *name, const char *expected)
{
  g_autofree char *path = g_build_filename (f->directory, name, NULL), *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, expected);
}

static guint
mode_of (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  struct stat st;

  g_assert_cmpint (stat (path, &st), ==, 0);
  return st.st_mode & 07777;
}

static void
test_places (Fixture *f, gconstpointer data)
{
  mode_t old = umask (0077);

  write_line (f, "hero_bundle.host", "one\n");
  write_line (f, "hero_bundle.hero_db", "two\n");
  write_line (f, "a.b.c", "three\n");
  write_line (f, "hero_bundle.host", "four\n");
  hero_log_file_flush (f->files, WAIT_MS);
  umask (old);
  assert_file (f, "hero_bundle/host.log", "one\nfour\n");
  assert_file (f, "hero_bundle/hero_db.log", "two\n");
  assert_file (f, "a/b/c.log", "three\n");
  g_assert_cmpuint (mode_of (f->directory, ""), ==, 0755);
  g_assert_cmpuint (mode_of (f->directory, "hero_bundle"), ==, 0755);
  g_assert_cmpuint (mode_of (f->directory, "hero_bundle/host.log"), ==, 0640);
  g_assert_cmpstr (f->warnings->str, ==, "");
}

static void
test_rotation (Fixture *f, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (58, 'x');

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *line = g_strdup_printf ("%u%s\n", i, fill);

      write_line (f, "p.s", line);
    }
  hero_log_file_flush (f->files, WAIT_MS);
  for (guint i = 0; i < 3; i++)
    {
      const char *names[] = { "p/s.log.2", "p/s.log.1", "p/s.log" };
      g_autofree char *line = g_strdup_printf ("%u%s\n", i + 2, fill);

      assert_file (f, names[i], line);
    }
  assert_file (f, "p/s.log.3", NULL);
}

static void
test_append_and_reopen (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, "p", "s.log", NULL);
  g_autofree char *moved = g_strconcat (path, ".moved", NULL);

  write_line (f, "p.s", "one\n");
  hero_log_file_flush (f->files, WAIT_MS);
  g_assert_cmpint (g_rename (path, moved), ==, 0);
  write_line (f, "p.s", "two\n");
  hero_log_file_reopen (f->files);
  write_line (f, "p.s", "three\n");
  hero_log_file_flush (f->files, WAIT_MS);
  assert_file (f, "p/s.log.moved", "one\ntwo\n");
  assert_file (f, "p/s.log", "three\n");
}

/* A name in place of a directory: nobody, not even root, can write below. */
static void
test_unwritable (Fixture *f, gconstpointer data)
{
  g_autofree char *var = g_build_filename (f->top, "var", NULL);

  g_assert_true (g_file_set_contents (var, "", 0, NULL));
  write_line (f, "p.s", "one\n");
  write_line (f, "p.t", "two\n");
  write_line (f, "p.s", "three\n");
  hero_log_file_flush (f->files, WAIT_MS);
  g_assert_nonnull (strstr (f->warnings->str, "/p/s.log cannot be written: "));
  g_assert_nonnull (strstr (f->warnings->str, "; lines go to standard output only\n"));
  g_assert_null (strstr (f->warnings->str, "p/t.log"));

  g_assert_cmpint (g_unlink (var), ==, 0);
  hero_log_file_reopen (f->files);
  write_line (f, "p.s", "four\n");
  hero_log_file_flush (f->files, WAIT_MS);
  assert_file (f, "p/s.log", "four\n");
}

static void
test_overflow (Fixture *f, gconstpointer data)
{
  HeroLogFile *small = hero_log_file_new (f->directory, 1 << 20, 0, 0, warn, f);

  hero_log_file_write (small, "p.s", g_strdup ("one\n"));
  hero_log_file_flush (small, WAIT_MS);
  hero_log_file_free (small);
  g_assert_cmpstr (f->warnings->str, ==, "1 lines lost for the log files: the disk is too slow\n");
}

static void
test_flush_at_end (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    write_line (f, "p.s", "abc\n");
  g_clear_pointer (&f->files, hero_log_file_free);
  assert_file (f, "p/s.log",
               "abc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\nabc\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/log-file/places", Fixture, NULL, set_up, test_places, tear_down);
  g_test_add ("/log-file/rotation", Fixture, NULL, set_up, test_rotation, tear_down);
  g_test_add ("/log-file/append-and-reopen", Fixture, NULL, set_up, test_append_and_reopen, tear_down);
  g_test_add ("/log-file/unwritable", Fixture, NULL, set_up, test_unwritable, tear_down);
  g_test_add ("/log-file/overflow", Fixture, NULL, set_up, test_overflow, tear_down);
  g_test_add ("/log-file/flush-at-end", Fixture, NULL, set_up, test_flush_at_end, tear_down);
  return g_test_run ();
}
