/* schedules.c: see schedules.h. Service thread. */
#include "schedules.h"

#include <string.h>

struct _ProcSchedules
{
  ProcSchedulesHooks hooks;
  gpointer data;
  GTimeZone *zone;
  GHashTable *entries; /* action -> Entry */
  GSequence *queue;    /* of Entry, the first due first; borrowed */
  gint64 armed;        /* what the timer is set to; 0 = nothing */
  gboolean started;
};

typedef struct
{
  char *action;
  ProcSchedulePolicy *policy; /* NULL = invalid */
  char *error;
  gint64 tick;         /* the next one; PROC_CRON_NEVER */
  gint64 tick_mono;    /* the same on the monotonic clock, by which intervals go */
  gint64 due;          /* tick + jitter */
  GSequenceIter *iter; /* NULL = not in the queue */
  ProcScheduleRecord record;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  if (entry->iter != NULL)
    g_sequence_remove (entry->iter);
  g_clear_pointer (&entry->policy, proc_schedule_policy_unref);
  g_free (entry->error);
  g_free (entry->action);
  g_free (entry);
}

static int
compare_due (gconstpointer a, gconstpointer b, gpointer data)
{
  const Entry *left = a, *right = b;

  return left->due != right->due ? (left->due > right->due) - (left->due < right->due)
                                 : strcmp (left->action, right->action);
}

ProcSchedules *
proc_schedules_new (const ProcSchedulesHooks *hooks, gpointer data, GTimeZone *zone)
{
  ProcSchedules *self = g_new0 (ProcSchedules, 1);

  self->hooks = *hooks;
  self->data = data;
  self->zone = g_time_zone_ref (zone);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->queue = g_sequence_new (NULL);
  return self;
}

void
proc_schedules_free (ProcSchedules *self)
{
  g_hash_table_unref (self->entries);
  g_sequence_free (self->queue);
  g_time_zone_unref (self->zone);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- planning */

static gint64
wall_ms (ProcSchedules *self)
{
  return self->hooks.wall_ms (self->data);
}

static Entry *
first_due (ProcSchedules *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->queue);

  return g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);
}

static void
arm (ProcSchedules *self)
{
  Entry *first = first_due (self);
  gint64 due = first != NULL ? first->due : PROC_CRON_NEVER;

  if (!self->started || self->armed == due)
    return;
  self->armed = due;
  self->hooks.arm (due, self->data);
}

static void
set_tick (ProcSchedules *self, Entry *entry, gint64 tick, gint64 jitter)
{
  g_clear_pointer (&entry->iter, g_sequence_remove);
  entry->tick = tick;
  entry->due = tick == PROC_CRON_NEVER ? tick : tick + jitter;
  if (tick == PROC_CRON_NEVER)
    return;
  entry->tick_mono = self->hooks.mono_ms (self->data) + (tick - wall_ms (self));
  entry->iter = g_sequence_insert_sorted (self->queue, entry, compare_due, NULL);
}

/* Finds the next tick after `after`; an interval counts from `last`. */
static void
plan (ProcSchedules *self, Entry *entry, gint64 after, gint64 last)
{
  const ProcSchedulePolicy *policy = entry->policy;
  gint64 tick = policy != NULL && policy->enabled ? proc_schedule_policy_next (policy, self->zone, after, last)
                                                  : PROC_CRON_NEVER;

  set_tick (self, entry, tick, policy != NULL ? g_random_int_range (0, (gint32)policy->jitter_ms + 1) : 0);
}

static Entry *
take_entry (ProcSchedules *self, const char *action)
{
  Entry *entry = g_hash_table_lookup (self->entries, action);

  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->action = g_strdup (action);
      entry->tick = entry->due = PROC_CRON_NEVER;
      g_hash_table_insert (self->entries, entry->action, entry);
    }
  return entry;
}

/* Ticks served on a clock that was far ahead: they must not keep the schedule waiting for that time. */
static void
forget_future (Entry *entry, gint64 now)
{
  if (entry->record.tick_at - now > PROC_SCHEDULE_REPEAT_MS)
    entry->record.tick_at = now;
}

void
proc_schedules_set (ProcSchedules *self, const char *action, ProcSchedulePolicy *policy,
                    const ProcScheduleRecord *record)
{
  Entry *entry;
  gint64 now = wall_ms (self);

  if (proc_schedule_policy_is_empty (policy))
    {
      proc_schedules_remove (self, action);
      return;
    }
  entry = take_entry (self, action);
  if (record != NULL)
    entry->record = *record;
  else if (entry->policy != NULL && proc_schedule_policy_equal (entry->policy, policy))
    return;
  if (self->started || entry->record.tick_at <= 0)
    entry->record.tick_at = now;
  forget_future (entry, now);
  proc_schedule_policy_ref (policy);
  g_clear_pointer (&entry->policy, proc_schedule_policy_unref);
  entry->policy = policy;
  g_clear_pointer (&entry->error, g_free);
  plan (self, entry, entry->record.tick_at, entry->record.tick_at);
  arm (self);
}

void
proc_schedules_park (ProcSchedules *self, const char *action, const char *error)
{
  Entry *entry = take_entry (self, action);

  g_clear_pointer (&entry->policy, proc_schedule_policy_unref);
  g_free (entry->error);
  entry->error = g_strdup (error);
  set_tick (self, entry, PROC_CRON_NEVER, 0);
  arm (self);
}

void
proc_schedules_remove (ProcSchedules *self, const char *action)
{
  g_hash_table_remove (self->entries, action);
  arm (self);
}

/* ---------------------------------------------------------------------------------------------- ticks */

/* How many ticks have come from the entry's on until now, at least one; *last = the last of them. */
static guint
count_ticks (ProcSchedules *self, const Entry *entry, gint64 now, gint64 *last)
{
  const ProcSchedulePolicy *policy = entry->policy;
  guint n = 1;

  if (policy->end_time != 0)
    now = MIN (now, policy->end_time - 1);
  *last = entry->tick;
  for (gint64 next = entry->tick; n < PROC_SCHEDULE_MAX_MISSED; n++)
    {
      next = proc_schedule_policy_next (policy, self->zone, next, next);
      if (next > now)
        return n;
      *last = next;
    }
  *last = now;
  return n;
}

/* Starts a job of the entry's action; afterwards the entry may be gone. 0 = not started. */
static guint32
start_job (ProcSchedules *self, const char *action, gint64 now)
{
  guint32 id = self->hooks.fire (action, self->data);
  Entry *entry = g_hash_table_lookup (self->entries, action);

  if (id == 0 || entry == NULL)
    return id;
  entry->record.last_at = now;
  entry->record.last_job_id = id;
  entry->record.fired_count++;
  return id;
}

static gboolean
has_room (ProcSchedules *self, const Entry *entry)
{
  return self->hooks.live_instances (entry->action, self->data) < entry->policy->nr_of_instances;
}

/* Serves the tick of an entry that is due, with all that came after it; plans the next before anything is started. */
static void
serve (ProcSchedules *self, Entry *entry, gint64 now, gint64 grace_ms)
{
  g_autofree char *action = g_strdup (entry->action);
  gboolean missed = now - entry->due > grace_ms;
  gint64 last;
  guint n = count_ticks (self, entry, now, &last);
  gboolean wanted = (!missed || entry->policy->catch_up == PROC_CATCH_UP_ONCE) && has_room (self, entry);

  entry->record.tick_at = last;
  plan (self, entry, MAX (now, last), last);
  if (wanted && start_job (self, action, now) != 0)
    n--;
  entry = g_hash_table_lookup (self->entries, action);
  if (entry == NULL)
    return;
  entry->record.skipped_count += n;
  self->hooks.served (action, n, self->data);
}

static void
serve_due (ProcSchedules *self, gint64 grace_ms)
{
  gint64 now = wall_ms (self);

  for (Entry *entry = first_due (self); entry != NULL && entry->due <= now; entry = first_due (self))
    serve (self, entry, now, grace_ms);
}

void
proc_schedules_start (ProcSchedules *self)
{
  self->started = TRUE;
  serve_due (self, 0);
  arm (self);
}

/* After a step of the clock: what goes by intervals keeps its distance, what goes by the wall looks at it anew. */
static void
replan (ProcSchedules *self, Entry *entry)
{
  const ProcSchedulePolicy *policy = entry->policy;
  gint64 now = wall_ms (self);

  if (policy == NULL || !policy->enabled)
    return;
  forget_future (entry, now);
  if (policy->interval_ms != 0 && entry->tick != PROC_CRON_NEVER && entry->tick > policy->start_time)
    {
      gint64 tick = now + entry->tick_mono - self->hooks.mono_ms (self->data);

      set_tick (self, entry, policy->end_time != 0 && tick >= policy->end_time ? PROC_CRON_NEVER : tick,
                entry->due - entry->tick);
    }
  else if (entry->tick > now)
    plan (self, entry, MAX (entry->record.tick_at, now), entry->record.tick_at);
}

void
proc_schedules_wake (ProcSchedules *self, gboolean stepped)
{
  GHashTableIter iter;
  gpointer entry;

  self->armed = 0;
  if (stepped)
    {
      g_hash_table_iter_init (&iter, self->entries);
      while (g_hash_table_iter_next (&iter, NULL, &entry))
        replan (self, entry);
    }
  serve_due (self, PROC_SCHEDULE_LATE_MS);
  arm (self);
}

guint32
proc_schedules_trigger (ProcSchedules *self, const char *action, gboolean force)
{
  Entry *entry = g_hash_table_lookup (self->entries, action);

  if (entry == NULL || (!force && (entry->policy == NULL || !has_room (self, entry))))
    return 0;
  return start_job (self, action, wall_ms (self));
}

/* ---------------------------------------------------------------------------------------------- telling */

static ProcScheduleState
state_of (ProcSchedules *self, const Entry *entry)
{
  if (entry->policy == NULL)
    return PROC_SCHEDULE_INVALID;
  if (!entry->policy->enabled)
    return PROC_SCHEDULE_PAUSED;
  if (entry->tick == PROC_CRON_NEVER)
    return PROC_SCHEDULE_ENDED;
  return wall_ms (self) < entry->policy->start_time ? PROC_SCHEDULE_WAITING : PROC_SCHEDULE_ACTIVE;
}

gboolean
proc_schedules_get (ProcSchedules *self, const char *action, ProcScheduleInfo *info)
{
  const Entry *entry = g_hash_table_lookup (self->entries, action);

  if (entry == NULL)
    return FALSE;
  *info = (ProcScheduleInfo){ .policy = entry->policy,
                              .state = state_of (self, entry),
                              .next_at = entry->due,
                              .error = entry->error,
                              .record = entry->record };
  return TRUE;
}

guint
proc_schedules_get_size (ProcSchedules *self)
{
  return g_hash_table_size (self->entries);
}
