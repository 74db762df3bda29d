/* page-runs.c: the tab Runs on admin.sock: jobs that belong together, the newest first. Service thread. */
#include <string.h>

#include "page-parts.h"
#include "page-run.h"

static void
write_option (HeroPage *page, const char *value, const char *text)
{
  hero_page_htmlf (page, "<option value=\"%s\"", value);
  hero_page_html (page, strcmp (proc_page_asked (page, "state"), value) == 0 ? " selected" : "");
  hero_page_htmlf (page, ">%s</option>", text);
}

static void
write_form (HeroPage *page)
{
  hero_page_html (page, "<form method=\"get\"><label>State <select name=\"state\">");
  write_option (page, "", "all");
  for (guint i = 0; proc_run_state_words[i] != NULL; i++)
    write_option (page, proc_run_state_words[i], proc_run_state_words[i]);
  hero_page_htmlf (page,
                   "</select></label> <label>Service <input name=\"service\" value=\"%s\" placeholder=\"all\"></label> "
                   "<label>Tag <input name=\"tag\" value=\"%s\" placeholder=\"all\"></label> "
                   "<button>Show</button></form>\n",
                   proc_page_asked (page, "service"), proc_page_asked (page, "tag"));
}

static gboolean
passes (HeroPage *page, const ProcRun *run, guint32 own, int state)
{
  const char *service = proc_page_asked (page, "service"), *tag = proc_page_asked (page, "tag");

  return (own == 0 || run->context == own) && !run->archived && (state < 0 || (int)run->state == state)
         && (*service == '\0' || g_strcmp0 (run->service, service) == 0)
         && (*tag == '\0' || g_strv_contains ((const char *const *)run->tags, tag));
}

/* Transfer full. */
static char *
get_filter_href (HeroPage *page)
{
  g_autofree char *state = g_uri_escape_string (proc_page_asked (page, "state"), NULL, FALSE);
  g_autofree char *service = g_uri_escape_string (proc_page_asked (page, "service"), NULL, FALSE);
  g_autofree char *tag = g_uri_escape_string (proc_page_asked (page, "tag"), NULL, FALSE);

  return g_strdup_printf ("/runs?state=%s&service=%s&tag=%s&", state, service, tag);
}

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  const char *word = proc_page_asked (page, "state");
  int state = *word != '\0' ? proc_word_parse (proc_run_state_words, word) : -1;
  g_autoptr (GPtrArray) runs = proc_runs_list (self->runs);
  ProcPageRange range = proc_page_range_read (page);
  g_autofree char *href = get_filter_href (page);

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
  guint32 own = hero_http_request_get_identity (hero_page_get_request (page))->context;

  if (*hero_page_get_rest (page) == '\0')
    render_list (data, page, own);
  else
    hero_proc_render_run (data, page, own);
}
