/* page-run.c: one run on admin.sock: its state, the order of its jobs, and how far each is. Service thread. */
#include "page-run.h"

#include "page-parts.h"

/* "2 succeeded, 1 running". Transfer full. */
static char *
count_phases (HeroProc *self, const ProcRun *run)
{
  guint by_phase[PROC_PHASE_SKIPPED + 1] = { 0 };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < run->members->len; i++)
    by_phase[proc_runs_get_phase (self->runs, run, i)]++;
  for (guint i = 0; i < G_N_ELEMENTS (by_phase); i++)
    if (by_phase[i] > 0)
      g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", by_phase[i], proc_phase_words[i]);
  return g_string_free (text, FALSE);
}

/* The start of a service is done again by the service, not from here. */
static void
write_actions (HeroPage *page, const ProcRun *run)
{
  g_autofree char *params = g_strdup_printf ("{\"id\":%u}", run->id);
  g_autofree char *all = g_strdup_printf ("{\"id\":%u,\"failed_only\":false}", run->id);

  if (proc_run_is_active (run))
    {
      hero_page_cell_action (page, "Cancel", "run.cancel", params, "Its jobs end; those that wait never start.");
      return;
    }
  if (run->service == NULL && run->state != PROC_RUN_SUCCEEDED)
    hero_page_cell_action (page, "Retry", "run.retry", params, NULL);
  if (run->service == NULL)
    hero_page_cell_action (page, "Run again", "run.retry", all, NULL);
  hero_page_cell_action (page, "Delete", "run.delete", params, "Its record and those of its jobs are gone for good.");
}

void
hero_proc_write_run_row (HeroProc *self, HeroPage *page, const ProcRun *run)
{
  g_autofree char *id = g_strdup_printf ("%u", run->id), *href = g_strconcat ("/runs/", id, NULL);
  g_autofree char *counts = count_phases (self, run);

  hero_page_row_begin (page, id);
  hero_page_cell_link (page, href, run->name);
  hero_page_cell (page, "%s", id);
  hero_page_cell (page, "%s", proc_run_state_words[run->state]);
  hero_page_cell (page, "%s", counts);
  hero_page_cell (page, "%s", proc_trigger_words[run->trigger]);
  hero_page_cell_int (page, run->created_at);
  proc_page_cell_time (page, run->finished_at);
  hero_page_cell (page, "%s", run->error != NULL ? run->error : "");
  write_actions (page, run);
  hero_page_row_end (page);
}

static void
write_rules (HeroPage *page, const ProcRun *run)
{
  static const char *const words[] = { "skip what depends on it", "cancel the others", "go on as if it were done" };
  g_autofree char *tags = g_strjoinv (", ", run->tags);
  g_autoptr (GString) after = g_string_new (NULL);

  for (guint i = 0; i < run->depends_on_runs->len; i++)
    g_string_append_printf (after, "%s%u", i > 0 ? ", " : "", g_array_index (run->depends_on_runs, guint32, i));
  hero_page_facts_begin (page);
  hero_page_fact (page, "When a job fails", "%s", words[run->on_failure]);
  if (run->max_parallel != 0)
    hero_page_fact_int (page, "Jobs at a time", run->max_parallel);
  if (after->len > 0)
    hero_page_fact (page, "After the runs", "%s", after->str);
  if (*tags != '\0')
    hero_page_fact (page, "Tags", "%s", tags);
  if (run->service != NULL)
    hero_page_fact (page, "Start of service", "%s", run->service);
  hero_page_facts_end (page);
}

/* "build, test (done)": what it waits for, and for what of it unless that is success. Transfer full. */
static char *
describe_edges (const ProcRun *run, const ProcRunMember *member)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < member->edges->len; i++)
    {
      const ProcRunEdge *edge = &g_array_index (member->edges, ProcRunEdge, i);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", proc_run_get_member (run, edge->node)->key);
      if (edge->when != PROC_WHEN_SUCCESS)
        g_string_append_printf (text, " (%s)", proc_when_words[edge->when]);
    }
  return g_string_free (text, FALSE);
}

static void
write_job (HeroProc *self, HeroPage *page, const ProcRun *run, guint index)
{
  const ProcRunMember *member = proc_run_get_member (run, index);
  const ProcJob *job = proc_runs_get_job (self->runs, run, index);
  g_autofree char *href = g_strdup_printf ("/jobs/%u", member->job_id), *after = describe_edges (run, member);

  hero_page_row_begin (page, member->key);
  if (job != NULL)
    hero_page_cell_link (page, href, member->key);
  else
    hero_page_cell (page, "%s", member->key);
  hero_page_cell (page, "%u", member->job_id);
  hero_page_cell (page, "%s", proc_phase_words[proc_runs_get_phase (self->runs, run, index)]);
  hero_page_cell (page, "%s", after);
  proc_page_cell_time (page, job != NULL ? job->started_at : 0);
  proc_page_cell_time (page, job != NULL ? job->finished_at : 0);
  proc_page_cell_exit_code (page, job != NULL ? job->exit_code : -1);
  hero_page_cell (page, "%s", job == NULL ? "its record was deleted" : job->error != NULL ? job->error : "");
  hero_page_row_end (page);
}

static void
write_jobs (HeroProc *self, HeroPage *page, const ProcRun *run)
{
  ProcPageRange range = proc_page_range_read (page);
  g_autofree char *href = g_strdup_printf ("/runs/%u?", run->id);

  hero_page_heading (page, "Jobs");
  hero_page_table_begin (page, "jobs", "Key|Job$|Phase!|After|Started@|Finished@|Exit code|Error", "It has no job.");
  for (guint i = 0; i < run->members->len && !range.has_more; i++)
    if (proc_page_range_takes (&range))
      write_job (self, page, run, i);
  hero_page_table_end (page);
  proc_page_range_end (&range, page, href, "Previous", "Next");
}

void
hero_proc_render_run (HeroProc *self, HeroPage *page, guint32 own)
{
  const char *rest = hero_page_get_rest (page);
  const ProcRun *run = NULL;
  g_autofree char *title = NULL;
  guint64 id = 0;

  if (g_ascii_string_to_unsigned (rest, 10, 1, G_MAXUINT32, &id, NULL))
    run = proc_runs_get (self->runs, (guint32)id);
  if (run == NULL || (own != 0 && run->context != own))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no run \"%s\".", rest));
      return;
    }
  title = g_strdup_printf ("Run %u", run->id);
  hero_page_set_title (page, "%u", run->id);
  hero_page_heading (page, title);
  hero_page_table_begin (page, "run", PROC_PAGE_RUN_COLUMNS, "");
  hero_proc_write_run_row (self, page, run);
  hero_page_table_end (page);
  write_rules (page, run);
  hero_proc_write_run_graph (self, page, run);
  write_jobs (self, page, run);
  hero_page_done (page);
}
