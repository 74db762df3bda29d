/* schedule-policy.c: see schedule-policy.h. Any thread. */
#include "schedule-policy.h"

#include <string.h>

#include "cron-words.h"
#include "log-query.h"
#include "reader.h"
#include "zone.h"

#define MAX_JITTER_MS 86400000
#define MAX_TIME_MS G_GINT64_CONSTANT (7258118400000) /* the year 2200 */

static void
policy_clear (gpointer data)
{
  ProcSchedulePolicy *self = data;

  g_free (self->cron);
  g_free (self->timezone);
  g_clear_pointer (&self->zone, g_time_zone_unref);
}

ProcSchedulePolicy *
proc_schedule_policy_ref (ProcSchedulePolicy *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_schedule_policy_unref (ProcSchedulePolicy *self)
{
  g_atomic_rc_box_release_full (self, policy_clear);
}

/* ---------------------------------------------------------------------------------------------- reading */

static char *
read_text (ProcReader *reader, const char *name, gsize max)
{
  char *text = proc_reader_text (reader, name, max);

  return text != NULL ? text : g_strdup ("");
}

/* A time as input (contract 2), 0 when absent. */
static gint64
read_time (ProcReader *reader, const char *name)
{
  JsonNode *node = proc_reader_node (reader, name);
  const char *type = node != NULL ? proc_json_type (node) : "null";
  gint64 time = 0;

  if (strcmp (type, "integer") == 0)
    time = proc_time_from_int (json_node_get_int (node));
  else if (strcmp (type, "string") == 0)
    time = proc_time_from_text (json_node_get_string (node));
  else if (node != NULL)
    time = -1;
  if (time < 0 || time > MAX_TIME_MS)
    proc_reader_fail (reader, name, "a time before the year 2200: ms, seconds or RFC 3339 text",
                      strcmp (type, "string") == 0 ? json_node_get_string (node) : type);
  return time;
}

static void
compile (ProcReader *reader, ProcSchedulePolicy *self)
{
  g_autofree char *cron_name = g_strconcat (reader->where, ".cron", NULL);
  g_autofree char *zone_name = g_strconcat (reader->where, ".timezone", NULL);

  if (reader->error == NULL && *self->cron != '\0')
    proc_cron_parse (&self->compiled, self->cron, cron_name, &reader->error);
  if (reader->error == NULL && *self->timezone != '\0')
    self->zone = proc_zone_new (self->timezone, zone_name, &reader->error);
}

ProcSchedulePolicy *
proc_schedule_policy_from_json (JsonObject *object, const char *where, GPtrArray *warnings, GError **error)
{
  g_autoptr (ProcSchedulePolicy) self = g_atomic_rc_box_new0 (ProcSchedulePolicy);
  ProcReader reader;

  proc_reader_init (&reader, object, where);
  self->cron = read_text (&reader, "cron", 4 * PROC_CRON_MAX_LENGTH);
  self->interval_ms = proc_reader_int (&reader, "interval_ms", 0, PROC_MAX_INTERVAL_MS, 0);
  self->timezone = read_text (&reader, "timezone", 256);
  self->start_time = read_time (&reader, "start_time");
  self->end_time = read_time (&reader, "end_time");
  self->nr_of_instances = (guint)proc_reader_int (&reader, "nr_of_instances", 0, G_MAXUINT8, 1);
  self->nr_of_instances = MAX (self->nr_of_instances, 1);
  self->catch_up = proc_reader_word (&reader, "catch_up", proc_catch_up_words, PROC_CATCH_UP_NONE);
  self->jitter_ms = (guint)proc_reader_int (&reader, "jitter_ms", 0, MAX_JITTER_MS, 0);
  self->enabled = proc_reader_bool (&reader, "enabled", TRUE);
  if (*self->cron != '\0' && self->interval_ms != 0)
    proc_reader_fail (&reader, "cron", "either cron or interval_ms", "both");
  if (self->interval_ms != 0 && self->interval_ms < PROC_MIN_INTERVAL_MS)
    proc_reader_fail (&reader, "interval_ms", "0 or at least 100", "less");
  if (self->end_time != 0 && self->end_time <= self->start_time)
    proc_reader_fail (&reader, "end_time", "a time after start_time", "one before");
  compile (&reader, self);
  return proc_reader_end (&reader, warnings, error) ? g_steal_pointer (&self) : NULL;
}

/* ---------------------------------------------------------------------------------------------- telling */

JsonObject *
proc_schedule_policy_to_json (const ProcSchedulePolicy *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "cron", self->cron);
  json_object_set_int_member (object, "interval_ms", self->interval_ms);
  json_object_set_string_member (object, "timezone", self->timezone);
  json_object_set_int_member (object, "start_time", self->start_time);
  json_object_set_int_member (object, "end_time", self->end_time);
  json_object_set_int_member (object, "nr_of_instances", self->nr_of_instances);
  json_object_set_string_member (object, "catch_up", proc_catch_up_words[self->catch_up]);
  json_object_set_int_member (object, "jitter_ms", self->jitter_ms);
  json_object_set_boolean_member (object, "enabled", self->enabled);
  return object;
}

gboolean
proc_schedule_policy_equal (const ProcSchedulePolicy *a, const ProcSchedulePolicy *b)
{
  return strcmp (a->cron, b->cron) == 0 && a->interval_ms == b->interval_ms && strcmp (a->timezone, b->timezone) == 0
         && a->start_time == b->start_time && a->end_time == b->end_time && a->nr_of_instances == b->nr_of_instances
         && a->catch_up == b->catch_up && a->jitter_ms == b->jitter_ms && a->enabled == b->enabled;
}

ProcSchedulePolicy *
proc_schedule_policy_with_enabled (const ProcSchedulePolicy *self, gboolean enabled)
{
  ProcSchedulePolicy *copy = g_atomic_rc_box_dup (sizeof *self, (gpointer)self);

  copy->cron = g_strdup (self->cron);
  copy->timezone = g_strdup (self->timezone);
  copy->zone = self->zone != NULL ? g_time_zone_ref (self->zone) : NULL;
  copy->enabled = enabled;
  return copy;
}

gboolean
proc_schedule_policy_is_empty (const ProcSchedulePolicy *self)
{
  return *self->cron == '\0' && self->interval_ms == 0;
}

char *
proc_schedule_policy_words (const ProcSchedulePolicy *self)
{
  static const struct
  {
    gint64 ms;
    const char *name;
  } units[]
      = { { 86400000, "day" }, { 3600000, "hour" }, { 60000, "minute" }, { 1000, "second" }, { 1, "millisecond" } };
  guint i = 0;

  if (proc_schedule_policy_is_empty (self))
    return g_strdup ("");
  if (*self->cron != '\0')
    return proc_cron_words (&self->compiled);
  while (self->interval_ms % units[i].ms != 0)
    i++;
  if (self->interval_ms == units[i].ms)
    return g_strdup_printf ("every %s", units[i].name);
  return g_strdup_printf ("every %" G_GINT64_FORMAT " %ss", self->interval_ms / units[i].ms, units[i].name);
}

/* ---------------------------------------------------------------------------------------------- ticks */

/* The ticks are last_ms + n x interval; the first of all is start_time, if that is to come. */
static gint64
next_of_interval (const ProcSchedulePolicy *self, gint64 after_ms, gint64 last_ms)
{
  if (last_ms <= 0)
    return MAX (after_ms + self->interval_ms, self->start_time);
  last_ms = MIN (last_ms, after_ms);
  return MAX (last_ms + ((after_ms - last_ms) / self->interval_ms + 1) * self->interval_ms, self->start_time);
}

gint64
proc_schedule_policy_next (const ProcSchedulePolicy *self, GTimeZone *zone, gint64 after_ms, gint64 last_ms)
{
  gint64 tick = PROC_CRON_NEVER;

  if (*self->cron != '\0')
    tick = proc_cron_next (&self->compiled, self->zone != NULL ? self->zone : zone,
                           MAX (after_ms, self->start_time - 1));
  else if (self->interval_ms != 0)
    tick = next_of_interval (self, after_ms, last_ms);
  return self->end_time != 0 && tick >= self->end_time ? PROC_CRON_NEVER : tick;
}
