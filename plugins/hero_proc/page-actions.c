/* page-actions.c: the tab Actions on admin.sock: what can be run, by what it is started, and a page for each. Service
 * thread. */
#include <string.h>

#include "page-job.h"
#include "page-parts.h"
#include "secret-ref.h"

enum
{
  RECENT_JOBS = 20,
};

/* What the clock does with it; "" = nothing. Transfer full. */
static char *
describe_schedule (const ProcAction *action)
{
  if (action->schedule_error != NULL)
    return g_strdup ("not understood");
  return action->schedule != NULL ? proc_schedule_policy_words (action->schedule) : g_strdup ("");
}

/* Transfer full. */
static char *
join_names (const GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *)names->pdata[i]);
  return g_string_free (text, FALSE);
}

/* One that services use cannot be deleted: then there is no button for it. */
static void
write_actions (HeroPage *page, const ProcAction *action, gboolean in_use)
{
  hero_page_action (page, "Run now", "job.create", NULL, "action", action->name, NULL);
  if (!in_use)
    hero_page_action (page, "Delete", "action.delete", "Its definition and the records of its jobs are gone for good.",
                      "name", action->name, NULL);
}

/* ---------------------------------------------------------------------------------------------- all of them */

static void
write_row (HeroPage *page, const ProcAction *action, const GPtrArray *users)
{
  g_autofree char *href = g_strconcat ("/actions/", action->name, NULL);
  g_autofree char *schedule = describe_schedule (action), *used_by = join_names (users);

  hero_page_row_begin (page, action->name);
  hero_page_cell_link (page, href, action->name);
  hero_page_cell (page, "%s", action->interpreter);
  hero_page_cell (page, "%s", schedule);
  proc_page_cell_tags (page, action->tags);
  hero_page_cell (page, "%s", used_by);
  hero_page_cell (page, "%s", action->description);
  write_actions (page, action, users != NULL);
  hero_page_row_end (page);
}

static void
write_form (HeroPage *page)
{
  proc_page_filter_begin (page);
  proc_page_filter_text (page, "Name", "prefix", "begins with");
  proc_page_filter_text (page, "Tag", "tag", "all");
  proc_page_filter_end (page);
}

static gboolean
passes (HeroPage *page, const ProcAction *action, guint32 own)
{
  const char *tag = proc_page_asked (page, "tag");

  return (own == 0 || action->context == own) && g_str_has_prefix (action->name, proc_page_asked (page, "prefix"))
         && (*tag == '\0' || g_strv_contains ((const char *const *)action->tags, tag));
}

static void
render_list (HeroProc *self, HeroPage *page, guint32 own)
{
  g_autoptr (GPtrArray) actions = proc_actions_list (self->actions);
  g_autoptr (GHashTable) users = proc_services_get_users (self->services);
  ProcPageRange range = proc_page_range_read (page);
  g_autofree char *href = proc_page_filter_href (page, "/actions", "prefix", "tag", NULL);

  hero_page_heading (page, "Actions");
  write_form (page);
  hero_page_table_begin (
      page, "actions", "Action|Interpreter|Schedule|Tags|Used by|Description|",
      "No action matches: choose another name or tag, or define one with action.set, on the API tab.");
  for (guint i = 0; i < actions->len && !range.has_more; i++)
    if (passes (page, actions->pdata[i], own) && proc_page_range_takes (&range))
      write_row (page, actions->pdata[i], g_hash_table_lookup (users, ((ProcAction *)actions->pdata[i])->name));
  hero_page_table_end (page);
  proc_page_range_end (&range, page, href, "Previous", "Next");
  hero_page_done (page);
}

/* ---------------------------------------------------------------------------------------------- one of them */

static void
write_ms (HeroPage *page, const char *label, guint ms, const char *none)
{
  if (ms != 0)
    hero_page_fact (page, label, "%g s", ms / 1000.0);
  else
    hero_page_fact (page, label, "%s", none);
}

static void
write_facts (HeroPage *page, const ProcAction *action)
{
  g_autofree char *schedule = describe_schedule (action), *tags = g_strjoinv (", ", action->tags);

  hero_page_facts_begin (page);
  hero_page_fact (page, "Interpreter", "%s", action->interpreter);
  hero_page_fact (page, "Kind", "%s", action->is_process ? "process" : "task");
  hero_page_fact (page, "Terminal", "%s", action->tty.enabled ? "yes" : "no");
  hero_page_fact (page, "Restart", "%s", proc_restart_words[action->restart]);
  if (action->retry.max_attempts != 0)
    hero_page_fact_int (page, "Attempts at most", action->retry.max_attempts);
  else
    hero_page_fact (page, "Attempts at most", "no limit");
  if (!action->is_process)
    write_ms (page, "Time limit", action->timeout_ms, "none");
  hero_page_fact (page, "Stopped by", "%s", proc_signal_name (action->stop_signal));
  write_ms (page, "Killed after", action->stop_timeout_ms, "no wait");
  hero_page_fact (page, "Folder", "%s", action->cwd != NULL ? action->cwd : "home");
  if (*schedule != '\0')
    hero_page_fact (page, "Schedule", "%s", schedule);
  if (*tags != '\0')
    hero_page_fact (page, "Tags", "%s", tags);
  hero_page_fact_int (page, "Revision", action->revision);
  hero_page_facts_end (page);
}

/* What runs, and what it is given. */
static void
write_script (HeroPage *page, const ProcAction *action)
{
  g_autofree char *args = g_strjoinv ("\n", action->args);

  if (*action->script != '\0')
    {
      hero_page_heading (page, "Script");
      hero_page_pre (page, action->script);
    }
  if (*args != '\0')
    {
      hero_page_heading (page, "Arguments");
      hero_page_pre (page, args);
    }
}

static void
write_variable (HeroPage *page, const char *name, gsize length, const char *value, const char *from)
{
  g_autofree char *key = g_strndup (name, length);

  hero_page_row_begin (page, key);
  hero_page_cell (page, "%s", key);
  hero_page_cell (page, "%s", value);
  hero_page_cell (page, "%s", from);
  hero_page_row_end (page);
}

/* Secrets by their keys. */
static void
write_environment (HeroPage *page, const ProcAction *action)
{
  if (action->env[0] == NULL && action->env_secrets[0] == NULL)
    return;
  hero_page_heading (page, "Environment");
  hero_page_table_begin (page, "environment", "Variable$|Value$|From", "");
  for (guint i = 0; action->env[i] != NULL; i++)
    {
      const char *value = strchr (action->env[i], '=');

      write_variable (page, action->env[i], (gsize)(value - action->env[i]), value + 1, "definition");
    }
  for (guint i = 0; action->env_secrets[i] != NULL; i++)
    {
      guint32 context = action->context;
      const char *key;
      gsize length;

      proc_secret_ref_parse (action->env_secrets[i], &length, &context, &key);
      write_variable (page, action->env_secrets[i], length, key, "secret");
    }
  hero_page_table_end (page);
}

static void
write_users (HeroPage *page, const GPtrArray *users)
{
  if (users == NULL)
    return;
  hero_page_heading (page, "Used by");
  hero_page_table_begin (page, "users", "Service", "");
  for (guint i = 0; i < users->len; i++)
    {
      g_autofree char *href = g_strconcat ("/services/", (const char *)users->pdata[i], NULL);

      hero_page_row_begin (page, users->pdata[i]);
      hero_page_cell_link (page, href, users->pdata[i]);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

/* The newest first. */
static void
write_jobs (HeroProc *self, HeroPage *page, const ProcAction *action, guint32 own)
{
  const GQueue *jobs = proc_jobs_of_action (self->jobs, action->name);
  g_autofree char *name = g_uri_escape_string (action->name, NULL, FALSE);
  g_autofree char *href = g_strconcat ("/jobs?action=", name, NULL);
  guint n_rows = 0;

  hero_page_heading (page, "Recent jobs");
  hero_page_table_begin (page, "jobs", PROC_PAGE_JOB_COLUMNS, "It has not run yet.");
  for (GList *l = jobs != NULL ? jobs->tail : NULL; l != NULL && n_rows < RECENT_JOBS; l = l->prev)
    {
      const ProcJob *job = l->data;

      if ((own != 0 && job->context != own) || job->archived)
        continue;
      hero_proc_write_job_row (page, job);
      n_rows++;
    }
  hero_page_table_end (page);
  hero_page_link (page, href, "All jobs of it");
}

static void
render_one (HeroProc *self, HeroPage *page, guint32 own, const char *name)
{
  const ProcAction *action = proc_actions_get (self->actions, name);
  g_autoptr (GHashTable) all_users = NULL;
  const GPtrArray *users;

  if (action == NULL || (own != 0 && action->context != own))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no action \"%s\".", name));
      return;
    }
  all_users = proc_services_get_users (self->services);
  users = g_hash_table_lookup (all_users, name);
  hero_page_set_title (page, "%s", name);
  hero_page_heading (page, name);
  if (*action->description != '\0')
    hero_page_text (page, "%s", action->description);
  if (action->schedule_error != NULL)
    hero_page_note (page, "bad", "Its schedule is not understood and starts nothing: %s. Set it anew.",
                    action->schedule_error);
  write_facts (page, action);
  proc_page_buttons_begin (page);
  write_actions (page, action, users != NULL);
  proc_page_buttons_end (page);
  write_script (page, action);
  write_environment (page, action);
  write_users (page, users);
  write_jobs (self, page, action, own);
  proc_page_json (page, "Definition", proc_action_to_json (action));
  hero_page_done (page);
}

void
hero_proc_render_actions (gpointer data, HeroPage *page)
{
  guint32 own = proc_page_get_context (page);
  const char *name = hero_page_get_rest (page);

  if (*name == '\0')
    render_list (data, page, own);
  else
    render_one (data, page, own, name);
}
