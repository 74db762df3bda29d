/* spawn-rate.c: see spawn-rate.h. The times of the last starts in a ring: the oldest of them says when the next may be.
 */
#include "spawn-rate.h"

struct _ProcSpawnRate
{
  guint n, next;
  gint64 *at_us;
};

ProcSpawnRate *
proc_spawn_rate_new (guint per_second)
{
  ProcSpawnRate *self = g_new0 (ProcSpawnRate, 1);

  self->n = per_second;
  self->at_us = g_new (gint64, per_second);
  for (guint i = 0; i < per_second; i++)
    self->at_us[i] = -G_USEC_PER_SEC;
  return self;
}

void
proc_spawn_rate_free (ProcSpawnRate *self)
{
  g_free (self->at_us);
  g_free (self);
}

guint
proc_spawn_rate_get_wait_ms (const ProcSpawnRate *self, gint64 now_us)
{
  gint64 free_us = self->at_us[self->next] + G_USEC_PER_SEC;

  return free_us > now_us ? (guint)((free_us - now_us + 999) / 1000) : 0;
}

void
proc_spawn_rate_note (ProcSpawnRate *self, gint64 now_us)
{
  self->at_us[self->next] = now_us;
  self->next = (self->next + 1) % self->n;
}
