/* services.c: see services.h. What jobs tell, what others ask, and the whole. Service thread. */
#include "services.h"

#include <string.h>

#include "services-private.h"
#include "timer.h"

/* ---------------------------------------------------------------------------------------------- what jobs tell */

static void
on_job_changed (gpointer data, ProcJob *job, ProcPhase from)
{
  ProcServices *self = data;
  ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

  if (entry != NULL)
    {
      g_autofree char *name = g_strdup (job->service);

      proc_entry_settle (self, entry);
      proc_services_look_again (self, name);
    }
  proc_services_check_shut_down (self);
}

static gboolean
may_restart (gpointer data, ProcJob *job)
{
  ProcServices *self = data;
  ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

  return job->service == NULL || (entry != NULL && entry->spec->wanted == PROC_WANTED_START && !entry->deleting);
}

/* An external service answered. */
static void
on_external (gpointer data, const char *name)
{
  proc_services_look_again (data, name);
}

static void
on_job_removed (gpointer data, ProcJob *job)
{
  ProcServices *self = data;
  ProcEntry *entry = job->service != NULL ? g_hash_table_lookup (self->entries, job->service) : NULL;

  if (entry != NULL && g_ptr_array_remove (entry->jobs, job))
    proc_entry_settle (self, entry);
}

static const ProcJobsListener listener = { on_job_changed, may_restart, on_job_removed };

/* ---------------------------------------------------------------------------------------------- questions */

ProcEntry *
proc_services_get (ProcServices *self, const char *name)
{
  ProcEntry *entry = g_hash_table_lookup (self->entries, name);

  return entry != NULL && !entry->deleting ? entry : NULL;
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(ProcEntry *const *)a)->spec->name, (*(ProcEntry *const *)b)->spec->name);
}

GPtrArray *
proc_services_list (ProcServices *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (!((ProcEntry *)entry)->deleting)
      g_ptr_array_add (list, entry);
  g_ptr_array_sort (list, compare_entries);
  return list;
}

GHashTable *
proc_services_get_users (ProcServices *self)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self);
  GHashTable *users = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < entries->len; i++)
    {
      const ProcService *spec = ((ProcEntry *)entries->pdata[i])->spec;

      for (guint j = 0; spec->actions[j] != NULL; j++)
        {
          GPtrArray *names = g_hash_table_lookup (users, spec->actions[j]);

          if (names == NULL)
            g_hash_table_insert (users, spec->actions[j], names = g_ptr_array_new ());
          g_ptr_array_add (names, spec->name);
        }
    }
  return users;
}

gboolean
proc_services_needs_restart (ProcServices *self, const ProcEntry *entry)
{
  gboolean main_seen = FALSE;

  if (!proc_entry_is_active (entry))
    return FALSE;
  if (g_strv_length (entry->spec->actions) != entry->jobs->len)
    return TRUE;
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];
      ProcAction *action = proc_actions_get (self->setup.actions, entry->spec->actions[i]);
      gboolean main = action != NULL && action->is_process && !main_seen;
      g_autoptr (ProcAction) now = action != NULL ? proc_action_for_service (action, entry->spec, main) : NULL;

      main_seen |= main;
      if (now == NULL || !proc_action_equal (now, job->spec) || proc_jobs_has_old_secrets (self->setup.jobs, job))
        return TRUE;
    }
  return FALSE;
}

ProcGraph *
proc_services_get_graph (ProcServices *self)
{
  return self->graph;
}

ProcJobs *
proc_services_get_jobs (ProcServices *self)
{
  return self->setup.jobs;
}

ProcExternals *
proc_services_get_externals (ProcServices *self)
{
  return self->externals;
}

guint
proc_services_count_up (ProcServices *self, guint *failed)
{
  GHashTableIter iter;
  gpointer entry;
  guint up = 0;

  *failed = 0;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    {
      ProcState state = proc_entry_get_state (entry);

      up += proc_state_is_up (state);
      *failed += state == PROC_STATE_FAILED;
    }
  return up;
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcServices *
proc_services_new (const ProcServicesSetup *setup, const ProcLoaded *loaded)
{
  ProcServices *self = g_new0 (ProcServices, 1);

  self->setup = *setup;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, proc_entry_free);
  self->graph = proc_graph_new ();
  self->externals = proc_externals_new (setup->context, setup->socket_root, on_external, self);
  self->cascades = g_ptr_array_new_with_free_func (proc_cascade_free);
  for (guint i = 0; i < loaded->services->len; i++)
    {
      ProcService *service = loaded->services->pdata[i];

      proc_entry_new (self, service);
      proc_graph_put (self->graph, service->name, (char *const *const *)service->edges);
    }
  proc_services_assign_jobs (self, loaded);
  proc_jobs_listen (setup->jobs, &listener, self);
  return self;
}

void
proc_services_free (ProcServices *self)
{
  proc_timer_clear (&self->kill_timer);
  proc_timer_clear (&self->give_up_timer);
  g_ptr_array_unref (self->cascades);
  proc_externals_free (self->externals);
  proc_graph_free (self->graph);
  g_hash_table_unref (self->entries);
  g_free (self);
}
