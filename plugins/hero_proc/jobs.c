/* jobs.c: see jobs.h. Service thread. */
#include "jobs.h"

#include <unistd.h>

#include <hero-service/log.h>

#include "fifo.h"
#include "json-write.h"
#include "procfs.h"
#include "secret-env.h"

typedef struct
{
  const ProcJobsListener *listener;
  gpointer data;
} Listening;

/* Where a job is found. */
typedef struct
{
  GSequenceIter *ordered;
  GQueue *of_action;
  GList *link;     /* in of_action */
  ProcPhase known; /* what admission was told last */
} Place;

struct _ProcJobs
{
  ProcJobsSetup setup;
  ProcSupervisor *supervisor;
  ProcAdmission *admission;
  GHashTable *by_id;     /* id -> Place */
  GSequence *ordered;    /* ProcJob, the oldest first; ids only rise */
  GHashTable *by_action; /* name of the action -> GQueue of ProcJob, the oldest first */
  GArray *listening;     /* Listening */
  GHashTable *watches; /* job id -> ProcLineWatch, of attempts whose output tells when they are ready */
  guint32 next_job, next_run;
  guint64 restarts;
  gboolean draining;
  gboolean starting; /* start_admitted is under way */
};

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

static void
tell_listeners (ProcJobs *self, ProcJob *job, ProcPhase from)
{
  for (guint i = 0; i < self->listening->len; i++)
    {
      Listening *one = &g_array_index (self->listening, Listening, i);

      if (one->listener->changed != NULL)
        one->listener->changed (one->data, job, from);
    }
}

static void
tell_change (ProcJobs *self, ProcJob *job, ProcPhase from)
{
  if (from != job->phase)
    tell (self, "job.phase", job, from);
  else if (job->ready)
    tell (self, "job.ready", job, from);
  if (!proc_job_is_active (job))
    tell (self, "job.finished", job, from);
  tell_listeners (self, job, from);
}

/* ---------------------------------------------------------------------------------------------- admission */

/* Starts what may start now. */
static void
start_admitted (ProcJobs *self)
{
  ProcJob *job;

  if (self->starting) /* a start that fails at once makes room: the loop below goes on */
    return;
  self->starting = TRUE;
  while (!self->draining && (job = proc_admission_next (self->admission)) != NULL)
    {
      proc_supervisor_start (self->supervisor, job);
      proc_job_unref (job);
    }
  self->starting = FALSE;
}

static void
note_phase (ProcJobs *self, const ProcJob *job)
{
  Place *place = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (job->id));

  if (place == NULL)
    return;
  proc_admission_moved (self->admission, job, place->known);
  place->known = job->phase;
}

/* ---------------------------------------------------------------------------------------------- hooks */

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

static void
hook_save (gpointer owner, ProcJob *job, ProcSaved saved, gpointer saved_data)
{
  ProcJobs *self = owner;
  ProcBatch *batch = proc_batch_new ();
  SaveNote *note = saved != NULL ? g_new (SaveNote, 1) : NULL;

  if (note != NULL)
    *note = (SaveNote){ saved, saved_data };
  proc_batch_put_job (batch, job);
  proc_journal_keep (self->setup.journal, batch, note != NULL ? on_saved : NULL, note);
}

static void
hook_changed (gpointer owner, ProcJob *job, ProcPhase from)
{
  ProcJobs *self = owner;
  g_autoptr (ProcJob) held = proc_job_ref (job);

  if (from == PROC_PHASE_RETRYING && job->phase == PROC_PHASE_STARTING)
    self->restarts++;
  note_phase (self, held);
  tell_change (self, held, from);
  start_admitted (self);
}

/* A line of it says that it is ready. */
static void
on_line_seen (guint32 job_id, gpointer data)
{
  ProcJobs *self = data;
  ProcJob *job = proc_jobs_get (self, job_id);

  if (job != NULL)
    proc_supervisor_set_ready (self->supervisor, job, NULL);
}

static void
watch_lines (ProcJobs *self, const ProcJob *job)
{
  const ProcReadiness *readiness = &job->spec->health->readiness;
  ProcLineWatch *watch;

  if (readiness->type != PROC_READY_LOG || job->ready)
    return;
  watch = proc_line_watch_new (job->id, readiness->pattern, self->setup.supervisor.context, on_line_seen, self);
  proc_capture_watch (self->setup.capture, job->id, watch);
  g_hash_table_insert (self->watches, GUINT_TO_POINTER (job->id), watch);
}

static void
end_watch (gpointer watch)
{
  proc_line_watch_cancel (watch);
  proc_line_watch_unref (watch);
}

static void
hook_output_begins (gpointer owner, ProcJob *job, int out_fd, int err_fd)
{
  ProcJobs *self = owner;
  const char *run_dir = self->setup.supervisor.surroundings->run_dir;
  int fds[] = { out_fd, err_fd };

  watch_lines (self, job);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autofree char *path = proc_fifo_path (run_dir, job->id, job->restart_count + 1, i == 1);

      if (fds[i] >= 0)
        proc_capture_add (self->setup.capture, job->id, job->source, job->context,
                          i == 1 ? PROC_STREAM_STDERR : PROC_STREAM_STDOUT, job->spec->log_level_max, job->redaction,
                          fds[i], path);
    }
}

static void
hook_output_ends (gpointer owner, ProcJob *job)
{
  ProcJobs *self = owner;

  g_hash_table_remove (self->watches, GUINT_TO_POINTER (job->id));
  proc_capture_end (self->setup.capture, job->id);
}

static gboolean
hook_may_restart (gpointer owner, ProcJob *job)
{
  ProcJobs *self = owner;

  for (guint i = 0; i < self->listening->len; i++)
    {
      Listening *one = &g_array_index (self->listening, Listening, i);

      if (one->listener->may_restart != NULL && !one->listener->may_restart (one->data, job))
        return FALSE;
    }
  return TRUE;
}

static void
hook_health (gpointer owner, ProcJob *job, const char *check, ProcHealth from, ProcHealth to, const char *message)
{
  ProcJobs *self = owner;
  g_autoptr (ProcJob) held = proc_job_ref (job);
  JsonObject *data = json_object_new ();
  g_autofree char *text = g_strdup_printf ("job %u (%s): health check '%s' is %s%s%s", job->id, job->action, check,
                                           proc_health_words[to], message != NULL ? ": " : "",
                                           message != NULL ? message : "");

  json_object_set_int_member (data, "id", job->id);
  json_object_set_string_member (data, "check", check);
  json_object_set_string_member (data, "from", proc_health_words[from]);
  json_object_set_string_member (data, "to", proc_health_words[to]);
  proc_json_set_text (data, "message", message);
  self->setup.event (self->setup.owner, "job.health", data);
  self->setup.log (self->setup.owner, to == PROC_HEALTH_HEALTHY ? HERO_LOG_INFO : HERO_LOG_WARN, text);
  tell_listeners (self, held, held->phase);
}

static void
hook_log (gpointer owner, guint level, const char *text)
{
  ProcJobs *self = owner;

  self->setup.log (self->setup.owner, level, text);
}

static void
set_redaction (ProcJobs *self, ProcJob *job, ProcRedaction *redaction)
{
  g_clear_pointer (&job->redaction, proc_redaction_unref);
  if (self->setup.redact && redaction != NULL)
    job->redaction = proc_redaction_ref (redaction);
}

static char **
hook_take_secrets (gpointer owner, ProcJob *job, GError **error)
{
  ProcJobs *self = owner;
  g_autoptr (ProcSecretEnv) env = NULL;

  job->secrets_stamp = proc_secret_env_stamp (self->setup.secrets, job->spec->env_secrets, job->context);
  env = proc_secret_env_new (self->setup.secrets, job->spec->env_secrets, job->context, error);
  set_redaction (self, job, env != NULL ? env->redaction : NULL);
  return env != NULL ? g_steal_pointer (&env->environment) : NULL;
}

static const ProcSupervisorHooks hooks
    = { hook_save, hook_changed, hook_output_begins, hook_output_ends, hook_may_restart, hook_health, hook_log, hook_take_secrets };

/* ---------------------------------------------------------------------------------------------- recovery */

static GPtrArray *
list_active (ProcJobs *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);

  for (GSequenceIter *at = g_sequence_get_begin_iter (self->ordered); !g_sequence_iter_is_end (at);
       at = g_sequence_iter_next (at))
    if (proc_job_is_active (g_sequence_get (at)))
      g_ptr_array_add (list, proc_job_ref (g_sequence_get (at)));
  return list;
}

/* Spawned, and we died before the pid was written: such a process is found by its token. */
static GHashTable *
find_unrecorded (GPtrArray *active, const char *boot_id)
{
  g_autoptr (GHashTable) tokens = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < active->len; i++)
    {
      const ProcJob *job = active->pdata[i];

      if (job->pid == 0 && job->token != NULL && g_strcmp0 (job->boot_id, boot_id) == 0)
        g_hash_table_add (tokens, job->token);
    }
  return g_hash_table_size (tokens) > 0 ? proc_find_by_tokens (tokens) : g_hash_table_new (g_str_hash, g_str_equal);
}

/* Scripts and pipes of jobs that are over. */
static void
clean_run_dir (ProcJobs *self)
{
  const char *path = self->setup.supervisor.surroundings->run_dir, *name;
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      guint64 id = g_ascii_strtoull (name, NULL, 10);
      ProcJob *job = id > 0 && id <= G_MAXUINT32 ? proc_jobs_get (self, (guint32)id) : NULL;
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (id > 0 && (job == NULL || !proc_job_is_active (job)))
        unlink (file);
    }
}

/*
 * A process that outlived us goes on speaking of its secrets. Which values it was given is known as long as they are
 * still the newest; otherwise nothing of its output can be shown.
 */
static void
find_redaction (ProcJobs *self, ProcJob *job)
{
  g_autoptr (ProcSecretEnv) env = NULL;
  g_autoptr (ProcRedaction) all = NULL;

  if (job->secrets_stamp == 0)
    return;
  if (!proc_jobs_has_old_secrets (self, job))
    env = proc_secret_env_new (self->setup.secrets, job->spec->env_secrets, job->context, NULL);
  if (env != NULL)
    {
      set_redaction (self, job, env->redaction);
      return;
    }
  all = proc_redaction_new_all ();
  set_redaction (self, job, all);
  if (self->setup.redact)
    {
      g_autofree char *text = g_strdup_printf ("job %u (%s): its output is hidden until it is started anew, since the "
                                               "secrets it was given are not known any more",
                                               job->id, job->action);

      self->setup.log (self->setup.owner, HERO_LOG_WARN, text);
    }
}

void
proc_jobs_recover (ProcJobs *self)
{
  g_autofree char *boot_id = proc_boot_id ();
  g_autoptr (GPtrArray) active = list_active (self);
  g_autoptr (GHashTable) found = find_unrecorded (active, boot_id);

  clean_run_dir (self);
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];

      if (job->phase == PROC_PHASE_PENDING && job->service == NULL)
        proc_admission_queue (self->admission, job);
    }
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];
      const ProcStat *process = job->token != NULL ? g_hash_table_lookup (found, job->token) : NULL;

      if (job->phase != PROC_PHASE_PENDING && job->phase != PROC_PHASE_WAITING)
        {
          find_redaction (self, job);
          proc_supervisor_adopt (self->supervisor, job, boot_id, process != NULL ? process->pid : 0,
                                 process != NULL ? process->start_ticks : 0);
        }
    }
  start_admitted (self);
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
  ProcJob *job = take (self, proc_job_new (self->next_job++, seed, proc_now_ms ()));

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
  start_admitted (self);
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
  hook_save (self, job, NULL, NULL);
  note_phase (self, job);
  tell_change (self, held, from);
}

void
proc_jobs_release (ProcJobs *self, ProcJob *job)
{
  job->queued_at = proc_now_ms ();
  step (self, job, PROC_CAUSE_SATISFIED);
  if (job->phase != PROC_PHASE_PENDING) /* somebody who was told has ended it */
    return;
  proc_admission_queue (self->admission, job);
  start_admitted (self);
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
      Listening *one = &g_array_index (self->listening, Listening, i);

      if (one->listener->removed != NULL)
        one->listener->removed (one->data, job);
    }
  proc_jobs_forget (self, job);
}

void
proc_jobs_keep (ProcJobs *self, ProcJob *job)
{
  hook_save (self, job, NULL, NULL);
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

static void
on_autostart_recorded (const GError *error, gpointer data)
{
  ProcJobs *self = data;
  g_autoptr (GPtrArray) active = list_active (self);

  if (error != NULL)
    hook_log (self, HERO_LOG_WARN, error->message);
  for (guint i = 0; i < active->len; i++)
    {
      ProcJob *job = active->pdata[i];

      if (job->trigger != PROC_TRIGGER_AUTOSTART || job->service != NULL || job->phase != PROC_PHASE_PENDING)
        continue;
      if (error == NULL)
        proc_jobs_start (self, job);
      else
        proc_jobs_forget (self, job);
    }
}

void
proc_jobs_autostart (ProcJobs *self)
{
  ProcBatch *batch = proc_batch_new ();
  GSequenceIter *end = g_sequence_get_end_iter (self->ordered);
  GSequenceIter *last = g_sequence_iter_prev (end); /* what is added on the way is not looked at */

  for (GSequenceIter *at = g_sequence_get_begin_iter (self->ordered); !g_sequence_iter_is_end (at);
       at = g_sequence_iter_next (at))
    {
      ProcJob *job = g_sequence_get (at);
      ProcJobSeed seed = {
        .spec = job->spec, .name = job->name, .tags = (const char *const *)job->tags, .trigger = PROC_TRIGGER_AUTOSTART
      };

      if (job->service == NULL && job->run_id == 0 && job->spec->is_process && job->failure == PROC_FAILURE_SHUTDOWN
          && job->phase == PROC_PHASE_CANCELLED && !job->archived)
        {
          job->archived = TRUE;
          proc_batch_put_job (batch, job);
          proc_jobs_add (self, batch, &seed);
        }
      if (at == last)
        break;
    }
  proc_journal_commit (self->setup.journal, batch, on_autostart_recorded, self);
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

guint
proc_jobs_count_phase (ProcJobs *self, ProcPhase phase)
{
  return proc_admission_count (self->admission, phase);
}

guint
proc_jobs_count_all (ProcJobs *self)
{
  return g_hash_table_size (self->by_id);
}

guint64
proc_jobs_get_dropped (ProcJobs *self, const ProcJob *job)
{
  return job->dropped_lines + proc_capture_get_job_dropped (self->setup.capture, job->id);
}

guint
proc_jobs_count (ProcJobs *self)
{
  return proc_supervisor_count (self->supervisor);
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
  hook_save (self, job, NULL, NULL);
}

ProcJobs *
proc_jobs_new (const ProcJobsSetup *setup, const ProcLoaded *loaded)
{
  ProcJobs *self = g_new0 (ProcJobs, 1);

  self->setup = *setup;
  self->setup.supervisor.hooks = &hooks;
  self->setup.supervisor.owner = self;
  self->supervisor = proc_supervisor_new (&self->setup.supervisor);
  self->admission = proc_admission_new (&setup->limits);
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->ordered = g_sequence_new ((GDestroyNotify)proc_job_unref);
  self->by_action = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
  self->listening = g_array_new (FALSE, FALSE, sizeof (Listening));
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, end_watch);
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
  Listening one = { listener, data };

  g_array_append_val (self->listening, one);
}
