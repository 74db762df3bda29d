/* schedule-json.c: see schedule-json.h. Service thread. */
#include "schedule-json.h"

GArray *
proc_schedule_next_times (const ProcSchedulePolicy *policy, GTimeZone *zone, gint64 after_ms, gint64 last_ms,
                          guint count)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < count; i++)
    {
      gint64 next = proc_schedule_policy_next (policy, zone, after_ms, last_ms);

      if (next == PROC_CRON_NEVER)
        break;
      g_array_append_val (times, next);
      after_ms = last_ms = next;
    }
  return times;
}

static JsonArray *
times_to_json (const ProcSchedulePolicy *policy, GTimeZone *zone, gint64 after_ms, gint64 last_ms, guint count)
{
  g_autoptr (GArray) times = proc_schedule_next_times (policy, zone, after_ms, last_ms, count);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < times->len; i++)
    json_array_add_int_element (array, g_array_index (times, gint64, i));
  return array;
}

JsonObject *
proc_schedule_reading (const ProcSchedulePolicy *policy, GTimeZone *zone, gint64 after_ms, gint64 last_ms, guint count)
{
  g_autofree char *words = proc_schedule_policy_words (policy);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "description", words);
  json_object_set_array_member (object, "next_times", times_to_json (policy, zone, after_ms, last_ms, count));
  return object;
}

static void
set_policy (JsonObject *object, ProcTimetable *timetable, const ProcAction *action, const ProcScheduleInfo *info)
{
  guint count = info->next_at != PROC_CRON_NEVER ? PROC_NEXT_TIMES : 0;
  g_autofree char *words = NULL;

  if (info->policy == NULL)
    {
      json_object_set_member (object, "policy",
                              action->bad_schedule != NULL ? json_node_copy (action->bad_schedule)
                                                           : json_node_new (JSON_NODE_NULL));
      json_object_set_string_member (object, "description", "");
      json_object_set_array_member (object, "next_times", json_array_new ());
      return;
    }
  json_object_set_object_member (object, "policy", proc_schedule_policy_to_json (info->policy));
  words = proc_schedule_policy_words (info->policy);
  json_object_set_string_member (object, "description", words);
  json_object_set_array_member (
      object, "next_times",
      times_to_json (info->policy, proc_timetable_get_zone (timetable), proc_now_ms (), info->record.tick_at, count));
}

static void
set_number (JsonObject *object, const char *name, gint64 value, gint64 none)
{
  if (value == none)
    json_object_set_null_member (object, name);
  else
    json_object_set_int_member (object, name, value);
}

JsonObject *
proc_schedule_to_json (ProcTimetable *timetable, ProcJobs *jobs, const ProcAction *action, const ProcScheduleInfo *info)
{
  const ProcScheduleRecord *record = &info->record;
  const ProcJob *last = record->last_job_id != 0 ? proc_jobs_get (jobs, record->last_job_id) : NULL;
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "action", action->name);
  json_object_set_string_member (object, "state", proc_schedule_state_words[info->state]);
  set_policy (object, timetable, action, info);
  set_number (object, "next_at", info->next_at, PROC_CRON_NEVER);
  set_number (object, "last_at", record->last_at, 0);
  set_number (object, "last_job_id", record->last_job_id, 0);
  if (last != NULL)
    json_object_set_string_member (object, "last_phase", proc_phase_words[last->phase]);
  else
    json_object_set_null_member (object, "last_phase");
  json_object_set_int_member (object, "fired_count", (gint64)record->fired_count);
  json_object_set_int_member (object, "skipped_count", (gint64)record->skipped_count);
  if (info->error != NULL)
    json_object_set_string_member (object, "error", info->error);
  else
    json_object_set_null_member (object, "error");
  return object;
}
