/*
 * log-workers.h: a few threads for all that reads log files or waits for the log's writer. They bound the files that are
 * open at once, and are waited for before the files' owners go. Calls: service thread.
 */
#pragma once

#include "log-cursor.h"

G_BEGIN_DECLS

enum
{
  /* A search holds up to PROC_LOG_READER_FILES open: all together stay below 64 (contract 10.3). */
  PROC_LOG_WORKERS = 6,
};

typedef struct _ProcLogWorkers ProcLogWorkers;

ProcLogWorkers *proc_log_workers_new (void);
/* Waits until everything that was pushed has run. */
void proc_log_workers_free (ProcLogWorkers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogWorkers, proc_log_workers_free)

/* func runs on a worker. */
void proc_log_workers_push (ProcLogWorkers *self, void (*func) (gpointer data), gpointer data);
/*
 * The same for work whose end is told on the caller's thread: func gets the data of the task, which then returns TRUE.
 * Takes a reference.
 */
void proc_log_workers_push_task (ProcLogWorkers *self, GTask *task, void (*func) (gpointer task_data));

G_END_DECLS
