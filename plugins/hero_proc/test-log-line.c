/* test-log-line.c: the line format there and back, levels, cutting of byte streams. */
#include <string.h>

#include "log-line.h"

static void
test_format (void)
{
  ProcLogEntry entry = { .ts_ms = 1700000000042,
                         .context = 3,
                         .job_id = 9,
                         .level = 30,
                         .stream = PROC_STREAM_STDERR,
                         .truncated = TRUE,
                         .tags = (char *)"dropped:5",
                         .content = (char *)"a\tb\nc\r" };
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (ProcLogEntry) back = NULL;

  proc_log_format_head (line, &entry);
  proc_log_format_content (line, entry.content, strlen (entry.content));
  g_assert_cmpstr (line->str, ==, "1700000000\t3\t9\t30\tms:042,st:err,cut:1,dropped:5\ta b[BR]c\n");
  back = proc_log_parse (line->str, line->len - 1);
  g_assert_nonnull (back);
  g_assert_cmpint (back->ts_ms, ==, entry.ts_ms);
  g_assert_cmpuint (back->context, ==, 3);
  g_assert_cmpuint (back->job_id, ==, 9);
  g_assert_cmpuint (back->level, ==, 30);
  g_assert_cmpint (back->stream, ==, PROC_STREAM_STDERR);
  g_assert_true (back->truncated);
  g_assert_cmpstr (back->tags, ==, "dropped:5");
  g_assert_cmpstr (back->content, ==, "a b[BR]c");
  g_assert_cmpint (proc_log_parse_time (line->str, line->len), ==, entry.ts_ms);
}

static void
test_foreign_lines (void)
{
  static const char *const lines[]
      = { "", "hello", "1\t2\t3", "1\t0\t0\t999\t-\tx", "-1\t0\t0\t10\t-\tx", "99999999999999999999\t0\t0\t10\t-\tx" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    g_assert_null (proc_log_parse (lines[i], strlen (lines[i])));
  g_assert_cmpint (proc_log_parse_time ("hello", 5), ==, -1);
}

static void
test_levels (void)
{
  static const struct
  {
    const char *content;
    guint level;
  } rows[] = {
    { "ERROR: broken", 254 },
    { "[warn] x", 30 },
    { "{\"msg\":\"an error\",\"level\":\"info\"}", 10 },
    { "{\"msg\":\"an error\",\"level\":40}", 40 },
    { "{\"level\":\"debug\",\"msg\":\"error\"}", 0 },
    { "2026-01-01T00:00:00Z INFO  ok", 10 },
    { "nothing special", 10 },
    { "no errors found", 10 },
    { "notice me", 20 },
    { "panic: index out of range", 254 },
    { "                                                                  error", 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpuint (proc_log_detect_level (rows[i].content, strlen (rows[i].content)), ==, rows[i].level);
  g_assert_cmpint (proc_level_parse ("warn"), ==, 30);
  g_assert_cmpint (proc_level_parse ("254"), ==, 254);
  g_assert_cmpint (proc_level_parse ("loud"), ==, -1);
}

static void
collect (const char *line, gsize length, gboolean truncated, gpointer data)
{
  g_string_append_printf (data, "<%.*s%s>", (int)length, line, truncated ? "+" : "");
}

static void
test_cutter (void)
{
  g_autoptr (GString) got = g_string_new (NULL);
  ProcLineCutter cutter;

  proc_line_cutter_init (&cutter, 8);
  proc_line_cutter_feed (&cutter, "on", 2, collect, got);
  proc_line_cutter_feed (&cutter, "e\ntwo\r\n\n", 8, collect, got);
  proc_line_cutter_feed (&cutter, "12345678\n123456789", 18, collect, got);
  proc_line_cutter_feed (&cutter, "more and more", 13, collect, got);
  proc_line_cutter_feed (&cutter, "\nend", 4, collect, got);
  proc_line_cutter_finish (&cutter, collect, got);
  g_assert_cmpstr (got->str, ==, "<one><two><><12345678><12345678+><end>");
  g_string_truncate (got, 0);
  proc_line_cutter_feed (&cutter, "1234567\xc3\xa4", 9, collect, got);
  proc_line_cutter_feed (&cutter, "\n\xff\n", 3, collect, got);
  g_assert_cmpstr (got->str, ==, "<1234567+><\xef\xbf\xbd>");
  proc_line_cutter_clear (&cutter);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-line/format", test_format);
  g_test_add_func ("/log-line/foreign-lines", test_foreign_lines);
  g_test_add_func ("/log-line/levels", test_levels);
  g_test_add_func ("/log-line/cutter", test_cutter);
  return g_test_run ();
}
