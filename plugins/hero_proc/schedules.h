/*
 * schedules.h: what starts actions by the clock (contract 7.8): holds the schedules in the order in which they are due
 * and asks to be woken for the first; nothing is evaluated between ticks. Knows neither jobs nor store nor clock: all
 * that comes by hooks. One thread.
 *
 * A tick starts a job, unless as many as the policy allows are live: then it is skipped and counted. Ticks that nobody
 * could serve (hero_proc was down, the clock jumped over them) are counted; with `catch_up = once` one job is started
 * for all of them.
 */
#pragma once

#include "schedule-policy.h"

G_BEGIN_DECLS

/* A tick found this late still fires; more, and it counts as missed. */
#define PROC_SCHEDULE_LATE_MS 60000
/* A clock set back by no more than this does not repeat the ticks that were served. */
#define PROC_SCHEDULE_REPEAT_MS 3600000
/* So many missed ticks of one schedule are counted at a time; further ones are not. */
#define PROC_SCHEDULE_MAX_MISSED 1000

typedef struct _ProcSchedules ProcSchedules;

typedef struct
{
  gint64 (*wall_ms) (gpointer data); /* now, Unix ms */
  gint64 (*mono_ms) (gpointer data); /* now, on a clock nobody sets */
  /* Call proc_schedules_wake at this time, or when the clock is set; PROC_CRON_NEVER = only then. */
  void (*arm) (gint64 wall_ms, gpointer data);
  guint (*live_instances) (const char *action, gpointer data);
  /* Starts a job and returns its id; 0 = it could not be. */
  guint32 (*fire) (const char *action, gpointer data);
  /* A tick was served: the record has changed. skipped: ticks that started nothing. */
  void (*served) (const char *action, guint skipped, gpointer data);
} ProcSchedulesHooks;

/* What outlives a restart; the owner stores it. */
typedef struct
{
  gint64 tick_at;      /* all ticks up to here were served, Unix ms; 0 = not known */
  gint64 last_at;      /* when the last job was started; 0 = never */
  guint32 last_job_id; /* 0 = none */
  guint64 fired_count;
  guint64 skipped_count;
} ProcScheduleRecord;

typedef struct
{
  ProcSchedulePolicy *policy; /* NULL if invalid; borrowed */
  ProcScheduleState state;
  gint64 next_at;    /* with jitter; PROC_CRON_NEVER */
  const char *error; /* why it is invalid, or NULL; borrowed */
  ProcScheduleRecord record;
} ProcScheduleInfo;

/* zone: the configured one. hooks: copied. Nothing fires before proc_schedules_start. */
ProcSchedules *proc_schedules_new (const ProcSchedulesHooks *hooks, gpointer data, GTimeZone *zone);
void proc_schedules_free (ProcSchedules *self); /* not from a hook */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSchedules, proc_schedules_free)

/*
 * Adds or changes the schedule of an action; one that has no ticks is removed. record: what was stored, NULL = keep
 * what is known. A changed policy counts from now; before the start, from record->tick_at.
 */
void proc_schedules_set (ProcSchedules *self, const char *action, ProcSchedulePolicy *policy,
                         const ProcScheduleRecord *record);
/* Keeps a stored schedule that no longer parses, as `invalid`. */
void proc_schedules_park (ProcSchedules *self, const char *action, const char *error);
void proc_schedules_remove (ProcSchedules *self, const char *action);

/* Serves what was missed since record->tick_at, then goes on with the clock. */
void proc_schedules_start (ProcSchedules *self);
/* To be called at the armed time, and with `stepped` when the clock was set. */
void proc_schedules_wake (ProcSchedules *self, gboolean stepped);

/* Starts a job now, whatever the clock says. 0: the limit of live jobs (unless `force`), unknown, or fire failed. */
guint32 proc_schedules_trigger (ProcSchedules *self, const char *action, gboolean force);

/* FALSE: no such schedule. */
gboolean proc_schedules_get (ProcSchedules *self, const char *action, ProcScheduleInfo *info);
guint proc_schedules_get_size (ProcSchedules *self);

G_END_DECLS
