/*
 * cron.h: cron expressions (contract 7.8, 21.1): parsed once into sets of bits, then asked for the next time they fire
 * on the wall clock of a time zone. No clock of its own, bounded work for every input. Pure; any thread.
 *
 *   5 fields        minute hour day month weekday; weekday 0..7, 0 and 7 = Sunday; day and weekday both restricted
 *                   (neither begins with '*' or '?'): either is enough
 *   6 or 7 fields   second minute hour day month weekday [year]; weekday 1..7, 1 = Sunday; day and weekday must both
 * match
 *   @yearly, ..     macros for 5 fields
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_CRON_SECOND,
  PROC_CRON_MINUTE,
  PROC_CRON_HOUR,
  PROC_CRON_DAY,
  PROC_CRON_MONTH,
  PROC_CRON_WEEKDAY,
  PROC_CRON_YEAR,
  PROC_CRON_N_FIELDS,
} ProcCronField;

#define PROC_CRON_FIRST_YEAR 1970
#define PROC_CRON_LAST_YEAR 2199
#define PROC_CRON_MAX_LENGTH 1024
#define PROC_CRON_NEVER G_MAXINT64

/* An expression, compiled. A plain value: copied by assignment, nothing to free. */
typedef struct
{
  guint64 set[PROC_CRON_YEAR]; /* by field, bit n = the value n; weekdays count from 0 = Sunday */
  guint64 years[4];            /* bit n = year 1970 + n */
  gboolean last_day;           /* `L`: the last day of the month, beside the days of the set */
  gboolean either;             /* day or weekday is enough; else both must match */
} ProcCron;

/*
 * FALSE: *error is PROC_ERROR_INVALID_CRON, whose message names `param` ("spec.schedule_policy.cron") and what was
 * expected where; proc_error_get_cron tells field and position. Also refused: what no day of 1970..2199 satisfies (31
 * February).
 */
gboolean proc_cron_parse (ProcCron *self, const char *text, const char *param, GError **error);

/*
 * The first time after `after_ms` (Unix ms) at which the expression fires in `zone`, in Unix ms; PROC_CRON_NEVER if
 * there is none up to the year 2199. A wall clock time that daylight saving skips fires at the end of the gap, one that
 * it repeats fires at its first occurrence. With every hour in the set the gap adds nothing and both occurrences fire.
 */
gint64 proc_cron_next (const ProcCron *self, GTimeZone *zone, gint64 after_ms);

/* TRUE if every value from min to max (of 0..63) is in the set. */
gboolean proc_cron_set_is_full (guint64 set, guint min, guint max);

G_END_DECLS
