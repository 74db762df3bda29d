/*
 * page.c: the tab Services (with a page for each) and the list of tabs on admin.sock. Log lines are searched on a worker, pages
 * are written on the service thread.
 */
#include "hero-proc.h"
#include "hero_proc-resource.h"

#include <string.h>

#include "log-query.h"
#include "page-parts.h"
#include "why.h"

enum
{
  DETAIL_LINES = 100,
};

/* ---------------------------------------------------------------------------------------------- services */

/* What a stop costs: names those that go down with it. Transfer full. */
static char *
describe_stop (HeroProc *self, ProcEntry *entry, const char *otherwise, const char *after)
{
  g_autoptr (GPtrArray) names = proc_services_get_dependents_up (self->services, entry);
  g_autofree char *list = NULL;

  if (names->len == 0)
    return g_strdup (otherwise);
  g_ptr_array_add (names, NULL);
  list = g_strjoinv (", ", (char **)names->pdata);
  return g_strdup_printf ("What requires it stops first: %s. %s", list, after);
}

static void
write_actions (HeroProc *self, HeroPage *page, ProcEntry *entry, ProcState state)
{
  const char *name = entry->spec->name;
  g_autofree char *stop = describe_stop (self, entry, "Its processes end.", "They come back when it is started again.");
  g_autofree char *restart
      = describe_stop (self, entry, "Its processes end and start anew.", "All of them start anew.");

  if (proc_state_is_up (state))
    {
      hero_page_action (page, "Stop", "service.stop", entry->spec->cascade_stop ? stop : "Its processes end.", "name",
                        name, NULL);
      hero_page_action (page, "Restart", "service.restart", restart, "name", name, NULL);
    }
  else if (state == PROC_STATE_BLOCKED)
    {
      hero_page_action (page, "Start", "service.start", NULL, "name", name, NULL);
      hero_page_action (page, "Give up", "service.stop", "It is not started when the way is free.", "name", name, NULL);
    }
  else
    hero_page_action (page, "Start", "service.start", NULL, "name", name, NULL);
}

/* The first reason, and how many more there are. Transfer full. */
static char *
shorten_reasons (GPtrArray *reasons)
{
  if (reasons->len == 0)
    return g_strdup ("");
  return reasons->len == 1 ? g_strdup (reasons->pdata[0])
                           : g_strdup_printf ("%s; and %u more", (const char *)reasons->pdata[0], reasons->len - 1);
}

static guint
count_restarts (const ProcEntry *entry)
{
  guint restarts = 0;

  for (guint i = 0; i < entry->jobs->len; i++)
    restarts += ((ProcJob *)entry->jobs->pdata[i])->restart_count;
  return restarts;
}

static void
write_row (HeroProc *self, HeroPage *page, ProcEntry *entry)
{
  const char *name = entry->spec->name;
  g_autofree char *href = g_strconcat ("/services/", name, NULL);
  const ProcJob *live = proc_entry_get_live (entry);
  ProcState state = proc_entry_get_state (entry);
  g_autoptr (GPtrArray) reasons = proc_why_get_reasons (self->services, entry);
  g_autofree char *why = shorten_reasons (reasons);

  hero_page_row_begin (page, name);
  hero_page_cell_link (page, href, name);
  hero_page_cell (page, "%s", proc_state_words[state]);
  hero_page_cell (page, "%s", why);
  hero_page_cell (page, "%s", proc_wanted_words[entry->spec->wanted]);
  proc_page_cell_pid (page, live != NULL ? live->pid : 0);
  hero_page_cell_int (page, live != NULL ? live->started_at : 0);
  hero_page_cell_int (page, count_restarts (entry));
  write_actions (self, page, entry, state);
  hero_page_row_end (page);
}

static gboolean
may_see (HeroPage *page, const ProcEntry *entry)
{
  guint32 own = proc_page_get_context (page);

  return own == 0 || entry->spec->context == own;
}

static gboolean
is_visible (const ProcEntry *entry, gpointer page)
{
  return may_see (page, entry);
}

/* Who depends on whom, below one service or all; nothing when nobody does. */
static void
write_tree (HeroProc *self, HeroPage *page, const char *name)
{
  g_autoptr (JsonObject) tree = proc_tree_to_json (self->services, name, is_visible, page);

  if (json_array_get_length (json_object_get_array_member (tree, "edges")) == 0)
    return;
  hero_page_heading (page, name != NULL ? "What it depends on" : "Dependencies");
  hero_page_pre (page, json_object_get_string_member (tree, "ascii"));
}

static void
write_dependents (HeroProc *self, HeroPage *page, const char *name)
{
  g_autoptr (GPtrArray) names
      = proc_graph_get_dependents (proc_services_get_graph (self->services), name, PROC_EDGES_ORDER);

  hero_page_table_begin (page, "dependents", "Needed by|State!|How", "No other service depends on it.");
  for (guint i = 0; i < names->len; i++)
    {
      const ProcEntry *entry = proc_services_get (self->services, names->pdata[i]);
      g_autofree char *href = g_strconcat ("/services/", (const char *)names->pdata[i], NULL);

      if (entry == NULL || !may_see (page, entry))
        continue;
      hero_page_row_begin (page, entry->spec->name);
      hero_page_cell_link (page, href, entry->spec->name);
      hero_page_cell (page, "%s", proc_state_words[proc_entry_get_state (entry)]);
      for (guint edge = 0; edge < PROC_N_EDGES; edge++)
        if (g_strv_contains ((const char *const *)entry->spec->edges[edge], name))
          {
            hero_page_cell (page, "%s", proc_edge_words[edge]);
            break;
          }
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

/* Why it is not as it should be, down to the root of it. */
static void
write_why (HeroProc *self, HeroPage *page, const ProcEntry *entry)
{
  g_autoptr (JsonObject) why = proc_why_to_json (self->services, entry);

  if (json_array_get_length (json_object_get_array_member (why, "reasons")) == 0)
    return;
  hero_page_note (page, json_object_get_boolean_member (why, "blocked") ? "warn" : "bad",
                  "Why it is %s:", json_object_get_string_member (why, "state"));
  hero_page_pre (page, json_object_get_string_member (why, "ascii"));
}

static void
render_list (HeroProc *self, HeroPage *page)
{
  g_autoptr (GPtrArray) entries = proc_services_list (self->services);

  hero_page_heading (page, "Services");
  hero_page_table_begin (page, "services", "Name|State!|Why|Wanted|Pid#|Since@|Restarts#|",
                         "No service yet: define the first one with service.set, on the API tab.");
  for (guint i = 0; i < entries->len; i++)
    if (may_see (page, entries->pdata[i]))
      write_row (self, page, entries->pdata[i]);
  hero_page_table_end (page);
  write_tree (self, page, NULL);
  hero_page_done (page);
}

/* ---------------------------------------------------------------------------------------------- log lines */

typedef struct
{
  HeroProc *self;
  HeroPage *page;
  ProcLogQuery *query;
  ProcLogResult *found;
} Lines;

static void
lines_free (gpointer data)
{
  Lines *lines = data;

  proc_log_query_free (lines->query);
  g_clear_pointer (&lines->found, proc_log_result_free);
  g_free (lines);
}

/* Worker thread. */
static void
find_lines (gpointer data)
{
  Lines *lines = data;

  lines->found = proc_log_query_run (lines->self->logs, lines->query, NULL); /* no cursor: it cannot fail */
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  Lines *lines = g_task_get_task_data (G_TASK (result));
  const ProcLogResult *found = lines->found;
  HeroPage *page = lines->page;

  hero_page_table_begin (page, "lines", "Time@|Source|Level|Line$", "Nothing was said yet.");
  for (guint i = 0; i < found->hits->len; i++)
    {
      const ProcLogHit *hit = found->hits->pdata[i];

      hero_page_row_begin (page, hit->cursor);
      hero_page_cell_int (page, hit->entry->ts_ms);
      hero_page_cell (page, "%s", hit->source);
      hero_page_cell (page, "%s", proc_level_name (hit->entry->level));
      hero_page_cell (page, "%s", hit->entry->content);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

/* The newest lines of a source, then the page is done. */
static void
end_with_lines (HeroProc *self, HeroPage *page, const char *src)
{
  guint32 own = proc_page_get_context (page);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_found, NULL);
  Lines *lines = g_new0 (Lines, 1);

  lines->self = self;
  lines->page = page;
  lines->query = g_new0 (ProcLogQuery, 1);
  lines->query->src = g_strdup (src);
  lines->query->any_context = own == 0;
  lines->query->context = own;
  lines->query->stream = -1;
  lines->query->descending = TRUE;
  lines->query->limit = DETAIL_LINES;
  g_task_set_task_data (task, lines, lines_free);
  proc_log_workers_push_task (self->log_workers, task, find_lines);
}

/* ---------------------------------------------------------------------------------------------- one service */

static void
write_jobs (HeroPage *page, const ProcEntry *entry)
{
  hero_page_heading (page, "Actions");
  hero_page_table_begin (page, "actions", "Action|Job$|Phase!|Pid#|Since@|Restarts#|Exit code|Last failure",
                         "It has not been started yet.");
  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];
      g_autofree char *code = job->exit_code >= 0 ? g_strdup_printf ("%d", job->exit_code) : g_strdup ("");

      hero_page_row_begin (page, job->action_name);
      hero_page_cell (page, "%s", job->action_name);
      hero_page_cell (page, "%u", job->id);
      hero_page_cell (page, "%s", proc_phase_words[job->phase]);
      proc_page_cell_pid (page, job->pid);
      hero_page_cell_int (page, job->started_at);
      hero_page_cell_int (page, job->restart_count);
      hero_page_cell (page, "%s", code);
      hero_page_cell (page, "%s", job->error != NULL ? job->error : "");
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_definition (HeroProc *self, HeroPage *page, const ProcEntry *entry)
{
  hero_page_heading (page, "Definition");
  for (guint i = 0; entry->spec->actions[i] != NULL; i++)
    {
      const ProcAction *action = proc_actions_get (self->actions, entry->spec->actions[i]);

      if (action == NULL)
        continue;
      hero_page_text (page, "%s (%s, restart %s)", action->name, action->interpreter,
                      proc_restart_words[action->restart]);
      hero_page_pre (page, action->script);
    }
}

static void
render_service (HeroProc *self, HeroPage *page, const char *name)
{
  ProcEntry *entry = proc_services_get (self->services, name);
  ProcState state;

  if (entry == NULL || !may_see (page, entry))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no service \"%s\".", name));
      return;
    }
  state = proc_entry_get_state (entry);
  hero_page_set_title (page, "%s", name);
  hero_page_heading (page, name);
  if (*entry->spec->description != '\0')
    hero_page_text (page, "%s", entry->spec->description);
  if (proc_services_needs_restart (self->services, entry))
    hero_page_note (page, "warn", "It was redefined since its start: restart it to make that count.");
  hero_page_facts_begin (page);
  hero_page_fact_state (page, "State", proc_state_words[state]);
  hero_page_fact (page, "Wanted", "%s", proc_wanted_words[entry->spec->wanted]);
  hero_page_fact (page, "Class", "%s", proc_class_words[entry->spec->service_class]);
  hero_page_fact_int (page, "Restarts", count_restarts (entry));
  hero_page_facts_end (page);
  write_actions (self, page, entry, state);
  hero_page_action (page, "Delete", "service.delete", "Its processes end and its definition is gone.", "name", name,
                    NULL);
  write_why (self, page, entry);
  write_jobs (page, entry);
  write_tree (self, page, name);
  hero_page_heading (page, "What depends on it");
  write_dependents (self, page, name);
  write_definition (self, page, entry);
  hero_page_heading (page, "Last lines");
  end_with_lines (self, page, name);
}

static void
render_services (gpointer data, HeroPage *page)
{
  const char *name = hero_page_get_rest (page);

  if (*name == '\0')
    render_list (data, page);
  else
    render_service (data, page, name);
}

void
hero_proc_register_page (HeroProc *self)
{
  static const HeroPageTab tabs[]
      = { { "services", "Services", render_services, .events = "service.*|job.*", .domain = "jobs" },
          { "actions", "Actions", hero_proc_render_actions, .events = "action.*|service.*|job.*", .domain = "jobs" },
          { "jobs", "Jobs", hero_proc_render_jobs, .events = "job.*", .domain = "jobs" },
          { "runs", "Runs", hero_proc_render_runs, .styles = "runs.css", .events = "run.*|job.*", .domain = "jobs" },
          { "output", "Job logs", hero_proc_render_logs, .scripts = "logs.js", .styles = "logs.css" },
          { "schedules", "Schedules", hero_proc_render_schedules, .events = "schedule.*|action.*|job.finished",
            .domain = "jobs" },
          { "terminal", "Terminal", hero_proc_render_terminal, .scripts = PROC_HAS_XTERM ? "xterm.js|terminal.js" : NULL,
            .styles = PROC_HAS_XTERM ? "xterm.css|terminal.css" : "terminal.css", .flags = HERO_PAGE_TERMINAL,
            .events = "job.*", .domain = "jobs" },
          { "secrets", "Secrets", hero_proc_render_secrets, .events = "secret.*", .domain = "secrets",
            .scripts = "secrets.js" },
          { NULL } };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs, .resource_prefix = "/hero_proc/static");

  hero_service_set_page (self->ctx, &spec, hero_proc_get_resource (), self);
}
