/* histogram.h: how often which duration was seen, to within an eighth of it, in fixed memory. Any thread, one at a
 * time. */
#pragma once

#include <glib.h>

#define HISTOGRAM_BUCKETS 256

typedef struct
{
  guint64 total;
  guint64 buckets[HISTOGRAM_BUCKETS];
} Histogram;

void histogram_add (Histogram *self, guint64 value);
void histogram_clear (Histogram *self);
/* The value that this share (0..1) of all does not exceed; 0 when nothing was seen. */
guint64 histogram_get (const Histogram *self, double share);
