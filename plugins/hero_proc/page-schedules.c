/* page-schedules.c: the tab Schedules on admin.sock: what the clock starts, when next, and what came of it. Service
 * thread. */
#include "page-parts.h"

#include "schedule-json.h"

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

static const ProcJob *
get_last (HeroProc *self, const ProcScheduleInfo *info)
{
  return info->record.last_job_id != 0 ? proc_jobs_get (self->jobs, info->record.last_job_id) : NULL;
}

/* ---------------------------------------------------------------------------------------------- all of them */

static void
write_row (HeroProc *self, HeroPage *page, const char *action, const ProcScheduleInfo *info)
{
  const ProcJob *last = get_last (self, info);
  g_autofree char *words = info->policy != NULL ? proc_schedule_policy_words (info->policy) : g_strdup ("");
  g_autofree char *href = g_strconcat ("/schedules/", action, NULL);

  hero_page_row_begin (page, action);
  hero_page_cell_link (page, href, action);
  hero_page_cell (page, "%s", proc_schedule_state_words[info->state]);
  hero_page_cell (page, "%s", words);
  hero_page_cell_int (page, info->next_at != PROC_CRON_NEVER ? info->next_at : 0);
  hero_page_cell_int (page, info->record.last_at);
  hero_page_cell (page, "%s", last != NULL ? proc_phase_words[last->phase] : "none");
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

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  g_autoptr (GPtrArray) actions = proc_actions_list (self->actions);

  for (guint i = actions->len; own != 0 && i > 0; i--)
    if (((ProcAction *)actions->pdata[i - 1])->context != own)
      g_ptr_array_remove_index (actions, i - 1);
  hero_page_heading (page, "Schedules");
  write_notes (self, page, actions);
  hero_page_table_begin (page, "schedules", "Action|State!|When|Next@|Last@|Last result!|Started#|Skipped or missed#|",
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

/* ---------------------------------------------------------------------------------------------- one of them */

/* The next five, as the clocks of its zone show them. */
static void
write_next (HeroPage *page, GTimeZone *configured, const ProcScheduleInfo *info)
{
  const ProcSchedulePolicy *policy = info->policy;
  g_autoptr (GArray) times = proc_schedule_next_times (policy, configured, proc_now_ms (), info->record.tick_at,
                                                       info->next_at != PROC_CRON_NEVER ? PROC_NEXT_TIMES : 0);

  hero_page_table_begin (page, "next", "On the clocks of its zone|From now@", "The clock does not start it.");
  for (guint i = 0; i < times->len; i++)
    {
      gint64 ms = g_array_index (times, gint64, i);
      g_autofree char *key = g_strdup_printf ("%u", i);
      g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (ms / 1000);
      g_autoptr (GDateTime) time = g_date_time_to_timezone (utc, policy->zone != NULL ? policy->zone : configured);
      g_autofree char *shown = g_date_time_format (time, "%A %Y-%m-%d %H:%M:%S");

      hero_page_row_begin (page, key);
      hero_page_cell (page, "%s", shown);
      hero_page_cell_int (page, ms);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_policy (HeroProc *self, HeroPage *page, const ProcScheduleInfo *info)
{
  const ProcSchedulePolicy *policy = info->policy;
  const char *zone = *policy->timezone != '\0' ? policy->timezone : hero_service_get_string (self->ctx, "timezone");
  g_autofree char *words = proc_schedule_policy_words (policy);

  hero_page_fact (page, "When", "%s", words);
  if (*policy->cron != '\0')
    hero_page_fact (page, "Cron", "%s", policy->cron);
  hero_page_fact (page, "Zone", "%s", zone);
  hero_page_fact_int (page, "Live jobs at most", policy->nr_of_instances);
  hero_page_fact (page, "Missed ticks", "%s",
                  policy->catch_up == PROC_CATCH_UP_ONCE ? "one job for all" : "only counted");
}

static void
render_one (HeroProc *self, HeroPage *page, guint32 own, const char *name)
{
  const ProcAction *action = proc_actions_get (self->actions, name);
  const ProcJob *last;
  ProcScheduleInfo info;

  if (action == NULL || (own != 0 && action->context != own) || !proc_timetable_get (self->timetable, name, &info))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "No action \"%s\" has a schedule.", name));
      return;
    }
  last = get_last (self, &info);
  hero_page_set_title (page, "%s", name);
  hero_page_heading (page, name);
  if (info.error != NULL)
    hero_page_note (page, "bad", "The schedule is not understood and starts nothing: %s. Set it anew.", info.error);
  hero_page_facts_begin (page);
  hero_page_fact_state (page, "State", proc_schedule_state_words[info.state]);
  if (info.policy != NULL)
    write_policy (self, page, &info);
  hero_page_fact_int (page, "Started", (gint64)info.record.fired_count);
  hero_page_fact_int (page, "Skipped or missed", (gint64)info.record.skipped_count);
  hero_page_fact_state (page, "Last result", last != NULL ? proc_phase_words[last->phase] : "none");
  hero_page_facts_end (page);
  if (last != NULL && last->error != NULL)
    hero_page_text (page, "Job %u: %s", last->id, last->error);
  write_actions (page, name, info.state);
  if (info.policy != NULL)
    {
      hero_page_heading (page, "Next five");
      write_next (page, proc_timetable_get_zone (self->timetable), &info);
    }
  hero_page_done (page);
}

void
hero_proc_render_schedules (gpointer data, HeroPage *page)
{
  guint32 own = proc_page_get_context (page);
  const char *name = hero_page_get_rest (page);

  if (*name == '\0')
    render_list (data, page, own);
  else
    render_one (data, page, own, name);
}
