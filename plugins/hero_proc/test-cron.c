/*
 * test-cron.c: both dialects, their readings and refusals, the calendar, every change of the clock of 2026 in four
 * zones, and random expressions against an evaluation second by second. No real clock.
 */
#include "cron-words.h"
#include "cron.h"
#include "errors.h"

static ProcCron
compiled (const char *text)
{
  g_autoptr (GError) error = NULL;
  ProcCron cron;

  if (!proc_cron_parse (&cron, text, "cron", &error))
    g_error ("%s: %s", text, error->message);
  return cron;
}

static GTimeZone *
zone_of (const char *name)
{
  GTimeZone *zone = g_time_zone_new_identifier (name);

  g_assert_nonnull (zone);
  return zone;
}

static gint64
ms_of (const char *time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (time, NULL);

  if (date == NULL)
    g_error ("not a time: %s", time);
  return g_date_time_to_unix (date) * 1000;
}

static char *
text_of (gint64 ms, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (ms / 1000);
  g_autoptr (GDateTime) date = g_date_time_to_timezone (utc, zone);

  g_assert_cmpint (ms % 1000, ==, 0);
  return g_date_time_format (date, "%Y-%m-%d %H:%M:%S%:z");
}

/* ---------------------------------------------------------------------------------------------- words */

static void
test_words (void)
{
  static const struct
  {
    const char *cron, *words;
  } rows[] = {
    /* The mix-up of weekdays (check 11). */
    { "0 0 9 * * 1", "every Sunday at 09:00:00" },
    { "0 9 * * 1", "every Monday at 09:00:00" },
    { "0 9 * * 0", "every Sunday at 09:00:00" },
    { "0 9 * * 7", "every Sunday at 09:00:00" },
    { "0 0 9 * * 7", "every Saturday at 09:00:00" },
    { "0 9 * * MON", "every Monday at 09:00:00" },
    { "0 0 9 * * MON", "every Monday at 09:00:00" },
    { "0 0 9 ? * tuesday", "every Tuesday at 09:00:00" },
    { "0 9 * * 1-5", "every Monday to Friday at 09:00:00" },
    { "0 0 9 * * 2-6", "every Monday to Friday at 09:00:00" },
    { "0 9 * * 5-7", "every Friday to Sunday at 09:00:00" },
    { "0 9 * * SUN,Wed", "every Wednesday and Sunday at 09:00:00" },
    /* Rhythms. */
    { "* * * * *", "every minute" },
    { "* * * * * *", "every second" },
    { "*/5 * * * *", "every 5 minutes" },
    { "0/5 * * * *", "every 5 minutes" },
    { "0,30 * * * *", "every 30 minutes" },
    { "*/10 * * * * *", "every 10 seconds" },
    { "*/7 * * * *", "at minutes 0 to 56 by 7 of every hour" },
    { "3-58/5 * * * *", "at minutes 3 to 58 by 5 of every hour" },
    { "0 * * * *", "at minute 0 of every hour" },
    { "30 * * * * *", "at second 30 of every minute" },
    { "15 30 * * * *", "at second 15 of minute 30 of every hour" },
    { "0 */2 * * *", "every day at minute 0 of hours 0 to 22 by 2" },
    { "*/15 9-17 * * 1-5", "every Monday to Friday, every 15 minutes of hours 9 to 17" },
    { "* * 9 * * *", "every second of hour 9" },
    { "*/10 */5 * * * *", "every 10 seconds of minutes 0 to 55 by 5" },
    { "0 9-17 1 * *", "on day 1 of every month at minute 0 of hours 9 to 17" },
    /* Times of day. */
    { "5 4 * * *", "every day at 04:05:00" },
    { "30 0 9 * * *", "every day at 09:00:30" },
    { "0 */6 * * *", "every day at 00:00:00, 06:00:00, 12:00:00 and 18:00:00" },
    { "15,45 8 * * *", "every day at 08:15:00 and 08:45:00" },
    /* Days. */
    { "0 0 L * *", "on the last day of every month at 00:00:00" },
    { "0 0 1,15,L * *", "on days 1 and 15 and the last day of every month at 00:00:00" },
    { "0 0 13 * 5", "on day 13 of every month and also every Friday at 00:00:00" },
    { "0 0 13 1 5", "on day 13 of January and also every Friday in January at 00:00:00" },
    { "0 0 0 13 * 6", "on day 13 of every month if it is Friday at 00:00:00" },
    { "0 0 */10 * 1", "on days 1 to 31 by 10 of every month if it is Monday at 00:00:00" },
    { "0 0 * JAN,june-August *", "every day in January and June to August at 00:00:00" },
    { "0 0 31 2 1", "on day 31 of February and also every Monday in February at 00:00:00" },
    { "0 0 0 1 1 ? 2030", "on day 1 of January at 00:00:00 in 2030" },
    { "0 0 0 * * * 2026-2028,2030", "every day at 00:00:00 in 2026 to 2028 and 2030" },
    { "0 0 1-31 * 1", "every day at 00:00:00" },
    /* Macros and blanks. */
    { "@yearly", "on day 1 of January at 00:00:00" },
    { "@Annually", "on day 1 of January at 00:00:00" },
    { "@monthly", "on day 1 of every month at 00:00:00" },
    { "@weekly", "every Sunday at 00:00:00" },
    { "@daily", "every day at 00:00:00" },
    { "@midnight", "every day at 00:00:00" },
    { " @hourly\t", "at minute 0 of every hour" },
    { "\t05  04 ? *\t* ", "every day at 04:05:00" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ProcCron cron = compiled (rows[i].cron);
      g_autofree char *words = proc_cron_words (&cron);

      g_test_message ("%s", rows[i].cron);
      g_assert_cmpstr (words, ==, rows[i].words);
    }
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void
test_refusals (void)
{
  static const struct
  {
    const char *cron, *field;
    guint position;
    const char *expected, *found;
  } rows[] = {
    { "99 * * * *", "minute", 1, "0..59", "99" },
    { "0 0 31 2 *", "day", 5, "a day that the month has at times", "31" },
    { "0 0 0 30 2 ?", "day", 7, "a day that the month has at times", "30" },
    { "0 0 0 31 4,6,9,11 *", "day", 7, "a day that the month has at times", "31" },
    { "0 0 0 29 2 ? 2025-2027", "day", 7, "a day that the month has at times", "29" },
    { "", "expression", 1, "5, 6 or 7 fields", "nothing" },
    { "   ", "expression", 4, "5, 6 or 7 fields", "nothing" },
    { "* * * *", "expression", 8, "5, 6 or 7 fields", "nothing" },
    { "* * * * * * * *", "expression", 15, "the end after 7 fields", "*" },
    { "60 * * * * *", "second", 1, "0..59", "60" },
    { "* 24 * * *", "hour", 3, "0..23", "24" },
    { "* * 0 * *", "day", 5, "1..31 or L", "0" },
    { "* * 32 * *", "day", 5, "1..31 or L", "32" },
    { "* * * 13 *", "month", 7, "1..12 or JAN..DEC", "13" },
    { "* * * Foo *", "month", 7, "1..12 or JAN..DEC", "Foo" },
    { "* * * Janu *", "month", 7, "1..12 or JAN..DEC", "Janu" },
    { "* * * * 8", "weekday", 9, "0..7 (0 and 7 = Sunday) or SUN..SAT", "8" },
    { "* * * * * 0", "weekday", 11, "1..7 (1 = Sunday) or SUN..SAT", "0" },
    { "* * * * * 8", "weekday", 11, "1..7 (1 = Sunday) or SUN..SAT", "8" },
    { "* * * * * * 1969", "year", 13, "1970..2199", "1969" },
    { "* * * * * * 2200", "year", 13, "1970..2199", "2200" },
    { "* * * * * * 20260", "year", 13, "1970..2199", "20260" },
    { "MON * * * *", "minute", 1, "0..59", "MON" },
    { "5-2 * * * *", "minute", 1, "a range from low to high, or a list", "5" },
    { "* * * * FRI-SUN", "weekday", 9, "a range from low to high, or a list", "FRI" },
    { "*/0 * * * *", "minute", 3, "a step of 1..9999", "0" },
    { "*/ * * * *", "minute", 3, "a step of 1..9999", "nothing" },
    { "*/x * * * *", "minute", 3, "a step of 1..9999", "x" },
    { "*/10000 * * * *", "minute", 3, "a step of 1..9999", "10000" },
    { "1,,2 * * * *", "minute", 3, "0..59", "," },
    { "1, * * * *", "minute", 3, "0..59", "nothing" },
    { "1- * * * *", "minute", 3, "0..59", "nothing" },
    { "-5 * * * *", "minute", 1, "0..59", "-" },
    { "*5 * * * *", "minute", 2, "a comma or the end of the field", "5" },
    { "1-2-3 * * * *", "minute", 4, "a comma or the end of the field", "-" },
    { "1/2/3 * * * *", "minute", 4, "a comma or the end of the field", "/" },
    { "L * * * *", "minute", 1, "0..59", "L" },
    { "* * * * L", "weekday", 9, "0..7 (0 and 7 = Sunday) or SUN..SAT", "L" },
    { "* * * * 5L", "weekday", 10, "a comma or the end of the field", "L" },
    { "* * L-3 * *", "day", 6, "a comma or the end of the field", "-" },
    { "* * LW * *", "day", 6, "a comma or the end of the field", "W" },
    { "* * 15W * *", "day", 7, "a comma or the end of the field", "W" },
    { "* * W * *", "day", 5, "1..31 or L", "W" },
    { "* * * * 5#2", "weekday", 10, "a comma or the end of the field", "#2" },
    { "1.5 * * * *", "minute", 2, "a comma or the end of the field", ".5" },
    { "* * * *\n*", "expression", 10, "5, 6 or 7 fields", "nothing" },
    { "* * * * \xc3\xa9", "weekday", 9, "0..7 (0 and 7 = Sunday) or SUN..SAT", "\xc3\xa9" },
    { "@reboot", "expression", 1, "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly", "@reboot" },
    { " @daily x", "expression", 2, "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly", "@daily" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *message = g_strdup_printf ("parameter 'spec.cron': %s (character %u): expected %s, got %s",
                                                  rows[i].field, rows[i].position, rows[i].expected, rows[i].found);
      g_autoptr (GError) error = NULL, copy = NULL;
      const char *field;
      guint position;
      ProcCron cron;

      g_test_message ("%s", rows[i].cron);
      g_assert_false (proc_cron_parse (&cron, rows[i].cron, "spec.cron", &error));
      g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_CRON);
      g_assert_cmpstr (error->message, ==, message);
      copy = g_error_copy (error);
      g_assert_true (proc_error_get_cron (copy, &field, &position));
      g_assert_cmpstr (field, ==, rows[i].field);
      g_assert_cmpuint (position, ==, rows[i].position);
      g_assert_cmpstr (proc_error_get_param (copy), ==, "spec.cron");
      g_assert_cmpstr (proc_error_get_expected (copy), ==, rows[i].expected);
    }
}

static void
test_too_long (void)
{
  g_autofree char *zeros = g_strnfill (PROC_CRON_MAX_LENGTH - 8, ' ');
  g_autofree char *fits = g_strconcat ("* * * *", zeros, "*", NULL);
  g_autofree char *longer = g_strconcat (fits, " ", NULL);
  g_autoptr (GError) error = NULL;
  ProcCron cron;

  g_assert_true (proc_cron_parse (&cron, fits, "cron", NULL));
  g_assert_false (proc_cron_parse (&cron, longer, "cron", &error));
  g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_CRON);
}

/* ---------------------------------------------------------------------------------------------- times */

/* Checks that the expression fires at exactly the times of `list` ("a|b|c", local with offset) after `from` (UTC). */
static void
check_times (const char *text, const char *zone_name, const char *from, const char *list)
{
  g_auto (GStrv) times = g_strsplit (list, "|", -1);
  g_autoptr (GTimeZone) zone = zone_of (zone_name);
  ProcCron cron = compiled (text);
  gint64 at = ms_of (from);

  g_test_message ("%s in %s from %s", text, zone_name, from);
  for (guint i = 0; times[i] != NULL; i++)
    {
      g_autofree char *found = NULL;

      at = proc_cron_next (&cron, zone, at);
      found = at == PROC_CRON_NEVER ? g_strdup ("never") : text_of (at, zone);
      g_assert_cmpstr (found, ==, times[i]);
    }
}

static void
test_calendar (void)
{
  static const struct
  {
    const char *cron, *from, *times;
  } rows[] = {
    /* The least later second, never the same. */
    { "* * * * * *", "2026-01-01T00:00:00Z", "2026-01-01 00:00:01+00:00" },
    { "0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-02 00:00:00+00:00" },
    { "0 0 * * *", "2025-12-31T23:59:59Z", "2026-01-01 00:00:00+00:00|2026-01-02 00:00:00+00:00" },
    { "59 59 23 31 12 ?", "2026-12-31T23:59:58Z", "2026-12-31 23:59:59+00:00|2027-12-31 23:59:59+00:00" },
    { "*/20 9,17 * * *", "2026-01-01T09:30:00Z",
      "2026-01-01 09:40:00+00:00|2026-01-01 17:00:00+00:00|2026-01-01 17:20:00+00:00" },
    /* Weekdays: 2026-01-05 is a Monday. */
    { "0 9 * * 1", "2026-01-01T00:00:00Z", "2026-01-05 09:00:00+00:00|2026-01-12 09:00:00+00:00" },
    { "0 0 9 * * 1", "2026-01-01T00:00:00Z", "2026-01-04 09:00:00+00:00|2026-01-11 09:00:00+00:00" },
    { "0 9 * * 6-7", "2026-01-01T00:00:00Z", "2026-01-03 09:00:00+00:00|2026-01-04 09:00:00+00:00" },
    { "0 0 0 13 * FRI", "2026-01-01T00:00:00Z", "2026-02-13 00:00:00+00:00|2026-03-13 00:00:00+00:00" },
    { "0 0 13 * FRI", "2026-02-01T00:00:00Z", "2026-02-06 00:00:00+00:00|2026-02-13 00:00:00+00:00" },
    { "0 0 13 * FRI", "2026-04-11T00:00:00Z", "2026-04-13 00:00:00+00:00|2026-04-17 00:00:00+00:00" },
    { "0 0 31 2 1", "2026-01-01T00:00:00Z", "2026-02-02 00:00:00+00:00" },
    /* The last day, leap years. */
    { "0 0 L * *", "2026-01-31T00:00:00Z",
      "2026-02-28 00:00:00+00:00|2026-03-31 00:00:00+00:00|2026-04-30 00:00:00+00:00" },
    { "0 0 L 2 *", "2026-01-01T00:00:00Z",
      "2026-02-28 00:00:00+00:00|2027-02-28 00:00:00+00:00|2028-02-29 00:00:00+00:00" },
    { "0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29 00:00:00+00:00|2032-02-29 00:00:00+00:00" },
    { "0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29 00:00:00+00:00" },
    { "0 0 29 2 *", "1999-01-01T00:00:00Z", "2000-02-29 00:00:00+00:00" },
    { "0 0 0 29 2 MON", "2026-01-01T00:00:00Z", "2044-02-29 00:00:00+00:00|2072-02-29 00:00:00+00:00" },
    { "0 0 0 L * MON", "2026-01-01T00:00:00Z", "2026-08-31 00:00:00+00:00" },
    { "0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31 00:00:00+00:00|2026-05-31 00:00:00+00:00" },
    /* Years and the ends of time. */
    { "0 0 0 1 1 ? 2030", "2026-01-01T00:00:00Z", "2030-01-01 00:00:00+00:00|never" },
    { "0 0 0 1 1 ? 2020", "2026-01-01T00:00:00Z", "never" },
    { "0 0 0 1 1 ? */100", "1970-01-01T00:00:00Z", "2070-01-01 00:00:00+00:00|2170-01-01 00:00:00+00:00|never" },
    { "0 0 1 1 *", "2198-06-01T00:00:00Z", "2199-01-01 00:00:00+00:00|never" },
    { "* * * * * *", "2199-12-31T23:59:58Z", "2199-12-31 23:59:59+00:00|never" },
    { "* * * * * *", "1960-01-01T00:00:00Z", "1970-01-01 00:00:00+00:00" },
  };
  ProcCron cron = compiled ("* * * * * *");
  g_autoptr (GTimeZone) utc = zone_of ("UTC");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_times (rows[i].cron, "UTC", rows[i].from, rows[i].times);
  g_assert_cmpint (proc_cron_next (&cron, utc, 1999), ==, 2000);
  g_assert_cmpint (proc_cron_next (&cron, utc, 2000), ==, 3000);
  g_assert_cmpint (proc_cron_next (&cron, utc, -1), ==, 0);
  g_assert_cmpint (proc_cron_next (&cron, utc, G_MININT64), ==, 0);
  g_assert_cmpint (proc_cron_next (&cron, utc, G_MAXINT64), ==, PROC_CRON_NEVER);
}

/*
 * Every change of 2026: Brussels 29 March 02:00 to 03:00 and 25 October 03:00 to 02:00; New York 8 March 02:00 to 03:00
 * and 1 November 02:00 to 01:00; Lord Howe 5 April 02:00 to 01:30 and 4 October 02:00 to 02:30; UTC has none.
 */
static void
test_clock_changes (void)
{
  static const struct
  {
    const char *zone, *cron, *from, *times;
  } rows[] = {
    /* Brussels, spring: a fixed time inside the gap, at its ends, several of them, on that day alone. */
    { "Europe/Brussels", "30 2 * * *", "2026-03-28T00:00:00Z",
      "2026-03-28 02:30:00+01:00|2026-03-29 03:00:00+02:00|2026-03-30 02:30:00+02:00" },
    { "Europe/Brussels", "0 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29 03:00:00+02:00|2026-03-30 02:00:00+02:00" },
    { "Europe/Brussels", "0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29 03:00:00+02:00|2026-03-30 03:00:00+02:00" },
    { "Europe/Brussels", "59 1 * * *", "2026-03-28T12:00:00Z", "2026-03-29 01:59:00+01:00|2026-03-30 01:59:00+02:00" },
    { "Europe/Brussels", "*/20 2 * * *", "2026-03-28T12:00:00Z",
      "2026-03-29 03:00:00+02:00|2026-03-30 02:00:00+02:00" },
    { "Europe/Brussels", "0 2,3 * * *", "2026-03-28T12:00:00Z", "2026-03-29 03:00:00+02:00|2026-03-30 02:00:00+02:00" },
    { "Europe/Brussels", "15 2,3 * * *", "2026-03-28T12:00:00Z",
      "2026-03-29 03:00:00+02:00|2026-03-29 03:15:00+02:00|2026-03-30 02:15:00+02:00" },
    { "Europe/Brussels", "30 2 29 3 *", "2026-01-01T00:00:00Z", "2026-03-29 03:00:00+02:00|2027-03-29 02:30:00+02:00" },
    { "Europe/Brussels", "* * 2 * * SUN", "2026-03-28T12:00:00Z",
      "2026-03-29 03:00:00+02:00|2026-04-05 02:00:00+02:00" },
    { "Europe/Brussels", "30 1-23 * * *", "2026-03-29T00:00:00Z",
      "2026-03-29 01:30:00+01:00|2026-03-29 03:00:00+02:00|2026-03-29 03:30:00+02:00" },
    /* ... every hour, minute, n minutes, second: nothing more for the gap. */
    { "Europe/Brussels", "30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29 01:30:00+01:00|2026-03-29 03:30:00+02:00" },
    { "Europe/Brussels", "0 * * * *", "2026-03-28T23:30:00Z", "2026-03-29 01:00:00+01:00|2026-03-29 03:00:00+02:00" },
    { "Europe/Brussels", "0 0-23 * * *", "2026-03-28T23:30:00Z",
      "2026-03-29 01:00:00+01:00|2026-03-29 03:00:00+02:00" },
    { "Europe/Brussels", "* * * * *", "2026-03-29T00:58:00Z", "2026-03-29 01:59:00+01:00|2026-03-29 03:00:00+02:00" },
    { "Europe/Brussels", "*/25 * * * *", "2026-03-29T00:25:00Z",
      "2026-03-29 01:50:00+01:00|2026-03-29 03:00:00+02:00" },
    { "Europe/Brussels", "* * * * * *", "2026-03-29T00:59:58Z", "2026-03-29 01:59:59+01:00|2026-03-29 03:00:00+02:00" },
    { "Europe/Brussels", "7/15 * * * *", "2026-03-29T00:40:00Z",
      "2026-03-29 01:52:00+01:00|2026-03-29 03:07:00+02:00" },
    /* Brussels, autumn: once; both when every hour. */
    { "Europe/Brussels", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25 02:30:00+02:00|2026-10-26 02:30:00+01:00" },
    { "Europe/Brussels", "30 2 * * *", "2026-10-25T01:00:00Z", "2026-10-26 02:30:00+01:00" },
    { "Europe/Brussels", "0 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25 02:00:00+02:00|2026-10-26 02:00:00+01:00" },
    { "Europe/Brussels", "0 3 * * *", "2026-10-24T12:00:00Z", "2026-10-25 03:00:00+01:00|2026-10-26 03:00:00+01:00" },
    { "Europe/Brussels", "*/30 2-3 * * *", "2026-10-24T12:00:00Z",
      "2026-10-25 02:00:00+02:00|2026-10-25 02:30:00+02:00|2026-10-25 03:00:00+01:00|2026-10-25 03:30:00+01:00" },
    { "Europe/Brussels", "* * 2 * * *", "2026-10-25T00:59:58Z", "2026-10-25 02:59:59+02:00|2026-10-26 02:00:00+01:00" },
    { "Europe/Brussels", "30 * * * *", "2026-10-25T00:00:00Z",
      "2026-10-25 02:30:00+02:00|2026-10-25 02:30:00+01:00|2026-10-25 03:30:00+01:00" },
    { "Europe/Brussels", "@hourly", "2026-10-24T23:30:00Z",
      "2026-10-25 02:00:00+02:00|2026-10-25 02:00:00+01:00|2026-10-25 03:00:00+01:00" },
    { "Europe/Brussels", "* * * * *", "2026-10-25T00:58:00Z", "2026-10-25 02:59:00+02:00|2026-10-25 02:00:00+01:00" },
    { "Europe/Brussels", "*/25 * * * *", "2026-10-25T00:30:00Z",
      "2026-10-25 02:50:00+02:00|2026-10-25 02:00:00+01:00|2026-10-25 02:25:00+01:00|2026-10-25 02:50:00+01:00|"
      "2026-10-25 03:00:00+01:00" },
    { "Europe/Brussels", "0 30 * 25 10 ? 2026", "2026-10-25T00:00:00Z",
      "2026-10-25 02:30:00+02:00|2026-10-25 02:30:00+01:00|2026-10-25 03:30:00+01:00" },
    /* New York. */
    { "America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-08 03:00:00-04:00|2026-03-09 02:30:00-04:00" },
    { "America/New_York", "0 3 * * *", "2026-03-07T12:00:00Z", "2026-03-08 03:00:00-04:00|2026-03-09 03:00:00-04:00" },
    { "America/New_York", "30 * * * *", "2026-03-08T06:00:00Z", "2026-03-08 01:30:00-05:00|2026-03-08 03:30:00-04:00" },
    { "America/New_York", "* * * * *", "2026-03-08T06:58:00Z", "2026-03-08 01:59:00-05:00|2026-03-08 03:00:00-04:00" },
    { "America/New_York", "*/45 * * * *", "2026-03-08T06:00:00Z",
      "2026-03-08 01:45:00-05:00|2026-03-08 03:00:00-04:00" },
    { "America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", "2026-11-01 01:30:00-04:00|2026-11-02 01:30:00-05:00" },
    { "America/New_York", "0 2 * * *", "2026-10-31T12:00:00Z", "2026-11-01 02:00:00-05:00|2026-11-02 02:00:00-05:00" },
    { "America/New_York", "30 * * * *", "2026-11-01T05:00:00Z",
      "2026-11-01 01:30:00-04:00|2026-11-01 01:30:00-05:00|2026-11-01 02:30:00-05:00" },
    { "America/New_York", "* * * * *", "2026-11-01T05:58:00Z", "2026-11-01 01:59:00-04:00|2026-11-01 01:00:00-05:00" },
    { "America/New_York", "*/45 * * * *", "2026-11-01T05:30:00Z",
      "2026-11-01 01:45:00-04:00|2026-11-01 01:00:00-05:00|2026-11-01 01:45:00-05:00|2026-11-01 02:00:00-05:00" },
    /* Lord Howe: half an hour. */
    { "Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z",
      "2026-04-05 01:45:00+11:00|2026-04-06 01:45:00+10:30" },
    { "Australia/Lord_Howe", "0 2 * * *", "2026-04-04T00:00:00Z",
      "2026-04-05 02:00:00+10:30|2026-04-06 02:00:00+10:30" },
    { "Australia/Lord_Howe", "15 * * * *", "2026-04-04T14:00:00Z",
      "2026-04-05 01:15:00+11:00|2026-04-05 02:15:00+10:30" },
    { "Australia/Lord_Howe", "45 * * * *", "2026-04-04T14:00:00Z",
      "2026-04-05 01:45:00+11:00|2026-04-05 01:45:00+10:30|2026-04-05 02:45:00+10:30" },
    { "Australia/Lord_Howe", "* * * * *", "2026-04-04T14:58:00Z",
      "2026-04-05 01:59:00+11:00|2026-04-05 01:30:00+10:30" },
    { "Australia/Lord_Howe", "*/20 * * * *", "2026-04-04T14:20:00Z",
      "2026-04-05 01:40:00+11:00|2026-04-05 01:40:00+10:30|2026-04-05 02:00:00+10:30" },
    { "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z",
      "2026-10-04 02:30:00+11:00|2026-10-05 02:15:00+11:00" },
    { "Australia/Lord_Howe", "0 2 * * *", "2026-10-03T00:00:00Z",
      "2026-10-04 02:30:00+11:00|2026-10-05 02:00:00+11:00" },
    { "Australia/Lord_Howe", "30 2 * * *", "2026-10-03T00:00:00Z",
      "2026-10-04 02:30:00+11:00|2026-10-05 02:30:00+11:00" },
    { "Australia/Lord_Howe", "45 2 * * *", "2026-10-03T00:00:00Z",
      "2026-10-04 02:45:00+11:00|2026-10-05 02:45:00+11:00" },
    { "Australia/Lord_Howe", "0 * * * *", "2026-10-03T14:00:00Z",
      "2026-10-04 01:00:00+10:30|2026-10-04 03:00:00+11:00" },
    { "Australia/Lord_Howe", "* * * * *", "2026-10-03T15:28:00Z",
      "2026-10-04 01:59:00+10:30|2026-10-04 02:30:00+11:00" },
    { "Australia/Lord_Howe", "*/20 * * * *", "2026-10-03T15:00:00Z",
      "2026-10-04 01:40:00+10:30|2026-10-04 02:40:00+11:00" },
    /* UTC: no change anywhere. */
    { "UTC", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29 02:30:00+00:00|2026-03-30 02:30:00+00:00" },
    { "UTC", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25 02:30:00+00:00|2026-10-26 02:30:00+00:00" },
    { "UTC", "*/30 * * * *", "2026-10-25T00:59:00Z", "2026-10-25 01:00:00+00:00|2026-10-25 01:30:00+00:00" },
    { "UTC", "* * * * *", "2026-03-29T00:59:00Z", "2026-03-29 01:00:00+00:00|2026-03-29 01:01:00+00:00" },
    /* Changes at midnight (Beirut), of a whole day (Apia left out 30 December 2011), far ahead. */
    { "Asia/Beirut", "0 0 * * *", "2026-03-28T00:00:00Z", "2026-03-29 01:00:00+03:00|2026-03-30 00:00:00+03:00" },
    { "Asia/Beirut", "30 23 * * *", "2026-10-24T00:00:00Z", "2026-10-24 23:30:00+03:00|2026-10-25 23:30:00+02:00" },
    { "Pacific/Apia", "0 9 * * *", "2011-12-28T20:00:00Z",
      "2011-12-29 09:00:00-10:00|2011-12-31 00:00:00+14:00|2011-12-31 09:00:00+14:00" },
    { "Pacific/Apia", "0 * * * *", "2011-12-30T08:30:00Z", "2011-12-29 23:00:00-10:00|2011-12-31 00:00:00+14:00" },
    { "Europe/Brussels", "30 2 * 3 SUN", "2036-03-24T00:00:00Z", "2036-03-30 03:00:00+02:00" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_times (rows[i].cron, rows[i].zone, rows[i].from, rows[i].times);
}

/* ---------------------------------------------------------------------------------------------- properties */

/* An expression of six fields as plain truth tables, and its text. */
typedef struct
{
  gboolean on[6][64];
  GString *text;
} Random;

static void
add_random_field (Random *self, guint field, int min, int max)
{
  int items = g_test_rand_int_range (1, 4);

  if (self->text->len > 0)
    g_string_append_c (self->text, ' ');
  if (g_test_rand_int_range (0, 3) == 0)
    {
      int step = g_test_rand_int_range (1, 9);

      g_string_append_printf (self->text, step == 1 ? "*" : "*/%d", step);
      for (int value = min; value <= max; value += step)
        self->on[field][value] = TRUE;
      return;
    }
  for (int i = 0; i < items; i++)
    {
      int low = g_test_rand_int_range (min, max + 1), high = g_test_rand_int_range (low, max + 1);
      int step = g_test_rand_int_range (1, 6);

      g_string_append_printf (self->text, "%s%d-%d/%d", i > 0 ? "," : "", low, high, step);
      for (int value = low; value <= high; value += step)
        self->on[field][value] = TRUE;
    }
}

static gboolean
is_on (const Random *self, gint64 local)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (local);

  return self->on[0][g_date_time_get_second (date)] && self->on[1][g_date_time_get_minute (date)]
         && self->on[2][g_date_time_get_hour (date)] && self->on[3][g_date_time_get_day_of_month (date)]
         && self->on[4][g_date_time_get_month (date)] && self->on[5][g_date_time_get_day_of_week (date) % 7 + 1];
}

static gint64
offset_at (GTimeZone *zone, gint64 time)
{
  return g_time_zone_get_offset (zone, g_time_zone_find_interval (zone, G_TIME_TYPE_UNIVERSAL, time));
}

/* The rules of 7.8 for one second, as they are said. */
static gboolean
fires_at (const Random *self, GTimeZone *zone, gint64 time)
{
  gint64 offset = offset_at (zone, time), before = offset_at (zone, time - 1);
  gboolean every_hour = TRUE;

  for (guint hour = 0; hour < 24; hour++)
    every_hour &= self->on[2][hour];
  for (gint64 local = time + before; !every_hour && local < time + offset; local++)
    if (is_on (self, local))
      return TRUE;
  if (!is_on (self, time + offset))
    return FALSE;
  for (gint64 ago = 1800; !every_hour && ago <= 3600; ago += 1800)
    if (offset_at (zone, time - ago) == offset + ago)
      return FALSE;
  return TRUE;
}

static void
test_against_brute_force (void)
{
  static const struct
  {
    const char *zone, *change;
  } places[] = {
    { "Europe/Brussels", "2026-03-29T01:00:00Z" },
    { "Europe/Brussels", "2026-10-25T01:00:00Z" },
    { "America/New_York", "2026-03-08T07:00:00Z" },
    { "America/New_York", "2026-11-01T06:00:00Z" },
    { "Australia/Lord_Howe", "2026-04-04T15:00:00Z" },
    { "Australia/Lord_Howe", "2026-10-03T15:30:00Z" },
    { "UTC", "2028-02-29T00:00:00Z" },
  };
  static const gint8 limits[][2] = { { 0, 59 }, { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 1, 7 } };
  const gint64 window = 6 * 3600;

  for (guint i = 0; i < 300; i++)
    {
      guint place = (guint)g_test_rand_int_range (0, G_N_ELEMENTS (places));
      g_autoptr (GTimeZone) zone = zone_of (places[place].zone);
      gint64 after = ms_of (places[place].change) / 1000 + g_test_rand_int_range (-4 * 3600, 3600);
      gint64 found, slow = after + 1;
      Random random = { .text = g_string_new (NULL) };
      ProcCron cron;

      for (guint field = 0; field < 6; field++)
        if (field >= 3 && g_test_rand_int_range (0, 4) > 0) /* days mostly free, so that something happens */
          {
            g_string_append (random.text, " *");
            for (int value = limits[field][0]; value <= limits[field][1]; value++)
              random.on[field][value] = TRUE;
          }
        else
          add_random_field (&random, field, limits[field][0], limits[field][1]);
      if (proc_cron_parse (&cron, random.text->str, "cron", NULL))
        {
          found = proc_cron_next (&cron, zone, after * 1000) / 1000;
          while (slow <= after + window && !fires_at (&random, zone, slow))
            slow++;
          g_test_message ("%s in %s after %" G_GINT64_FORMAT, random.text->str, places[place].zone, after);
          if (slow <= after + window)
            g_assert_cmpint (found, ==, slow);
          else
            g_assert_cmpint (found, >, after + window);
        }
      g_string_free (random.text, TRUE);
    }
}

static void
test_rising (void)
{
  static const char *const expressions[] = { "* * * * * *",  "*/7 * * * *", "0 */5 * * *", "30 2 * * *",
                                             "15 1-3 * * *", "0 0 29 2 *",  "0 0 L * *",   "@hourly" };
  static const char *const zones[] = { "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "UTC" };

  for (guint i = 0; i < G_N_ELEMENTS (expressions); i++)
    for (guint j = 0; j < G_N_ELEMENTS (zones); j++)
      {
        g_autoptr (GTimeZone) zone = zone_of (zones[j]);
        ProcCron cron = compiled (expressions[i]);
        gint64 at = ms_of ("2026-03-29T00:30:00Z");

        for (guint n = 0; n < 1000 && at != PROC_CRON_NEVER; n++)
          {
            gint64 next = proc_cron_next (&cron, zone, at);

            g_assert_cmpint (next, >, at);
            /* Whatever is between gives the same answer. */
            if (next != PROC_CRON_NEVER)
              g_assert_cmpint (proc_cron_next (&cron, zone, at + (next - at) / 2), ==, next);
            at = next;
          }
      }
}

/* The longest searches there are, in a zone with the most changes: bounded, so that this ends at once. */
static void
test_bounded (void)
{
  g_autoptr (GTimeZone) zone = zone_of ("America/New_York");
  ProcCron never = compiled ("0 0 0 29 2 MON 1970-1999"), rare = compiled ("0 0 * 29 2 MON 2196");
  gint64 now = ms_of ("2026-01-01T00:00:00Z");

  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpint (proc_cron_next (&never, zone, now + i), ==, PROC_CRON_NEVER);
      g_assert_cmpint (proc_cron_next (&rare, zone, now + i), ==, ms_of ("2196-02-29T05:00:00Z"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cron/words", test_words);
  g_test_add_func ("/cron/refusals", test_refusals);
  g_test_add_func ("/cron/too-long", test_too_long);
  g_test_add_func ("/cron/calendar", test_calendar);
  g_test_add_func ("/cron/clock-changes", test_clock_changes);
  g_test_add_func ("/cron/brute-force", test_against_brute_force);
  g_test_add_func ("/cron/rising", test_rising);
  g_test_add_func ("/cron/bounded", test_bounded);
  return g_test_run ();
}
