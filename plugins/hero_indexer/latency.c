/* latency.c: a ring of the last durations. Any thread. */
#include "latency.h"

#include <stdlib.h>
#include <string.h>

void
indexer_latency_init (IndexerLatency *self)
{
  g_mutex_init (&self->lock);
}

void
indexer_latency_clear (IndexerLatency *self)
{
  g_mutex_clear (&self->lock);
}

void
indexer_latency_add (IndexerLatency *self, float ms)
{
  g_mutex_lock (&self->lock);
  self->ms[self->count++ % INDEXER_LATENCY_N] = ms;
  g_mutex_unlock (&self->lock);
}

guint64
indexer_latency_get_count (IndexerLatency *self)
{
  guint64 count;

  g_mutex_lock (&self->lock);
  count = self->count;
  g_mutex_unlock (&self->lock);
  return count;
}

static int
compare (const void *a, const void *b)
{
  float x = *(const float *)a, y = *(const float *)b;

  return x < y ? -1 : x > y;
}

float
indexer_latency_get_quantile (IndexerLatency *self, float fraction)
{
  float sorted[INDEXER_LATENCY_N];
  gsize n;

  g_mutex_lock (&self->lock);
  n = MIN (self->count, INDEXER_LATENCY_N);
  memcpy (sorted, self->ms, n * sizeof *sorted);
  g_mutex_unlock (&self->lock);
  if (n == 0)
    return 0;
  qsort (sorted, n, sizeof *sorted, compare);
  return sorted[MIN ((gsize)(fraction * n), n - 1)];
}
