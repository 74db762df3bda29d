/* page-jobs.c: the tab Jobs on admin.sock: what ran, runs and waits, the newest first. Service thread. */
#include "hero-proc.h"

#include <string.h>

#include "page-job.h"
#include "page-parts.h"
#include "rpc-job.h"

typedef struct
{
  HeroPage *page;
  ProcJobFilter filter;
  ProcPageRange range;
} List;

/* ---------------------------------------------------------------------------------------------- the filters */

static void
write_option (HeroPage *page, const char *value, const char *text)
{
  hero_page_htmlf (page, "<option value=\"%s\"", value);
  hero_page_html (page, strcmp (proc_page_asked (page, "phase"), value) == 0 ? " selected" : "");
  hero_page_htmlf (page, ">%s</option>", text);
}

static void
write_form (HeroPage *page)
{
  hero_page_html (page, "<form method=\"get\" class=\"logs-form\"><label>Phase <select name=\"phase\">");
  write_option (page, "", "all");
  write_option (page, "active", "active");
  write_option (page, "done", "done");
  for (guint i = 0; i <= PROC_PHASE_SKIPPED; i++)
    write_option (page, proc_phase_words[i], proc_phase_words[i]);
  hero_page_htmlf (page,
                   "</select></label> <label>Action <input name=\"action\" value=\"%s\" placeholder=\"all\"></label> "
                   "<label>Tag <input name=\"tag\" value=\"%s\" placeholder=\"all\"></label> "
                   "<button>Show</button></form>\n",
                   proc_page_asked (page, "action"), proc_page_asked (page, "tag"));
}

/* FALSE: no such phase. */
static gboolean
read_phase (const char *word, ProcJobFilter *filter)
{
  filter->phases = ~0u;
  if (*word == '\0')
    return TRUE;
  if (strcmp (word, "active") == 0 || strcmp (word, "done") == 0)
    {
      filter->active = *word == 'a';
      return TRUE;
    }
  for (guint i = 0; i <= PROC_PHASE_SKIPPED; i++)
    if (strcmp (word, proc_phase_words[i]) == 0)
      {
        filter->phases = 1u << i;
        return TRUE;
      }
  return FALSE;
}

/* ---------------------------------------------------------------------------------------------- the rows */

static gboolean
list_one (ProcJob *job, gpointer data)
{
  List *list = data;

  if (proc_job_passes (job, &list->filter) && proc_page_range_takes (&list->range))
    hero_proc_write_job_row (list->page, job);
  return !list->range.has_more;
}

/* Transfer full. */
static char *
get_filter_href (HeroPage *page)
{
  g_autofree char *phase = g_uri_escape_string (proc_page_asked (page, "phase"), NULL, FALSE);
  g_autofree char *action = g_uri_escape_string (proc_page_asked (page, "action"), NULL, FALSE);
  g_autofree char *tag = g_uri_escape_string (proc_page_asked (page, "tag"), NULL, FALSE);

  return g_strdup_printf ("/jobs?phase=%s&action=%s&tag=%s&", phase, action, tag);
}

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  List list = { .page = page,
                .filter = { .context = own, .any_context = own == 0, .tty = -1, .active = -1 },
                .range = proc_page_range_read (page) };
  g_autofree char *href = get_filter_href (page);

  if (*proc_page_asked (page, "action") != '\0')
    list.filter.action = proc_page_asked (page, "action");
  if (*proc_page_asked (page, "tag") != '\0')
    list.filter.tag = proc_page_asked (page, "tag");
  hero_page_heading (page, "Jobs");
  write_form (page);
  if (!read_phase (proc_page_asked (page, "phase"), &list.filter))
    hero_page_note (page, "warn", "There is no phase \"%s\": all are shown.", proc_page_asked (page, "phase"));
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
  guint32 own = hero_http_request_get_identity (hero_page_get_request (page))->context;

  if (*hero_page_get_rest (page) == '\0')
    render_list (data, page, own);
  else
    hero_proc_render_job (data, page, own);
}
