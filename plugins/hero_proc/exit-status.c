/* exit-status.c: see exit-status.h. Any thread. */
#include "exit-status.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.13 and 6.15; not in the headers of this platform. */
struct info_v1
{
  guint64 mask, cgroupid;
  guint32 pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  gint32 exit_code;
};
#define INFO_EXIT (1ull << 3)
#define GET_INFO _IOWR (0xFF, 11, struct info_v1)

int
proc_pidfd_open (pid_t pid)
{
  return (int)syscall (SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
}

gboolean
proc_pidfd_signal (int pidfd, int signo)
{
  return syscall (SYS_pidfd_send_signal, pidfd, signo, NULL, 0) == 0;
}

static void
from_wait_status (int status, ProcExit *end)
{
  end->known = TRUE;
  end->signo = WIFSIGNALED (status) ? WTERMSIG (status) : 0;
  end->exit_code = WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static short
poll_once (int pidfd)
{
  struct pollfd slot = { .fd = pidfd, .events = POLLIN };

  return poll (&slot, 1, 0) > 0 ? slot.revents : 0;
}

/* A process that is no child of ours. */
static ProcExitResult
read_adopted (int pidfd, ProcExit *end, ProcExitSource *source)
{
  short events = poll_once (pidfd);
  struct info_v1 info = { .mask = INFO_EXIT };

  if (!(events & (POLLIN | POLLHUP)))
    return PROC_EXIT_ALIVE;
  if (ioctl (pidfd, GET_INFO, &info) == 0 && (info.mask & INFO_EXIT))
    {
      from_wait_status (info.exit_code, end);
      *source = PROC_EXIT_PIDFD;
      return PROC_EXIT_SEEN;
    }
  return events & POLLHUP ? PROC_EXIT_LOST : PROC_EXIT_PENDING;
}

ProcExitResult
proc_exit_read (int pidfd, ProcExit *end, ProcExitSource *source)
{
  siginfo_t info = { 0 };
  int result;

  *end = (ProcExit){ 0 };
  *source = PROC_EXIT_UNKNOWN;
  do
    result = waitid (P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT);
  while (result != 0 && errno == EINTR);
  if (result != 0)
    return read_adopted (pidfd, end, source);
  if (info.si_pid == 0)
    return PROC_EXIT_ALIVE;
  end->known = TRUE;
  end->signo = info.si_code == CLD_EXITED ? 0 : info.si_status;
  end->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
  *source = PROC_EXIT_WAIT;
  return PROC_EXIT_SEEN;
}

void
proc_exit_reap (int pidfd)
{
  siginfo_t info;

  while (waitid (P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0 && errno == EINTR)
    ;
}
