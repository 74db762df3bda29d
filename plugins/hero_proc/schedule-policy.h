/*
 * schedule-policy.h: SchedulePolicy (contract 3.3, 7.8): when an action is started by the clock. Immutable once made,
 * shared by reference count. No clock of its own. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "cron.h"
#include "words.h"

G_BEGIN_DECLS

#define PROC_MIN_INTERVAL_MS 100
#define PROC_MAX_INTERVAL_MS G_GINT64_CONSTANT (316224000000) /* ten years */

typedef struct
{
  char *cron;         /* "" = none */
  gint64 interval_ms; /* 0 = none */
  char *timezone;     /* "" = the configured one */
  gint64 start_time;  /* Unix ms; ticks from here .. */
  gint64 end_time;    /* .. to before here; 0 = open */
  guint nr_of_instances;
  ProcCatchUp catch_up;
  guint jitter_ms;
  gboolean enabled;

  ProcCron compiled; /* of `cron` */
  GTimeZone *zone;   /* of `timezone`, NULL = the configured one */
} ProcSchedulePolicy;

/*
 * `where` is the name of the object in messages ("spec.schedule_policy"). warnings: texts are added, or NULL. Neither
 * cron nor interval is legal: a policy without ticks.
 */
ProcSchedulePolicy *proc_schedule_policy_from_json (JsonObject *object, const char *where, GPtrArray *warnings,
                                                    GError **error);
/* Every field, defaults too. Transfer full. */
JsonObject *proc_schedule_policy_to_json (const ProcSchedulePolicy *self);
gboolean proc_schedule_policy_equal (const ProcSchedulePolicy *a, const ProcSchedulePolicy *b);

/* The same policy, paused or not. */
ProcSchedulePolicy *proc_schedule_policy_with_enabled (const ProcSchedulePolicy *self, gboolean enabled);

/* Neither cron nor interval. */
gboolean proc_schedule_policy_is_empty (const ProcSchedulePolicy *self);
/* "every Monday at 09:00:00", "every 90 seconds"; "" without ticks. Transfer full. */
char *proc_schedule_policy_words (const ProcSchedulePolicy *self);

/*
 * The first tick after `after_ms`, in Unix ms, without jitter and whether enabled or not; PROC_CRON_NEVER if there is
 * none. zone: the configured one. last_ms: the last tick, from which an interval counts; 0 = none yet, it counts from
 * `after_ms`, or begins at start_time.
 */
gint64 proc_schedule_policy_next (const ProcSchedulePolicy *self, GTimeZone *zone, gint64 after_ms, gint64 last_ms);

ProcSchedulePolicy *proc_schedule_policy_ref (ProcSchedulePolicy *self);
void proc_schedule_policy_unref (ProcSchedulePolicy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSchedulePolicy, proc_schedule_policy_unref)

G_END_DECLS
