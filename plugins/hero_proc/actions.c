/* actions.c: see actions.h. Service thread. */
#include "actions.h"

#include <string.h>

struct _ProcActions
{
  GHashTable *by_name; /* name, owned by the action -> ProcAction */
  ProcActionsFunc changed;
  gpointer changed_data;
};

ProcActions *
proc_actions_new (const ProcLoaded *loaded)
{
  ProcActions *self = g_new0 (ProcActions, 1);

  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)proc_action_unref);
  for (guint i = 0; i < loaded->actions->len; i++)
    proc_actions_put (self, loaded->actions->pdata[i]);
  return self;
}

void
proc_actions_free (ProcActions *self)
{
  g_hash_table_unref (self->by_name);
  g_free (self);
}

ProcAction *
proc_actions_get (ProcActions *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

guint
proc_actions_count (ProcActions *self)
{
  return g_hash_table_size (self->by_name);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(ProcAction *const *)a)->name, (*(ProcAction *const *)b)->name);
}

GPtrArray *
proc_actions_list (ProcActions *self)
{
  GPtrArray *list = g_ptr_array_sized_new (g_hash_table_size (self->by_name));
  GHashTableIter iter;
  gpointer action;

  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, NULL, &action))
    g_ptr_array_add (list, action);
  g_ptr_array_sort (list, compare_names);
  return list;
}

void
proc_actions_put (ProcActions *self, ProcAction *action)
{
  g_hash_table_replace (self->by_name, action->name, proc_action_ref (action));
  if (self->changed != NULL)
    self->changed (self->changed_data, action->name, action);
}

gboolean
proc_actions_remove (ProcActions *self, const char *name)
{
  if (!g_hash_table_remove (self->by_name, name))
    return FALSE;
  if (self->changed != NULL)
    self->changed (self->changed_data, name, NULL);
  return TRUE;
}

void
proc_actions_listen (ProcActions *self, ProcActionsFunc func, gpointer data)
{
  self->changed = func;
  self->changed_data = data;
}

gboolean
proc_action_stamp (ProcAction *action, const ProcAction *old)
{
  gboolean changed = old == NULL || !proc_action_equal (action, old);

  action->created_at = old != NULL ? old->created_at : proc_now_ms ();
  action->updated_at = changed ? proc_now_ms () : old->updated_at;
  action->revision = old == NULL ? 1 : old->revision + changed;
  return changed;
}
