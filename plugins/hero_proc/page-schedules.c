/* page-schedules.c: the tab Schedules on admin.sock: what the clock starts, when next, and what came of it. Service
 * thread. */
#include "hero-proc.h"

#include "schedule-json.h"

/* As the clocks of its zone show it. */
static void
append_time (GString *text, gint64 ms, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (ms / 1000);
  g_autoptr (GDateTime) time = g_date_time_to_timezone (utc, zone);
  g_autofree char *shown = g_date_time_format (time, "%a %Y-%m-%d %H:%M:%S");

  if (text->len > 0)
    g_string_append (text, ", ");
  g_string_append (text, shown);
}

/* The next five, "" while nothing is fired. Transfer full. */
static char *
describe_next (HeroProc *self, const ProcScheduleInfo *info)
{
  GTimeZone *configured = proc_timetable_get_zone (self->timetable);
  GString *text = g_string_new (NULL);
  g_autoptr (GArray) times = NULL;

  if (info->policy == NULL || info->next_at == PROC_CRON_NEVER)
    return g_string_free (text, FALSE);
  times = proc_schedule_next_times (info->policy, configured, proc_now_ms (), info->record.tick_at, PROC_NEXT_TIMES);
  for (guint i = 0; i < times->len; i++)
    append_time (text, g_array_index (times, gint64, i), info->policy->zone != NULL ? info->policy->zone : configured);
  return g_string_free (text, FALSE);
}

static void
write_actions (HeroPage *page, const char *action, ProcScheduleState state)
{
  if (state != PROC_SCHEDULE_INVALID)
    {
      hero_page_action (page, "Trigger", "schedule.trigger", NULL, "action", action, NULL);
      if (state == PROC_SCHEDULE_PAUSED)
        hero_page_action (page, "Resume", "schedule.resume", NULL, "action", action, NULL);
      else
        hero_page_action (page, "Pause", "schedule.pause", NULL, "action", action, NULL);
    }
  hero_page_action (page, "Delete", "schedule.delete", "The clock no longer starts it; the action stays.", "action",
                    action, NULL);
}

static void
write_row (HeroProc *self, HeroPage *page, const char *action, const ProcScheduleInfo *info)
{
  const ProcSchedulePolicy *policy = info->policy;
  const ProcJob *last = info->record.last_job_id != 0 ? proc_jobs_get (self->jobs, info->record.last_job_id) : NULL;
  const char *standard = hero_service_get_string (self->ctx, "timezone");
  g_autofree char *words = policy != NULL ? proc_schedule_policy_words (policy) : g_strdup ("");
  g_autofree char *next = describe_next (self, info);

  hero_page_row_begin (page, action);
  hero_page_cell (page, "%s", action);
  hero_page_cell (page, "%s", proc_schedule_state_words[info->state]);
  hero_page_cell (page, "%s", policy != NULL ? policy->cron : "");
  hero_page_cell (page, "%s", words);
  hero_page_cell (page, "%s", policy == NULL ? "" : *policy->timezone != '\0' ? policy->timezone : standard);
  hero_page_cell_int (page, info->next_at != PROC_CRON_NEVER ? info->next_at : 0);
  hero_page_cell (page, "%s", next);
  hero_page_cell_int (page, info->record.last_at);
  hero_page_cell (page, "%s", last != NULL ? proc_phase_words[last->phase] : "");
  hero_page_cell_int (page, (gint64)info->record.fired_count);
  hero_page_cell_int (page, (gint64)info->record.skipped_count);
  write_actions (page, action, info->state);
  hero_page_row_end (page);
}

static void
write_notes (HeroProc *self, HeroPage *page, GPtrArray *actions)
{
  if (!hero_service_get_boolean (self->ctx, "scheduler"))
    hero_page_note (page, "warn", "The clock starts nothing: scheduler = false in the configuration.");
  for (guint i = 0; i < actions->len; i++)
    {
      const ProcAction *action = actions->pdata[i];

      if (action->schedule_error != NULL)
        hero_page_note (page, "bad", "The schedule of %s is not understood and starts nothing: %s. Set it anew.",
                        action->name, action->schedule_error);
    }
}

void
hero_proc_render_schedules (gpointer data, HeroPage *page)
{
  HeroProc *self = data;
  guint32 own = hero_http_request_get_identity (hero_page_get_request (page))->context;
  g_autoptr (GPtrArray) actions = proc_actions_list (self->actions);

  for (guint i = actions->len; own != 0 && i > 0; i--)
    if (((ProcAction *)actions->pdata[i - 1])->context != own)
      g_ptr_array_remove_index (actions, i - 1);
  hero_page_heading (page, "Schedules");
  write_notes (self, page, actions);
  hero_page_table_begin (
      page, "schedules",
      "Action|State!|Cron$|In words|Zone|Next@|Next five|Last@|Last result!|Started#|Skipped or missed#|",
      "The clock starts nothing yet: set the first schedule below.");
  for (guint i = 0; i < actions->len; i++)
    {
      const ProcAction *action = actions->pdata[i];
      ProcScheduleInfo info;

      if (proc_timetable_get (self->timetable, action->name, &info))
        write_row (self, page, action->name, &info);
    }
  hero_page_table_end (page);
  hero_page_heading (page, "Set a schedule");
  hero_page_form (page, "schedule.set", "Set schedule");
  hero_page_heading (page, "How an expression is read");
  hero_page_form (page, "schedule.validate", "Check");
  hero_page_done (page);
}
