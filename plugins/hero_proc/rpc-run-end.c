/* rpc-run-end.c: the handlers that wait for runs, end them and take away their records. Service thread. */
#include <string.h>

#include "errors.h"
#include "reader.h"
#include "rpc-run.h"

static ProcRunPending *
pending_new (HeroProc *self, HeroRpcCall *call, const ProcRun *run)
{
  ProcRunPending *pending = g_new (ProcRunPending, 1);

  *pending = (ProcRunPending){ .self = self, .call = call, .run_id = run->id };
  return pending;
}

/* ---------------------------------------------------------------------------------------------- waiting, ending */

static void
on_waited (gpointer data)
{
  g_autofree ProcRunPending *pending = data;
  const ProcRun *run = proc_runs_get (pending->self->runs, pending->run_id);
  JsonObject *object;

  if (run == NULL) /* deleted meanwhile */
    {
      proc_rpc_fail_no_run (pending->call, pending->run_id);
      return;
    }
  object = json_object_new ();
  json_object_set_boolean_member (object, "done", !proc_run_is_active (run));
  json_object_set_object_member (object, "run", proc_rpc_run_to_json (pending->self, run));
  hero_rpc_return_object (pending->call, object);
}

void
proc_rpc_run_wait (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);

  if (run != NULL)
    proc_runs_wait (self->runs, run, hero_rpc_get_integer (call, "timeout_ms"), on_waited,
                    pending_new (self, call, run));
}

static void
on_cancel_recorded (const GError *error, gpointer data)
{
  g_autofree ProcRunPending *pending = data;
  JsonObject *object = proc_rpc_ok (NULL);

  json_object_set_int_member (object, "cancelled", pending->jobs);
  hero_rpc_return_object (pending->call, object);
}

/* Answered once everything written until now is on the disk. */
static void
on_cancelled (gpointer data)
{
  ProcRunPending *pending = data;

  proc_journal_keep (pending->self->journal, proc_batch_new (), on_cancel_recorded, pending);
}

static guint
count_active (HeroProc *self, const ProcRun *run)
{
  guint n = 0;

  for (guint i = 0; i < run->members->len; i++)
    n += proc_phase_is_active (proc_runs_get_phase (self->runs, run, i));
  return n;
}

void
proc_rpc_run_cancel (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);
  ProcRunPending *pending;

  if (run == NULL)
    return;
  proc_rpc_log_change (self, call, run->name);
  pending = pending_new (self, call, run);
  pending->jobs = count_active (self, run);
  proc_runs_cancel (self->runs, run, PROC_FAILURE_CANCELLED, hero_rpc_get_boolean (call, "force"));
  proc_runs_wait (self->runs, run, hero_rpc_get_boolean (call, "wait") ? PROC_WAIT_NO_LIMIT : 0, on_cancelled, pending);
}

/* ---------------------------------------------------------------------------------------------- deleting */

/* A call about several runs. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  GArray *runs;    /* guint32: meant */
  GPtrArray *jobs; /* ProcJob: of these */
  JsonArray *skipped;
} Several;

static Several *
several_new (HeroProc *self, HeroRpcCall *call)
{
  Several *several = g_new (Several, 1);

  *several = (Several){ self, call, g_array_new (FALSE, FALSE, sizeof (guint32)),
                        g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref), json_array_new () };
  return several;
}

static void
several_free (Several *several)
{
  g_clear_pointer (&several->runs, g_array_unref);
  g_clear_pointer (&several->jobs, g_ptr_array_unref);
  g_clear_pointer (&several->skipped, json_array_unref);
  g_free (several);
}

static void
on_cleaned (const GError *error, const ProcCleaned *cleaned, gpointer data)
{
  Several *several = data;

  proc_rpc_return_deleted (several->call, error, cleaned->runs, g_steal_pointer (&several->skipped));
  several_free (several);
}

/* All of them are over. */
static void
clean_up (gpointer data)
{
  Several *several = data;

  proc_clean (&several->self->cleaner, g_steal_pointer (&several->jobs), NULL, g_steal_pointer (&several->runs),
              on_cleaned, several);
}

/* Active ones are ended first; there are none without force. */
static void
delete_all (Several *several)
{
  HeroProc *self = several->self;

  for (guint i = 0; i < several->runs->len; i++)
    {
      ProcRun *run = proc_runs_get (self->runs, g_array_index (several->runs, guint32, i));

      for (guint j = 0; j < run->members->len; j++)
        {
          ProcJob *job = proc_runs_get_job (self->runs, run, j);

          if (job != NULL)
            g_ptr_array_add (several->jobs, proc_job_ref (job));
        }
      proc_runs_cancel (self->runs, run, PROC_FAILURE_CANCELLED, TRUE);
    }
  proc_job_waits_end_all (self->waits, several->jobs, TRUE, clean_up, several);
}

static gboolean
is_chosen (const Several *several, guint32 id)
{
  for (guint i = 0; i < several->runs->len; i++)
    if (g_array_index (several->runs, guint32, i) == id)
      return TRUE;
  return FALSE;
}

static void
choose (Several *several, const ProcRun *run, gboolean force)
{
  if (proc_run_is_active (run) && !force)
    proc_rpc_add_skipped_number (several->skipped, run->id, "active");
  else if (!is_chosen (several, run->id))
    g_array_append_val (several->runs, run->id);
}

static void
delete_ids (HeroProc *self, HeroRpcCall *call, JsonArray *ids, gboolean force)
{
  Several *several = several_new (self, call);

  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      JsonNode *id = json_array_get_element (ids, i);
      gboolean number = g_strcmp0 (proc_json_type (id), "integer") == 0;
      const ProcRun *run = number ? proc_rpc_find_run (self, call, json_node_get_int (id)) : NULL;

      if (run == NULL)
        proc_rpc_add_skipped (several->skipped, id, "not found");
      else
        choose (several, run, force);
    }
  delete_all (several);
}

void
proc_rpc_run_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  gboolean force = hero_rpc_get_boolean (call, "force");
  Several *several;
  ProcRun *run;

  if (!proc_rpc_has_id_or_ids (call))
    return;
  proc_rpc_log_change (self, call, hero_rpc_has (call, "id") ? "one" : "several");
  if (hero_rpc_has (call, "ids"))
    {
      delete_ids (self, call, hero_rpc_get_array (call, "ids"), force);
      return;
    }
  run = proc_rpc_get_run (self, call);
  if (run == NULL)
    return;
  if (proc_run_is_active (run) && !force)
    {
      proc_rpc_fail_run_active (call, run);
      return;
    }
  several = several_new (self, call);
  g_array_append_val (several->runs, run->id);
  delete_all (several);
}

void
proc_rpc_run_clean_by_tag (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  gboolean all = strcmp (hero_rpc_get_string (call, "match"), "all") == 0;
  gboolean force = hero_rpc_get_boolean (call, "force");
  g_auto (GStrv) tags = proc_rpc_read_tags (call);
  g_autoptr (GPtrArray) runs = NULL;
  Several *several;

  if (tags == NULL)
    return;
  runs = proc_runs_list (self->runs);
  several = several_new (self, call);
  for (guint i = 0; i < runs->len; i++)
    {
      const ProcRun *run = runs->pdata[i];

      if (proc_rpc_sees (call, run->context) && proc_tags_match (run->tags, tags, all))
        choose (several, run, force);
    }
  proc_rpc_log_change (self, call, tags[0]);
  delete_all (several);
}

/* ---------------------------------------------------------------------------------------------- archiving */

static void
on_archived (const GError *error, gpointer data)
{
  HeroRpcCall *call = data;

  if (error != NULL)
    hero_proc_rpc_fail (call, error, NULL);
  else
    hero_rpc_return_object (call, proc_rpc_ok (NULL));
}

void
proc_rpc_run_archive (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcRun *run = proc_rpc_get_run (self, call);

  if (run == NULL)
    return;
  if (proc_run_is_active (run))
    {
      proc_rpc_fail_run_active (call, run);
      return;
    }
  proc_rpc_log_change (self, call, run->name);
  proc_runs_archive (self->runs, run, hero_rpc_get_boolean (call, "archived"), on_archived, call);
}
