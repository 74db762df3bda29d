/* histogram.c: eight buckets for each power of two. Threads: see histogram.h. */
#include "histogram.h"

#include <string.h>

#define STEPS 8 /* buckets of one power of two */
#define STEP_BITS 3

static guint
bucket_of (guint64 value)
{
  guint power;

  if (value < STEPS)
    return (guint)value;
  power = 63 - (guint)__builtin_clzll (value);
  return MIN ((power - STEP_BITS + 1) * STEPS + (guint)(value >> (power - STEP_BITS)) % STEPS, HISTOGRAM_BUCKETS - 1);
}

/* The highest value that falls into a bucket. */
static guint64
top_of (guint bucket)
{
  guint shift;

  if (bucket < STEPS)
    return bucket;
  shift = bucket / STEPS - 1;
  return ((guint64)(bucket % STEPS + STEPS + 1) << shift) - 1;
}

void
histogram_add (Histogram *self, guint64 value)
{
  self->total++;
  self->buckets[bucket_of (value)]++;
}

void
histogram_clear (Histogram *self)
{
  memset (self, 0, sizeof *self);
}

guint64
histogram_get (const Histogram *self, double share)
{
  guint64 wanted = (guint64)(share * (double)self->total + 0.5), seen = 0;

  if (self->total == 0)
    return 0;
  for (guint i = 0; i < HISTOGRAM_BUCKETS; i++)
    {
      seen += self->buckets[i];
      if (seen > 0 && seen >= wanted)
        return top_of (i);
    }
  return top_of (HISTOGRAM_BUCKETS - 1);
}
