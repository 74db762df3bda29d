/* backoff.c: see backoff.h. Pure; any thread. */
#include "backoff.h"

guint
proc_backoff_delay (const ProcRetry *retry, guint attempt, double random)
{
  double delay = retry->delay_ms;

  g_return_val_if_fail (attempt >= 1, retry->delay_ms);
  if (retry->backoff == PROC_BACKOFF_EXPONENTIAL)
    for (guint i = 1; i < attempt && delay < retry->max_delay_ms; i++)
      delay *= 2;
  else if (retry->backoff == PROC_BACKOFF_LINEAR)
    delay *= attempt;
  delay = MIN (delay, retry->max_delay_ms);
  return (guint)MIN (delay + delay * retry->jitter * random, G_MAXINT);
}

guint
proc_backoff_next_attempt (const ProcRetry *retry, guint attempt, gint64 uptime_ms)
{
  return uptime_ms >= retry->stability_period_ms ? 1 : attempt + 1;
}
