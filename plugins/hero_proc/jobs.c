/* jobs.c: see jobs.h: the index of all jobs, and the steps that are not the supervisor's. Service thread. */
#include "jobs-private.h"

#include "json-write.h"
#include "secret-env.h"
#include "timer.h"

/* Where a job is found. */
typedef struct
{
  GSequenceIter *ordered;
  GQueue *of_action;
  GList *link;     /* in of_action */
  ProcPhase known; /* what admission was told last */
} Place;

/* ---------------------------------------------------------------------------------------------- events */

static void
tell (ProcJobs *self, const char *event, const ProcJob *job, ProcPhase from)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "id", job->id);
  json_object_set_string_member (data, "action", job->action);
  json_object_set_string_member (data, "from", proc_phase_words[from]);
  json_object_set_string_member (data, "to", proc_phase_words[job->phase]);
  json_object_set_int_member (data, "pid", job->pid);
  proc_json_set_number (data, "exit_code", job->exit_code, -1);
  proc_json_set_text (data, "failure", job->failure != PROC_FAILURE_NONE ? proc_failure_words[job->failure] : NULL);
  self->setup.event (self->setup.owner, event, data);
}

void
proc_jobs_tell_listeners (ProcJobs *self, ProcJob *job, ProcPhase from)
{
  for (guint i = 0; i < self->listening->len; i++)
    {
      ProcJobsListening *one = &g_array_index (self->listening, ProcJobsListening, i);

      if (one->listener->changed != NULL)
        one->listener->changed (one->data, job, from);
    }
}

void
proc_jobs_tell_change (ProcJobs *self, ProcJob *job, ProcPhase from)
{
  if (from != job->phase)
    tell (self, "job.phase", job, from);
  else if (job->ready)
    tell (self, "job.ready", job, from);
  if (!proc_job_is_active (job))
    tell (self, "job.finished", job, from);
  proc_jobs_tell_listeners (self, job, from);
}

/* ---------------------------------------------------------------------------------------------- admission */

static gboolean
on_turn (gpointer data)
{
  ProcJobs *self = data;

  proc_timer_clear (&self->turn);
  proc_jobs_start_admitted (self);
  return G_SOURCE_REMOVE;
}

/* FALSE: enough were started in the last second; it comes back. */
static gboolean
has_turn (ProcJobs *self)
{
  guint wait_ms = proc_supervisor_get_spawn_wait_ms (self->supervisor);

  if (wait_ms > 0 && self->turn == NULL)
    proc_timer_set (&self->turn, self->setup.supervisor.context, wait_ms, on_turn, self);
  return wait_ms == 0;
}

void
proc_jobs_start_admitted (ProcJobs *self)
{
  ProcJob *job;

  if (self->starting) /* a start that fails at once makes room: the loop below goes on */
    return;
  self->starting = TRUE;
  while (!self->draining && has_turn (self) && (job = proc_admission_next (self->admission)) != NULL)
    {
      proc_supervisor_start (self->supervisor, job);
      proc_job_unref (job);
    }
  self->starting = FALSE;
}

void
proc_jobs_note_phase (ProcJobs *self, ProcJob *job)
{
  Place *place = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (job->id));

  if (place == NULL)
    return;
  proc_admission_moved (self->admission, job, place->known);
  place->known = job->phase;
}

/* ---------------------------------------------------------------------------------------------- records */

typedef struct
{
  ProcSaved saved;
  gpointer data;
} SaveNote;

static void
on_saved (const GError *error, gpointer data)
{
  g_autofree SaveNote *note = data;

  note->saved (note->data);
}

void
proc_jobs_save (gpointer self, ProcJob *job, ProcSaved saved, gpointer saved_data)
{
  ProcJobs *jobs = self;
  ProcBatch *batch = proc_batch_new ();
  SaveNote *note = saved != NULL ? g_new (SaveNote, 1) : NULL;

  if (note != NULL)
    *note = (SaveNote){ saved, saved_data };
  proc_batch_put_job (batch, job);
  proc_journal_keep (jobs->setup.journal, batch, note != NULL ? on_saved : NULL, note);
}

/* ---------------------------------------------------------------------------------------------- life of a job */

/* Takes the job. */
static ProcJob *
take (ProcJobs *self, ProcJob *job)
{
  Place *place = g_new (Place, 1);
  GQueue *of_action = g_hash_table_lookup (self->by_action, job->action_name);

  if (of_action == NULL)
    {
      of_action = g_queue_new ();
      g_hash_table_insert (self->by_action, g_strdup (job->action_name), of_action);
    }
  g_queue_push_tail (of_action, job);
  *place = (Place){ g_sequence_append (self->ordered, job), of_action, of_action->tail, job->phase };
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (job->id), place);
  proc_admission_add (self->admission, job);
  return job;
}

ProcJob *
proc_jobs_add (ProcJobs *self, ProcBatch *batch, const ProcJobSeed *seed)
{
  ProcJob *job = proc_job_new (self->next_job++, seed, proc_now_ms ());

  if (job->phase == PROC_PHASE_PENDING && !proc_admission_admit (self->admission, job))
    {
      job->phase = PROC_PHASE_WAITING;
      job->queued_at = 0;
    }
  take (self, job);
  proc_batch_put_job (batch, job);
  proc_batch_put_counters (batch, self->next_job, self->next_run);
  return job;
}

guint32
proc_jobs_take_run_id (ProcJobs *self)
{
  return self->next_run++;
}

void
proc_jobs_start (ProcJobs *self, ProcJob *job)
{
  tell (self, "job.created", job, job->phase);
  if (job->phase != PROC_PHASE_PENDING)
    return;
  proc_admission_queue (self->admission, job);
  proc_jobs_start_admitted (self);
}

/* A step of a job that the supervisor does not have. */
static void
step (ProcJobs *self, ProcJob *job, ProcCause cause)
{
  g_autoptr (ProcJob) held = proc_job_ref (job);
  ProcPhase from = job->phase;

  if (!proc_phase_next (from, cause, &job->phase))
    g_return_if_reached ();
  if (!proc_job_is_active (job))
    job->finished_at = proc_now_ms ();
  proc_jobs_save (self, job, NULL, NULL);
  proc_jobs_note_phase (self, job);
  proc_jobs_tell_change (self, held, from);
  if (!proc_job_is_active (held))
    proc_jobs_start_next_single (self, held);
}

void
proc_jobs_start_next_single (ProcJobs *self, const ProcJob *job)
{
  g_autoptr (ProcJob) next = proc_admission_next_single (self->admission, job->action);

  if (next != NULL && !self->draining)
    proc_jobs_release (self, next);
}

void
proc_jobs_release (ProcJobs *self, ProcJob *job)
{
  if (!proc_admission_admit (self->admission, job))
    return;
  job->queued_at = proc_now_ms ();
  step (self, job, PROC_CAUSE_SATISFIED);
  if (job->phase != PROC_PHASE_PENDING) /* somebody who was told has ended it */
    return;
  proc_admission_queue (self->admission, job);
  proc_jobs_start_admitted (self);
}

void
proc_jobs_skip (ProcJobs *self, ProcJob *job, ProcFailure why, const char *message)
{
  job->failure = why;
  g_free (job->error);
  job->error = g_strdup (message);
  step (self, job, PROC_CAUSE_UNSATISFIABLE);
}

void
proc_jobs_stop (ProcJobs *self, ProcJob *job, ProcFailure why, gboolean force)
{
  if (proc_supervisor_stop (self->supervisor, job, why, force) || !proc_job_is_active (job))
    return;
  job->failure = why;
  step (self, job, PROC_CAUSE_CANCEL); /* it never came to the supervisor: over at once */
}

void
proc_jobs_stop_all (ProcJobs *self, ProcFailure why, gboolean force)
{
  proc_supervisor_stop_all (self->supervisor, why, force);
}

gboolean
proc_jobs_signal (ProcJobs *self, ProcJob *job, int number)
{
  return proc_supervisor_signal (self->supervisor, job, number);
}

void
proc_jobs_forget (ProcJobs *self, ProcJob *job)
{
  Place *place = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (job->id));
  GSequenceIter *ordered;

  if (place == NULL)
    return;
  proc_admission_remove (self->admission, job);
  proc_jobs_start_next_single (self, job);
  g_queue_delete_link (place->of_action, place->link);
  if (place->of_action->length == 0)
    g_hash_table_remove (self->by_action, job->action_name);
  ordered = place->ordered;
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (job->id));
  g_sequence_remove (ordered);
}

void
proc_jobs_remove (ProcJobs *self, ProcJob *job)
{
  g_autoptr (ProcJob) held = proc_job_ref (job);

  for (guint i = 0; i < self->listening->len; i++)
    {
      ProcJobsListening *one = &g_array_index (self->listening, ProcJobsListening, i);

      if (one->listener->removed != NULL)
        one->listener->removed (one->data, job);
    }
  proc_jobs_forget (self, job);
}

void
proc_jobs_notice (ProcJobs *self, pid_t sender, const ProcNotice *notice)
{
  proc_supervisor_notice (self->supervisor, sender, notice);
}

gboolean
proc_jobs_set_ready (ProcJobs *self, ProcJob *job, const char *message)
{
  return proc_supervisor_set_ready (self->supervisor, job, message);
}

void
proc_jobs_probe (ProcJobs *self, ProcJob *job, ProcSaved done, gpointer data)
{
  proc_supervisor_probe (self->supervisor, job, done, data);
}

void
proc_jobs_drain (ProcJobs *self)
{
  self->draining = TRUE;
  proc_supervisor_drain (self->supervisor);
}

/* ---------------------------------------------------------------------------------------------- questions */

ProcJob *
proc_jobs_get (ProcJobs *self, guint32 id)
{
  Place *place = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));

  return place != NULL ? place->link->data : NULL;
}

const GQueue *
proc_jobs_of_action (ProcJobs *self, const char *action_name)
{
  return g_hash_table_lookup (self->by_action, action_name);
}

gboolean
proc_jobs_has_old_secrets (ProcJobs *self, const ProcJob *job)
{
  return job->secrets_stamp != 0
         && job->secrets_stamp != proc_secret_env_stamp (self->setup.secrets, job->spec->env_secrets, job->context);
}

void
proc_jobs_foreach (ProcJobs *self, gboolean (*func) (ProcJob *job, gpointer data), gpointer data)
{
  GSequenceIter *at = g_sequence_get_end_iter (self->ordered);

  while (!g_sequence_iter_is_begin (at))
    {
      at = g_sequence_iter_prev (at);
      if (!func (g_sequence_get (at), data))
        return;
    }
}

gboolean
proc_jobs_is_full (ProcJobs *self, guint more)
{
  return proc_admission_is_full (self->admission, more);
}

guint64
proc_jobs_get_dropped (ProcJobs *self, const ProcJob *job)
{
  return job->dropped_lines + proc_capture_get_job_dropped (self->setup.capture, job->id);
}

char *
proc_jobs_explain (ProcJobs *self, const ProcJob *job)
{
  return proc_admission_explain (self->admission, job);
}

guint
proc_jobs_count (ProcJobs *self)
{
  return proc_supervisor_count (self->supervisor);
}

guint
proc_jobs_count_waiting (ProcJobs *self)
{
  return proc_admission_count_waiting (self->admission);
}

guint
proc_jobs_count_running (ProcJobs *self)
{
  return proc_supervisor_count_running (self->supervisor);
}

guint64
proc_jobs_get_restarts (ProcJobs *self)
{
  return self->restarts;
}

/* ---------------------------------------------------------------------------------------------- the whole */

/* The output of an attempt is read to its end, and so much of it was dropped. */
static void
on_dropped (gpointer data, guint32 id, guint64 lines)
{
  ProcJobs *self = data;
  ProcJob *job = proc_jobs_get (self, id);

  if (job == NULL)
    return;
  job->dropped_lines += lines;
  proc_jobs_save (self, job, NULL, NULL);
}

ProcJobs *
proc_jobs_new (const ProcJobsSetup *setup, const ProcLoaded *loaded)
{
  ProcJobs *self = g_new0 (ProcJobs, 1);

  self->setup = *setup;
  self->setup.supervisor.hooks = &proc_jobs_hooks;
  self->setup.supervisor.owner = self;
  self->supervisor = proc_supervisor_new (&self->setup.supervisor);
  self->admission = proc_admission_new (&setup->limits);
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->ordered = g_sequence_new ((GDestroyNotify)proc_job_unref);
  self->by_action = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
  self->listening = g_array_new (FALSE, FALSE, sizeof (ProcJobsListening));
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, proc_line_watch_cancel);
  self->next_job = loaded->next_job;
  self->next_run = loaded->next_run;
  for (guint i = 0; i < loaded->jobs->len; i++)
    take (self, proc_job_ref (loaded->jobs->pdata[i]));
  proc_capture_set_dropped_func (setup->capture, setup->supervisor.context, on_dropped, self);
  return self;
}

void
proc_jobs_free (ProcJobs *self)
{
  proc_capture_set_dropped_func (self->setup.capture, NULL, NULL, NULL);
  proc_timer_clear (&self->turn);
  proc_supervisor_free (self->supervisor);
  proc_admission_free (self->admission);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->by_action);
  g_sequence_free (self->ordered);
  g_array_unref (self->listening);
  g_hash_table_unref (self->watches);
  g_free (self);
}

void
proc_jobs_listen (ProcJobs *self, const ProcJobsListener *listener, gpointer data)
{
  ProcJobsListening one = { listener, data };

  g_array_append_val (self->listening, one);
}
