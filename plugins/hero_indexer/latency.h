/* latency.h: how long the last searches took, for the statistics. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define INDEXER_LATENCY_N 1024

typedef struct
{
  GMutex lock;
  guint64 count; /* of all searches */
  float ms[INDEXER_LATENCY_N];
} IndexerLatency;

void indexer_latency_init (IndexerLatency *self);
void indexer_latency_clear (IndexerLatency *self);
void indexer_latency_add (IndexerLatency *self, float ms);
guint64 indexer_latency_get_count (IndexerLatency *self);
/* Milliseconds that the fraction 0..1 of the last searches stayed within; 0 when there was none. */
float indexer_latency_get_quantile (IndexerLatency *self, float fraction);

G_END_DECLS
