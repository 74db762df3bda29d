/*
 * page-terminal.c: the tab Terminal on admin.sock: the terminals there are, a new one, and the place where terminal.js
 * shows one of them. What is installed is looked up on a worker, the page is written on the service thread.
 */
#include "page-parts.h"

#include <string.h>

static const char *const shells[] = { "nu", "bash", "sh", "tmux" };

typedef struct
{
  HeroProc *self;
  HeroPage *page;
  gboolean installed[G_N_ELEMENTS (shells)];
} View;

static gboolean
is_live_for (const ProcJob *job, HeroPage *page)
{
  guint32 own = proc_page_get_context (page);

  return job->spec->tty.enabled && proc_job_is_active (job) && (own == 0 || job->context == own);
}

/* ---------------------------------------------------------------------------------------------- beside the terminal */

static void
write_new (const View *view)
{
  HeroPage *page = view->page;

  hero_page_html (page, "<form class=\"terminal-new needs-js\"><select name=\"shell\" aria-label=\"Shell\">");
  for (guint i = 0; i < G_N_ELEMENTS (shells); i++)
    if (view->installed[i])
      hero_page_htmlf (page, "<option%s>%s</option>", strcmp (shells[i], "bash") == 0 ? " selected" : "", shells[i]);
  hero_page_html (page, "</select> <button class=\"primary\">New terminal</button></form>\n");
}

typedef struct
{
  HeroPage *page;
  const ProcJob *chosen; /* or NULL */
  guint n_rows;
} List;

static void
write_row (HeroPage *page, const ProcJob *job, gboolean is_chosen)
{
  g_autofree char *href = g_strdup_printf ("/terminal?job=%u", job->id);
  g_autofree char *text = g_strdup_printf ("%s, job %u", job->action, job->id);
  g_autofree char *ms = g_strdup_printf ("%" G_GINT64_FORMAT, job->created_at);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (job->created_at / 1000);
  g_autofree char *since = g_date_time_format (time, "%Y-%m-%d %H:%M:%S UTC");

  hero_page_html (page, is_chosen ? "<li aria-current=\"true\">" : "<li>");
  hero_page_link (page, href, text);
  hero_page_htmlf (page,
                   "<small class=\"muted\">%s <time data-ms=\"%s\" title=\"%s\">%s</time></small>"
                   "<button type=\"button\" class=\"action needs-js\" data-method=\"job.cancel\" "
                   "data-params=\"{&quot;id&quot;:%u}\" "
                   "data-confirm=\"The processes of %s end.\" aria-label=\"End %s\">End</button></li>\n",
                   job->phase == PROC_PHASE_RUNNING ? "begun" : proc_phase_words[job->phase], ms, since, since, job->id,
                   text, text);
}

static gboolean
list_one (ProcJob *job, gpointer data)
{
  List *list = data;

  if (is_live_for (job, list->page))
    {
      list->n_rows++;
      write_row (list->page, job, job == list->chosen);
    }
  return TRUE;
}

static void
write_list (HeroProc *self, HeroPage *page, const ProcJob *chosen)
{
  List list = { page, chosen, 0 };

  hero_page_html (page, "<nav data-live=\"terminals\" aria-label=\"Live terminals\"><ul>\n");
  proc_jobs_foreach (self->jobs, list_one, &list);
  hero_page_html (page, "</ul>");
  if (list.n_rows == 0)
    hero_page_html (page,
                    "<p class=\"muted\">No terminal is live. Open a new one here, or run an action with tty.</p>");
  hero_page_html (page, "</nav>\n");
}

/* ---------------------------------------------------------------------------------------------- the terminal */

/* None of this is a live part: what was shown last stays when the job ends. */
static void
write_screen (HeroPage *page, const ProcJob *job)
{
  hero_page_htmlf (
      page,
      "<div class=\"terminal-bar\"><strong>%s</strong> <span class=\"muted\">job %u</span> "
      "<span role=\"status\" class=\"muted\" data-terminal=\"status\"></span>"
      "<button type=\"button\" class=\"needs-js\" data-terminal=\"connect\">Connect</button></div>\n"
      "<div class=\"terminal-screen\" data-job=\"%u\"></div>\n"
      "<p class=\"terminal-keys muted\" id=\"terminal-keys\"><kbd>Ctrl</kbd> <kbd>Shift</kbd> <kbd>F6</kbd> leaves the "
      "terminal. Detaching or closing this page ends nothing.</p>\n"
      "<noscript><p>A terminal needs JavaScript.</p></noscript>\n",
      job->action, job->id, job->id);
}

static void
write_absence (HeroPage *page, const char *asked, const ProcJob *job)
{
  if (asked == NULL)
    hero_page_html (page, "<p class=\"empty\">Select a running job, or open a new terminal.</p>\n");
  else if (job == NULL)
    hero_page_htmlf (page, "<p class=\"empty\">There is no job %s. Select a running job, or open a new terminal.</p>\n",
                     asked);
  else if (!job->spec->tty.enabled)
    hero_page_htmlf (
        page, "<p class=\"empty\">Job %u has no terminal: its action is without tty. Select a running job.</p>\n",
        job->id);
  else
    {
      g_autofree char *source = g_uri_escape_string (job->source, NULL, FALSE);
      g_autofree char *href = g_strconcat ("/output?src=", source, NULL);

      hero_page_htmlf (page, "<p class=\"empty\">Job %u is over (%s), and its terminal with it. ", job->id,
                       proc_phase_words[job->phase]);
      hero_page_link (page, href, "What it said");
      hero_page_html (page, "</p>\n");
    }
}

/* The job of "?job=", if the caller may see it. NULL = none. */
static const ProcJob *
get_asked (HeroProc *self, HeroPage *page, const char *asked)
{
  guint32 own = proc_page_get_context (page);
  const ProcJob *job = NULL;
  guint64 id;

  if (asked != NULL && g_ascii_string_to_unsigned (asked, 10, 1, G_MAXUINT32, &id, NULL))
    job = proc_jobs_get (self->jobs, (guint32)id);
  return job != NULL && (own == 0 || job->context == own) ? job : NULL;
}

static void
write_all (const View *view)
{
  HeroPage *page = view->page;
  const char *asked = hero_page_get_query (page, "job");
  const ProcJob *job = get_asked (view->self, page, asked);

  hero_page_html (page, "<div class=\"terminals\"><div class=\"terminal-side\">\n");
  if (PROC_HAS_XTERM)
    write_new (view);
  write_list (view->self, page, job);
  hero_page_html (page, "</div><div class=\"terminal-main\">\n");
  if (!PROC_HAS_XTERM)
    hero_page_html (
        page, "<p class=\"note\">This hero_proc was built without xterm.js, so no terminal can be shown here: install "
              "node-xterm (or name a folder by the build option xterm_dir) and build anew. Other clients reach "
              "terminals by <code>/api/jobs/ID/pty</code>.</p>\n");
  else if (job != NULL && is_live_for (job, page))
    write_screen (page, job);
  else
    write_absence (page, asked, job);
  hero_page_html (page, "</div></div>\n");
}

/* ---------------------------------------------------------------------------------------------- the page */

/* Worker thread. */
static void
look_up (gpointer data)
{
  View *view = data;

  for (guint i = 0; i < G_N_ELEMENTS (shells); i++)
    view->installed[i] = proc_surroundings_has_program (view->self->surroundings, shells[i]);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  const View *view = g_task_get_task_data (G_TASK (result));

  hero_page_heading (view->page, "Terminal");
  write_all (view);
  hero_page_done (view->page);
}

void
hero_proc_render_terminal (gpointer data, HeroPage *page)
{
  HeroProc *self = data;
  g_autoptr (GTask) task = NULL;
  View *view;

  if (!hero_service_get_boolean (self->ctx, "terminals"))
    {
      hero_page_heading (page, "Terminal");
      hero_page_note (page, "warn", "Terminals are off: set terminals = true in [hero_proc], and restart the service.");
      hero_page_done (page);
      return;
    }
  task = g_task_new (NULL, NULL, on_looked_up, NULL);
  view = g_new0 (View, 1);
  view->self = self;
  view->page = page;
  g_task_set_task_data (task, view, g_free);
  proc_log_workers_push_task (self->log_workers, task, look_up);
}
