/* test-log-glib.c: levels of GLib's messages, threads and services, repetitions. */
#include "log-glib.h"

static void
test_levels (void)
{
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL), ==, HERO_LOG_ERROR);
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_CRITICAL), ==, HERO_LOG_ERROR);
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_WARNING), ==, HERO_LOG_WARN);
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_MESSAGE), ==, HERO_LOG_INFO);
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_INFO), ==, HERO_LOG_DEBUG);
  g_assert_cmpint (hero_log_glib_level (G_LOG_LEVEL_DEBUG), ==, HERO_LOG_TRACE);
}

static void
test_repeats (void)
{
  HeroLogRepeats *repeats = hero_log_repeats_new (10, 3);
  static const struct
  {
    const char *domain, *message;
    gint64 now;
    gboolean pass;
    guint held_back;
  } rows[] = {
    { "a", "x", 0, TRUE, 0 },   { "a", "x", 1, FALSE, 0 },   { "a", "x", 9, FALSE, 0 },
    { "b", "x", 9, TRUE, 0 },   { NULL, "x", 9, TRUE, 0 },   { "a", "x", 10, TRUE, 2 },
    { "a", "x", 11, FALSE, 0 }, { "a", "new", 12, TRUE, 0 }, /* the fourth: all others are forgotten */
    { "a", "x", 13, TRUE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint held_back = 99;

      g_assert_true (hero_log_repeats_pass (repeats, rows[i].domain, rows[i].message, rows[i].now, &held_back)
                     == rows[i].pass);
      g_assert_cmpuint (held_back, ==, rows[i].held_back);
    }
  hero_log_repeats_free (repeats);
}

static gpointer
in_thread (gpointer data)
{
  g_assert_null (hero_log_glib_get_thread_service ());
  hero_log_glib_set_thread_service (data);
  g_assert_cmpstr (hero_log_glib_get_thread_service (), ==, data);
  return NULL;
}

static void
test_threads (void)
{
  hero_log_glib_set_thread_service ("main");
  g_thread_join (g_thread_new ("t", in_thread, "hero_db"));
  g_assert_cmpstr (hero_log_glib_get_thread_service (), ==, "main");
  hero_log_glib_set_thread_service (NULL);
  g_assert_null (hero_log_glib_get_thread_service ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-glib/levels", test_levels);
  g_test_add_func ("/log-glib/repeats", test_repeats);
  g_test_add_func ("/log-glib/threads", test_threads);
  return g_test_run ();
}
