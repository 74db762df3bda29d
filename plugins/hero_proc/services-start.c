/*
 * services-start.c: how a service comes up: what it needs is pulled in, its jobs are recorded, and let go when nothing
 * holds them any more (contract 7.2, 7.3). Service thread.
 */
#include <hero-service/log.h>

#include "errors.h"
#include "holders.h"
#include "listeners.h"
#include "services-private.h"
#include "timer.h"

/* ---------------------------------------------------------------------------------------------- let go */

static gboolean
on_look_time (gpointer data)
{
  ProcWaiter *note = data;
  ProcEntry *entry = note->entry;

  g_clear_pointer (&entry->look_timer, g_source_unref);
  proc_entry_look_again (note->services, entry);
  return G_SOURCE_REMOVE;
}

/* Looks again when a time limit of what it waits for is over. */
static void
set_look_timer (ProcServices *self, ProcEntry *entry, gint64 at_us)
{
  ProcWaiter *note;

  proc_timer_clear (&entry->look_timer);
  if (at_us == 0)
    return;
  note = g_new0 (ProcWaiter, 1);
  note->services = self;
  note->entry = entry;
  entry->look_timer = g_timeout_source_new ((guint)MAX ((at_us - g_get_monotonic_time ()) / 1000 + 1, 1));
  g_source_set_callback (entry->look_timer, on_look_time, note, g_free);
  g_source_attach (entry->look_timer, self->setup.context);
}

static void
let_go (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GPtrArray) jobs = proc_jobs_copy (entry->jobs);

  entry->waiting = FALSE;
  for (guint i = 0; i < jobs->len; i++)
    if (proc_job_is_active (jobs->pdata[i]))
      proc_jobs_start (self->setup.jobs, jobs->pdata[i]);
  proc_entry_begin_run (self, entry);
}

void
proc_entry_begin_run (ProcServices *self, ProcEntry *entry)
{
  ProcRun *run = proc_runs_get (self->setup.runs, entry->run_id);

  if (run != NULL)
    proc_runs_begin (self->setup.runs, run);
}

void
proc_entry_look_again (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (ProcGate) gate = NULL;
  g_autoptr (GError) error = NULL;

  if (!entry->waiting || entry->committing || self->draining || !proc_entry_is_active (entry))
    return;
  gate = proc_gate_look (self, entry);
  entry->blocked = !proc_gate_is_open (gate);
  set_look_timer (self, entry, entry->blocked ? gate->again_us : 0);
  if (!entry->blocked && proc_services_needs_restart (self, entry)) /* defined anew while it waited */
    {
      if (proc_entry_start (self, entry, PROC_TRIGGER_SERVICE, &error))
        return;
      self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
    }
  if (!entry->blocked)
    let_go (self, entry);
  if (!gate->asking)
    proc_entry_release (entry, PROC_WAIT_RECORDED, NULL);
  proc_entry_settle (self, entry);
}

void
proc_services_look_again (ProcServices *self, const char *name)
{
  g_autoptr (GPtrArray) names = proc_graph_get_dependents (self->graph, name, PROC_EDGES_ALL);
  ProcEntry *entry = g_hash_table_lookup (self->entries, name);

  for (guint i = 0; i < names->len; i++)
    {
      ProcEntry *dependent = g_hash_table_lookup (self->entries, names->pdata[i]);

      if (dependent != NULL)
        proc_entry_look_again (self, dependent);
    }
  for (guint i = 0; entry != NULL && entry->spec->edges[PROC_EDGE_CONFLICTS][i] != NULL; i++)
    {
      ProcEntry *opponent = g_hash_table_lookup (self->entries, entry->spec->edges[PROC_EDGE_CONFLICTS][i]);

      if (opponent != NULL)
        proc_entry_look_again (self, opponent);
    }
}

/* ---------------------------------------------------------------------------------------------- record */

/* A start on its way to the disk. */
typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  GPtrArray *before; /* the jobs it replaces */
  guint32 run_before; /* and their run; 0 = none */
} Start;

static void
on_start_recorded (const GError *error, gpointer data)
{
  g_autofree Start *start = data;
  ProcServices *self = start->services;
  ProcEntry *entry = start->entry;
  g_autoptr (GPtrArray) gone = start->before;
  ProcRun *run;

  entry->committing = FALSE;
  run = proc_runs_get (self->setup.runs, error == NULL ? start->run_before : entry->run_id);
  if (error != NULL)
    {
      gone = g_steal_pointer (&entry->jobs);
      entry->jobs = start->before;
      entry->run_id = start->run_before;
      entry->waiting = FALSE;
    }
  if (run != NULL)
    proc_runs_forget (self->setup.runs, run);
  for (guint i = 0; i < gone->len; i++)
    proc_jobs_forget (self->setup.jobs, gone->pdata[i]);
  if (error != NULL)
    {
      proc_entry_release (entry, PROC_WAIT_RECORDED, error);
      proc_entry_release (entry, PROC_WAIT_READY, error);
    }
  proc_entry_look_again (self, entry);
  proc_entry_settle (self, entry);
  proc_services_check_shut_down (self);
}

/* What the service runs now, as its jobs will: its actions with what it adds to them. NULL: one is not defined. */
static GPtrArray *
collect_specs (ProcServices *self, const ProcEntry *entry, GError **error)
{
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  gboolean main_seen = FALSE;

  for (guint i = 0; entry->spec->actions[i] != NULL; i++)
    {
      ProcAction *action = proc_actions_get (self->setup.actions, entry->spec->actions[i]);

      if (action == NULL)
        {
          g_set_error (error, PROC_ERROR, PROC_ERROR_CONFIG, "config error: service '%s' names the unknown action '%s'",
                       entry->spec->name, entry->spec->actions[i]);
          return NULL;
        }
      g_ptr_array_add (specs, proc_action_for_service (action, entry->spec, action->is_process && !main_seen));
      main_seen |= action->is_process;
    }
  return g_steal_pointer (&specs);
}

/* A start of the service as a run: one job for each action. seed->items is filled in, the rest borrowed. */
static void
make_seed (ProcRunSeed *seed, const ProcEntry *entry, GPtrArray *specs, ProcTrigger trigger)
{
  *seed = (ProcRunSeed){ .name = entry->spec->name,
                         .service = entry->spec->name,
                         .context = entry->spec->context,
                         .tags = (const char *const *)entry->spec->tags,
                         .trigger = trigger,
                         .items = g_ptr_array_new_with_free_func (proc_run_item_free) };
  for (guint i = 0; i < specs->len; i++)
    {
      ProcRunItem *item = g_new0 (ProcRunItem, 1);

      item->spec = proc_action_ref (specs->pdata[i]);
      item->key = g_strdup (item->spec->name);
      g_ptr_array_add (seed->items, item);
    }
}

/* A service of that name is there already, and is a part of the program we are one of: two of them would fight. */
static gboolean
check_not_bundled (ProcServices *self, const ProcEntry *entry, GError **error)
{
  g_autofree char *path = proc_externals_get_path (self->externals, entry->spec->name);
  pid_t server = proc_path_get_server (path);
  g_autofree char *message = NULL;

  if (server == 0 || !proc_is_of_our_host (server))
    return TRUE;
  message = g_strdup_printf ("start blocked: %s is served by pid %d, the bundle that hero_proc is a part of: disable the "
                             "service '%s' there, or give this one another name",
                             path, server, entry->spec->name);
  g_propagate_error (error, proc_error_new_blocked (message, NULL));
  return FALSE;
}

/* Can it be started as it is defined now? */
static gboolean
check_start (ProcServices *self, const ProcEntry *entry, GError **error)
{
  g_autoptr (GPtrArray) specs = collect_specs (self, entry, error);
  g_autoptr (GPtrArray) items = NULL;
  ProcRunSeed seed;

  if (specs == NULL)
    return FALSE;
  make_seed (&seed, entry, specs, PROC_TRIGGER_SERVICE);
  items = seed.items;
  return proc_runs_check (self->setup.runs, &seed, error);
}

/* Those that went down with it come back with it: they wait until it is ready. */
static void
bring_back (ProcServices *self, const char *name)
{
  g_autoptr (GPtrArray) entries = self->n_held > 0 ? proc_services_list (self) : g_ptr_array_new ();

  for (guint i = 0; i < entries->len; i++)
    {
      ProcEntry *entry = entries->pdata[i];
      g_autoptr (GError) error = NULL;

      if (g_strcmp0 (entry->held_by, name) != 0 || entry->spec->wanted != PROC_WANTED_START)
        continue;
      proc_entry_begin (self, entry, PROC_TRIGGER_SERVICE, &error);
      if (error != NULL)
        self->setup.log (self->setup.owner, HERO_LOG_WARN, error->message);
      proc_entry_settle (self, entry);
    }
}

gboolean
proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error)
{
  g_autoptr (GPtrArray) specs = collect_specs (self, entry, error);
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (ProcBatch) batch = proc_batch_new ();
  g_autoptr (ProcGate) gate = NULL;
  ProcRunSeed seed;
  ProcRun *run;
  Start *start;

  if (specs == NULL || !check_not_bundled (self, entry, error))
    return FALSE;
  make_seed (&seed, entry, specs, trigger);
  items = seed.items;
  run = proc_runs_add (self->setup.runs, batch, &seed, error);
  if (run == NULL)
    return FALSE;
  start = g_new (Start, 1);
  *start = (Start){ self, entry, entry->jobs, entry->run_id };
  for (guint i = 0; i < start->before->len; i++)
    proc_batch_delete_job (batch, ((ProcJob *)start->before->pdata[i])->id);
  proc_batch_delete_run (batch, entry->run_id);
  entry->run_id = run->id;
  entry->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  for (guint i = 0; i < run->members->len; i++)
    g_ptr_array_add (entry->jobs, proc_job_ref (proc_runs_get_job (self->setup.runs, run, i)));
  proc_batch_put_service (batch, entry->spec);
  entry->last_start = proc_now_ms ();
  entry->begun_us = g_get_monotonic_time ();
  entry->start_again = FALSE;
  entry->waiting = entry->committing = TRUE;
  proc_entry_hold (self, entry, NULL);
  gate = proc_gate_look (self, entry);
  entry->blocked = !proc_gate_is_open (gate);
  proc_journal_commit (self->setup.journal, g_steal_pointer (&batch), on_start_recorded, start);
  bring_back (self, entry->spec->name);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------- begin */

/* What waits for its next attempt is ended: the new one begins at once. */
static void
end_backoff (ProcServices *self, ProcEntry *entry)
{
  proc_entry_stop_jobs (self, entry, PROC_FAILURE_CANCELLED, FALSE);
}

gboolean
proc_entry_begin (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error)
{
  gboolean active = proc_entry_is_active (entry);
  ProcState state = proc_entry_get_state (entry);

  if (entry->start_again || (entry->waiting && active))
    return FALSE;
  if (entry->committing || state == PROC_STATE_STOPPING || (active && entry->stops > 0))
    {
      entry->start_again = TRUE; /* first down, then up */
      return TRUE;
    }
  if (proc_state_is_up (state))
    return FALSE;
  if (active)
    end_backoff (self, entry);
  return proc_entry_start (self, entry, trigger, error);
}

/* Is `to` started because `from` is? Contract 7.3. */
static gboolean
pulls_in (const char *from, const char *to, ProcEdge edge, gpointer data)
{
  ProcServices *self = data;
  ProcEntry *entry = proc_services_get (self, from), *other = proc_services_get (self, to);

  if (entry == NULL || other == NULL || !proc_entry_may_touch (entry, other))
    return FALSE;
  if (edge == PROC_EDGE_REQUIRES)
    return other->spec->wanted != PROC_WANTED_SPEC;
  return edge == PROC_EDGE_WANTS && other->spec->wanted == PROC_WANTED_START && other->held_by == NULL;
}

/* The service and all it needs, dependencies first, in an order that keeps. Of char *; transfer full. */
static GPtrArray *
collect_needed (ProcServices *self, const char *name)
{
  g_autoptr (GPtrArray) names = proc_graph_reach (self->graph, name, PROC_EDGES_ORDER, FALSE, pulls_in, self);
  g_autoptr (GPtrArray) layers = proc_graph_layers (self->graph, names);
  GPtrArray *order = g_ptr_array_new_with_free_func (g_free);

  for (guint i = layers->len; i > 0; i--)
    {
      GPtrArray *layer = layers->pdata[i - 1];

      for (guint j = 0; j < layer->len; j++)
        g_ptr_array_add (order, g_strdup (layer->pdata[j]));
    }
  return order;
}

static gboolean
is_settled_up (const ProcEntry *entry)
{
  ProcState state = proc_entry_get_state (entry);

  return !entry->waiting && !entry->start_again && !entry->committing && entry->stops == 0 && proc_state_is_up (state)
         && state != PROC_STATE_STOPPING;
}

void
proc_services_start (ProcServices *self, const char *name, gboolean wait, guint timeout_ms, GPtrArray *started,
                     ProcDone done, gpointer data)
{
  ProcEntry *entry = proc_services_get (self, name);
  g_autoptr (GPtrArray) order = NULL;
  g_autoptr (GError) error = NULL;

  if (!check_start (self, entry, &error) || !check_not_bundled (self, entry, &error))
    {
      done (error, data);
      return;
    }
  if (entry->spec->wanted == PROC_WANTED_STOP)
    proc_entry_set_wanted (entry, PROC_WANTED_START);
  if (is_settled_up (entry) && (!wait || proc_entry_is_ready (entry)))
    {
      done (NULL, data);
      return;
    }
  order = is_settled_up (entry) ? g_ptr_array_new_with_free_func (g_free) : collect_needed (self, name);
  for (guint i = 0; i < order->len; i++)
    {
      ProcEntry *needed = proc_services_get (self, order->pdata[i]);
      g_autoptr (GError) failure = NULL;

      if (needed->spec->wanted == PROC_WANTED_STOP)
        proc_entry_set_wanted (needed, PROC_WANTED_START);
      if (proc_entry_begin (self, needed, PROC_TRIGGER_SERVICE, &failure) && started != NULL)
        g_ptr_array_add (started, g_strdup (order->pdata[i]));
      if (failure != NULL)
        self->setup.log (self->setup.owner, HERO_LOG_WARN, failure->message);
    }
  if (wait || entry->committing || entry->start_again)
    proc_entry_wait (self, entry, wait ? PROC_WAIT_READY : PROC_WAIT_RECORDED, timeout_ms, done, data);
  else
    done (NULL, data);
  for (guint i = 0; i < order->len; i++)
    proc_entry_settle (self, proc_services_get (self, order->pdata[i]));
}
