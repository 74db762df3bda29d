/*
 * clearing.c: what is in the way of a start is ended before the spawn, or the start fails for it (contract 7.7):
 * SIGTERM to every holder and what is below it, 3 s, SIGKILL. Service thread, but for the looks into /proc, which a
 * worker takes.
 */
#include <signal.h>

#include <hero-service/log.h>

#include "holders.h"
#include "task.h"

enum
{
  LOOK_EVERY_MS = 100,
  TERM_MS = 3000,
  KILL_MS = 2000, /* after SIGKILL: then the start fails */
};

struct _ProcClearing
{
  ProcTask *task;
  ProcWay *way;
  GArray *asked;                    /* ProcStat: those that have had SIGTERM */
  gint64 kill_at_us, give_up_at_us; /* 0 = nobody was asked yet */
  gboolean killed;
  gboolean looking; /* a worker has the way */
};

static void
clearing_free (ProcClearing *self)
{
  g_clear_pointer (&self->way, proc_way_free);
  g_array_unref (self->asked);
  proc_task_unref (self->task);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- what is needed free */

static char *
pid_file_path (const ProcTask *task)
{
  g_autofree char *name = g_strconcat (task->job->action, ".pid", NULL);

  return g_build_filename (task->supervisor->setup.surroundings->run_dir, name, NULL);
}

/* NULL: nothing has to be. */
static ProcWay *
way_of (const ProcTask *task)
{
  const ProcHealthSpec *spec = task->job->spec->health;
  const ProcKillOther *others = spec->kill_other;
  ProcWay *way;
  guint n = others != NULL ? g_strv_length (others->sockets) : 0;

  if (others == NULL && !spec->singleton)
    return NULL;
  way = g_new0 (ProcWay, 1);
  way->filters = others != NULL ? g_strdupv (others->filters) : g_new0 (char *, 1);
  way->n_ports = others != NULL ? others->n_ports : 0;
  way->ports = others != NULL ? g_memdup2 (others->ports, others->n_ports * sizeof *others->ports) : NULL;
  way->sockets = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    way->sockets[i] = proc_surroundings_socket_path (task->supervisor->setup.surroundings, others->sockets[i]);
  way->pid_file = spec->singleton ? pid_file_path (task) : NULL;
  return way;
}

char *
proc_task_pid_file (const ProcTask *task)
{
  return task->job->spec->health->singleton ? pid_file_path (task) : NULL;
}

/* ---------------------------------------------------------------------------------------------- look, ask, look again
 */

static gboolean
was_asked (const ProcClearing *self, const ProcStat *process)
{
  for (guint i = 0; i < self->asked->len; i++)
    {
      const ProcStat *one = &g_array_index (self->asked, ProcStat, i);

      if (one->pid == process->pid && one->start_ticks == process->start_ticks)
        return TRUE;
    }
  return FALSE;
}

static void
ask (ProcClearing *self, const ProcHolder *holder)
{
  ProcJob *job = self->task->job;
  gint64 now = g_get_monotonic_time ();

  if (!was_asked (self, &holder->process))
    {
      g_autofree char *text = proc_holder_describe (holder);

      proc_task_say (self->task, HERO_LOG_INFO, "job %u (%s): %s: ending it", job->id, job->action, text);
    }
  for (guint i = 0; i < holder->tree->len; i++)
    {
      const ProcStat *process = &g_array_index (holder->tree, ProcStat, i);

      if (was_asked (self, process))
        continue;
      proc_signal_exactly (process, SIGTERM);
      g_array_append_val (self->asked, *process);
    }
  if (self->kill_at_us == 0)
    {
      self->kill_at_us = now + TERM_MS * 1000;
      self->give_up_at_us = self->kill_at_us + KILL_MS * 1000;
    }
}

/* TRUE: somebody that was asked to end has not yet. */
static gboolean
has_left (const ProcClearing *self)
{
  ProcStat now;

  for (guint i = 0; i < self->asked->len; i++)
    {
      const ProcStat *one = &g_array_index (self->asked, ProcStat, i);

      if (proc_stat_read (one->pid, &now) && now.start_ticks == one->start_ticks && now.state != 'Z')
        return TRUE;
    }
  return FALSE;
}

/* The first holder that ends the start at once; NULL = none. *why: to be said of it. */
static ProcHolder *
find_blocker (ProcClearing *self, GPtrArray *holders, const char **why)
{
  const ProcKillOther *others = self->task->job->spec->health->kill_other;

  for (guint i = 0; i < holders->len; i++)
    {
      ProcHolder *holder = holders->pdata[i];

      *why = "";
      if (holder->kept == NULL && proc_supervisor_runs (self->task->supervisor, self->task->job, holder))
        holder->kept = "which is another job of hero_proc";
      if (holder->kept != NULL)
        return holder;
      *why = ", and 'enabled' of kill_other is false";
      if (others != NULL && !others->enabled)
        return holder;
      *why = ", which is still there after SIGKILL";
      if (self->give_up_at_us != 0 && g_get_monotonic_time () >= self->give_up_at_us)
        return holder;
    }
  return NULL;
}

static void look (ProcClearing *self);

static gboolean
on_look_again (gpointer data)
{
  ProcTask *task = data;

  proc_timer_clear (&task->timer);
  look (task->clearing);
  return G_SOURCE_REMOVE;
}

static void
end (ProcClearing *self)
{
  self->task->clearing = NULL;
  clearing_free (self);
}

static void
go_on (ProcClearing *self, GPtrArray *holders)
{
  g_autoptr (ProcTask) task = proc_task_ref (self->task);
  const char *why;
  ProcHolder *blocker = find_blocker (self, holders, &why);

  if (blocker != NULL)
    {
      g_autofree char *text = proc_holder_describe (blocker);
      g_autofree char *message = g_strdup_printf ("start blocked: %s%s", text, why);

      end (self);
      proc_task_blocked (task, message, proc_holders_to_json (holders));
      return;
    }
  if (self->kill_at_us != 0 && !self->killed && g_get_monotonic_time () >= self->kill_at_us)
    {
      self->killed = TRUE;
      for (guint i = 0; i < self->asked->len; i++)
        proc_signal_exactly (&g_array_index (self->asked, ProcStat, i), SIGKILL);
    }
  if (holders->len == 0 && (self->killed || !has_left (self)))
    {
      end (self);
      proc_task_spawn (task);
      return;
    }
  for (guint i = 0; i < holders->len; i++)
    ask (self, holders->pdata[i]);
  proc_task_set_timer (task, &task->timer, LOOK_EVERY_MS, on_look_again);
}

/* Service thread. */
static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  ProcClearing *self = data;
  g_autoptr (ProcTask) task = proc_task_ref (self->task);
  g_autoptr (GPtrArray) holders = g_task_propagate_pointer (G_TASK (result), NULL);

  self->looking = FALSE;
  if (task->supervisor != NULL && task->job->stop_reason == PROC_FAILURE_NONE)
    {
      go_on (self, holders);
      return;
    }
  end (self);
  if (task->supervisor != NULL)
    proc_task_call_off (task);
}

/* Worker thread. */
static void
look_thread (GTask *gtask, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (gtask, proc_holders_find (data), (GDestroyNotify)g_ptr_array_unref);
}

static void
look (ProcClearing *self)
{
  g_autoptr (GTask) gtask = g_task_new (NULL, NULL, on_looked, self);

  self->looking = TRUE;
  g_task_set_task_data (gtask, self->way, NULL);
  g_task_run_in_thread (gtask, look_thread);
}

gboolean
proc_task_clear (ProcTask *task)
{
  ProcWay *way = way_of (task);

  if (way == NULL)
    return FALSE;
  task->clearing = g_new0 (ProcClearing, 1);
  task->clearing->task = proc_task_ref (task);
  task->clearing->way = way;
  task->clearing->asked = g_array_new (FALSE, FALSE, sizeof (ProcStat));
  look (task->clearing);
  return TRUE;
}

void
proc_task_forget_clearing (ProcTask *task)
{
  if (task->clearing != NULL && !task->clearing->looking) /* else on_looked ends it */
    end (task->clearing);
}
