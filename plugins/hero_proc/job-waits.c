/* job-waits.c: see job-waits.h. Service thread. */
#include "job-waits.h"

#include "timer.h"

struct _ProcJobWaits
{
  ProcJobs *jobs;
  GMainContext *context;
  GHashTable *by_job; /* id -> GPtrArray of Waiter */
};

typedef struct
{
  ProcJobWaits *waits;
  guint32 job_id;
  GSource *limit;
  ProcWaited done;
  gpointer data;
} Waiter;

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  proc_timer_clear (&waiter->limit);
  g_free (waiter);
}

static void
tell_all (ProcJobWaits *self, guint32 job_id)
{
  gpointer key, list;
  g_autoptr (GPtrArray) waiters = NULL;

  if (!g_hash_table_steal_extended (self->by_job, GUINT_TO_POINTER (job_id), &key, &list))
    return;
  waiters = list;
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = waiters->pdata[i];

      waiter->done (waiter->data);
    }
}

static void
on_job_changed (gpointer data, ProcJob *job, ProcPhase from)
{
  if (!proc_job_is_active (job))
    tell_all (data, job->id);
}

static const ProcJobsListener listener = { on_job_changed, NULL, NULL };

static gboolean
on_limit (gpointer data)
{
  Waiter *waiter = data;
  ProcJobWaits *self = waiter->waits;
  ProcWaited done = waiter->done;
  gpointer done_data = waiter->data;
  GPtrArray *waiters = g_hash_table_lookup (self->by_job, GUINT_TO_POINTER (waiter->job_id));

  if (waiters->len == 1)
    g_hash_table_remove (self->by_job, GUINT_TO_POINTER (waiter->job_id));
  else
    g_ptr_array_remove_fast (waiters, waiter);
  done (done_data);
  return G_SOURCE_REMOVE;
}

void
proc_job_waits_add (ProcJobWaits *self, ProcJob *job, gint64 limit_ms, ProcWaited done, gpointer data)
{
  GPtrArray *waiters = g_hash_table_lookup (self->by_job, GUINT_TO_POINTER (job->id));
  Waiter *waiter;

  if (limit_ms == 0 || !proc_job_is_active (job))
    {
      done (data);
      return;
    }
  if (waiters == NULL)
    {
      waiters = g_ptr_array_new_with_free_func (waiter_free);
      g_hash_table_insert (self->by_job, GUINT_TO_POINTER (job->id), waiters);
    }
  waiter = g_new (Waiter, 1);
  *waiter = (Waiter){ self, job->id, NULL, done, data };
  if (limit_ms != PROC_WAIT_NO_LIMIT)
    proc_timer_set (&waiter->limit, self->context, (guint)limit_ms, on_limit, waiter);
  g_ptr_array_add (waiters, waiter);
}

/* ---------------------------------------------------------------------------------------------- several */

typedef struct
{
  guint left;
  ProcWaited done;
  gpointer data;
} Group;

static void
on_one_over (gpointer data)
{
  Group *group = data;

  if (--group->left > 0)
    return;
  group->done (group->data);
  g_free (group);
}

void
proc_job_waits_end_all (ProcJobWaits *self, GPtrArray *jobs, gboolean force, ProcWaited done, gpointer data)
{
  Group *group = g_new (Group, 1);

  *group = (Group){ jobs->len + 1, done, data };
  for (guint i = 0; i < jobs->len; i++)
    {
      proc_job_waits_add (self, jobs->pdata[i], PROC_WAIT_NO_LIMIT, on_one_over, group);
      proc_jobs_stop (self->jobs, jobs->pdata[i], PROC_FAILURE_CANCELLED, force);
    }
  on_one_over (group);
}

/* ---------------------------------------------------------------------------------------------- the whole */

void
proc_job_waits_release (ProcJobWaits *self)
{
  g_autoptr (GList) ids = g_hash_table_get_keys (self->by_job);

  for (GList *l = ids; l != NULL; l = l->next)
    tell_all (self, GPOINTER_TO_UINT (l->data));
}

ProcJobWaits *
proc_job_waits_new (ProcJobs *jobs, GMainContext *context)
{
  ProcJobWaits *self = g_new0 (ProcJobWaits, 1);

  self->jobs = jobs;
  self->context = context;
  self->by_job = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  proc_jobs_listen (jobs, &listener, self);
  return self;
}

void
proc_job_waits_free (ProcJobWaits *self)
{
  g_hash_table_unref (self->by_job);
  g_free (self);
}
