/* test-watchdog.c: the limits of the watchdog's decision. */
#include "watchdog.h"

static void
test_judge (void)
{
  static const struct
  {
    guint missed, warn_ms, fail_s;
    HeroVitality expect;
  } rows[] = {
    { 0, 2000, 30, HERO_ALIVE },    { 1, 2000, 30, HERO_ALIVE },  { 2, 2000, 30, HERO_STALLED },
    { 29, 2000, 30, HERO_STALLED }, { 30, 2000, 30, HERO_HUNG },  { 1, 500, 30, HERO_ALIVE },
    { 1, 2000, 1, HERO_ALIVE },     { 1000, 0, 0, HERO_ALIVE },   { 30, 0, 30, HERO_HUNG },
    { 1000, 2000, 0, HERO_STALLED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (hero_watchdog_judge (rows[i].missed, 1000, rows[i].warn_ms, rows[i].fail_s), ==, rows[i].expect);
}

static void
test_interval (void)
{
  g_assert_cmpuint (hero_watchdog_get_interval_ms (2000), ==, 1000);
  g_assert_cmpuint (hero_watchdog_get_interval_ms (0), ==, 1000);
  g_assert_cmpuint (hero_watchdog_get_interval_ms (400), ==, 200);
  g_assert_cmpuint (hero_watchdog_get_interval_ms (1), ==, 50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watchdog/judge", test_judge);
  g_test_add_func ("/watchdog/interval", test_interval);
  return g_test_run ();
}
