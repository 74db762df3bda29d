/* cron.c: see cron.h; here the text. cron-next.c has the time. Pure; any thread. */
#include "cron.h"

#include <string.h>

#include "cron-private.h"
#include "errors.h"

static const char *const month_names[] = { "january", "february",  "march",   "april",    "may",      "june", "july",
                                           "august",  "september", "october", "november", "december", NULL };
static const char *const weekday_names[]
    = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", NULL };

static const struct
{
  const char *name;
  guint min, max;
  const char *const *names; /* of the values from min on; any case, also their first three letters */
} fields[PROC_CRON_N_FIELDS] = {
  [PROC_CRON_SECOND] = { "second", 0, 59, NULL },
  [PROC_CRON_MINUTE] = { "minute", 0, 59, NULL },
  [PROC_CRON_HOUR] = { "hour", 0, 23, NULL },
  [PROC_CRON_DAY] = { "day", 1, 31, NULL },
  [PROC_CRON_MONTH] = { "month", 1, 12, month_names },
  [PROC_CRON_WEEKDAY] = { "weekday", 1, 7, weekday_names },
  [PROC_CRON_YEAR] = { "year", PROC_CRON_FIRST_YEAR, PROC_CRON_LAST_YEAR, NULL },
};

static const struct
{
  const char *name, *fields;
} macros[] = {
  { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
  { "@daily", "0 0 * * *" },  { "@midnight", "0 0 * * *" }, { "@hourly", "0 * * * *" },
};

/* The values of one field, counted from 0 = its least (weekday: Sunday, of both dialects). */
typedef struct
{
  guint64 bits[4];
  gboolean last_day;
  gboolean starred; /* begins with '*' or '?' */
} Values;

/* A place in the text, in a field. */
typedef struct
{
  const char *param;
  const char *text;
  const char *at;
  ProcCronField field;
  gboolean crontab; /* the dialect of 5 fields */
} Cursor;

static gboolean
is_end (char c)
{
  return c == '\0' || c == ' ' || c == '\t';
}

/* ---------------------------------------------------------------------------------------------- refusing */

/* FALSE, for returning it; the flaw begins at `at`. field NULL: it is of the whole expression. */
static gboolean
refuse (const Cursor *self, const char *field, const char *at, const char *expected, GError **error)
{
  gsize length = MIN (strcspn (at, " \t,-/"), 16);
  g_autofree char *found = is_end (*at) ? g_strdup ("nothing") : g_utf8_make_valid (at, (gssize)MAX (length, 1));

  g_propagate_error (error, proc_error_new_cron (self->param, field != NULL ? field : "expression",
                                                 (guint)(at - self->text) + 1, expected, found));
  return FALSE;
}

static guint
least (const Cursor *self)
{
  return self->field == PROC_CRON_WEEKDAY && self->crontab ? 0 : fields[self->field].min;
}

static gboolean
refuse_value (const Cursor *self, const char *at, GError **error)
{
  const char *more = self->field == PROC_CRON_DAY       ? " or L"
                     : self->field == PROC_CRON_MONTH   ? " or JAN..DEC"
                     : self->field != PROC_CRON_WEEKDAY ? ""
                     : self->crontab                    ? " (0 and 7 = Sunday) or SUN..SAT"
                                                        : " (1 = Sunday) or SUN..SAT";
  g_autofree char *expected = g_strdup_printf ("%u..%u%s", least (self), fields[self->field].max, more);

  return refuse (self, fields[self->field].name, at, expected, error);
}

/* ---------------------------------------------------------------------------------------------- reading */

static void
add_values (Values *values, guint first, guint last, guint step, guint modulus)
{
  for (guint value = first; value <= last; value += step)
    values->bits[value % modulus / 64] |= G_GUINT64_CONSTANT (1) << (value % modulus % 64);
}

/* The number the cursor stands on; G_MAXINT if it has more than four digits. Moves past it. */
static int
read_number (Cursor *self)
{
  gsize length = strspn (self->at, "0123456789");
  int number = 0;

  for (gsize i = 0; i < length && length <= 4; i++)
    number = number * 10 + (self->at[i] - '0');
  self->at += length;
  return length <= 4 ? number : G_MAXINT;
}

/* The index of the name the cursor stands on, or -1. Moves past it. */
static int
read_name (Cursor *self)
{
  const char *const *names = fields[self->field].names;
  gsize length = 0;

  while (g_ascii_isalpha (self->at[length]))
    length++;
  for (int i = 0; names != NULL && names[i] != NULL; i++)
    if ((length == 3 || length == strlen (names[i])) && g_ascii_strncasecmp (self->at, names[i], length) == 0)
      {
        self->at += length;
        return i;
      }
  return -1;
}

/* A number or name, counted from 0 = the least of the field. */
static gboolean
read_value (Cursor *self, guint *value, GError **error)
{
  const char *start = self->at;
  int found = g_ascii_isdigit (*start) ? read_number (self) - (int)least (self) : read_name (self);

  if (found < 0 || found > (int)(fields[self->field].max - least (self)))
    return refuse_value (self, start, error);
  *value = (guint)found;
  return TRUE;
}

/* `/step`, if the cursor stands on one. */
static gboolean
read_step (Cursor *self, guint *step, GError **error)
{
  const char *start = self->at + 1;

  *step = 1;
  if (*self->at != '/')
    return TRUE;
  self->at = start;
  *step = (guint)read_number (self);
  if (*step == 0 || *step == G_MAXINT)
    return refuse (self, fields[self->field].name, start, "a step of 1..9999", error);
  return TRUE;
}

/* One item of a list: `*`, `a`, `a-b`, each with or without a step, or `L`. */
static gboolean
read_item (Cursor *self, Values *values, GError **error)
{
  const char *start = self->at;
  guint modulus = self->field == PROC_CRON_WEEKDAY ? 7 : 256;    /* 7 = 0 = Sunday */
  guint all = fields[self->field].max - fields[self->field].min; /* the last value of `*` */
  guint first = 0, last = all, step;

  if (self->field == PROC_CRON_DAY && g_ascii_toupper (*start) == 'L')
    {
      self->at++;
      values->last_day = TRUE;
      return TRUE;
    }
  if (*start == '*' || *start == '?')
    self->at++;
  else
    {
      if (!read_value (self, &first, error))
        return FALSE;
      last = *self->at == '/' ? MAX (first, all) : first;
      if (*self->at == '-')
        {
          self->at++;
          if (!read_value (self, &last, error))
            return FALSE;
        }
    }
  if (first > last)
    return refuse (self, fields[self->field].name, start, "a range from low to high, or a list", error);
  if (!read_step (self, &step, error))
    return FALSE;
  add_values (values, first, last, step, modulus);
  return TRUE;
}

static gboolean
read_field (Cursor *self, Values *values, GError **error)
{
  *values = (Values){ .starred = *self->at == '*' || *self->at == '?' };
  for (;;)
    {
      if (!read_item (self, values, error))
        return FALSE;
      if (is_end (*self->at))
        return TRUE;
      if (*self->at != ',')
        return refuse (self, fields[self->field].name, self->at, "a comma or the end of the field", error);
      self->at++;
    }
}

static void
skip_blanks (Cursor *self)
{
  self->at += strspn (self->at, " \t");
}

static guint
count_fields (const char *text)
{
  guint n = 0;

  for (text += strspn (text, " \t"); *text != '\0'; text += strspn (text, " \t"), n++)
    text += strcspn (text, " \t");
  return n;
}

static gboolean
read_fields (ProcCron *cron, Cursor *self, GError **error)
{
  guint n = count_fields (self->at);
  gboolean starred[PROC_CRON_N_FIELDS] = { FALSE };

  self->crontab = n == 5;
  if (n < 5)
    return refuse (self, NULL, self->text + strlen (self->text), "5, 6 or 7 fields", error);
  cron->set[PROC_CRON_SECOND] = 1;
  memset (cron->years, 0xff, sizeof cron->years);
  for (self->field = n == 5 ? PROC_CRON_MINUTE : PROC_CRON_SECOND; !is_end (*self->at); self->field++)
    {
      Values values;

      if (self->field == PROC_CRON_N_FIELDS)
        return refuse (self, NULL, self->at, "the end after 7 fields", error);
      if (!read_field (self, &values, error))
        return FALSE;
      starred[self->field] = values.starred;
      cron->last_day |= values.last_day;
      if (self->field == PROC_CRON_YEAR)
        memcpy (cron->years, values.bits, sizeof cron->years);
      else
        cron->set[self->field]
            = self->field == PROC_CRON_WEEKDAY ? values.bits[0] : values.bits[0] << fields[self->field].min;
      skip_blanks (self);
    }
  cron->either = self->crontab && !starred[PROC_CRON_DAY] && !starred[PROC_CRON_WEEKDAY];
  return TRUE;
}

/* Where the field of days begins: what 31 February is blamed on. */
static const char *
day_field (const Cursor *self)
{
  const char *at = self->text + strspn (self->text, " \t");

  for (guint i = self->crontab ? 2 : 3; i > 0; i--)
    {
      at += strcspn (at, " \t");
      at += strspn (at, " \t");
    }
  return at;
}

static gboolean
read_macro (Cursor *self, ProcCron *cron, GError **error)
{
  gsize length = strcspn (self->at, " \t");

  for (guint i = 0; i < G_N_ELEMENTS (macros); i++)
    if (length == strlen (macros[i].name) && g_ascii_strncasecmp (self->at, macros[i].name, length) == 0
        && self->at[length + strspn (self->at + length, " \t")] == '\0')
      {
        Cursor inner = { self->param, macros[i].fields, macros[i].fields, PROC_CRON_MINUTE, TRUE };

        return read_fields (cron, &inner, error);
      }
  return refuse (self, NULL, self->at, "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly", error);
}

gboolean
proc_cron_parse (ProcCron *self, const char *text, const char *param, GError **error)
{
  Cursor cursor = { param, text, text, PROC_CRON_MINUTE, FALSE };

  *self = (ProcCron){ .either = FALSE };
  if (strlen (text) > PROC_CRON_MAX_LENGTH)
    return refuse (&cursor, NULL, text, "at most 1024 characters", error);
  skip_blanks (&cursor);
  if (*cursor.at == '@')
    return read_macro (&cursor, self, error);
  if (!read_fields (self, &cursor, error))
    return FALSE;
  if (proc_cron_next_local (self, G_MININT64) == PROC_CRON_NEVER)
    return refuse (&cursor, fields[PROC_CRON_DAY].name, day_field (&cursor), "a day that the month has at times",
                   error);
  return TRUE;
}
