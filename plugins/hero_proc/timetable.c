/* timetable.c: see timetable.h. Service thread. */
#include "timetable.h"

#include <string.h>

#include <hero-bundle/plugin.h>

#include "wall-timer.h"

struct _ProcTimetable
{
  ProcTimetableSetup setup;
  ProcSchedules *schedules;
  ProcWallTimer *timer; /* NULL = drained */
  gboolean started;
  gboolean failing; /* the last job could not be recorded, and that was told */
};

/* ---------------------------------------------------------------------------------------------- what was served */

static ProcScheduleRecord
read_record (JsonObject *object)
{
  return (ProcScheduleRecord){
    .tick_at = json_object_get_int_member_with_default (object, "tick_at", 0),
    .last_at = json_object_get_int_member_with_default (object, "last_at", 0),
    .last_job_id = (guint32)json_object_get_int_member_with_default (object, "last_job_id", 0),
    .fired_count = (guint64)json_object_get_int_member_with_default (object, "fired_count", 0),
    .skipped_count = (guint64)json_object_get_int_member_with_default (object, "skipped_count", 0),
  };
}

static JsonObject *
record_to_json (const char *action, const ProcScheduleRecord *record)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "action", action);
  json_object_set_int_member (object, "tick_at", record->tick_at);
  json_object_set_int_member (object, "last_at", record->last_at);
  json_object_set_int_member (object, "last_job_id", record->last_job_id);
  json_object_set_int_member (object, "fired_count", (gint64)record->fired_count);
  json_object_set_int_member (object, "skipped_count", (gint64)record->skipped_count);
  return object;
}

/* Into the batch: the record of the action as it is now, or that there is none. */
static void
put_record (ProcTimetable *self, ProcBatch *batch, const char *action)
{
  ProcScheduleInfo info;
  gboolean known = proc_schedules_get (self->schedules, action, &info);

  proc_batch_put_object (batch, "schedules", action, strlen (action),
                         known ? record_to_json (action, &info.record) : NULL);
}

static void
keep_record (ProcTimetable *self, const char *action)
{
  ProcBatch *batch = proc_batch_new ();

  put_record (self, batch, action);
  proc_journal_keep (self->setup.journal, batch, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------- a tick */

static void
warn (ProcTimetable *self, const char *action, const char *why)
{
  g_autofree char *text = g_strdup_printf ("the schedule of action '%s' started no job: %s", action, why);

  self->setup.log (self->setup.owner, HERO_LOG_WARN, text);
}

typedef struct
{
  ProcTimetable *timetable;
  ProcJob *job;
} Firing;

static void
on_recorded (const GError *error, gpointer data)
{
  g_autofree Firing *firing = data;
  g_autoptr (ProcJob) job = firing->job;
  ProcTimetable *self = firing->timetable;
  JsonObject *event;

  if (error != NULL)
    {
      if (!self->failing)
        warn (self, job->action_name, error->message);
      self->failing = TRUE;
      proc_jobs_forget (self->setup.jobs, job);
      return;
    }
  self->failing = FALSE;
  if (proc_job_is_active (job)) /* not cancelled meanwhile */
    proc_jobs_start (self->setup.jobs, job);
  event = json_object_new ();
  json_object_set_string_member (event, "action", job->action_name);
  json_object_set_int_member (event, "job_id", job->id);
  self->setup.event (self->setup.owner, "schedule.fired", event);
}

static guint32
on_fire (const char *name, gpointer data)
{
  ProcTimetable *self = data;
  ProcAction *action = proc_actions_get (self->setup.actions, name);
  const ProcJobSeed seed = { .spec = action, .trigger = PROC_TRIGGER_SCHEDULE };
  Firing *firing;
  ProcBatch *batch;

  if (action == NULL || proc_jobs_is_full (self->setup.jobs, 1))
    return 0;
  batch = proc_batch_new ();
  firing = g_new (Firing, 1);
  *firing = (Firing){ self, proc_job_ref (proc_jobs_add (self->setup.jobs, batch, &seed)) };
  put_record (self, batch, name); /* that the tick is served, with its job or not at all */
  proc_journal_commit (self->setup.journal, batch, on_recorded, firing);
  return firing->job->id;
}

static void
on_served (const char *action, guint skipped, gpointer data)
{
  ProcTimetable *self = data;
  ProcScheduleInfo info;
  JsonObject *event;

  keep_record (self, action);
  if (skipped == 0 || !proc_schedules_get (self->schedules, action, &info))
    return;
  event = json_object_new ();
  json_object_set_string_member (event, "action", action);
  json_object_set_int_member (event, "skipped", skipped);
  json_object_set_int_member (event, "skipped_count", (gint64)info.record.skipped_count);
  self->setup.event (self->setup.owner, "schedule.skipped", event);
}

/* Of its own: those of a service are the service's. */
static guint
count_live (const char *action, gpointer data)
{
  const GQueue *jobs = proc_jobs_of_action (((ProcTimetable *)data)->setup.jobs, action);
  guint live = 0;

  for (GList *l = jobs != NULL ? jobs->tail : NULL; l != NULL; l = l->prev)
    live += ((ProcJob *)l->data)->service == NULL && proc_job_is_active (l->data);
  return live;
}

/* ---------------------------------------------------------------------------------------------- the clock */

static gint64
get_wall (gpointer data)
{
  return g_get_real_time () / 1000;
}

static gint64
get_mono (gpointer data)
{
  return g_get_monotonic_time () / 1000;
}

static void
on_arm (gint64 wall_ms, gpointer data)
{
  ProcTimetable *self = data;

  if (self->timer != NULL)
    proc_wall_timer_arm (self->timer, wall_ms);
}

static void
on_timer (gboolean stepped, gpointer data)
{
  proc_schedules_wake (((ProcTimetable *)data)->schedules, stepped);
}

/* ---------------------------------------------------------------------------------------------- definitions */

static void
take_action (ProcTimetable *self, const ProcAction *action, const ProcScheduleRecord *record)
{
  if (action->schedule != NULL)
    proc_schedules_set (self->schedules, action->name, action->schedule, record);
  else if (action->schedule_error != NULL)
    proc_schedules_park (self->schedules, action->name, action->schedule_error);
  else
    proc_schedules_remove (self->schedules, action->name);
}

static void
on_action (gpointer data, const char *name, ProcAction *action)
{
  ProcTimetable *self = data;
  ProcScheduleInfo info;
  gboolean known = proc_schedules_get (self->schedules, name, &info);

  if (!known && (action == NULL || action->schedule == NULL))
    return;
  if (action != NULL)
    take_action (self, action, NULL);
  else
    proc_schedules_remove (self->schedules, name);
  keep_record (self, name);
}

static void
load (ProcTimetable *self, const ProcLoaded *loaded)
{
  g_autoptr (GHashTable) records = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < loaded->schedules->len; i++)
    {
      JsonObject *object = loaded->schedules->pdata[i];

      g_hash_table_replace (records, (gpointer)json_object_get_string_member_with_default (object, "action", ""),
                            object);
    }
  for (guint i = 0; i < loaded->actions->len; i++)
    {
      const ProcAction *action = loaded->actions->pdata[i];
      JsonObject *object = g_hash_table_lookup (records, action->name);
      /* Nothing noted yet, as we died first: nothing was served since it was defined. */
      ProcScheduleRecord record = { .tick_at = action->updated_at };

      if (object != NULL)
        record = read_record (object);
      take_action (self, action, &record);
      if (action->schedule_error != NULL)
        {
          g_autofree char *text = g_strdup_printf ("the schedule of action '%s' is invalid and starts nothing: %s",
                                                   action->name, action->schedule_error);

          self->setup.log (self->setup.owner, HERO_LOG_ERROR, text);
        }
    }
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcTimetable *
proc_timetable_new (const ProcTimetableSetup *setup, const ProcLoaded *loaded, GError **error)
{
  static const ProcSchedulesHooks hooks = { get_wall, get_mono, on_arm, count_live, on_fire, on_served };
  g_autoptr (ProcTimetable) self = g_new0 (ProcTimetable, 1);

  self->setup = *setup;
  self->setup.zone = g_time_zone_ref (setup->zone);
  self->schedules = proc_schedules_new (&hooks, self, setup->zone);
  self->timer = proc_wall_timer_new (setup->context, on_timer, self, error);
  if (self->timer == NULL)
    return NULL;
  load (self, loaded);
  proc_actions_listen (setup->actions, on_action, self);
  return g_steal_pointer (&self);
}

void
proc_timetable_free (ProcTimetable *self)
{
  proc_actions_listen (self->setup.actions, NULL, NULL);
  proc_timetable_drain (self);
  proc_schedules_free (self->schedules);
  g_time_zone_unref (self->setup.zone);
  g_free (self);
}

void
proc_timetable_start (ProcTimetable *self)
{
  self->started = TRUE;
  proc_schedules_start (self->schedules);
}

void
proc_timetable_drain (ProcTimetable *self)
{
  g_clear_pointer (&self->timer, proc_wall_timer_free);
}

gboolean
proc_timetable_get (ProcTimetable *self, const char *action, ProcScheduleInfo *info)
{
  if (!proc_schedules_get (self->schedules, action, info))
    return FALSE;
  if (!self->started)
    info->next_at = PROC_CRON_NEVER;
  return TRUE;
}

GTimeZone *
proc_timetable_get_zone (ProcTimetable *self)
{
  return self->setup.zone;
}

guint
proc_timetable_count (ProcTimetable *self)
{
  return proc_schedules_get_size (self->schedules);
}

guint32
proc_timetable_trigger (ProcTimetable *self, const char *action, gboolean force, ProcCommitted done, gpointer data)
{
  guint32 id = proc_schedules_trigger (self->schedules, action, force);
  ProcBatch *batch;

  if (id == 0)
    return 0;
  /* Writes come to the disk in their order: this one tells of the job's too. */
  batch = proc_batch_new ();
  put_record (self, batch, action);
  proc_journal_keep (self->setup.journal, batch, done, data);
  return id;
}
