/* page-runs.c: the tab Runs on admin.sock: jobs that belong together, the newest first. Service thread. */
#include "page-parts.h"
#include "page-run.h"

static void
write_form (HeroPage *page)
{
  proc_page_filter_begin (page);
  proc_page_filter_choice (page, "State", "state", NULL, proc_run_state_words);
  proc_page_filter_text (page, "Service", "service", "all");
  proc_page_filter_text (page, "Tag", "tag", "all");
  proc_page_filter_end (page);
}

static gboolean
passes (HeroPage *page, const ProcRun *run, guint32 own, int state)
{
  const char *service = proc_page_asked (page, "service"), *tag = proc_page_asked (page, "tag");

  return (own == 0 || run->context == own) && !run->archived && (state < 0 || (int)run->state == state)
         && (*service == '\0' || g_strcmp0 (run->service, service) == 0)
         && (*tag == '\0' || g_strv_contains ((const char *const *)run->tags, tag));
}

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  const char *word = proc_page_asked (page, "state");
  int state = *word != '\0' ? proc_word_parse (proc_run_state_words, word) : -1;
  g_autoptr (GPtrArray) runs = proc_runs_list (self->runs);
  ProcPageRange range = proc_page_range_read (page);
  g_autofree char *href = proc_page_filter_href (page, "/runs", "state", "service", "tag", NULL);

  hero_page_heading (page, "Runs");
  write_form (page);
  if (*word != '\0' && state < 0)
    hero_page_note (page, "warn", "There is no state \"%s\": all are shown.", word);
  hero_page_table_begin (page, "runs", PROC_PAGE_RUN_COLUMNS,
                         "No run matches: choose another state, service or tag, or submit one with run.submit.");
  for (guint i = 0; i < runs->len && !range.has_more; i++)
    if (passes (page, runs->pdata[i], own, state) && proc_page_range_takes (&range))
      hero_proc_write_run_row (self, page, runs->pdata[i]);
  hero_page_table_end (page);
  proc_page_range_end (&range, page, href, "Newer", "Older");
  hero_page_done (page);
}

void
hero_proc_render_runs (gpointer data, HeroPage *page)
{
  guint32 own = proc_page_get_context (page);

  if (*hero_page_get_rest (page) == '\0')
    render_list (data, page, own);
  else
    hero_proc_render_run (data, page, own);
}
