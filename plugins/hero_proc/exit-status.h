/* exit-status.h: how a process ended, from its pidfd; of children by waitid, of adopted ones by PIDFD_GET_INFO. Any
 * thread. */
#pragma once

#include <sys/types.h>

#include "phase.h"

G_BEGIN_DECLS

/* A pidfd, close-on-exec, or -1. */
int proc_pidfd_open (pid_t pid);
gboolean proc_pidfd_signal (int pidfd, int signo);

typedef enum
{
  PROC_EXIT_ALIVE,   /* not ended */
  PROC_EXIT_SEEN,    /* ended, *end is filled in */
  PROC_EXIT_PENDING, /* ended, adopted, its parent has not reaped it yet: ask again */
  PROC_EXIT_LOST,    /* ended, and nobody can tell how */
} ProcExitResult;

/* A child of ours stays a zombie, so its pid and group stay its own, until proc_exit_reap. */
ProcExitResult proc_exit_read (int pidfd, ProcExit *end, ProcExitSource *source);
void proc_exit_reap (int pidfd);

G_END_DECLS
