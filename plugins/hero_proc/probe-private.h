/* probe-private.h: the inside of a probe, shared by probe*.c. Service thread. */
#pragma once

#include "probe.h"

G_BEGIN_DECLS

/* Counted: every operation under way holds a reference, the caller one more until it is over. */
struct _ProcProbeRun
{
  const ProcProbeSetup *setup;
  const ProcProbe *probe;
  ProcAction *action; /* keeps probe alive */
  guint timeout_ms;
  ProcProbeDone done; /* NULL: over */
  gpointer data;
  GSource *limit;
  GCancellable *cancellable;
  HeroReactorWatch *watch; /* of a command */
  int pidfd;
  pid_t pid;
};

ProcProbeRun *proc_probe_ref (ProcProbeRun *run);
void proc_probe_unref (gpointer run);
gboolean proc_probe_is_over (const ProcProbeRun *run);
/* Tells the answer, once. */
void proc_probe_finish (ProcProbeRun *run, ProcAnswer answer, const char *message);
void proc_probe_fail (ProcProbeRun *run, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* ---- probe-net.c */
void proc_probe_start_net (ProcProbeRun *run);
/* ---- probe-exec.c */
void proc_probe_start_exec (ProcProbeRun *run, const ProcIdentity *identity);
void proc_probe_kill_exec (ProcProbeRun *run);

G_END_DECLS
