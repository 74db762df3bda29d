/* test-log-level.c: RUST_LOG and log_level, row by row. */
#include "log-level.h"

static void
test_specs (void)
{
  static const struct
  {
    const char *spec;
    guint host, db, mycelium;
  } rows[] = {
    { "info", HERO_LOG_INFO, HERO_LOG_INFO, HERO_LOG_INFO },
    { "", HERO_LOG_INFO, HERO_LOG_INFO, HERO_LOG_INFO },
    { "DEBUG", HERO_LOG_DEBUG, HERO_LOG_DEBUG, HERO_LOG_DEBUG },
    { "warn,hero_db=debug", HERO_LOG_WARN, HERO_LOG_DEBUG, HERO_LOG_WARN },
    { "hero_db=trace", HERO_LOG_INFO, HERO_LOG_TRACE, HERO_LOG_INFO },
    { "hero_db_server=off , error", HERO_LOG_ERROR, HERO_LOG_OFF, HERO_LOG_ERROR },
    { "off,hero_bundle=info", HERO_LOG_INFO, HERO_LOG_OFF, HERO_LOG_OFF },
    { "hyper=trace,warn,", HERO_LOG_WARN, HERO_LOG_WARN, HERO_LOG_WARN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (HeroLogLevels) levels = hero_log_levels_new (rows[i].spec, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (hero_log_levels_get (levels, "hero_bundle"), ==, rows[i].host);
      g_assert_cmpuint (hero_log_levels_get (levels, "hero_db"), ==, rows[i].db);
      g_assert_cmpuint (hero_log_levels_get (levels, "mycelium"), ==, rows[i].mycelium);
    }
}

static void
test_bad (void)
{
  static const struct
  {
    const char *spec, *message;
  } rows[] = {
    { "verbose", "\"verbose\" is no log level; known levels: off, error, warn, info, debug, trace" },
    { "info,hero_db=debgu", "\"debgu\" is no log level; did you mean \"debug\"?" },
    { "hero_db=", "\"\" is no log level; known levels: off, error, warn, info, debug, trace" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (hero_log_levels_new (rows[i].spec, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-level/specs", test_specs);
  g_test_add_func ("/log-level/bad", test_bad);
  return g_test_run ();
}
