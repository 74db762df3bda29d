/* page-jobs.c: the tab Jobs on admin.sock: what ran, runs and waits, the newest first. Service thread. */
#include "page-job.h"
#include "page-parts.h"
#include "rpc-job.h"

typedef struct
{
  HeroPage *page;
  ProcJobFilter filter;
  ProcPageRange range;
} List;

static gboolean
list_one (ProcJob *job, gpointer data)
{
  List *list = data;

  if (proc_job_passes (job, &list->filter) && proc_page_range_takes (&list->range))
    hero_proc_write_job_row (list->page, job);
  return !list->range.has_more;
}

static void
write_form (HeroPage *page)
{
  proc_page_filter_begin (page);
  proc_page_filter_choice (page, "Phase", "phase", proc_phase_sets, proc_phase_words);
  proc_page_filter_text (page, "Action", "action", "all");
  proc_page_filter_text (page, "Tag", "tag", "all");
  proc_page_filter_end (page);
}

/* "" = NULL: no matter. */
static const char *
asked_or_any (HeroPage *page, const char *name)
{
  const char *value = proc_page_asked (page, name);

  return *value != '\0' ? value : NULL;
}

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  const char *phase = proc_page_asked (page, "phase");
  guint phases = *phase != '\0' ? proc_phases_parse (phase) : G_MAXUINT;
  List list = { .page = page,
                .filter = { .context = own,
                            .any_context = own == 0,
                            .phases = phases != 0 ? phases : G_MAXUINT,
                            .action = asked_or_any (page, "action"),
                            .tag = asked_or_any (page, "tag"),
                            .tty = -1,
                            .active = -1 },
                .range = proc_page_range_read (page) };
  g_autofree char *href = proc_page_filter_href (page, "/jobs", "phase", "action", "tag", NULL);

  hero_page_heading (page, "Jobs");
  write_form (page);
  if (phases == 0)
    hero_page_note (page, "warn", "There is no phase \"%s\": all are shown.", phase);
  hero_page_table_begin (page, "jobs", PROC_PAGE_JOB_COLUMNS,
                         "No job matches: choose another phase, action or tag, or run an action.");
  proc_jobs_foreach (self->jobs, list_one, &list);
  hero_page_table_end (page);
  proc_page_range_end (&list.range, page, href, "Newer", "Older");
  hero_page_done (page);
}

void
hero_proc_render_jobs (gpointer data, HeroPage *page)
{
  guint32 own = proc_page_get_context (page);

  if (*hero_page_get_rest (page) == '\0')
    render_list (data, page, own);
  else
    hero_proc_render_job (data, page, own);
}
