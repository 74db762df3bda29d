/* admin.c: the tabs of the admin page: repositories, one of them, search, jobs. Service thread. */
#include "admin.h"

#include <string.h>

#include "hero_code-resource.h"
#include "path.h"
#include "rpc.h"
#include "work.h"

#define PAGE_FILES 50

static const char *
text_of (JsonObject *object, const char *member)
{
  return json_object_get_string_member_with_default (object, member, "");
}

/* 0 when there is none yet, or null. */
static gint64
int_of (JsonObject *object, const char *member)
{
  return json_object_get_int_member_with_default (object, member, 0);
}

static JsonObject *
object_of (JsonObject *object, const char *member)
{
  return json_object_has_member (object, member) && !json_object_get_null_member (object, member)
             ? json_object_get_object_member (object, member)
             : NULL;
}

/* ---- repositories */

static void
write_row (HeroPage *page, JsonObject *repo)
{
  const char *id = text_of (repo, "id");
  JsonObject *counts = object_of (repo, "counts"), *error = object_of (repo, "error"),
             *commit = object_of (repo, "last_commit");
  g_autofree char *escaped = g_uri_escape_string (id, "/", FALSE);
  g_autofree char *href = g_strconcat ("/repos/", escaped, NULL);
  gboolean stale = json_object_get_boolean_member_with_default (repo, "stale", FALSE);
  gint64 changes = counts != NULL ? int_of (counts, "staged") + int_of (counts, "unstaged")
                                        + int_of (counts, "untracked") + int_of (counts, "conflicted")
                                  : 0;

  hero_page_row_begin (page, id);
  hero_page_cell_link (page, href, id);
  hero_page_cell (page, "%s", text_of (repo, "branch"));
  hero_page_cell_int (page, int_of (repo, "ahead"));
  hero_page_cell_int (page, int_of (repo, "behind"));
  hero_page_cell_int (page, changes);
  hero_page_cell_int (page, commit != NULL ? int_of (json_object_get_object_member (commit, "committer"), "at") : 0);
  hero_page_cell (page, "%s", commit != NULL ? text_of (commit, "summary") : "");
  hero_page_cell (page, "%s",
                  error != NULL ? text_of (error, "code_name")
                  : stale       ? "waiting"
                                : text_of (repo, "state"));
  hero_page_row_end (page);
}

static void
show_list (Code *self, HeroPage *page)
{
  g_autoptr (JsonObject) all = json_object_new ();
  g_autoptr (GPtrArray) ids = code_repos_match (self->repos, all);
  const GPtrArray *warnings = code_repos_get_warnings (self->repos);
  g_autofree char *empty = g_strdup_printf ("No repository below %s: clone one there, then scan.", self->coderoot);

  hero_page_heading (page, "Repositories");
  if (code_repos_has_failed (self->repos))
    hero_page_note (page, "warn", "%s cannot be read: make the directory, or set coderoot to another.", self->coderoot);
  for (guint i = 0; i < warnings->len; i++)
    hero_page_note (page, "plain", "%s", (const char *)warnings->pdata[i]);
  hero_page_cell_action (page, "Scan again", "repo.scan", NULL, NULL);
  hero_page_table_begin (page, "repos", "Repository|Branch|Ahead#|Behind#|Changes#|Last commit@|Summary|State!", empty);
  for (guint i = 0; i < ids->len; i++)
    write_row (page, code_repos_get (self->repos, ids->pdata[i]));
  hero_page_table_end (page);
  hero_page_done (page);
}

typedef struct
{
  Code *self;
  HeroPage *page;
  char *repo;
} View;

static void
view_end (View *view, const GError *error)
{
  if (error != NULL)
    hero_page_fail (view->page, g_error_new_literal (HERO_ERROR, HERO_ERROR_NOT_FOUND, error->message));
  else
    hero_page_done (view->page);
  g_free (view->repo);
  g_free (view);
}

static void
write_status (HeroPage *page, JsonObject *status)
{
  JsonArray *items = json_object_get_array_member (status, "items");

  hero_page_heading (page, "Changes");
  hero_page_table_begin (page, "changes", "Path$|Index|Work tree|Kind", "Nothing has changed since the last commit.");
  for (guint i = 0; i < MIN (json_array_get_length (items), 1000); i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);

      hero_page_row_begin (page, text_of (item, "path"));
      hero_page_cell (page, "%s", text_of (item, "path"));
      hero_page_cell (page, "%s", text_of (item, "x"));
      hero_page_cell (page, "%s", text_of (item, "y"));
      hero_page_cell (page, "%s", text_of (item, "kind"));
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
status_ready (gpointer result, const GError *error, gpointer data)
{
  View *view = data;
  g_autoptr (JsonObject) status = result;

  if (status != NULL)
    write_status (view->page, status);
  else
    hero_page_note (view->page, "warn", "%s", error->message);
  view_end (view, NULL);
}

static void
write_commands (HeroPage *page, JsonObject *repo)
{
  JsonArray *commands
      = json_object_has_member (repo, "local_commands") ? json_object_get_array_member (repo, "local_commands") : NULL;

  if (commands == NULL || json_array_get_length (commands) == 0)
    return;
  hero_page_heading (page, "Programs that git may start here");
  for (guint i = 0; i < json_array_get_length (commands); i++)
    hero_page_text (page, "%s", json_array_get_string_element (commands, i));
}

static void
write_repo (HeroPage *page, JsonObject *repo)
{
  JsonObject *commit = object_of (repo, "last_commit"), *error = object_of (repo, "error"),
             *head = object_of (repo, "head");
  const char *base = hero_page_get_base_path (page);

  hero_page_set_title (page, "%s", text_of (repo, "id"));
  hero_page_heading (page, text_of (repo, "id"));
  if (error != NULL)
    hero_page_note (page, "bad", "%s", text_of (error, "message"));
  hero_page_facts_begin (page);
  hero_page_fact (page, "Branch", "%s", text_of (repo, "branch"));
  hero_page_fact (page, "Upstream", "%s", head != NULL ? text_of (head, "upstream") : "");
  hero_page_fact_int (page, "Ahead", int_of (repo, "ahead"));
  hero_page_fact_int (page, "Behind", int_of (repo, "behind"));
  hero_page_fact_int (page, "Branches", int_of (repo, "branches"));
  hero_page_fact_int (page, "Tags", int_of (repo, "tags"));
  hero_page_fact_int (page, "Stashes", int_of (repo, "stashes"));
  hero_page_fact_state (page, "State", text_of (repo, "state"));
  hero_page_facts_end (page);
  if (commit != NULL)
    hero_page_text (page, "Last commit %s: %s", text_of (commit, "short"), text_of (commit, "summary"));
  if (g_str_has_suffix (base, "/admin"))
    {
      g_autofree char *escaped = g_uri_escape_string (text_of (repo, "id"), "/", FALSE);

      hero_page_htmlf (page, "<p><a href=\"%.*s/editor/?repo=%s\">Open in the editor</a></p>",
                       (int)(strlen (base) - strlen ("/admin")), base, escaped);
    }
  write_commands (page, repo);
}

static void
repo_ready (gpointer result, const GError *error, gpointer data)
{
  View *view = data;
  g_autoptr (JsonObject) repo = result;
  CodeRepoAsk *input;

  if (repo == NULL || object_of (repo, "error") != NULL)
    {
      if (repo != NULL)
        write_repo (view->page, repo);
      view_end (view, error);
      return;
    }
  write_repo (view->page, repo);
  code_repos_put (view->self->repos, json_object_ref (repo));
  input = g_new0 (CodeRepoAsk, 1);
  input->policy = &view->self->policy;
  input->repo = g_strdup (view->repo);
  input->untracked = CODE_UNTRACKED_NORMAL;
  code_pool_run (view->self->requests, code_work_status, input, code_repo_ask_free, NULL, status_ready, view);
}

static void
render_repos (gpointer data, HeroPage *page)
{
  Code *self = data;
  const char *id = hero_page_get_rest (page);
  g_autoptr (GError) error = NULL;
  CodeRepoAsk *input;
  View *view;

  if (*id == 0)
    {
      show_list (self, page);
      return;
    }
  view = g_new0 (View, 1);
  *view = (View){ self, page, g_strdup (id) };
  if (!code_path_check ("repo", id, &error))
    {
      view_end (view, error);
      return;
    }
  input = g_new0 (CodeRepoAsk, 1);
  input->policy = &self->policy;
  input->repo = g_strdup (id);
  code_pool_run (self->requests, code_work_describe, input, code_repo_ask_free, NULL, repo_ready, view);
}

/* ---- search */

static void
write_search_form (HeroPage *page)
{
  const char *pattern = hero_page_get_query (page, "q");
  const char *repo = hero_page_get_query (page, "repo");

  hero_page_heading (page, "Search");
  hero_page_htmlf (page,
                   "<form method=\"get\" action=\"%s/search\"><div class=\"field\"><label for=\"q\">Text</label>"
                   "<input id=\"q\" name=\"q\" type=\"search\" value=\"%s\"></div>"
                   "<div class=\"field\"><label for=\"repo\">Repositories</label><input id=\"repo\" name=\"repo\" "
                   "value=\"%s\" placeholder=\"part of the id; empty = all\"></div>"
                   "<div class=\"row\"><button type=\"submit\" class=\"primary\">Search</button></div></form>",
                   hero_page_get_base_path (page), pattern != NULL ? pattern : "", repo != NULL ? repo : "");
}

static void
write_found (HeroPage *page, JsonObject *found)
{
  JsonArray *files = json_object_get_array_member (found, "files");
  JsonObject *stats = json_object_get_object_member (found, "stats");

  hero_page_text (page, "Matching lines: %d, in files: %d. Files read: %d, in %d ms.",
                  (int)int_of (stats, "lines_matched"), (int)int_of (stats, "files_matched"),
                  (int)int_of (stats, "files_scanned"), (int)int_of (stats, "duration_ms"));
  if (json_object_get_boolean_member (found, "truncated"))
    hero_page_note (page, "warn", "The search ended early: %s.", text_of (found, "reason"));
  hero_page_table_begin (page, "found", "Repository|File$|Line#|Text$", "Nothing was found: try other words.");
  for (guint i = 0; i < MIN (json_array_get_length (files), PAGE_FILES); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);
      JsonArray *matches = json_object_get_array_member (file, "matches");

      for (guint k = 0; k < json_array_get_length (matches); k++)
        {
          JsonObject *match = json_array_get_object_element (matches, k);
          g_autofree char *key = g_strdup_printf ("%u.%u", i, k);

          hero_page_row_begin (page, key);
          hero_page_cell (page, "%s", text_of (file, "repo"));
          hero_page_cell (page, "%s", text_of (file, "path"));
          hero_page_cell_int (page, int_of (match, "line"));
          hero_page_cell (page, "%s", text_of (match, "preview"));
          hero_page_row_end (page);
        }
    }
  hero_page_table_end (page);
  if (json_array_get_length (files) > PAGE_FILES)
    hero_page_text (page, "The first %d files are shown; search.code gives the others.", PAGE_FILES);
}

static void
search_ready (gpointer result, const GError *error, gpointer data)
{
  View *view = data;
  g_autoptr (JsonObject) found = result;

  write_search_form (view->page);
  if (found != NULL)
    write_found (view->page, found);
  else
    hero_page_note (view->page, "warn", "%s", error->message);
  view_end (view, NULL);
}

static void
search_known (gpointer result, const GError *error, gpointer data)
{
  View *view = data;
  const char *part = hero_page_get_query (view->page, "repo");
  g_autoptr (JsonObject) filter = json_object_new ();
  g_autoptr (GPtrArray) ids = NULL;
  CodeSearch *search;

  if (error != NULL)
    {
      search_ready (NULL, error, view);
      return;
    }
  if (part != NULL && *part != 0)
    json_object_set_string_member (filter, "filter", part);
  ids = code_repos_match (view->self->repos, filter);
  g_ptr_array_add (ids, NULL);
  search = code_search_new (view->self, hero_page_get_query (view->page, "q"), g_strdupv ((char **)ids->pdata));
  code_pool_run (view->self->searches, code_work_search, search, code_search_free,
                 hero_http_request_get_cancellable (hero_page_get_request (view->page)), search_ready, view);
}

static void
render_search (gpointer data, HeroPage *page)
{
  Code *self = data;
  const char *pattern = hero_page_get_query (page, "q");
  View *view;

  if (pattern == NULL || *pattern == 0)
    {
      write_search_form (page);
      hero_page_done (page);
      return;
    }
  view = g_new0 (View, 1);
  *view = (View){ self, page, NULL };
  code_repos_when_known (self->repos, FALSE, search_known, view);
}

/* ---- jobs */

static void
render_jobs (gpointer data, HeroPage *page)
{
  Code *self = data;
  g_autoptr (JsonObject) jobs = code_jobs_list (self->jobs, NULL, NULL);
  JsonArray *items = json_object_get_array_member (jobs, "items");

  hero_page_heading (page, "Jobs");
  hero_page_table_begin (page, "jobs", "Job$|Kind|State!|Progress#|Created@|Finished@|",
                         "No job yet: scan the repositories to make one.");
  for (guint i = 0; i < MIN (json_array_get_length (items), 1000); i++)
    {
      JsonObject *job = json_array_get_object_element (items, i);
      JsonObject *progress = json_object_get_object_member (job, "progress");

      hero_page_row_begin (page, text_of (job, "id"));
      hero_page_cell (page, "%s", text_of (job, "id"));
      hero_page_cell (page, "%s", text_of (job, "kind"));
      hero_page_cell (page, "%s", text_of (job, "state"));
      hero_page_cell (page, "%d/%d", (int)int_of (progress, "done"), (int)int_of (progress, "total"));
      hero_page_cell_int (page, int_of (job, "created_at"));
      hero_page_cell_int (page, int_of (job, "finished_at"));
      if (g_str_equal (text_of (job, "state"), "running"))
        hero_page_action (page, "Cancel", "job.cancel", NULL, "id", text_of (job, "id"), NULL);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

void
code_admin_register (Code *self)
{
  static const HeroPageTab tabs[] = {
    { "repos", "Repositories", render_repos, "repo.*|scan.*" },
    { "search", "Search", render_search },
    { "jobs", "Jobs", render_jobs, "job.*" },
    { NULL },
  };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs, .resource_prefix = "/hero_code/static");

  hero_service_set_page (self->ctx, &spec, hero_code_get_resource (), self);
}
