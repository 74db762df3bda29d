/* probe.c: see probe.h: the frame of a probe, its time limit and its one answer. Service thread. */
#include "probe-private.h"

#include "timer.h"

static void
run_clear (gpointer data)
{
  ProcProbeRun *run = data;

  proc_action_unref (run->action);
  g_object_unref (run->cancellable);
}

ProcProbeRun *
proc_probe_ref (ProcProbeRun *run)
{
  return g_rc_box_acquire (run);
}

void
proc_probe_unref (gpointer run)
{
  g_rc_box_release_full (run, run_clear);
}

gboolean
proc_probe_is_over (const ProcProbeRun *run)
{
  return run->done == NULL;
}

/* Nothing of it is left to come; the caller's reference goes. */
static void
end (ProcProbeRun *run)
{
  run->done = NULL;
  proc_timer_clear (&run->limit);
  g_cancellable_cancel (run->cancellable);
  proc_probe_kill_exec (run);
  proc_probe_unref (run);
}

void
proc_probe_finish (ProcProbeRun *run, ProcAnswer answer, const char *message)
{
  ProcProbeDone done = run->done;
  gpointer data = run->data;
  g_autofree char *text = g_strdup (message);

  if (done == NULL)
    return;
  end (run);
  done (answer, text, data);
}

void
proc_probe_fail (ProcProbeRun *run, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  proc_probe_finish (run, PROC_ANSWER_FAILED, text);
}

static gboolean
on_limit (gpointer data)
{
  ProcProbeRun *run = data;

  proc_probe_fail (run, "%s: no answer within %u ms", run->probe->target, run->timeout_ms);
  return G_SOURCE_REMOVE;
}

ProcProbeRun *
proc_probe_start (const ProcProbeSetup *setup, const ProcProbe *probe, ProcAction *action,
                  const ProcIdentity *identity, guint timeout_ms, ProcProbeDone done, gpointer data)
{
  ProcProbeRun *run = g_rc_box_new0 (ProcProbeRun);

  run->setup = setup;
  run->probe = probe;
  run->action = proc_action_ref (action);
  run->timeout_ms = timeout_ms;
  run->done = done;
  run->data = data;
  run->pidfd = -1;
  run->cancellable = g_cancellable_new ();
  proc_timer_set (&run->limit, setup->context, timeout_ms, on_limit, run);
  if (probe->type == PROC_PROBE_EXEC)
    proc_probe_start_exec (run, identity);
  else
    proc_probe_start_net (run);
  return run;
}

void
proc_probe_cancel (ProcProbeRun *run)
{
  end (run);
}
