/* log-workers.c: see log-workers.h. do_work runs on the workers. */
#include "log-workers.h"

struct _ProcLogWorkers
{
  GThreadPool *pool; /* of Work */
};

typedef struct
{
  void (*func) (gpointer data);
  gpointer data;
  GTask *task; /* NULL = nobody waits for it here */
} Work;

/* A search keeps PROC_LOG_READER_FILES, and opens one more before it closes the oldest. */
G_STATIC_ASSERT (PROC_LOG_WORKERS * (PROC_LOG_READER_FILES + 1) < 64);

static void
do_work (gpointer data, gpointer unused)
{
  g_autofree Work *work = data;

  work->func (work->data);
  if (work->task != NULL)
    g_task_return_boolean (work->task, TRUE);
  g_clear_object (&work->task);
}

ProcLogWorkers *
proc_log_workers_new (void)
{
  ProcLogWorkers *self = g_new (ProcLogWorkers, 1);

  self->pool = g_thread_pool_new (do_work, NULL, PROC_LOG_WORKERS, FALSE, NULL);
  return self;
}

void
proc_log_workers_free (ProcLogWorkers *self)
{
  g_thread_pool_free (self->pool, FALSE, TRUE);
  g_free (self);
}

static void
push (ProcLogWorkers *self, const Work *work)
{
  g_thread_pool_push (self->pool, g_memdup2 (work, sizeof *work), NULL);
}

void
proc_log_workers_push (ProcLogWorkers *self, void (*func) (gpointer data), gpointer data)
{
  Work work = { func, data, NULL };

  push (self, &work);
}

void
proc_log_workers_push_task (ProcLogWorkers *self, GTask *task, void (*func) (gpointer task_data))
{
  Work work = { func, g_task_get_task_data (task), g_object_ref (task) };

  push (self, &work);
}
