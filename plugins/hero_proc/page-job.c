/* page-job.c: one job on admin.sock: its state, attempts, output and spec. Log files are read on a worker, the page is
 * written on the service thread. */
#include "page-job.h"

#include "job-json.h"
#include "job-output.h"
#include "page-parts.h"

typedef struct
{
  HeroProc *self;
  HeroPage *page;
  ProcJob *job;
} View;

static void
write_terminal_link (HeroPage *page, const ProcJob *job)
{
  g_autofree char *href = g_strdup_printf ("/terminal?job=%u", job->id);

  hero_page_link (page, href, "Terminal");
}

static void
write_actions (HeroPage *page, const ProcJob *job)
{
  g_autofree char *params = g_strdup_printf ("{\"id\":%u}", job->id);

  if (proc_job_is_active (job))
    {
      hero_page_cell_action (page, "Cancel", "job.cancel", params, "Its processes end.");
      if (job->spec->tty.enabled)
        write_terminal_link (page, job);
      return;
    }
  hero_page_cell_action (page, "Retry", "job.retry", params, NULL);
  hero_page_cell_action (page, "Delete", "job.delete", params, "Its record is gone for good.");
}

void
hero_proc_write_job_row (HeroPage *page, const ProcJob *job)
{
  g_autofree char *id = g_strdup_printf ("%u", job->id), *href = g_strconcat ("/jobs/", id, NULL);

  hero_page_row_begin (page, id);
  hero_page_cell_link (page, href, id);
  hero_page_cell (page, "%s", job->action);
  hero_page_cell (page, "%s", proc_phase_words[job->phase]);
  proc_page_cell_tags (page, job->tags);
  hero_page_cell_int (page, job->created_at);
  proc_page_cell_time (page, job->finished_at);
  hero_page_cell (page, "%s", job->error != NULL ? job->error : "");
  write_actions (page, job);
  hero_page_row_end (page);
}

/* A table of one row: what changes, and the buttons with it, is kept up to date. */
static void
write_state (HeroPage *page, const ProcJob *job)
{
  hero_page_table_begin (page, "job", "Action|Phase!|Pid$|Created@|Started@|Finished@|Exit code|Error|", "");
  hero_page_row_begin (page, "job");
  hero_page_cell (page, "%s", job->action);
  hero_page_cell (page, "%s", proc_phase_words[job->phase]);
  proc_page_cell_pid (page, job->pid);
  hero_page_cell_int (page, job->created_at);
  proc_page_cell_time (page, job->started_at);
  proc_page_cell_time (page, job->finished_at);
  proc_page_cell_exit_code (page, job->exit_code);
  hero_page_cell (page, "%s", job->error != NULL ? job->error : "");
  write_actions (page, job);
  hero_page_row_end (page);
  hero_page_table_end (page);
}

static void
write_run_link (HeroPage *page, const ProcJob *job)
{
  g_autofree char *href = g_strdup_printf ("/runs/%u", job->run_id);
  g_autofree char *text = g_strdup_printf ("Part of run %u", job->run_id);

  hero_page_link (page, href, text);
}

static void
write_attempts (HeroPage *page, const ProcJob *job)
{
  hero_page_heading (page, "Attempts that ended");
  hero_page_table_begin (page, "attempts", "Attempt|Pid$|Started@|Finished@|Exit code|Message", "None ended yet.");
  for (guint i = 0; i < job->attempts->len; i++)
    {
      const ProcAttempt *attempt = job->attempts->pdata[i];
      g_autofree char *key = g_strdup_printf ("%u", i);

      hero_page_row_begin (page, key);
      hero_page_cell (page, "%u", attempt->attempt);
      proc_page_cell_pid (page, attempt->pid);
      proc_page_cell_time (page, attempt->started_at);
      hero_page_cell_int (page, attempt->finished_at);
      proc_page_cell_exit_code (page, attempt->exit_code);
      hero_page_cell (page, "%s", attempt->message != NULL ? attempt->message : "");
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_stream (HeroPage *page, const char *title, const char *text)
{
  if (*text == '\0')
    return;
  hero_page_text (page, "%s", title);
  hero_page_pre (page, text);
}

static void
on_tails (const char *out, const char *err, gpointer data)
{
  g_autofree View *view = data;
  g_autoptr (ProcJob) job = view->job;
  HeroPage *page = view->page;
  g_autofree char *title = g_strdup_printf ("Job %u", job->id);
  g_autofree char *src = g_uri_escape_string (job->source, NULL, FALSE);
  g_autofree char *href = g_strconcat ("/output?src=", src, NULL);

  hero_page_set_title (page, "%u", job->id);
  hero_page_heading (page, title);
  write_state (page, job);
  if (job->run_id != 0)
    write_run_link (page, job);
  hero_page_heading (page, "Output");
  if (*out == '\0' && *err == '\0')
    hero_page_text (page, "It has said nothing.");
  write_stream (page, "stdout", out);
  write_stream (page, "stderr", err);
  hero_page_html (page, "<p>");
  hero_page_link (page, href, "All lines of its source, and follow");
  hero_page_html (page, "</p>\n");
  write_attempts (page, job);
  proc_page_json (page, "Record", proc_job_to_json (view->self->jobs, view->self->contexts, job, TRUE));
  hero_page_done (page);
}

void
hero_proc_render_job (HeroProc *self, HeroPage *page, guint32 own)
{
  const char *rest = hero_page_get_rest (page);
  guint64 id = 0;
  ProcJob *job = NULL;
  View *view;

  if (g_ascii_string_to_unsigned (rest, 10, 1, G_MAXUINT32, &id, NULL))
    job = proc_jobs_get (self->jobs, (guint32)id);
  if (job == NULL || (own != 0 && job->context != own))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no job \"%s\".", rest));
      return;
    }
  view = g_new (View, 1);
  *view = (View){ self, page, proc_job_ref (job) };
  proc_job_read_tails (job, self->capture, self->logs, self->log_workers, on_tails, view);
}
