/* notice.c: whose message it is that came on the notify socket, and what follows (contract 7.6). Service thread. */
#include "procfs.h"
#include "task.h"

enum
{
  MAX_ANCESTORS = 32,
};

/* Everything by which a sender may belong to a job: itself, its group, its session, its ancestors. */
typedef struct
{
  pid_t numbers[MAX_ANCESTORS + 2];
  guint n;
} Kin;

static void
collect_kin (Kin *kin, pid_t pid)
{
  ProcStat stat;

  kin->n = 0;
  kin->numbers[kin->n++] = pid;
  if (!proc_stat_read (pid, &stat))
    return;
  kin->numbers[kin->n++] = stat.pgid;
  kin->numbers[kin->n++] = stat.sid;
  while (kin->n < G_N_ELEMENTS (kin->numbers) && stat.ppid > 1)
    {
      kin->numbers[kin->n++] = stat.ppid;
      if (!proc_stat_read (stat.ppid, &stat))
        return;
    }
}

static gboolean
is_kin (const Kin *kin, pid_t leader)
{
  for (guint i = 0; i < kin->n; i++)
    if (kin->numbers[i] == leader)
      return TRUE;
  return FALSE;
}

static ProcTask *
find_task (ProcSupervisor *self, pid_t sender)
{
  GHashTableIter iter;
  gpointer value;
  g_autofree char *token = NULL;
  Kin kin;

  collect_kin (&kin, sender);
  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((ProcTask *)value)->job->pid != 0 && is_kin (&kin, ((ProcTask *)value)->job->pid))
      return value;
  /* In a session of its own, its parent gone: its environment still tells. */
  token = proc_token_read (sender);
  g_hash_table_iter_init (&iter, self->tasks);
  while (token != NULL && g_hash_table_iter_next (&iter, NULL, &value))
    if (((ProcTask *)value)->job->pid != 0 && g_strcmp0 (token, ((ProcTask *)value)->job->token) == 0)
      return value;
  return NULL;
}

void
proc_supervisor_notice (ProcSupervisor *self, pid_t sender, const ProcNotice *notice)
{
  ProcTask *task = find_task (self, sender);

  if (task == NULL || task->job->spec->health->readiness.type != PROC_READY_NOTIFY)
    return;
  if (notice->status != NULL)
    {
      g_free (task->job->message);
      task->job->message = g_strdup (notice->status);
    }
  if (notice->stopping) /* what is on its way out is not asked how it is */
    proc_task_health_end (task);
  if (notice->ready)
    proc_task_ready (task);
}

gboolean
proc_supervisor_set_ready (ProcSupervisor *self, ProcJob *job, const char *message)
{
  ProcTask *task = g_hash_table_lookup (self->tasks, GUINT_TO_POINTER (job->id));

  if (task == NULL || job->phase != PROC_PHASE_RUNNING || job->pid == 0)
    return FALSE;
  if (message != NULL)
    {
      g_free (job->message);
      job->message = g_strdup (message);
    }
  proc_task_ready (task);
  return TRUE;
}
