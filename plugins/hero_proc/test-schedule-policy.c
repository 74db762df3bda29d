/* test-schedule-policy.c: policies from JSON and back, refusals, time zones by name, ticks. No real clock. */
#include "errors.h"
#include "schedule-policy.h"
#include "zone.h"

static ProcSchedulePolicy *
policy_from (const char *text, GPtrArray *warnings, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  return proc_schedule_policy_from_json (json_node_get_object (node), "p", warnings, error);
}

static void
test_defaults (void)
{
  g_autoptr (ProcSchedulePolicy) none = policy_from ("{}", NULL, NULL);
  g_autoptr (ProcSchedulePolicy) cron = policy_from ("{\"cron\":\"0 9 * * 1\",\"nrOfInstances\":0}", NULL, NULL);
  g_autoptr (ProcSchedulePolicy) null = policy_from ("{\"interval_ms\":90000,\"nr_of_instances\":null}", NULL, NULL);
  g_autofree char *none_words = proc_schedule_policy_words (none), *cron_words = proc_schedule_policy_words (cron),
                  *interval_words = proc_schedule_policy_words (null);

  g_assert_true (proc_schedule_policy_is_empty (none));
  g_assert_cmpint (proc_schedule_policy_next (none, NULL, 1, 0), ==, PROC_CRON_NEVER);
  g_assert_cmpstr (none_words, ==, "");
  g_assert_true (cron->nr_of_instances == 1 && null->nr_of_instances == 1);
  g_assert_true (cron->enabled && cron->catch_up == PROC_CATCH_UP_NONE && cron->jitter_ms == 0);
  g_assert_cmpstr (cron->timezone, ==, "");
  g_assert_cmpstr (cron_words, ==, "every Monday at 09:00:00");
  g_assert_cmpstr (interval_words, ==, "every 90 seconds");
}

static void
test_round_trip (void)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ProcSchedulePolicy) policy = policy_from (
      "{\"cron\":\"0 0 9 * * 1\",\"timezone\":\"Europe/Brussels\",\"start_time\":1800000000,"
      "\"endTime\":\"2030-01-01T00:00:00+01:00\",\"nr_of_instances\":255,\"catch_up\":\"Once\",\"jitter_ms\":5,"
      "\"enabled\":false,\"intervalms\":1}",
      warnings, NULL);
  g_autoptr (JsonObject) json = proc_schedule_policy_to_json (policy);
  g_autoptr (ProcSchedulePolicy) again = proc_schedule_policy_from_json (json, "p", NULL, NULL);

  g_assert_nonnull (policy);
  g_assert_cmpint (policy->start_time, ==, G_GINT64_CONSTANT (1800000000000));
  g_assert_cmpint (policy->end_time, ==, G_GINT64_CONSTANT (1893452400000));
  g_assert_cmpuint (policy->nr_of_instances, ==, 255);
  g_assert_cmpuint (policy->catch_up, ==, PROC_CATCH_UP_ONCE);
  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_cmpstr (warnings->pdata[0], ==, "unknown member 'p.intervalms' is not stored; did you mean 'interval_ms'?");
  g_assert_true (again != NULL && proc_schedule_policy_equal (policy, again));
  again->jitter_ms++;
  g_assert_false (proc_schedule_policy_equal (policy, again));
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *json;
    int code;
    const char *text;
  } rows[] = {
    { "{\"cron\":\"99 * * * *\"}", PROC_ERROR_INVALID_CRON,
      "parameter 'p.cron': minute (character 1): expected 0..59, got 99" },
    { "{\"cron\":\"* * * * *\",\"interval_ms\":1000}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.cron': expected either cron or interval_ms, got both" },
    { "{\"interval_ms\":99}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.interval_ms': expected 0 or at least 100, got less" },
    { "{\"interval_ms\":-1}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.interval_ms': expected integer 0..316224000000, got -1" },
    { "{\"interval_ms\":316224000001}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.interval_ms': expected integer 0..316224000000, got 316224000001" },
    { "{\"nr_of_instances\":256}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.nr_of_instances': expected integer 0..255, got 256" },
    { "{\"catch_up\":\"all\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.catch_up': expected one of none|once, got 'all'" },
    { "{\"jitter_ms\":86400001}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.jitter_ms': expected integer 0..86400000, got 86400001" },
    { "{\"enabled\":1}", PROC_ERROR_INVALID_PARAM, "parameter 'p.enabled': expected boolean, got integer" },
    { "{\"start_time\":-5}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.start_time': expected a time before the year 2200: ms, seconds or RFC 3339 text, got integer" },
    { "{\"start_time\":\"soon\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.start_time': expected a time before the year 2200: ms, seconds or RFC 3339 text, got soon" },
    { "{\"end_time\":9223372036854775807}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.end_time': expected a time before the year 2200: ms, seconds or RFC 3339 text, got integer" },
    { "{\"end_time\":[]}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.end_time': expected a time before the year 2200: ms, seconds or RFC 3339 text, got array" },
    { "{\"start_time\":2000,\"end_time\":2000}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.end_time': expected a time after start_time, got one before" },
    { "{\"timezone\":\"Europe/Brusels\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'p.timezone': expected a time zone; the nearest is 'Europe/Brussels', got Europe/Brusels" },
    { "{\"cron\":5}", PROC_ERROR_INVALID_PARAM, "parameter 'p.cron': expected string, got integer" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (policy_from (rows[i].json, NULL, &error));
      g_assert_error (error, PROC_ERROR, rows[i].code);
      g_assert_cmpstr (error->message, ==, rows[i].text);
    }
}

static void
test_zones (void)
{
  static const char *const good[] = { "local",     "LOCAL",   "UTC",
                                      "utc",       "GMT",     "Europe/Brussels",
                                      "Etc/GMT+5", "EST5EDT", "America/Argentina/Buenos_Aires" };
  /* NULL = no suggestion. */
  static const char *const bad[][2] = {
    { "europe/brussels", "Europe/Brussels" },
    { "Brussels", "Europe/Brussels" },
    { "new_york", "America/New_York" },
    { "Amerika/New_York", "America/New_York" },
    { "", NULL },
    { "Mars/Olympus_Mons", NULL },
    { "Europe", NULL },
    { "/etc/passwd", NULL },
    { "../../etc/passwd", NULL },
    { "Europe/../Europe/Brussels", NULL },
    { "right/Europe/Brussels", NULL },
    { "leapseconds", NULL },
    { "CET-1CEST", NULL },
    { "+01:00", NULL },
    { "EST5EDT,M3.2.0,M11.1.0", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GTimeZone) zone = proc_zone_new (good[i], "zone", NULL);

      g_assert_nonnull (zone);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *expected = bad[i][1] != NULL
                                      ? g_strdup_printf ("a time zone; the nearest is '%s'", bad[i][1])
                                      : g_strdup ("a time zone: local, UTC or an IANA name such as Europe/Brussels");
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i][0]);
      g_assert_null (proc_zone_new (bad[i][0], "zone", &error));
      g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
      g_assert_cmpstr (proc_error_get_expected (error), ==, expected);
    }
}

static void
test_ticks (void)
{
  static const struct
  {
    const char *json;
    gint64 after, last, tick;
  } rows[] = {
    /* An interval: from now, from the last tick, on its grid when ticks were left out, from a last one in the future.
     */
    { "{\"interval_ms\":1000}", 50500, 0, 51500 },
    { "{\"interval_ms\":1000}", 50500, 50100, 51100 },
    { "{\"interval_ms\":1000}", 51100, 50100, 52100 },
    { "{\"interval_ms\":1000}", 57000, 50100, 57100 },
    { "{\"interval_ms\":1000}", 50000, 90000, 51000 },
    /* .. and a time to begin and to end. */
    { "{\"interval_ms\":1000,\"start_time\":100000000000}", 50500, 0, 100000000000 },
    { "{\"interval_ms\":1000,\"start_time\":100000000000}", 100000000200, 0, 100000001200 },
    { "{\"interval_ms\":1000,\"end_time\":100000000000}", 99999999000, 99999998500, 99999999500 },
    { "{\"interval_ms\":1000,\"end_time\":100000000000}", 99999999000, 99999999000, PROC_CRON_NEVER },
    /* 2026-01-01T00:00:00Z = 1767225600 s. A tick at start_time counts, one at end_time does not. */
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\"}", 1767225600000, 0, 1767258000000 },
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"Europe/Brussels\"}", 1767225600000, 0, 1767254400000 },
    { "{\"cron\":\"0 9 * * *\"}", 1767225600000, 0, 1767286800000 },
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\",\"start_time\":1767258000000}", 5, 0, 1767258000000 },
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\",\"start_time\":1767258000001}", 5, 0, 1767344400000 },
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\",\"end_time\":1767258000000}", 1767225600000, 0, PROC_CRON_NEVER },
    { "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\",\"end_time\":1767258000001}", 1767225600000, 0, 1767258000000 },
  };
  g_autoptr (GTimeZone) configured = proc_zone_new ("America/Los_Angeles", "zone", NULL);

  /* 09:00 in January there is 17:00 UTC. */
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ProcSchedulePolicy) policy = policy_from (rows[i].json, NULL, NULL);

      g_test_message ("%s after %" G_GINT64_FORMAT, rows[i].json, rows[i].after);
      g_assert_nonnull (policy);
      g_assert_cmpint (proc_schedule_policy_next (policy, configured, rows[i].after, rows[i].last), ==, rows[i].tick);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schedule-policy/defaults", test_defaults);
  g_test_add_func ("/schedule-policy/round-trip", test_round_trip);
  g_test_add_func ("/schedule-policy/refusals", test_refusals);
  g_test_add_func ("/schedule-policy/zones", test_zones);
  g_test_add_func ("/schedule-policy/ticks", test_ticks);
  return g_test_run ();
}
