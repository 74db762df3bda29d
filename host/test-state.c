/* test-state.c: every cell of the transition table, written once more from the conventions; and the restart policy. */
#include "state.h"

#include <hero-service/error.h>

#include "plugin-file.h"

/* A letter an event, in their order: d S R D T B s p F = the state that follows, '.' = stays. */
static const char letters[HERO_N_STATES + 1] = "dSRDTBspF";

static void
test_table (void)
{
  static const struct
  {
    HeroState state;
    const char *next; /* start works part hangs late stop ended retry failed */
  } rows[] = {
    { HERO_STATE_DISABLED, "........." },
    { HERO_STATE_STARTING, ".RD.FspBF" },
    { HERO_STATE_READY, "..DT.spBF" },
    { HERO_STATE_DEGRADED, ".R.T.spBF" },
    { HERO_STATE_STALLED, ".RD..spBF" },
    { HERO_STATE_BACKOFF, "S....pp.F" },
    { HERO_STATE_STOPPING, "......ppp" },
    { HERO_STATE_STOPPED, "S.......F" },
    { HERO_STATE_FAILED, "SRD..spB." },
  };

  g_assert_cmpint (G_N_ELEMENTS (rows), ==, HERO_N_STATES);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint event = 0; event < HERO_N_EVENTS; event++)
      {
        HeroState next = hero_state_next (rows[i].state, (HeroStateEvent) event);
        char expected = rows[i].next[event];

        g_test_message ("%s, event %u -> %s", hero_state_to_string (rows[i].state), event, hero_state_to_string (next));
        g_assert_cmpint (expected == '.' ? letters[rows[i].state] : expected, ==, letters[next]);
      }
}

static void
test_names (void)
{
  HeroState state;

  for (guint i = 0; i < HERO_N_STATES; i++)
    {
      g_assert_true (hero_state_from_string (hero_state_to_string ((HeroState) i), &state));
      g_assert_cmpint (state, ==, i);
    }
  g_assert_false (hero_state_from_string ("nonsense", &state));
}

static void
test_restart (void)
{
  g_autoptr (GError) failed = g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "x");
  g_autoptr (GError) config = g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG, "x");
  g_autoptr (GError) busy = g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_BUSY, "x");
  g_autoptr (GError) format = g_error_new (HERO_ERROR, HERO_ERROR_FORMAT, "x");
  g_autoptr (GError) abi = g_error_new (HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_MAJOR, "x");
  g_autoptr (GError) io = g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "x");
  const struct
  {
    HeroRestart policy;
    guint attempts;
    const GError *error;
    int delay_ms; /* -1 = not again */
  } rows[] = {
    { HERO_RESTART_ON_FAILURE, 0, failed, 500 },
    { HERO_RESTART_ON_FAILURE, 1, failed, 1000 },
    { HERO_RESTART_ON_FAILURE, 6, io, 32000 },
    { HERO_RESTART_ON_FAILURE, 7, failed, 60000 },
    { HERO_RESTART_ON_FAILURE, 19, failed, 60000 },
    { HERO_RESTART_ON_FAILURE, 20, failed, -1 },
    { HERO_RESTART_ON_FAILURE, 0, NULL, -1 },
    { HERO_RESTART_ON_FAILURE, 0, config, -1 },
    { HERO_RESTART_ON_FAILURE, 0, busy, -1 },
    { HERO_RESTART_ON_FAILURE, 0, format, -1 },
    { HERO_RESTART_ON_FAILURE, 0, abi, -1 },
    { HERO_RESTART_ALWAYS, 0, NULL, 500 },
    { HERO_RESTART_ALWAYS, 0, busy, -1 },
    { HERO_RESTART_NEVER, 0, failed, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      HeroRestartPolicy policy = { rows[i].policy, 500, 60000, 20 };
      guint delay_ms = 0;
      gboolean again = hero_restart_decide (&policy, rows[i].attempts, rows[i].error, &delay_ms);

      g_assert_cmpint (again, ==, rows[i].delay_ms >= 0);
      if (again)
        g_assert_cmpint (delay_ms, ==, rows[i].delay_ms);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/state/table", test_table);
  g_test_add_func ("/state/names", test_names);
  g_test_add_func ("/state/restart", test_restart);
  return g_test_run ();
}
