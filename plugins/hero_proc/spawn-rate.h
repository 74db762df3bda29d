/* spawn-rate.h: not more than so many starts in any second. Pure bookkeeping; one thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcSpawnRate ProcSpawnRate;

/* per_second: 1 or more. */
ProcSpawnRate *proc_spawn_rate_new (guint per_second);
void proc_spawn_rate_free (ProcSpawnRate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSpawnRate, proc_spawn_rate_free)

/* How long the next start has to wait; 0 = not at all. now_us: of a clock that only goes forward. */
guint proc_spawn_rate_get_wait_ms (const ProcSpawnRate *self, gint64 now_us);
/* There is a start now. */
void proc_spawn_rate_note (ProcSpawnRate *self, gint64 now_us);

G_END_DECLS
