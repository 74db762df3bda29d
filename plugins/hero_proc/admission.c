/* admission.c: see admission.h. Service thread. */
#include "admission.h"

struct _ProcAdmission
{
  ProcAdmissionLimits limits;
  guint waiting;    /* jobs that had no process yet */
  guint taken[2];   /* slots: of plain jobs, of processes */
  GQueue queues[2]; /* ProcJob, owned; some are not pending any more: passed over */
};

ProcAdmission *
proc_admission_new (const ProcAdmissionLimits *limits)
{
  ProcAdmission *self = g_new0 (ProcAdmission, 1);

  self->limits = *limits;
  return self;
}

void
proc_admission_free (ProcAdmission *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->queues); i++)
    g_queue_clear_full (&self->queues[i], (GDestroyNotify)proc_job_unref);
  g_free (self);
}

/* A job in back-off gives its slot up, and does not wait for one again. */
static gboolean
takes_slot (ProcPhase phase)
{
  return phase == PROC_PHASE_STARTING || phase == PROC_PHASE_RUNNING || phase == PROC_PHASE_STOPPING;
}

static gboolean
waits (ProcPhase phase)
{
  return phase == PROC_PHASE_PENDING || phase == PROC_PHASE_WAITING;
}

static guint
class_of (const ProcJob *job)
{
  return job->spec->is_process ? 1 : 0;
}

void
proc_admission_add (ProcAdmission *self, const ProcJob *job)
{
  self->waiting += waits (job->phase);
  self->taken[class_of (job)] += takes_slot (job->phase);
}

void
proc_admission_remove (ProcAdmission *self, const ProcJob *job)
{
  self->waiting -= waits (job->phase);
  self->taken[class_of (job)] -= takes_slot (job->phase);
}

void
proc_admission_moved (ProcAdmission *self, const ProcJob *job, ProcPhase from)
{
  self->waiting -= waits (from);
  self->taken[class_of (job)] -= takes_slot (from);
  proc_admission_add (self, job);
}

void
proc_admission_queue (ProcAdmission *self, ProcJob *job)
{
  g_queue_push_tail (&self->queues[class_of (job)], proc_job_ref (job));
}

ProcJob *
proc_admission_next (ProcAdmission *self)
{
  const guint limits[] = { self->limits.max_running_jobs, self->limits.max_processes };

  for (guint i = 0; i < G_N_ELEMENTS (self->queues); i++)
    while (self->queues[i].length > 0 && (limits[i] == 0 || self->taken[i] < limits[i]))
      {
        g_autoptr (ProcJob) job = g_queue_pop_head (&self->queues[i]);

        if (job->phase == PROC_PHASE_PENDING)
          return g_steal_pointer (&job);
      }
  return NULL;
}

gboolean
proc_admission_is_full (ProcAdmission *self, guint more)
{
  return self->limits.max_queued_jobs > 0 && self->waiting + more > self->limits.max_queued_jobs;
}
