/* kill-list.c: see kill-list.h. Any thread. */
#include "kill-list.h"

#include <signal.h>

#include "exit-status.h"

struct _ProcKillList
{
  GMutex lock;
  GHashTable *groups; /* pid -> pidfd */
};

ProcKillList *
proc_kill_list_new (void)
{
  ProcKillList *self = g_new0 (ProcKillList, 1);

  g_mutex_init (&self->lock);
  self->groups = g_hash_table_new (NULL, NULL);
  return self;
}

void
proc_kill_list_free (ProcKillList *self)
{
  g_hash_table_unref (self->groups);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
proc_kill_list_add (ProcKillList *self, pid_t group, int pidfd)
{
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->groups, GINT_TO_POINTER (group), GINT_TO_POINTER (pidfd));
  g_mutex_unlock (&self->lock);
}

void
proc_kill_list_remove (ProcKillList *self, pid_t group)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->groups, GINT_TO_POINTER (group));
  g_mutex_unlock (&self->lock);
}

void
proc_kill_list_kill (ProcKillList *self)
{
  GHashTableIter iter;
  gpointer group, pidfd;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, &group, &pidfd))
    if (proc_pidfd_signal (GPOINTER_TO_INT (pidfd), SIGKILL))
      kill (-GPOINTER_TO_INT (group), SIGKILL);
  g_mutex_unlock (&self->lock);
}
