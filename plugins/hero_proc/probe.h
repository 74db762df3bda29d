/*
 * probe.h: asks one job one question: can it be connected to, does it answer HTTP, does a command say so (contract 7.6).
 * Answers come later, on the service context, and always within the time limit. Service thread.
 */
#pragma once

#include <hero-service/reactor.h>

#include "health-state.h"
#include "kill-list.h"
#include "spawner.h"

G_BEGIN_DECLS

/* What probes need; outlives them. */
typedef struct
{
  GMainContext *context;
  HeroReactor *reactor;
  ProcSpawner *spawner;
  const ProcSurroundings *surroundings;
  ProcKillList *kill_list;
} ProcProbeSetup;

typedef struct _ProcProbeRun ProcProbeRun;

/* message: what went wrong, or the reason it gives for being degraded; NULL = nothing to say. */
typedef void (*ProcProbeDone) (ProcAnswer answer, const char *message, gpointer data);

/*
 * probe: outlives the run (it is part of the action). action, identity: of the job, for the environment of a command.
 * done comes once, never inside this call; then the run is gone.
 */
ProcProbeRun *proc_probe_start (const ProcProbeSetup *setup, const ProcProbe *probe, ProcAction *action,
                                const ProcIdentity *identity, guint timeout_ms, ProcProbeDone done, gpointer data);
/* done does not come any more; a command is killed. */
void proc_probe_cancel (ProcProbeRun *run);

G_END_DECLS
