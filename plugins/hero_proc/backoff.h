/* backoff.h: how long to wait before the next attempt of a job (contract 3.3, 7.5). Pure; any thread. */
#pragma once

#include "words.h"

G_BEGIN_DECLS

/* RetryPolicy. Times in milliseconds. */
typedef struct
{
  guint max_attempts; /* starts in a row, 0 = no limit */
  guint delay_ms;
  guint max_delay_ms;
  ProcBackoff backoff;
  double jitter; /* share of the delay, 0..1, added at random */
  guint stability_period_ms;
} ProcRetry;

/*
 * The delay after attempt `attempt` (from 1) ended: min (max_delay, delay x 2^(attempt-1)), or delay x attempt
 * (linear), or delay (fixed), plus up to `jitter` of it. random: 0..1.
 */
guint proc_backoff_delay (const ProcRetry *retry, guint attempt, double random);

/* The number of the next attempt: 1 again when the last one stayed up for the stability period. */
guint proc_backoff_next_attempt (const ProcRetry *retry, guint attempt, gint64 uptime_ms);

G_END_DECLS
