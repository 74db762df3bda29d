/*
 * probe-exec.c: a command as a probe: started by the spawner with the environment of its job, 0 = passed. What it writes
 * goes nowhere. Its group is killed when the time is over. Service thread.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "exit-status.h"
#include "probe-private.h"

void
proc_probe_kill_exec (ProcProbeRun *run)
{
  g_clear_pointer (&run->watch, hero_reactor_remove);
  if (run->pidfd < 0)
    return;
  proc_kill_list_remove (run->setup->kill_list, run->pid);
  kill (-run->pid, SIGKILL); /* not reaped yet: the number is still its own */
  proc_exit_reap (run->pidfd);
  close (run->pidfd);
  run->pidfd = -1;
}

static void
on_command_end (int fd, guint32 events, gpointer data)
{
  ProcProbeRun *run = data;
  ProcExit end = { 0 };
  ProcExitSource source;

  if (proc_exit_read (fd, &end, &source) == PROC_EXIT_ALIVE)
    return;
  if (end.known && end.signo == 0 && end.exit_code == 0)
    proc_probe_finish (run, PROC_ANSWER_PASSED, NULL);
  else if (end.signo != 0)
    proc_probe_fail (run, "%s: killed by signal %d", run->probe->target, end.signo);
  else
    proc_probe_fail (run, "%s: exited with code %d", run->probe->target, end.exit_code);
}

static void
on_spawned (ProcSpawnResult *result, gpointer data)
{
  ProcProbeRun *run = data;
  g_autoptr (GError) error = NULL;

  run->pid = result->pid;
  run->pidfd = result->pidfd;
  if (result->error != NULL)
    {
      proc_probe_fail (run, "%s", result->error->message);
      return;
    }
  if (run->pidfd >= 0)
    proc_kill_list_add (run->setup->kill_list, run->pid, run->pidfd);
  if (proc_probe_is_over (run))
    {
      proc_probe_kill_exec (run);
      return;
    }
  run->watch = run->pidfd >= 0 ? hero_reactor_add (run->setup->reactor, run->pidfd, EPOLLIN, on_command_end, run, &error)
                               : NULL;
  if (run->watch == NULL)
    proc_probe_fail (run, "%s: cannot be watched: out of file descriptors", run->probe->target);
}

void
proc_probe_start_exec (ProcProbeRun *run, const ProcIdentity *identity)
{
  g_autoptr (ProcAction) action = proc_action_for_command (run->action, run->probe->target);

  proc_spawner_spawn (run->setup->spawner, action, run->setup->surroundings, identity, NULL, NULL, on_spawned,
                      proc_probe_ref (run), proc_probe_unref);
}
