/* cron-words.c: see cron-words.h. Pure; any thread. */
#include "cron-words.h"

/* So many times of day are written out; more are told by their fields. */
#define MAX_TIMES 6

static const char *const weekday_words[]
    = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char *const month_words[] = { "",     "January", "February",  "March",   "April",    "May",     "June",
                                           "July", "August",  "September", "October", "November", "December" };

/* The members of a field in rising order; the week begins on Monday, so Sunday is the seventh. */
typedef struct
{
  guint value[PROC_CRON_LAST_YEAR - PROC_CRON_FIRST_YEAR + 1];
  guint n;
  guint step; /* the same from each member to the next; 0 = differing, or fewer than two */
} Members;

static void
add_member (Members *self, guint value)
{
  guint step = self->n > 0 ? value - self->value[self->n - 1] : 0;

  self->step = self->n < 2 || step == self->step ? step : 0; /* 0 stays 0: no step is */
  self->value[self->n++] = value;
}

static Members
members_of (const guint64 *set, guint size)
{
  Members members = { .n = 0 };

  for (guint i = 0; i < size; i++)
    if (set[i / 64] >> i % 64 & 1)
      add_member (&members, i);
  return members;
}

static Members
weekdays_of (const ProcCron *cron)
{
  guint64 from_monday
      = cron->set[PROC_CRON_WEEKDAY] & 1 ? cron->set[PROC_CRON_WEEKDAY] | 1 << 7 : cron->set[PROC_CRON_WEEKDAY];

  from_monday &= ~G_GUINT64_CONSTANT (1);
  return members_of (&from_monday, 8);
}

/* ", " or " and " before item i of n. */
static void
append_comma (GString *text, guint i, guint n)
{
  if (i > 0)
    g_string_append (text, i + 1 < n ? ", " : " and ");
}

static void
append_value (GString *text, guint value, const char *const *names, guint modulus)
{
  if (names != NULL)
    g_string_append (text, names[value % modulus]);
  else
    g_string_append_printf (text, "%u", value);
}

/* How many members from `i` on follow each other without a gap; fewer than three are told one by one. */
static guint
run_length (const Members *members, guint i)
{
  guint n = 1;

  while (i + n < members->n && members->value[i + n] == members->value[i] + n)
    n++;
  return n >= 3 ? n : 1;
}

/* "1, 5 and 9", "9 to 17", "0 to 56 by 7", "Monday to Friday". */
static void
append_members (GString *text, const Members *members, const char *const *names, guint modulus)
{
  guint items = 0, item = 0;

  if (members->n >= 4 && members->step >= 2)
    {
      append_value (text, members->value[0], names, modulus);
      g_string_append (text, " to ");
      append_value (text, members->value[members->n - 1], names, modulus);
      g_string_append_printf (text, " by %u", members->step);
      return;
    }
  for (guint i = 0; i < members->n; i += run_length (members, i))
    items++;
  for (guint i = 0; i < members->n; i += run_length (members, i))
    {
      guint run = run_length (members, i);

      append_comma (text, item++, items);
      append_value (text, members->value[i], names, modulus);
      if (run > 1)
        {
          g_string_append (text, " to ");
          append_value (text, members->value[i + run - 1], names, modulus);
        }
    }
}

/* ---------------------------------------------------------------------------------------------- days */

static void
append_months (GString *text, const ProcCron *cron, const char *before, const char *any)
{
  Members months = members_of (&cron->set[PROC_CRON_MONTH], 13);

  if (months.n == 12)
    {
      g_string_append (text, any);
      return;
    }
  g_string_append (text, before);
  append_members (text, &months, month_words, 13);
}

/* "on days 1 and 15 of every month". */
static void
append_month_days (GString *text, const ProcCron *cron)
{
  Members days = members_of (&cron->set[PROC_CRON_DAY], 32);

  g_string_append (text, "on ");
  if (days.n > 0)
    {
      g_string_append (text, days.n == 1 ? "day " : "days ");
      append_members (text, &days, NULL, 0);
    }
  if (cron->last_day)
    g_string_append (text, days.n > 0 ? " and the last day" : "the last day");
  append_months (text, cron, " of ", " of every month");
}

static void
append_weekdays (GString *text, const ProcCron *cron, const char *before)
{
  Members weekdays = weekdays_of (cron);

  g_string_append (text, before);
  append_members (text, &weekdays, weekday_words, 7);
}

/* On which days; nothing if on all of them. */
static void
append_days (GString *text, const ProcCron *cron)
{
  gboolean any_day = proc_cron_set_is_full (cron->set[PROC_CRON_DAY], 1, 31);
  gboolean any_weekday = proc_cron_set_is_full (cron->set[PROC_CRON_WEEKDAY], 0, 6);
  gboolean any = cron->either ? any_day || any_weekday : any_day && any_weekday;

  if (any)
    append_months (text, cron, "every day in ", "");
  else if (any_weekday)
    append_month_days (text, cron);
  else if (any_day)
    {
      append_weekdays (text, cron, "every ");
      append_months (text, cron, " in ", "");
    }
  else
    {
      append_month_days (text, cron);
      append_weekdays (text, cron, cron->either ? " and also every " : " if it is ");
      if (cron->either)
        append_months (text, cron, " in ", "");
    }
}

/* ---------------------------------------------------------------------------------------------- times of day */

static void
append_times (GString *text, const Members *hours, const Members *minutes, const Members *seconds)
{
  guint n = hours->n * minutes->n * seconds->n;

  g_string_append (text, "at ");
  for (guint i = 0; i < n; i++)
    {
      append_comma (text, i, n);
      g_string_append_printf (text, "%02u:%02u:%02u", hours->value[i / (minutes->n * seconds->n)],
                              minutes->value[i / seconds->n % minutes->n], seconds->value[i % seconds->n]);
    }
}

/* From the smallest unit that says something upwards: "every 15 minutes of hours 9 to 17". */
static void
append_rhythm (GString *text, const Members *hours, const Members *minutes, const Members *seconds)
{
  const struct
  {
    const Members *members;
    const char *name;
    guint size;
  } units[] = { { seconds, "second", 60 }, { minutes, "minute", 60 }, { hours, "hour", 24 } };
  guint smallest = seconds->n == 1 && seconds->value[0] == 0 ? 1 : 0;
  gboolean whole = FALSE; /* the unit before was told as "every" */

  for (guint i = smallest; i < G_N_ELEMENTS (units); i++)
    {
      const Members *members = units[i].members;
      guint size = units[i].size, step = members->step;

      if (members->n == size && whole)
        continue;
      if (i > smallest)
        g_string_append (text, " of ");
      if (members->n == size)
        g_string_append_printf (text, "every %s", units[i].name);
      else if (i == smallest && step > 0 && members->value[0] == 0 && members->n * step == size)
        g_string_append_printf (text, "every %u %ss", step, units[i].name);
      else
        {
          g_string_append_printf (text, "%s%s%s ", i == smallest ? "at " : "", units[i].name,
                                  members->n > 1 ? "s" : "");
          append_members (text, members, NULL, 0);
          continue;
        }
      whole = TRUE;
    }
}

char *
proc_cron_words (const ProcCron *cron)
{
  Members hours = members_of (&cron->set[PROC_CRON_HOUR], 24), minutes = members_of (&cron->set[PROC_CRON_MINUTE], 60),
          seconds = members_of (&cron->set[PROC_CRON_SECOND], 60),
          years = members_of (cron->years, PROC_CRON_LAST_YEAR - PROC_CRON_FIRST_YEAR + 1);
  GString *text = g_string_new (NULL);
  g_autoptr (GString) time = g_string_new (NULL);

  if (hours.n * minutes.n * seconds.n <= MAX_TIMES)
    append_times (time, &hours, &minutes, &seconds);
  else
    append_rhythm (time, &hours, &minutes, &seconds);
  append_days (text, cron);
  if (text->len == 0 && hours.n < 24 && g_str_has_prefix (time->str, "at "))
    g_string_append (text, "every day");
  if (text->len > 0)
    g_string_append (text, g_str_has_prefix (time->str, "at ") ? " " : ", ");
  g_string_append (text, time->str);
  if (years.n <= PROC_CRON_LAST_YEAR - PROC_CRON_FIRST_YEAR)
    {
      for (guint i = 0; i < years.n; i++)
        years.value[i] += PROC_CRON_FIRST_YEAR;
      g_string_append (text, " in ");
      append_members (text, &years, NULL, 0);
    }
  return g_string_free (text, FALSE);
}
