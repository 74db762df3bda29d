/* services-shutdown.c: all services and jobs end, in layers; or all but what does not outlive us (contract 13). Service
 * thread. */
#include <hero-service/log.h>

#include "services-private.h"
#include "timer.h"

static void
on_all_written (const GError *error, gpointer data)
{
  ProcServices *self = data;

  self->shut_down (self->shut_down_data);
}

/* Services that were to last until now. */
static void
drop_passing (ProcServices *self, ProcBatch *batch)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcEntry *entry = entries->pdata[i];

      if (entry->spec->persist)
        continue;
      proc_batch_delete_service (batch, entry->spec->name);
      for (guint j = 0; j < entry->jobs->len; j++)
        proc_batch_delete_job (batch, ((ProcJob *)entry->jobs->pdata[j])->id);
      proc_batch_delete_run (batch, entry->run_id);
    }
}

/* Nothing is left that was to end; everything written is waited for. */
static void
finish_shut_down (ProcServices *self)
{
  ProcBatch *batch = proc_batch_new ();

  proc_timer_clear (&self->kill_timer);
  proc_timer_clear (&self->give_up_timer);
  if (!self->leaving)
    drop_passing (self, batch);
  proc_journal_keep (self->setup.journal, batch, on_all_written, self);
}

static gboolean
is_committing (ProcServices *self)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self);

  for (guint i = 0; i < entries->len; i++)
    if (((ProcEntry *)entries->pdata[i])->committing)
      return TRUE;
  return FALSE;
}

/* What only waits or queues stays so, for the next start. */
static gboolean
is_under_way (const ProcJob *job)
{
  return proc_job_is_active (job) && job->phase != PROC_PHASE_PENDING && job->phase != PROC_PHASE_WAITING;
}

static gboolean
collect_in_terminal (ProcJob *job, gpointer jobs)
{
  if (job->spec->tty.enabled && is_under_way (job))
    g_ptr_array_add (jobs, proc_job_ref (job));
  return TRUE;
}

static gboolean
collect_stand_alone (ProcJob *job, gpointer jobs)
{
  if (job->service == NULL && is_under_way (job))
    g_ptr_array_add (jobs, proc_job_ref (job));
  return TRUE;
}

static GPtrArray *
collect (ProcServices *self, gboolean (*func) (ProcJob *job, gpointer jobs))
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  proc_jobs_foreach (self->setup.jobs, func, jobs);
  return jobs;
}

static void
stop_all (ProcServices *self, GPtrArray *jobs, gboolean force)
{
  for (guint i = 0; i < jobs->len; i++)
    proc_jobs_stop (self->setup.jobs, jobs->pdata[i], PROC_FAILURE_SHUTDOWN, force);
}

/* What is to end before we do. */
static guint
count_left (ProcServices *self)
{
  g_autoptr (GPtrArray) jobs = NULL;

  if (!self->leaving)
    return proc_jobs_count (self->setup.jobs);
  jobs = collect (self, collect_in_terminal);
  return jobs->len;
}

void
proc_services_check_shut_down (ProcServices *self)
{
  if (!self->draining || self->shut_down == NULL || count_left (self) > 0 || is_committing (self))
    return;
  if (self->kill_timer != NULL) /* else it is finished already */
    finish_shut_down (self);
}

void
proc_services_kill_rest (ProcServices *self)
{
  g_autoptr (GPtrArray) jobs = NULL;

  if (!self->leaving)
    {
      proc_jobs_stop_all (self->setup.jobs, PROC_FAILURE_SHUTDOWN, TRUE);
      return;
    }
  jobs = collect (self, collect_in_terminal);
  stop_all (self, jobs, TRUE);
}

static gboolean
on_kill_time (gpointer data)
{
  proc_services_kill_rest (data);
  return G_SOURCE_CONTINUE; /* what hangs in the kernel is asked again */
}

typedef struct
{
  GString *names;
  gboolean leaving;
} Left;

static gboolean
name_left (ProcJob *job, gpointer data)
{
  Left *left = data;

  if (job->pid != 0 && (!left->leaving || job->spec->tty.enabled))
    g_string_append_printf (left->names, "%s%s (pid %d)", left->names->len > 0 ? ", " : "", job->action, job->pid);
  return TRUE;
}

/* Even SIGKILL has not ended them: they hang in the kernel. The next start takes them up. */
static gboolean
on_give_up (gpointer data)
{
  ProcServices *self = data;
  g_autoptr (GString) names = g_string_new (NULL);
  Left left = { names, self->leaving };
  g_autofree char *text = NULL;

  proc_jobs_foreach (self->setup.jobs, name_left, &left);
  text = g_strdup_printf ("stopping without these, which SIGKILL does not end: %s", names->str);
  self->setup.log (self->setup.owner, HERO_LOG_ERROR, text);
  finish_shut_down (self);
  return G_SOURCE_REMOVE;
}

/* The layers are down; what is left now is not of a service. */
static void
on_layers_down (gpointer data)
{
  proc_services_check_shut_down (data);
}

/* Services in layers, jobs of their own with the first; what waits for others stays as it is. */
static void
stop_in_layers (ProcServices *self, guint limit_ms)
{
  const ProcCascadeOptions options
      = { PROC_FAILURE_SHUTDOWN, FALSE, g_get_monotonic_time () + limit_ms * G_GINT64_CONSTANT (1000) };
  g_autoptr (GPtrArray) entries = proc_services_list (self), members = g_ptr_array_new ();
  g_autoptr (GPtrArray) alone = collect (self, collect_stand_alone);

  for (guint i = 0; i < entries->len; i++)
    if (!((ProcEntry *)entries->pdata[i])->waiting)
      g_ptr_array_add (members, entries->pdata[i]);
  stop_all (self, alone, FALSE);
  proc_cascade_begin (self, members, &options, NULL, on_layers_down, self);
}

void
proc_services_shut_down (ProcServices *self, gboolean leave, guint kill_after_ms, guint give_up_after_ms,
                         void (*done) (gpointer data), gpointer data)
{
  self->draining = TRUE;
  self->leaving = leave;
  self->shut_down = done;
  self->shut_down_data = data;
  proc_jobs_drain (self->setup.jobs);
  proc_timer_set (&self->kill_timer, self->setup.context, MAX (kill_after_ms, 100), on_kill_time, self);
  proc_timer_set (&self->give_up_timer, self->setup.context, MAX (give_up_after_ms, 200), on_give_up, self);
  if (leave)
    {
      g_autoptr (GPtrArray) jobs = collect (self, collect_in_terminal);

      stop_all (self, jobs, FALSE);
    }
  else
    stop_in_layers (self, MAX (kill_after_ms, 100));
  if (kill_after_ms == 0)
    proc_services_kill_rest (self);
  proc_services_check_shut_down (self);
}
