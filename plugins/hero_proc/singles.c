/* singles.c: see singles.h. Service thread. */
#include "singles.h"

typedef struct
{
  guint under_way;
  GQueue line; /* ProcJob, owned: waiting, singletons */
} Single;

struct _ProcSingles
{
  GHashTable *by_action; /* name -> Single, as long as it counts something */
};

static void
single_free (gpointer data)
{
  Single *single = data;

  g_queue_clear_full (&single->line, (GDestroyNotify)proc_job_unref);
  g_free (single);
}

ProcSingles *
proc_singles_new (void)
{
  ProcSingles *self = g_new0 (ProcSingles, 1);

  self->by_action = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, single_free);
  return self;
}

void
proc_singles_free (ProcSingles *self)
{
  g_hash_table_unref (self->by_action);
  g_free (self);
}

static Single *
get (ProcSingles *self, const char *action)
{
  Single *single = g_hash_table_lookup (self->by_action, action);

  if (single == NULL)
    {
      single = g_new0 (Single, 1);
      g_queue_init (&single->line);
      g_hash_table_insert (self->by_action, g_strdup (action), single);
    }
  return single;
}

static void
drop_if_empty (ProcSingles *self, const char *action, const Single *single)
{
  if (single->under_way == 0 && single->line.length == 0)
    g_hash_table_remove (self->by_action, action);
}

void
proc_singles_enter (ProcSingles *self, const ProcJob *job)
{
  get (self, job->action)->under_way++;
}

void
proc_singles_leave (ProcSingles *self, const ProcJob *job)
{
  Single *single = get (self, job->action);

  single->under_way--;
  drop_if_empty (self, job->action, single);
}

gboolean
proc_singles_admit (ProcSingles *self, ProcJob *job)
{
  Single *single = g_hash_table_lookup (self->by_action, job->action);

  if (!job->spec->health->singleton || single == NULL || single->under_way == 0)
    return TRUE;
  if (g_queue_find (&single->line, job) == NULL)
    g_queue_push_tail (&single->line, proc_job_ref (job));
  return FALSE;
}

gboolean
proc_singles_is_waiting (ProcSingles *self, const ProcJob *job)
{
  Single *single = g_hash_table_lookup (self->by_action, job->action);

  return single != NULL && g_queue_find (&single->line, job) != NULL;
}

void
proc_singles_forget (ProcSingles *self, ProcJob *job)
{
  Single *single = job->spec->health->singleton ? g_hash_table_lookup (self->by_action, job->action) : NULL;

  if (single == NULL || !g_queue_remove (&single->line, job))
    return;
  proc_job_unref (job);
  drop_if_empty (self, job->action, single);
}

ProcJob *
proc_singles_next (ProcSingles *self, const char *action)
{
  Single *single = g_hash_table_lookup (self->by_action, action);
  ProcJob *job;

  if (single == NULL || single->under_way > 0)
    return NULL;
  job = g_queue_pop_head (&single->line);
  drop_if_empty (self, action, single);
  return job;
}
