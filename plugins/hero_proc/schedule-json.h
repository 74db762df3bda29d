/* schedule-json.h: schedules as clients see them (contract 3.5). Service thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "timetable.h"

G_BEGIN_DECLS

#define PROC_NEXT_TIMES 5

/* The next ticks after `after_ms`, in Unix ms, at most count; the last three as of proc_schedule_policy_next. */
GArray *proc_schedule_next_times (const ProcSchedulePolicy *policy, GTimeZone *zone, gint64 after_ms, gint64 last_ms,
                                  guint count);
/* How it is read: {description, next_times}. Transfer full. */
JsonObject *proc_schedule_reading (const ProcSchedulePolicy *policy, GTimeZone *zone, gint64 after_ms, gint64 last_ms,
                                   guint count);
/* Of an action whose schedule info tells of. Transfer full. */
JsonObject *proc_schedule_to_json (ProcTimetable *timetable, ProcJobs *jobs, const ProcAction *action,
                                   const ProcScheduleInfo *info);

G_END_DECLS
