/*
 * page-logs.c: the tab Job logs: the tree of sources with what each costs, and the lines that match. The files are read
 * on a worker, the page is written on the service thread.
 */
#include "page-parts.h"

#include <string.h>

#include "log-json.h"
#include "rpc-logs.h"

enum
{
  SHOWN_LINES = 500,
};

static const char *const ranges[][2] = { { "", "All" }, { "today", "Today" }, { "24h", "24 h" }, { "7d", "7 d" }, { "own", "From, to" } };
static const char *const levels[][2] = { { "", "All" }, { "10", "Info" }, { "20", "Notice" }, { "30", "Warning" }, { "40", "Critical" }, { "254", "Error" } };

typedef struct
{
  HeroProc *self;
  HeroPage *page;
  ProcLogQuery *query;
  gint64 context; /* whose sources are shown, -1 = all */
  ProcLogResult *found;
  GPtrArray *infos;
} View;

static void
view_free (gpointer data)
{
  View *view = data;

  proc_log_query_free (view->query);
  g_clear_pointer (&view->found, proc_log_result_free);
  g_clear_pointer (&view->infos, g_ptr_array_unref);
  g_free (view);
}

/* "" = absent. */
static const char *
asked (HeroPage *page, const char *name)
{
  const char *text = hero_page_get_query (page, name);

  return text != NULL ? text : "";
}

/* ---------------------------------------------------------------------------------------------- what is asked for */

/* What a field of type datetime-local says, in the server's time; 0 = nothing. */
static gint64
read_moment (const char *text)
{
  g_autoptr (GTimeZone) local = g_time_zone_new_local ();
  g_autofree char *full = strlen (text) == 16 ? g_strconcat (text, ":00", NULL) : g_strdup (text);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (full, local);

  return time != NULL ? g_date_time_to_unix (time) * 1000 : 0;
}

static ProcLogQuery *
read_query (HeroPage *page, guint32 own)
{
  ProcLogQuery *query = g_new0 (ProcLogQuery, 1);
  const char *range = asked (page, "range"), *context = asked (page, "context");
  guint64 number;

  query->src = *asked (page, "src") != '\0' ? g_strdup (asked (page, "src")) : NULL;
  query->text = *asked (page, "text") != '\0' ? g_utf8_casefold (asked (page, "text"), -1) : NULL;
  query->level = (guint)MAX (proc_level_parse (asked (page, "level")), 0);
  query->from_ms = MAX (proc_time_of_range (range), 0);
  if (strcmp (range, "own") == 0)
    {
      query->from_ms = read_moment (asked (page, "from"));
      query->to_ms = read_moment (asked (page, "to"));
    }
  query->any_context = own == 0;
  query->context = own;
  if (own == 0 && g_ascii_string_to_unsigned (context, 10, 0, G_MAXUINT32, &number, NULL))
    {
      query->any_context = FALSE;
      query->context = (guint32)number;
    }
  query->stream = -1;
  query->descending = TRUE;
  query->limit = SHOWN_LINES;
  return query;
}

/* ---------------------------------------------------------------------------------------------- the form */

static void
write_choice (HeroPage *page, const char *label, const char *name, const char *const (*options)[2], guint n_options)
{
  hero_page_htmlf (page, "<label>%s <select name=\"%s\">", label, name);
  for (guint i = 0; i < n_options; i++)
    {
      hero_page_htmlf (page, "<option value=\"%s\"", options[i][0]);
      hero_page_html (page, strcmp (asked (page, name), options[i][0]) == 0 ? " selected" : "");
      hero_page_htmlf (page, ">%s</option>", options[i][1]);
    }
  hero_page_html (page, "</select></label> ");
}

static void
write_form (HeroPage *page, gboolean may_choose_context)
{
  hero_page_html (page, "<form method=\"get\" class=\"logs-form\">");
  hero_page_htmlf (page, "<label>Source <input name=\"src\" value=\"%s\" placeholder=\"all\"></label> ",
                   asked (page, "src"));
  write_choice (page, "Level from", "level", levels, G_N_ELEMENTS (levels));
  hero_page_htmlf (page, "<label>Contains <input name=\"text\" type=\"search\" value=\"%s\"></label> ",
                   asked (page, "text"));
  write_choice (page, "Time", "range", ranges, G_N_ELEMENTS (ranges));
  hero_page_htmlf (page,
                   "<label class=\"own\">From <input type=\"datetime-local\" name=\"from\" value=\"%s\"></label> "
                   "<label class=\"own\">To <input type=\"datetime-local\" name=\"to\" value=\"%s\"></label> ",
                   asked (page, "from"), asked (page, "to"));
  if (may_choose_context)
    hero_page_htmlf (page, "<label>Context <input name=\"context\" inputmode=\"numeric\" size=\"6\" value=\"%s\" placeholder=\"all\"></label> ",
                     asked (page, "context"));
  hero_page_html (page, "<button>Show</button></form>\n");
}

/* ---------------------------------------------------------------------------------------------- the lines */

static void
write_line (HeroPage *page, const ProcLogHit *hit)
{
  const ProcLogEntry *entry = hit->entry;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (entry->ts_ms / 1000);
  g_autofree char *date = g_date_time_format (time, "%Y-%m-%d"), *clock = g_date_time_format (time, "%H:%M:%S");
  const char *tone = entry->level >= PROC_LEVEL_CRITICAL  ? "error"
                     : entry->level >= PROC_LEVEL_WARNING ? "warn"
                     : entry->level >= PROC_LEVEL_INFO    ? "info"
                                                          : "debug";

  g_autofree char *ms = g_strdup_printf ("%03d", (int)(entry->ts_ms % 1000));
  hero_page_htmlf (page,
                   "<li class=\"%s\"><time title=\"%s %s.%s\">%s.%s</time><span class=\"level\">%s</span>"
                   "<span class=\"src\">%s</span><span class=\"text\">%s</span></li>\n",
                   tone, date, clock, ms, clock, ms, proc_level_name (entry->level), hit->source, entry->content);
}

static void
write_lines (HeroPage *page, const ProcLogResult *found)
{
  hero_page_html (page, "<div class=\"grid-bar needs-js\"><button type=\"button\" data-logs=\"follow\" aria-pressed=\"false\">Follow"
                        "</button><button type=\"button\" data-logs=\"export\">Save as text</button>"
                        "<span class=\"grid-count\" role=\"status\" data-logs=\"status\"></span></div>\n");
  if (found->hits->len == 0)
    hero_page_html (page, "<p class=\"empty\" data-logs=\"empty\">No line matches: choose another source, level or time, "
                          "or follow to see what comes.</p>\n");
  else if (found->has_more)
    hero_page_htmlf (page, "<p>%s</p>\n",
                     found->partial ? "The search was ended after 64 MiB: a narrower time goes further back."
                                    : "The newest lines are shown; a narrower time or source shows older ones.");
  hero_page_html (page, "<div class=\"log logs\" tabindex=\"0\" aria-label=\"Log lines, oldest first\"><ol>\n");
  for (guint i = found->hits->len; i > 0; i--)
    write_line (page, found->hits->pdata[i - 1]);
  hero_page_html (page, "</ol></div>\n");
}

/* ---------------------------------------------------------------------------------------------- the tree */

static void
write_tree (HeroPage *page, GPtrArray *infos)
{
  g_autoptr (GPtrArray) nodes = proc_log_tree_new (infos);

  hero_page_table_begin (page, "sources", "Source|Size~|Dropped lines#", "No source has written a line yet.");
  for (guint i = 0; i < nodes->len; i++)
    {
      const ProcLogTreeNode *node = nodes->pdata[i];
      g_autofree char *href = g_strconcat ("/output?src=", node->src, NULL);

      hero_page_row_begin (page, node->src);
      hero_page_cell_link (page, href, node->src);
      hero_page_cell_int (page, (gint64)node->bytes);
      hero_page_cell_int (page, (gint64)node->dropped_lines);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

/* ---------------------------------------------------------------------------------------------- the page */

/* Worker thread. */
static void
find (gpointer data)
{
  View *view = data;

  view->found = proc_log_query_run (view->self->logs, view->query, NULL); /* no cursor: it cannot fail */
  view->infos = proc_log_store_describe (view->self->logs, NULL, view->context);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  View *view = g_task_get_task_data (G_TASK (result));
  HeroPage *page = view->page;

  hero_page_heading (page, "What the jobs say");
  write_form (page, proc_page_get_context (page) == 0);
  write_lines (page, view->found);
  hero_page_heading (page, "Sources");
  write_tree (page, view->infos);
  hero_page_done (page);
}

void
hero_proc_render_logs (gpointer data, HeroPage *page)
{
  HeroProc *self = data;
  guint32 own = proc_page_get_context (page);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_found, NULL);
  View *view = g_new0 (View, 1);

  view->self = self;
  view->page = page;
  view->query = read_query (page, own);
  view->context = own == 0 ? -1 : (gint64)own;
  g_task_set_task_data (task, view, view_free);
  proc_log_workers_push_task (self->log_workers, task, find);
}
