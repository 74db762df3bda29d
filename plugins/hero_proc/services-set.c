/* services-set.c: how a definition becomes the one in effect: checked, recorded, then taken over. Service thread. */
#include <string.h>

#include "errors.h"
#include "names.h"
#include "services-private.h"

typedef struct
{
  ProcServices *services;
  ProcService *service;
  GPtrArray *actions;
  ProcSetOptions options;
  ProcSetResult *result;
  ProcDone done;
  gpointer data;
} Setting;

static void
setting_free (gpointer data)
{
  Setting *setting = data;

  proc_service_unref (setting->service);
  g_ptr_array_unref (setting->actions);
  g_free (setting);
}

static gboolean
has_action (GPtrArray *actions, const char *name)
{
  for (guint i = 0; i < actions->len; i++)
    if (strcmp (((ProcAction *)actions->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check (ProcServices *self, const ProcService *service, GPtrArray *actions, GError **error)
{
  ProcEntry *entry = g_hash_table_lookup (self->entries, service->name);
  g_auto (GStrv) cycle = NULL;
  guint fresh = 0;

  if (entry != NULL && entry->deleting)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "config error: service '%s' is being deleted", service->name);
      return FALSE;
    }
  for (guint i = 0; service->actions[i] != NULL; i++)
    if (!has_action (actions, service->actions[i])
        && proc_actions_get (self->setup.actions, service->actions[i]) == NULL)
      {
        g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG,
                     "config error: unknown action '%s'; give it as an object in 'actions'", service->actions[i]);
        return FALSE;
      }
  for (guint i = 0; i < actions->len; i++)
    fresh += proc_actions_get (self->setup.actions, ((ProcAction *)actions->pdata[i])->name) == NULL;
  if ((entry == NULL && g_hash_table_size (self->entries) >= PROC_MAX_SERVICES)
      || proc_actions_count (self->setup.actions) + fresh > PROC_MAX_ACTIONS)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_LIMIT, "limit exceeded: at most %d services and %d actions",
                   PROC_MAX_SERVICES, PROC_MAX_ACTIONS);
      return FALSE;
    }
  cycle = proc_graph_find_cycle (self->graph, service->name, (char *const *const *)service->edges);
  if (cycle == NULL)
    return TRUE;
  g_propagate_error (error, proc_error_new_names (PROC_ERROR_DEPENDENCY_CYCLE, "dependency error: a cycle: ", " -> ",
                                                  (const char *const *)cycle));
  return FALSE;
}

/* Revision and times of a record that follows `old` (NULL = none). TRUE: it differs from it. */
static gboolean
stamp_service (ProcService *service, const ProcService *old)
{
  gboolean changed = old == NULL || !proc_service_equal (service, old);

  service->created_at = old != NULL ? old->created_at : proc_now_ms ();
  service->updated_at = changed ? proc_now_ms () : old->updated_at;
  service->revision = old == NULL ? 1 : old->revision + changed;
  return changed;
}

/* On the disk: it is in effect from here on. */
static void
on_set_recorded (const GError *error, gpointer data)
{
  Setting *setting = data;
  ProcServices *self = setting->services;
  ProcService *service = setting->service;
  ProcEntry *entry = g_hash_table_lookup (self->entries, service->name);
  gboolean up;

  if (error != NULL)
    {
      if (entry != NULL)
        proc_graph_put (self->graph, service->name, (char *const *const *)entry->spec->edges);
      else
        proc_graph_remove (self->graph, service->name);
      setting->done (error, setting->data);
      setting_free (setting);
      return;
    }
  for (guint i = 0; i < setting->actions->len; i++)
    {
      ProcAction *action = setting->actions->pdata[i];

      proc_actions_put (self->setup.actions, action);
      proc_services_tell_name (self, "action.changed", action->name);
    }
  if (entry == NULL)
    entry = proc_entry_new (self, service);
  else
    {
      proc_service_unref (entry->spec);
      entry->spec = proc_service_ref (service);
    }
  if (setting->result->changed)
    proc_services_tell_name (self, "service.changed", service->name);
  proc_entry_look_again (self, entry); /* it may wait for less now, and somebody for it */
  proc_services_look_again (self, service->name);
  setting->result->needs_restart = proc_services_needs_restart (self, entry);
  up = proc_state_is_up (proc_entry_get_state (entry));
  if (up && setting->options.restart_if_changed && setting->result->needs_restart)
    {
      setting->result->needs_restart = FALSE;
      proc_services_restart (self, service->name, FALSE, FALSE, 0, NULL, setting->done, setting->data);
    }
  else if (!up && setting->options.start)
    proc_services_start (self, service->name, FALSE, 0, NULL, setting->done, setting->data);
  else
    setting->done (NULL, setting->data);
  setting_free (setting);
}

void
proc_services_set (ProcServices *self, ProcService *service, GPtrArray *actions, const ProcSetOptions *options,
                   ProcSetResult *result, ProcDone done, gpointer data)
{
  ProcEntry *entry = g_hash_table_lookup (self->entries, service->name);
  g_autoptr (GError) error = NULL;
  ProcBatch *batch;
  Setting *setting;

  *result = (ProcSetResult){ .created = entry == NULL };
  if (!check (self, service, actions, &error))
    {
      done (error, data);
      return;
    }
  result->changed = stamp_service (service, entry != NULL ? entry->spec : NULL);
  batch = proc_batch_new ();
  proc_batch_put_service (batch, service);
  for (guint i = 0; i < actions->len; i++)
    {
      ProcAction *action = actions->pdata[i];

      result->changed |= proc_action_stamp (action, proc_actions_get (self->setup.actions, action->name));
      proc_batch_put_action (batch, action);
    }
  /* From here on, so that two sets under way at a time cannot close a circle together. */
  proc_graph_put (self->graph, service->name, (char *const *const *)service->edges);
  setting = g_new (Setting, 1);
  *setting = (Setting){ self, proc_service_ref (service), g_ptr_array_ref (actions), *options, result, done, data };
  proc_journal_commit (self->setup.journal, batch, on_set_recorded, setting);
}
