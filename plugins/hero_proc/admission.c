/* admission.c: see admission.h. Service thread. */
#include "admission.h"

#include "singles.h"

struct _ProcAdmission
{
  ProcAdmissionLimits limits;
  guint waiting;    /* jobs that had no process yet */
  guint taken[2];   /* slots: of plain jobs, of processes */
  ProcSingles *singles;
  GQueue queues[2]; /* ProcJob, owned; some are not pending any more: passed over */
};

ProcAdmission *
proc_admission_new (const ProcAdmissionLimits *limits)
{
  ProcAdmission *self = g_new0 (ProcAdmission, 1);

  self->limits = *limits;
  self->singles = proc_singles_new ();
  return self;
}

void
proc_admission_free (ProcAdmission *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->queues); i++)
    g_queue_clear_full (&self->queues[i], (GDestroyNotify)proc_job_unref);
  proc_singles_free (self->singles);
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

static gboolean
is_under_way (ProcPhase phase)
{
  return phase == PROC_PHASE_PENDING || phase == PROC_PHASE_RETRYING || takes_slot (phase);
}

static guint
class_of (const ProcJob *job)
{
  return job->spec->is_process ? 1 : 0;
}

/* by: 1 = it is in this phase, -1 = it is not any more. */
static void
count (ProcAdmission *self, const ProcJob *job, ProcPhase phase, int by)
{
  self->waiting += waits (phase) ? (guint)by : 0;
  self->taken[class_of (job)] += takes_slot (phase) ? (guint)by : 0;
}

/* From under way or not to under way or not: most steps change nothing of that. */
static void
tell_singles (ProcAdmission *self, const ProcJob *job, gboolean before, gboolean after)
{
  if (!before && after)
    proc_singles_enter (self->singles, job);
  else if (before && !after)
    proc_singles_leave (self->singles, job);
}

void
proc_admission_add (ProcAdmission *self, const ProcJob *job)
{
  count (self, job, job->phase, 1);
  tell_singles (self, job, FALSE, is_under_way (job->phase));
}

void
proc_admission_remove (ProcAdmission *self, ProcJob *job)
{
  count (self, job, job->phase, -1);
  tell_singles (self, job, is_under_way (job->phase), FALSE);
  proc_singles_forget (self->singles, job);
}

void
proc_admission_moved (ProcAdmission *self, ProcJob *job, ProcPhase from)
{
  count (self, job, from, -1);
  count (self, job, job->phase, 1);
  tell_singles (self, job, is_under_way (from), is_under_way (job->phase));
  if (from == PROC_PHASE_WAITING)
    proc_singles_forget (self->singles, job);
}

gboolean
proc_admission_admit (ProcAdmission *self, ProcJob *job)
{
  return proc_singles_admit (self->singles, job);
}

ProcJob *
proc_admission_next_single (ProcAdmission *self, const char *action)
{
  return proc_singles_next (self->singles, action);
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

char *
proc_admission_explain (ProcAdmission *self, const ProcJob *job)
{
  guint limit = job->spec->is_process ? self->limits.max_processes : self->limits.max_running_jobs;

  if (job->phase == PROC_PHASE_WAITING && proc_singles_is_waiting (self->singles, job))
    return g_strdup ("another job of this action is under way, and it may have only one (singleton)");
  if (job->phase == PROC_PHASE_PENDING && limit > 0 && self->taken[class_of (job)] >= limit)
    return g_strdup_printf ("%s = %u are running", job->spec->is_process ? "max_processes" : "max_running_jobs", limit);
  return NULL;
}

guint
proc_admission_count_waiting (ProcAdmission *self)
{
  return self->waiting;
}

gboolean
proc_admission_is_full (ProcAdmission *self, guint more)
{
  return self->limits.max_queued_jobs > 0 && self->waiting + more > self->limits.max_queued_jobs;
}
