/*
 * job-output.h: the end of what a job has said (contract 3.4), from its log lines: nothing is held in memory for it.
 * Called on the service thread; a worker reads the files.
 */
#pragma once

#include "capture.h"
#include "job.h"
#include "log-workers.h"

G_BEGIN_DECLS

enum
{
  PROC_TAIL_BYTES = 16 * 1024,
};

/* out, err: the last PROC_TAIL_BYTES or less of each stream, whole lines; borrowed, never NULL. Service thread. */
typedef void (*ProcTailsDone) (const char *out, const char *err, gpointer data);

/* done comes once, maybe at once. Of a job that is over it is everything it said. */
void proc_job_read_tails (const ProcJob *job, ProcCapture *capture, ProcLogStore *logs, ProcLogWorkers *workers,
                          ProcTailsDone done, gpointer data);

G_END_DECLS
