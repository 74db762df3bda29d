/* rpc-job-end.c: the handlers that end jobs and take away their records. Service thread. */
#include <string.h>

#include "errors.h"
#include "rpc-job.h"

/* ---------------------------------------------------------------------------------------------- ending */

void
proc_rpc_fail_job_active (HeroRpcCall *call, const ProcJob *job)
{
  g_autoptr (GError) error = g_error_new (PROC_ERROR, PROC_ERROR_JOB_ACTIVE, "job is active: %u", job->id);
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "job_id", job->id);
  json_object_set_string_member (data, "phase", proc_phase_words[job->phase]);
  proc_rpc_fail_data (call, error, data);
}

static void
on_cancel_recorded (const GError *error, gpointer data)
{
  g_autoptr (ProcJobPending) pending = data;
  JsonObject *object = proc_rpc_ok (NULL);

  json_object_set_string_member (object, "phase", proc_phase_words[pending->job->phase]);
  hero_rpc_return_object (pending->call, object);
}

/* Answered once everything written until now is on the disk. */
static void
on_cancelled (gpointer data)
{
  ProcJobPending *pending = data;

  proc_journal_keep (pending->self->journal, proc_batch_new (), on_cancel_recorded, pending);
}

void
proc_rpc_job_cancel (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);
  ProcJobPending *pending;

  if (job == NULL)
    return;
  pending = proc_job_pending_new (self, call, job);
  proc_rpc_log_change (self, call, job->action);
  proc_jobs_stop (self->jobs, pending->job, PROC_FAILURE_CANCELLED, hero_rpc_get_boolean (call, "force"));
  proc_job_waits_add (self->waits, pending->job, hero_rpc_get_boolean (call, "wait") ? PROC_WAIT_NO_LIMIT : 0,
                      on_cancelled, pending);
}

/* A call about several jobs. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  GPtrArray *jobs;    /* ProcJob: meant */
  JsonArray *skipped; /* of the answer; NULL = it has none */
} Several;

static Several *
several_new (HeroProc *self, HeroRpcCall *call, gboolean skips)
{
  Several *several = g_new0 (Several, 1);

  *several = (Several){ self, call, g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref),
                        skips ? json_array_new () : NULL };
  return several;
}

static void
several_free (Several *several)
{
  g_clear_pointer (&several->jobs, g_ptr_array_unref);
  g_clear_pointer (&several->skipped, json_array_unref);
  g_free (several);
}

static void
on_all_cancelled (gpointer data)
{
  Several *several = data;
  JsonObject *object = proc_rpc_ok (NULL);

  json_object_set_int_member (object, "cancelled", several->jobs->len);
  hero_rpc_return_object (several->call, object);
  several_free (several);
}

typedef struct
{
  HeroRpcCall *call;
  const char *tag, *action;
  gboolean services;
  GPtrArray *jobs;
} Choice;

static gboolean
choose_active (ProcJob *job, gpointer data)
{
  Choice *choice = data;

  if (proc_job_is_active (job) && proc_rpc_sees (choice->call, job->context)
      && (choice->services || job->service == NULL)
      && (choice->tag == NULL || g_strv_contains ((const char *const *)job->tags, choice->tag))
      && (choice->action == NULL || strcmp (job->action_name, choice->action) == 0))
    g_ptr_array_add (choice->jobs, proc_job_ref (job));
  return TRUE;
}

void
proc_rpc_job_cancel_all (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  Choice choice = { call, hero_rpc_get_string (call, "tag"), hero_rpc_get_string (call, "action"),
                    hero_rpc_get_boolean (call, "services"), NULL };
  Several *several;

  if (!proc_rpc_may_take_all (call, choice.tag))
    return;
  several = several_new (self, call, FALSE);
  choice.jobs = several->jobs;
  proc_jobs_foreach (self->jobs, choose_active, &choice);
  proc_rpc_log_change (self, call, choice.tag != NULL ? choice.tag : "*");
  proc_job_waits_end_all (self->waits, several->jobs, hero_rpc_get_boolean (call, "force"), on_all_cancelled, several);
}

/* ---------------------------------------------------------------------------------------------- deleting */

static void
on_cleaned (const GError *error, const ProcCleaned *cleaned, gpointer data)
{
  Several *several = data;

  proc_rpc_return_deleted (several->call, error, cleaned->jobs, g_steal_pointer (&several->skipped));
  several_free (several);
}

/* All of them are over. */
static void
clean_up (gpointer data)
{
  Several *several = data;

  proc_clean (&several->self->cleaner, g_steal_pointer (&several->jobs), NULL, NULL, on_cleaned, several);
}

/* Active ones are ended first when force is set, and have been left out otherwise. */
static void
delete_all (Several *several, gboolean force)
{
  if (force)
    proc_job_waits_end_all (several->self->waits, several->jobs, TRUE, clean_up, several);
  else
    clean_up (several);
}

static void
delete_ids (HeroProc *self, HeroRpcCall *call, JsonArray *ids)
{
  gboolean force = hero_rpc_get_boolean (call, "force");
  Several *several = several_new (self, call, TRUE);

  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      JsonNode *id = json_array_get_element (ids, i);
      ProcJob *job = proc_rpc_find_job (self, call, id);

      if (job == NULL)
        proc_rpc_add_skipped (several->skipped, id, "not found");
      else if (proc_job_is_active (job) && !force)
        proc_rpc_add_skipped (several->skipped, id, "active");
      else if (!g_ptr_array_find (several->jobs, job, NULL))
        g_ptr_array_add (several->jobs, proc_job_ref (job));
    }
  delete_all (several, force);
}

void
proc_rpc_job_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  gboolean force = hero_rpc_get_boolean (call, "force");
  Several *several;
  ProcJob *job;

  if (!proc_rpc_has_id_or_ids (call))
    return;
  proc_rpc_log_change (self, call, hero_rpc_has (call, "id") ? "one" : "several");
  if (hero_rpc_has (call, "ids"))
    {
      delete_ids (self, call, hero_rpc_get_array (call, "ids"));
      return;
    }
  job = proc_rpc_get_job (self, call);
  if (job == NULL)
    return;
  if (proc_job_is_active (job) && !force)
    {
      proc_rpc_fail_job_active (call, job);
      return;
    }
  several = several_new (self, call, TRUE);
  g_ptr_array_add (several->jobs, proc_job_ref (job));
  delete_all (several, force);
}

typedef struct
{
  const ProcJobFilter *filter;
  gint64 over_before_ms; /* 0 = no matter */
  gint64 keep;
  GPtrArray *jobs;
} Cleaning;

static gboolean
choose_over (ProcJob *job, gpointer data)
{
  Cleaning *cleaning = data;
  ProcJobFilter filter = *cleaning->filter;

  filter.archived = job->archived; /* both */
  if (proc_job_is_active (job) || !proc_job_passes (job, &filter)
      || (cleaning->over_before_ms > 0 && job->finished_at > cleaning->over_before_ms) || cleaning->keep-- > 0)
    return TRUE;
  g_ptr_array_add (cleaning->jobs, proc_job_ref (job));
  return TRUE;
}

void
proc_rpc_job_clean (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  guint32 own = hero_rpc_call_get_identity (call)->context;
  gint64 age_ms = hero_rpc_get_integer (call, "older_than_ms");
  ProcJobFilter filter = { .context = own, .any_context = own == 0, .tty = -1, .active = -1 };
  Cleaning cleaning = { &filter, 0, hero_rpc_get_integer (call, "keep"), NULL };
  Several *several;

  if (!proc_rpc_may_take_all (call, NULL) || !proc_rpc_read_phases (call, &filter.phases))
    return;
  filter.action = hero_rpc_get_string (call, "action");
  if (hero_rpc_has (call, "older_than_ms"))
    cleaning.over_before_ms = MAX (proc_now_ms () - age_ms, 1);
  several = several_new (self, call, FALSE);
  cleaning.jobs = several->jobs;
  proc_jobs_foreach (self->jobs, choose_over, &cleaning);
  proc_rpc_log_change (self, call, filter.action != NULL ? filter.action : "*");
  clean_up (several);
}

typedef struct
{
  HeroRpcCall *call;
  char **tags;
  gboolean all, force;
  Several *several;
} Tagged;

static gboolean
choose_tagged (ProcJob *job, gpointer data)
{
  Tagged *tagged = data;

  if (!proc_rpc_sees (tagged->call, job->context) || !proc_tags_match (job->tags, tagged->tags, tagged->all))
    return TRUE;
  if (proc_job_is_active (job) && !tagged->force)
    proc_rpc_add_skipped_number (tagged->several->skipped, job->id, "active");
  else
    g_ptr_array_add (tagged->several->jobs, proc_job_ref (job));
  return TRUE;
}

void
proc_rpc_job_clean_by_tag (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_auto (GStrv) tags = proc_rpc_read_tags (call);
  Tagged tagged = { call, tags, strcmp (hero_rpc_get_string (call, "match"), "all") == 0,
                    hero_rpc_get_boolean (call, "force"), NULL };

  if (tags == NULL)
    return;
  tagged.several = several_new (self, call, TRUE);
  proc_jobs_foreach (self->jobs, choose_tagged, &tagged);
  proc_rpc_log_change (self, call, tags[0]);
  delete_all (tagged.several, tagged.force);
}

/* ---------------------------------------------------------------------------------------------- marks and signals */

static void
on_archived (const GError *error, gpointer data)
{
  g_autoptr (ProcJobPending) pending = data;

  if (error != NULL)
    {
      pending->job->archived = !pending->job->archived;
      hero_proc_rpc_fail (pending->call, error, NULL);
    }
  else
    hero_rpc_return_object (pending->call, proc_rpc_ok (NULL));
}

void
proc_rpc_job_archive (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);
  ProcBatch *batch;

  if (job == NULL)
    return;
  if (proc_job_is_active (job))
    {
      proc_rpc_fail_job_active (call, job);
      return;
    }
  if (job->archived == hero_rpc_get_boolean (call, "archived"))
    {
      hero_rpc_return_object (call, proc_rpc_ok (NULL));
      return;
    }
  job->archived = !job->archived;
  batch = proc_batch_new ();
  proc_batch_put_job (batch, job);
  proc_rpc_log_change (self, call, job->action);
  proc_journal_commit (self->journal, batch, on_archived, proc_job_pending_new (self, call, job));
}

void
proc_rpc_job_kill (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  JsonArray *pids;
  int signo;
  pid_t pid;

  if (job == NULL)
    return;
  signo = proc_rpc_read_signal (call, &error);
  pid = job->pid;
  if (signo != 0 && !proc_jobs_signal (self->jobs, job, signo))
    error = g_error_new (PROC_ERROR, PROC_ERROR_JOB_NOT_RUNNING, "job is not running: %u", job->id);
  if (error != NULL)
    {
      object = json_object_new ();
      json_object_set_int_member (object, "job_id", job->id);
      proc_rpc_fail_data (call, error, object);
      return;
    }
  proc_rpc_log_change (self, call, job->action);
  pids = json_array_new ();
  json_array_add_int_element (pids, pid);
  object = proc_rpc_ok (NULL);
  json_object_set_array_member (object, "pids", pids);
  hero_rpc_return_object (call, object);
}

static void
on_ready_recorded (const GError *error, gpointer data)
{
  hero_rpc_return_object (data, proc_rpc_ok (NULL));
}

void
proc_rpc_job_ready (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcJob *job = proc_rpc_get_job (self, call);
  g_autoptr (GError) error = NULL;
  JsonObject *members;

  if (job == NULL)
    return;
  if (proc_jobs_set_ready (self->jobs, job, hero_rpc_get_string (call, "message")))
    {
      proc_rpc_log_change (self, call, job->action);
      proc_journal_keep (self->journal, proc_batch_new (), on_ready_recorded, call);
      return;
    }
  error = g_error_new (PROC_ERROR, PROC_ERROR_STATE, "invalid state: job %u is %s, only a running one gets ready", job->id,
                       proc_phase_words[job->phase]);
  members = json_object_new ();
  json_object_set_int_member (members, "job_id", job->id);
  json_object_set_string_member (members, "phase", proc_phase_words[job->phase]);
  proc_rpc_fail_data (call, error, members);
}
