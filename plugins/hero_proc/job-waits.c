/* job-waits.c: see job-waits.h. Service thread. */
#include "job-waits.h"

struct _ProcJobWaits
{
  ProcJobs *jobs;
  ProcWaits *waits;
};

static void
on_job_changed (gpointer data, ProcJob *job, ProcPhase from)
{
  if (!proc_job_is_active (job))
    proc_waits_tell (((ProcJobWaits *)data)->waits, job->id);
}

static const ProcJobsListener listener = { .changed = on_job_changed };

void
proc_job_waits_add (ProcJobWaits *self, ProcJob *job, gint64 limit_ms, ProcWaited done, gpointer data)
{
  proc_waits_add (self->waits, job->id, limit_ms, done, data);
  if (!proc_job_is_active (job))
    proc_waits_tell (self->waits, job->id);
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
  proc_waits_release (self->waits);
}

ProcJobWaits *
proc_job_waits_new (ProcJobs *jobs, ProcJournal *journal, GMainContext *context)
{
  ProcJobWaits *self = g_new0 (ProcJobWaits, 1);

  self->jobs = jobs;
  self->waits = proc_waits_new (journal, context);
  proc_jobs_listen (jobs, &listener, self);
  return self;
}

void
proc_job_waits_free (ProcJobWaits *self)
{
  proc_waits_free (self->waits);
  g_free (self);
}
