/* cron-next.c: when an expression fires; see cron.h. Steps by years, months, days and bits, never by seconds. Pure. */
#include "cron-private.h"

#define DAY_S 86400
/* All that an expression can fire at, in any zone. */
#define FIRST_S (-2 * DAY_S)
#define END_S ((gint64)84008 * DAY_S) /* 2200-01-03 */
/* Longer than any step of a zone's clock: Samoa once left out a day. */
#define LONGEST_STEP_S (2 * DAY_S)

gboolean
proc_cron_set_is_full (guint64 set, guint min, guint max)
{
  for (guint i = min; i <= max; i++)
    if ((set >> i & 1) == 0)
      return FALSE;
  return TRUE;
}

/* The least member of `set` that is `from` or larger, or -1. */
static int
next_bit (guint64 set, int from)
{
  return from < 64 && set >> from != 0 ? from + __builtin_ctzll (set >> from) : -1;
}

/* ---------------------------------------------------------------------------------------------- the calendar */

static gboolean
is_leap (int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in (int year, int month)
{
  static const guint8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

  return days[month - 1] + (month == 2 && is_leap (year));
}

/* Days from 1970-01-01 to the first day of a year from 1970 on. */
static gint64
days_to_year (int year)
{
  int before = year - 1;

  return (gint64)(year - 1970) * 365 + (before / 4 - 492) - (before / 100 - 19) + (before / 400 - 4);
}

/* The days of a month that match; first = weekday of its first day. */
static guint64
matching_days (const ProcCron *self, int year, int month, int first)
{
  int n = days_in (year, month);
  guint64 valid = (G_GUINT64_CONSTANT (2) << n) - 2, days = self->set[PROC_CRON_DAY], weekdays = 0;

  if (self->last_day)
    days |= G_GUINT64_CONSTANT (1) << n;
  for (int day = 1; day <= n; day++)
    if (self->set[PROC_CRON_WEEKDAY] >> (first + day - 1) % 7 & 1)
      weekdays |= G_GUINT64_CONSTANT (1) << day;
  return (self->either ? days | weekdays : days & weekdays) & valid;
}

/* The first day that matches, at `from` (days since 1970-01-01, not negative) or later; -1 if there is none. */
static gint64
next_day (const ProcCron *self, gint64 from)
{
  int year = PROC_CRON_FIRST_YEAR + (int)(from / 366);
  gint64 start;

  while (days_to_year (year + 1) <= from)
    year++;
  for (start = days_to_year (year); year <= PROC_CRON_LAST_YEAR; year++)
    {
      gboolean wanted = self->years[(year - PROC_CRON_FIRST_YEAR) / 64] >> (year - PROC_CRON_FIRST_YEAR) % 64 & 1;

      for (int month = 1; month <= 12; start += days_in (year, month++))
        {
          int skip = (int)CLAMP (from - start, 0, 31), day;

          if (!wanted || (self->set[PROC_CRON_MONTH] >> month & 1) == 0)
            continue;
          /* 1970-01-01 was a Thursday. */
          day = next_bit (matching_days (self, year, month, (int)((start + 4) % 7)), skip + 1);
          if (day > 0)
            return start + day - 1;
        }
    }
  return -1;
}

/* The first second of the day that matches, at `from` or later; -1 if there is none. */
static int
next_second (const ProcCron *self, int from)
{
  const guint64 *set = self->set;
  int hour = from / 3600, minute = from / 60 % 60, second = from % 60;

  if (set[PROC_CRON_HOUR] >> hour & 1)
    {
      int next = set[PROC_CRON_MINUTE] >> minute & 1 ? next_bit (set[PROC_CRON_SECOND], second) : -1;

      if (next >= 0)
        return from - second + next;
      next = next_bit (set[PROC_CRON_MINUTE], minute + 1);
      if (next >= 0)
        return hour * 3600 + next * 60 + next_bit (set[PROC_CRON_SECOND], 0);
    }
  hour = next_bit (set[PROC_CRON_HOUR], hour + 1);
  return hour < 0 ? -1 : hour * 3600 + next_bit (set[PROC_CRON_MINUTE], 0) * 60 + next_bit (set[PROC_CRON_SECOND], 0);
}

gint64
proc_cron_next_local (const ProcCron *self, gint64 from)
{
  gint64 today, day;

  from = MAX (from, 0);
  if (from >= END_S)
    return PROC_CRON_NEVER;
  today = from / DAY_S;
  day = next_day (self, today);
  if (day == today)
    {
      int second = next_second (self, (int)(from % DAY_S));

      if (second >= 0)
        return today * DAY_S + second;
      day = next_day (self, today + 1);
    }
  return day < 0 ? PROC_CRON_NEVER : day * DAY_S + next_second (self, 0);
}

/* ---------------------------------------------------------------------------------------------- zones */

static int
period_at (GTimeZone *zone, gint64 time)
{
  return g_time_zone_find_interval (zone, G_TIME_TYPE_UNIVERSAL, time);
}

static gint64
offset_at (GTimeZone *zone, gint64 time)
{
  return g_time_zone_get_offset (zone, period_at (zone, time));
}

/* The first second after `from` that is in the period number `period` or a later one; `to` is. */
static gint64
start_of_period (GTimeZone *zone, int period, gint64 from, gint64 to)
{
  while (to - from > 1)
    {
      gint64 middle = from + (to - from) / 2;

      if (period_at (zone, middle) >= period)
        to = middle;
      else
        from = middle;
    }
  return to;
}

gint64
proc_cron_next (const ProcCron *self, GTimeZone *zone, gint64 after_ms)
{
  gboolean every_hour = proc_cron_set_is_full (self->set[PROC_CRON_HOUR], 0, 23);
  gint64 time = after_ms >= 0 ? after_ms / 1000 : -1 - (-1 - after_ms) / 1000; /* rounded down */

  /* One turn a period between two changes of the clock. In it wall time is `time` + offset. */
  for (time = MAX (time + 1, FIRST_S); time < END_S;)
    {
      int period = period_at (zone, time);
      gint64 offset = g_time_zone_get_offset (zone, period), local = time + offset, earlier = time - LONGEST_STEP_S,
             next, found;

      if (!every_hour && period_at (zone, earlier) != period)
        {
          gint64 start = start_of_period (zone, period, earlier, time);
          gint64 old = start + offset_at (zone, start - 1); /* what the old offset would show at the change */

          if (time == start && proc_cron_next_local (self, old) < local)
            return time * 1000;     /* of the gap */
          local = MAX (local, old); /* what was shown before has fired */
        }
      found = proc_cron_next_local (self, local);
      /* When no later wall time matches, only a clock that is soon set back could show an earlier one again. */
      next = found == PROC_CRON_NEVER ? time + LONGEST_STEP_S : MIN (found - offset, END_S);
      if (period_at (zone, next) == period)
        return found == PROC_CRON_NEVER || next >= END_S ? PROC_CRON_NEVER : next * 1000;
      time = start_of_period (zone, period + 1, time, next);
    }
  return PROC_CRON_NEVER;
}
