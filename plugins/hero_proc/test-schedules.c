/*
 * test-schedules.c: ticks, limits, jitter, catching up, steps of the clock and states, over a clock that the test
 * turns; and the one real timer. Nothing waits.
 */
#include <string.h>

#include "schedules.h"
#include "wall-timer.h"
#include "zone.h"

/* 2026-01-01T00:00:00Z, a Thursday. */
#define NEW_YEAR G_GINT64_CONSTANT (1767225600000)
#define MINUTE 60000
#define HOUR 3600000

typedef struct
{
  ProcSchedules *schedules;
  gint64 wall, mono, armed;
  guint live;
  guint32 next_id; /* 0 = fire fails */
  guint skipped;
  GString *fired; /* "action@ms since new year " */
} World;

static gint64
world_wall (gpointer data)
{
  return ((World *)data)->wall;
}

static gint64
world_mono (gpointer data)
{
  return ((World *)data)->mono;
}

static void
world_arm (gint64 wall_ms, gpointer data)
{
  ((World *)data)->armed = wall_ms;
}

static guint
world_live (const char *action, gpointer data)
{
  return ((World *)data)->live;
}

static guint32
world_fire (const char *action, gpointer data)
{
  World *world = data;

  if (world->next_id == 0)
    return 0;
  g_string_append_printf (world->fired, "%s@%" G_GINT64_FORMAT " ", action, world->wall - NEW_YEAR);
  /* What a job may do: end its own schedule. */
  if (strcmp (action, "once") == 0)
    proc_schedules_remove (world->schedules, action);
  return world->next_id++;
}

static void
world_served (const char *action, guint skipped, gpointer data)
{
  ((World *)data)->skipped += skipped;
}

static void
world_init (World *world)
{
  static const ProcSchedulesHooks hooks = { world_wall, world_mono, world_arm, world_live, world_fire, world_served };
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();

  *world = (World){ .wall = NEW_YEAR, .mono = 5000, .next_id = 1, .fired = g_string_new (NULL) };
  world->schedules = proc_schedules_new (&hooks, world, utc);
}

static void
world_clear (World *world)
{
  proc_schedules_free (world->schedules);
  g_string_free (world->fired, TRUE);
}

/* Lets time pass; the timer wakes the engine exactly when it asked for it. */
static void
run_for (World *world, gint64 ms)
{
  gint64 end = world->wall + ms;

  while (world->armed != 0 && world->armed <= end)
    {
      gint64 step = MAX (world->armed - world->wall, 0);

      world->wall += step;
      world->mono += step;
      proc_schedules_wake (world->schedules, FALSE);
    }
  world->mono += end - world->wall;
  world->wall = end;
}

static void
step_clock (World *world, gint64 ms)
{
  world->wall += ms;
  proc_schedules_wake (world->schedules, TRUE);
}

static void
set (World *world, const char *action, const char *json, const ProcScheduleRecord *record)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcSchedulePolicy) policy
      = proc_schedule_policy_from_json (json_node_get_object (node), "p", NULL, &error);

  g_assert_no_error (error);
  proc_schedules_set (world->schedules, action, policy, record);
}

static ProcScheduleInfo
info_of (World *world, const char *action)
{
  ProcScheduleInfo info;

  g_assert_true (proc_schedules_get (world->schedules, action, &info));
  return info;
}

static void
assert_fired (World *world, const char *expected)
{
  g_assert_cmpstr (world->fired->str, ==, expected);
  g_string_truncate (world->fired, 0);
}

static void
test_ticks (void)
{
  World world;
  ProcScheduleInfo info;

  world_init (&world);
  set (&world, "b", "{\"cron\":\"*/2 * * * *\"}", NULL);
  set (&world, "a", "{\"cron\":\"* * * * *\"}", NULL);
  set (&world, "i", "{\"interval_ms\":90000}", NULL);
  run_for (&world, MINUTE + 1);
  assert_fired (&world, ""); /* not started */
  proc_schedules_start (world.schedules);
  assert_fired (&world, "");
  run_for (&world, 3 * MINUTE);
  assert_fired (&world, "i@90000 a@120000 b@120000 a@180000 i@180000 a@240000 b@240000 ");
  info = info_of (&world, "a");
  g_assert_cmpint (info.next_at, ==, NEW_YEAR + 5 * MINUTE);
  g_assert_cmpint (info.record.last_at, ==, NEW_YEAR + 4 * MINUTE);
  g_assert_cmpuint (info.record.fired_count, ==, 3);
  g_assert_cmpuint (info.record.skipped_count, ==, 1); /* the one before the start */
  g_assert_cmpuint (info.record.last_job_id, ==, 6);
  /* The earliest schedule goes: the timer is set for the next. */
  proc_schedules_remove (world.schedules, "a");
  g_assert_cmpint (world.armed, ==, NEW_YEAR + 270000);
  proc_schedules_remove (world.schedules, "i");
  proc_schedules_remove (world.schedules, "b");
  g_assert_cmpint (world.armed, ==, PROC_CRON_NEVER);
  g_assert_cmpuint (proc_schedules_get_size (world.schedules), ==, 0);
  world_clear (&world);
}

static void
test_limit_of_instances (void)
{
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "a", "{\"cron\":\"* * * * *\",\"nr_of_instances\":2}", NULL);
  world.live = 1;
  run_for (&world, MINUTE);
  world.live = 2;
  run_for (&world, 2 * MINUTE);
  assert_fired (&world, "a@60000 ");
  g_assert_cmpuint (world.skipped, ==, 2);
  g_assert_cmpuint (proc_schedules_trigger (world.schedules, "a", FALSE), ==, 0);
  g_assert_cmpuint (proc_schedules_trigger (world.schedules, "a", TRUE), ==, 2);
  g_assert_cmpuint (proc_schedules_trigger (world.schedules, "unknown", TRUE), ==, 0);
  assert_fired (&world, "a@180000 ");
  /* A job that could not be made is a tick skipped. */
  world.live = 0;
  world.next_id = 0;
  run_for (&world, MINUTE);
  g_assert_cmpuint (world.skipped, ==, 3);
  g_assert_cmpuint (info_of (&world, "a").record.skipped_count, ==, 3);
  g_assert_cmpuint (info_of (&world, "a").record.fired_count, ==, 2);
  world_clear (&world);
}

static void
test_catch_up (void)
{
  static const struct
  {
    const char *policy, *fired;
    gint64 down_ms;
    guint fired_count, skipped_count;
  } rows[] = {
    { "{\"cron\":\"0 * * * *\"}", "", 3 * HOUR + 1, 0, 3 },
    { "{\"cron\":\"0 * * * *\",\"catch_up\":\"once\"}", "a@10800000 ", 3 * HOUR, 1, 2 },
    { "{\"cron\":\"0 * * * *\",\"catch_up\":\"once\"}", "", HOUR - 1, 0, 0 },
    { "{\"cron\":\"0 * * * *\"}", "", HOUR + 1, 0, 1 }, /* not even by a millisecond */
    { "{\"cron\":\"0 * * * *\",\"enabled\":false,\"catch_up\":\"once\"}", "", 3 * HOUR, 0, 0 },
    { "{\"cron\":\"0 * * * *\",\"end_time\":1767232800000}", "", 9 * HOUR, 0, 1 },
    { "{\"interval_ms\":1000}", "", 9500, 0, 9 },
    { "{\"interval_ms\":1000,\"catch_up\":\"once\"}", "a@9500 ", 9500, 1, 8 },
    { "{\"interval_ms\":1000,\"end_time\":1767225604000}", "", HOUR, 0, 3 },
    { "{\"cron\":\"* * * * * *\"}", "", 100 * HOUR, 0, PROC_SCHEDULE_MAX_MISSED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ProcScheduleRecord record = { .tick_at = NEW_YEAR };
      World world;

      g_test_message ("%s", rows[i].policy);
      world_init (&world);
      world.wall += rows[i].down_ms;
      set (&world, "a", rows[i].policy, &record);
      proc_schedules_start (world.schedules);
      assert_fired (&world, rows[i].fired);
      g_assert_cmpuint (info_of (&world, "a").record.skipped_count, ==, rows[i].skipped_count);
      g_assert_cmpuint (info_of (&world, "a").record.fired_count, ==, rows[i].fired_count);
      world_clear (&world);
    }
}

/* The thread was busy: a little late is served, once; very late is missed. */
static void
test_late (void)
{
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "a", "{\"cron\":\"* * * * * *\"}", NULL);
  world.wall += 5500;
  world.mono += 5500;
  proc_schedules_wake (world.schedules, FALSE);
  assert_fired (&world, "a@5500 ");
  g_assert_cmpuint (world.skipped, ==, 4);
  g_assert_cmpint (world.armed, ==, NEW_YEAR + 6000);
  world.wall += 2 * HOUR;
  world.mono += 2 * HOUR;
  proc_schedules_wake (world.schedules, FALSE);
  assert_fired (&world, "");
  g_assert_cmpint (world.armed, ==, NEW_YEAR + 2 * HOUR + 6000);
  world_clear (&world);
}

static void
test_clock_steps (void)
{
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "i", "{\"interval_ms\":90000}", NULL);
  set (&world, "w", "{\"cron\":\"*/10 * * * *\"}", NULL);
  run_for (&world, 10 * MINUTE + 1000);
  assert_fired (&world, "i@90000 i@180000 i@270000 i@360000 i@450000 i@540000 w@600000 ");
  /* Back by two seconds: 00:10 was served; the interval goes on by its own clock. */
  step_clock (&world, -2000);
  run_for (&world, 32 * 1000);
  assert_fired (&world, "i@628000 ");
  g_assert_cmpint (info_of (&world, "w").next_at, ==, NEW_YEAR + 20 * MINUTE);
  /* Back by a day: those times are new. */
  step_clock (&world, -24 * HOUR);
  g_assert_cmpint (info_of (&world, "w").next_at, ==, NEW_YEAR - 24 * HOUR + 20 * MINUTE);
  g_assert_cmpint (info_of (&world, "i").next_at, ==, world.wall + 87000);
  /* Ahead by an hour: what was jumped over is missed. */
  world.skipped = 0;
  step_clock (&world, HOUR);
  assert_fired (&world, "");
  g_assert_cmpuint (world.skipped, ==, 6);
  g_assert_cmpint (info_of (&world, "i").next_at, ==, world.wall + 87000);
  /* Ahead by half a minute over a tick: it is only late. */
  run_for (&world, info_of (&world, "w").next_at - world.wall - 10000);
  g_string_truncate (world.fired, 0);
  step_clock (&world, 30000);
  g_assert_true (g_str_has_prefix (world.fired->str, "w@"));
  world_clear (&world);
}

/* Started while the clock was years ahead: when it is put right, nothing waits for those years. */
static void
test_clock_was_ahead (void)
{
  ProcScheduleRecord record = { .tick_at = NEW_YEAR + 1000 * 24 * (gint64)HOUR };
  World world;

  world_init (&world);
  set (&world, "a", "{\"cron\":\"0 * * * *\"}", &record);
  g_assert_cmpint (info_of (&world, "a").next_at, ==, NEW_YEAR + HOUR);
  world.wall = record.tick_at;
  set (&world, "e", "{\"cron\":\"0 * * * *\",\"end_time\":1767312000000}", &record);
  proc_schedules_start (world.schedules);
  g_assert_cmpint (info_of (&world, "e").state, ==, PROC_SCHEDULE_ENDED);
  step_clock (&world, NEW_YEAR - record.tick_at);
  g_assert_cmpint (info_of (&world, "a").next_at, ==, NEW_YEAR + HOUR);
  g_assert_cmpint (info_of (&world, "e").state, ==, PROC_SCHEDULE_ACTIVE);
  g_assert_cmpint (info_of (&world, "e").next_at, ==, NEW_YEAR + HOUR);
  world_clear (&world);
}

static void
test_states (void)
{
  World world;
  ProcScheduleInfo info;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "a", "{\"cron\":\"0 * * * *\",\"start_time\":1767227400000,\"end_time\":1767232800001}", NULL);
  g_assert_cmpint (info_of (&world, "a").state, ==, PROC_SCHEDULE_WAITING);
  run_for (&world, HOUR / 2);
  g_assert_cmpint (info_of (&world, "a").state, ==, PROC_SCHEDULE_ACTIVE);
  set (&world, "a", "{\"cron\":\"0 * * * *\",\"enabled\":false}", NULL);
  info = info_of (&world, "a");
  g_assert_true (info.state == PROC_SCHEDULE_PAUSED && info.next_at == PROC_CRON_NEVER);
  run_for (&world, HOUR);
  assert_fired (&world, "");
  /* Nothing is missed while paused. */
  set (&world, "a", "{\"cron\":\"0 * * * *\",\"catch_up\":\"once\",\"end_time\":1767232800001}", NULL);
  run_for (&world, HOUR);
  assert_fired (&world, "a@7200000 ");
  info = info_of (&world, "a");
  g_assert_true (info.state == PROC_SCHEDULE_ENDED && info.next_at == PROC_CRON_NEVER);
  g_assert_cmpuint (info.record.skipped_count, ==, 0);
  /* A record that no longer parses costs nothing and is kept. */
  proc_schedules_park (world.schedules, "a", "parameter 'cron': ..");
  info = info_of (&world, "a");
  g_assert_true (info.state == PROC_SCHEDULE_INVALID && info.policy == NULL && info.record.fired_count == 1);
  g_assert_cmpstr (info.error, ==, "parameter 'cron': ..");
  g_assert_cmpint (world.armed, ==, PROC_CRON_NEVER);
  step_clock (&world, HOUR);
  /* Mended. */
  set (&world, "a", "{\"cron\":\"0 * * * *\"}", NULL);
  g_assert_cmpint (info_of (&world, "a").state, ==, PROC_SCHEDULE_ACTIVE);
  g_assert_null (info_of (&world, "a").error);
  set (&world, "a", "{}", NULL);
  g_assert_cmpuint (proc_schedules_get_size (world.schedules), ==, 0);
  world_clear (&world);
}

/* Setting the same again changes nothing; an interval would else never come to its end. */
static void
test_same_again (void)
{
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  for (guint i = 0; i < 10; i++)
    {
      set (&world, "a", "{\"interval_ms\":5000}", NULL);
      run_for (&world, 1000);
    }
  assert_fired (&world, "a@5000 a@10000 ");
  world_clear (&world);
}

static void
test_jitter (void)
{
  gboolean differs = FALSE;
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "a", "{\"cron\":\"0 * * * *\",\"jitter_ms\":60000}", NULL);
  for (guint hour = 1; hour <= 20; hour++)
    {
      gint64 next = info_of (&world, "a").next_at - NEW_YEAR;

      g_assert_cmpint (next, >=, (gint64)hour * HOUR);
      g_assert_cmpint (next, <=, (gint64)hour * HOUR + MINUTE);
      differs |= next % HOUR != 0;
      run_for (&world, NEW_YEAR + next - world.wall);
      g_assert_cmpuint (info_of (&world, "a").record.fired_count, ==, hour);
    }
  g_assert_true (differs);
  g_assert_cmpuint (world.skipped, ==, 0);
  world_clear (&world);
}

static void
test_removed_by_its_job (void)
{
  World world;

  world_init (&world);
  proc_schedules_start (world.schedules);
  set (&world, "once", "{\"cron\":\"* * * * *\"}", NULL);
  set (&world, "z", "{\"cron\":\"* * * * *\"}", NULL);
  run_for (&world, MINUTE);
  assert_fired (&world, "once@60000 z@60000 ");
  g_assert_cmpuint (proc_schedules_get_size (world.schedules), ==, 1);
  world_clear (&world);
}

static void
on_timer (gboolean stepped, gpointer data)
{
  g_assert_false (stepped);
  ++*(guint *)data;
}

static void
test_wall_timer (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;
  guint n = 0;
  g_autoptr (ProcWallTimer) timer = proc_wall_timer_new (context, on_timer, &n, &error);
  gint64 now = g_get_real_time () / 1000;

  g_assert_no_error (error);
  proc_wall_timer_arm (timer, PROC_CRON_NEVER);
  g_assert_false (g_main_context_iteration (context, FALSE));
  proc_wall_timer_arm (timer, now + 30);
  while (n == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (g_get_real_time () / 1000, >=, now + 30);
  /* A past time is now; once. */
  proc_wall_timer_arm (timer, -5);
  g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (n, ==, 2);
  g_assert_false (g_main_context_iteration (context, FALSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schedules/ticks", test_ticks);
  g_test_add_func ("/schedules/limit-of-instances", test_limit_of_instances);
  g_test_add_func ("/schedules/catch-up", test_catch_up);
  g_test_add_func ("/schedules/late", test_late);
  g_test_add_func ("/schedules/clock-steps", test_clock_steps);
  g_test_add_func ("/schedules/clock-was-ahead", test_clock_was_ahead);
  g_test_add_func ("/schedules/states", test_states);
  g_test_add_func ("/schedules/same-again", test_same_again);
  g_test_add_func ("/schedules/jitter", test_jitter);
  g_test_add_func ("/schedules/removed-by-its-job", test_removed_by_its_job);
  g_test_add_func ("/schedules/wall-timer", test_wall_timer);
  return g_test_run ();
}
