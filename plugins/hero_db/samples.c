/* samples.c: a ring of seconds. Service thread. */
#include "samples.h"

struct _Samples
{
  Sample ring[SAMPLES_MAX];
  guint64 taken;
  ServerStats last; /* of the second before */
};

Samples *
samples_new (void)
{
  return g_new0 (Samples, 1);
}

void
samples_free (Samples *self)
{
  g_free (self);
}

/* CONFIG RESETSTAT may have set the counter back. */
static guint64
rise (guint64 now, guint64 before)
{
  return now >= before ? now - before : now;
}

void
samples_take (Samples *self, Server *server)
{
  const ServerStats *stats = &server->stats;
  Sample *sample = &self->ring[self->taken++ % SAMPLES_MAX];

  *sample = (Sample){
    .at = g_get_real_time () / 1000,
    .operations = rise (stats->commands, self->last.commands),
    .hits = rise (stats->hits, self->last.hits),
    .misses = rise (stats->misses, self->last.misses),
    .commits = rise (stats->commits, self->last.commits),
    .p50_us = histogram_get (&server->latency, 0.50),
    .p99_us = histogram_get (&server->latency, 0.99),
    .clients = server->clients.length,
    .dirty = storage_get_dirty_bytes (server->storage),
    .disk = storage_get_file_bytes (server->storage),
  };
  self->last = *stats;
  histogram_clear (&server->latency);
}

const Sample *
samples_get (Samples *self, guint age)
{
  if (age >= SAMPLES_MAX || age >= self->taken)
    return NULL;
  return &self->ring[(self->taken - 1 - age) % SAMPLES_MAX];
}
