/*
 * editor-page.c: the page that shows files: left the directory, right the text, all made here, so that it reads without
 * a script. Service thread; the files are looked at on a worker.
 */
#include "editor.h"

#include <string.h>

#include "file-list.h"
#include "file-read.h"
#include "path.h"
#include "rpc.h"
#include "work.h"

#define NUMBERED_LINES 20000 /* longer files have no links on their line numbers */
#define CSP "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'"

/* As in the title bar of the admin pages; shell.js knows it by its class. */
#define THEME_BUTTON                                                                                                   \
  "<button type=\"button\" class=\"theme icon plain needs-js\" aria-label=\"Switch between dark and light\" "          \
  "title=\"Dark or light (t)\"><svg viewBox=\"0 0 20 20\" aria-hidden=\"true\" fill=\"currentColor\">"                 \
  "<path d=\"M10 2a8 8 0 1 0 0 16zm1 0v16a8 8 0 0 0 0-16z\" fill-opacity=\".35\"/>"                                    \
  "<path d=\"M10 2a8 8 0 0 0 0 16z\"/></svg></button>"

typedef struct
{
  Code *self;
  HeroHttpRequest *request;
  char *repo, *path; /* repo NULL: the list of repositories */
} View;

static void
view_free (gpointer data)
{
  View *view = data;

  g_free (view->repo);
  g_free (view->path);
  g_free (view);
}

/* ---- on the worker: {dir,list,file,fault} */

static JsonObject *
list_of (const View *view, const char *dir, GCancellable *cancellable, GError **error)
{
  const CodeList list = { view->repo, (char *)dir, 1, &view->self->policy };

  return code_file_list (&list, cancellable, error);
}

static void
add_file (JsonObject *result, const View *view, GCancellable *cancellable)
{
  const CodeRead read = { .repo = view->repo,
                          .path = view->path,
                          .offset = -1,
                          .length = -1,
                          .max_bytes = hero_service_get_integer (view->self->ctx, "max_file_bytes"),
                          .read_only = TRUE,
                          .policy = &view->self->policy };
  g_autoptr (GError) error = NULL;
  JsonObject *file = code_file_read (&read, cancellable, &error);

  if (file != NULL)
    json_object_set_object_member (result, "file", file);
  else
    json_object_set_string_member (result, "fault", error->message);
}

static gpointer
look (gpointer data, GCancellable *cancellable, GError **error)
{
  const View *view = data;
  g_autoptr (JsonObject) result = json_object_new ();
  g_autoptr (GError) fault = NULL;
  g_autofree char *dir = g_strdup (view->path);
  JsonObject *list = list_of (view, dir, cancellable, &fault);

  if (list == NULL && g_strcmp0 (code_error_get_name (fault), "not_a_directory") == 0)
    {
      char *slash = strrchr (dir, '/');

      dir[slash != NULL ? slash - dir : 0] = 0;
      add_file (result, view, cancellable);
      g_clear_error (&fault);
      list = list_of (view, dir, cancellable, &fault);
    }
  if (list == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return NULL;
    }
  json_object_set_string_member (result, "dir", dir);
  json_object_set_object_member (result, "list", list);
  return g_steal_pointer (&result);
}

/* ---- the document */

static void
append_escaped (GString *out, const char *text)
{
  g_autofree char *escaped = hero_html_escape (text);

  g_string_append (out, escaped);
}

static void
append_link (GString *out, const View *view, const char *repo, const char *path, const char *class_name,
             const char *text)
{
  g_autofree char *repo_part = g_uri_escape_string (repo, "/", FALSE);
  g_autofree char *path_part = g_uri_escape_string (path, "/", FALSE);

  g_string_append_printf (out, "<a class=\"%s\" href=\"", class_name);
  append_escaped (out, hero_http_request_get_base_path (view->request));
  g_string_append_printf (out, "/?repo=%s&amp;path=%s\">", repo_part, path_part);
  append_escaped (out, text);
  g_string_append (out, "</a>");
}

static void
begin_document (GString *out, const View *view, const char *title)
{
  g_autofree char *base = hero_html_escape (hero_http_request_get_base_path (view->request));
  g_autofree char *shown = hero_html_escape (title);

  g_string_append_printf (
      out,
      "<!DOCTYPE html>\n<html lang=\"en\" data-bs-theme=\"dark\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"base-path\" "
      "content=\"%s\">\n"
      "<meta name=\"hero-service\" content=\"hero_code\">\n"
      "<title>%s \xc2\xb7 Hero Code</title>\n<link rel=\"icon\" href=\"%s/static/shared/icon.svg\">\n"
      "<script src=\"%s/static/shared/theme.js\"></script>\n<link rel=\"stylesheet\" "
      "href=\"%s/static/shared/shell.css\">\n"
      "<link rel=\"stylesheet\" href=\"%s/static/editor.css\">\n<script defer "
      "src=\"%s/static/shared/shell.js\"></script>\n"
      "<script defer src=\"%s/static/editor.js\"></script>\n</head>\n"
      "<body class=\"editor\">\n<a class=\"skip\" href=\"#text\">Skip to the text</a>\n"
      "<header class=\"top\"><h1><a href=\"%s/\">Hero Code</a></h1><span class=\"state\">read-only</span>"
      "<span class=\"space\"></span>" THEME_BUTTON "</header>\n<div id=\"editor\">\n",
      base, shown, base, base, base, base, base, base, base);
}

static void
end_document (const View *view, guint status, GString *out)
{
  g_string_append (out, "</div>\n</body>\n</html>\n");
  hero_http_request_set_response_header (view->request, "Content-Security-Policy", CSP);
  hero_http_request_set_response_header (view->request, "Cache-Control", "no-store");
  hero_http_respond (view->request, status, "text/html; charset=utf-8", g_string_free_to_bytes (out));
}

/* ---- a directory */

static void
append_entry (GString *out, const View *view, JsonObject *entry)
{
  const char *type = json_object_get_string_member (entry, "type");
  const char *name = json_object_get_string_member (entry, "name");
  const char *path = json_object_get_string_member (entry, "path");
  const char *git = json_object_get_string_member_with_default (entry, "git", "");
  gboolean current = g_str_equal (path, view->path);
  g_autofree char *class_name = g_strdup_printf ("%s%s%s", type, current ? " current" : "",
                                                 json_object_get_boolean_member (entry, "ignored") ? " ignored" : "");

  g_string_append (out, "<li>");
  if (json_object_has_member (entry, "path_b64") || g_str_equal (type, "other"))
    append_escaped (out, name); /* no address that a link can carry, or nothing to show */
  else
    append_link (out, view, view->repo, path, class_name, name);
  if (*git != 0)
    {
      g_string_append (out, "<span class=\"git\">");
      append_escaped (out, git);
      g_string_append (out, "</span>");
    }
  g_string_append (out, "</li>\n");
}

/* The way from the repository down to the directory, each part a link. */
static void
append_way (GString *out, const View *view, const char *dir)
{
  g_string_append (out, "<p class=\"way\">");
  append_link (out, view, view->repo, "", "dir", view->repo);
  for (const char *end = dir; *dir != 0 && end != NULL;)
    {
      const char *start = end;
      g_autofree char *path = NULL;
      g_autofree char *name = NULL;

      end = strchr (start, '/');
      path = end != NULL ? g_strndup (dir, end - dir) : g_strdup (dir);
      name = end != NULL ? g_strndup (start, end - start) : g_strdup (start);
      g_string_append (out, " / ");
      append_link (out, view, view->repo, path, "dir", name);
      end = end != NULL ? end + 1 : NULL;
    }
  g_string_append (out, "</p>\n");
}

static void
append_tree (GString *out, const View *view, JsonObject *result)
{
  JsonArray *items = json_object_get_array_member (json_object_get_object_member (result, "list"), "items");

  g_string_append (out, "<nav id=\"tree\" aria-label=\"Files\">\n");
  append_way (out, view, json_object_get_string_member (result, "dir"));
  g_string_append (out, "<ul>\n");
  for (guint i = 0; i < json_array_get_length (items); i++)
    append_entry (out, view, json_array_get_object_element (items, i));
  g_string_append (out, json_array_get_length (items) > 0 ? "</ul></nav>\n" : "</ul><p>Empty.</p></nav>\n");
}

/* ---- a file */

static void
append_numbers (GString *out, gint64 n)
{
  g_string_append (out, "<pre class=\"numbers\" aria-hidden=\"true\">");
  for (gint64 line = 1; line <= n; line++)
    {
      if (n <= NUMBERED_LINES)
        g_string_append_printf (out, "<a id=\"L%d\" href=\"#L%d\">%d</a>\n", (int)line, (int)line, (int)line);
      else
        g_string_append_printf (out, "%" G_GINT64_FORMAT "\n", line);
    }
  g_string_append (out, "</pre>");
}

static void
append_raw_link (GString *out, const View *view)
{
  g_autofree char *repo = g_uri_escape_string (view->repo, "/", FALSE);
  g_autofree char *path = g_uri_escape_string (view->path, "/", FALSE);

  g_string_append (out, "<a href=\"");
  append_escaped (out, hero_http_request_get_base_path (view->request));
  g_string_append_printf (out, "/api/raw?repo=%s&amp;path=%s\">Download</a>", repo, path);
}

static void
append_file (GString *out, const View *view, JsonObject *file)
{
  gint64 lines = json_object_get_int_member (file, "lines");

  g_string_append (out, "<p class=\"about\"><strong>");
  append_escaped (out, view->path);
  g_string_append_printf (out, "</strong> %d lines, %d bytes, %s ", (int)lines,
                          (int)json_object_get_int_member (file, "size"), json_object_get_string_member (file, "eol"));
  append_raw_link (out, view);
  g_string_append (out, "</p>\n<div class=\"code\">");
  append_numbers (out, lines);
  g_string_append (out, "<pre class=\"text\" tabindex=\"0\"><code>");
  append_escaped (out, json_object_get_string_member (file, "content"));
  g_string_append (out, "</code></pre></div>\n");
}

static void
append_main (GString *out, const View *view, JsonObject *result)
{
  g_string_append (out, "<main id=\"text\" tabindex=\"-1\">\n");
  if (json_object_has_member (result, "file"))
    append_file (out, view, json_object_get_object_member (result, "file"));
  else if (json_object_has_member (result, "fault"))
    {
      g_string_append (out, "<section class=\"card\"><p>");
      append_escaped (out, json_object_get_string_member (result, "fault"));
      g_string_append (out, "</p><p>");
      append_raw_link (out, view);
      g_string_append (out, "</p></section>\n");
    }
  else
    g_string_append (out, "<p class=\"empty\">Choose a file on the left.</p>\n");
  g_string_append (out, "</main>\n");
}

static void
looked (gpointer data, const GError *error, gpointer user_data)
{
  const View *view = user_data;
  g_autoptr (JsonObject) result = data;
  GString *out = g_string_new (NULL);

  begin_document (out, view, *view->path != 0 ? view->path : view->repo);
  if (error != NULL)
    {
      g_string_append (out, "<main id=\"text\" tabindex=\"-1\"><section class=\"card\"><p>");
      append_escaped (out, error->message);
      g_string_append (out, "</p></section></main>\n");
    }
  else
    {
      append_tree (out, view, result);
      append_main (out, view, result);
    }
  end_document (view, error != NULL ? code_error_get_status (error) : 200, out);
}

/* ---- the repositories */

static void
repositories_known (gpointer result, const GError *error, gpointer user_data)
{
  View *view = user_data;
  g_autoptr (JsonObject) all = json_object_new ();
  g_autoptr (GPtrArray) ids = code_repos_match (view->self->repos, all);
  GString *out = g_string_new (NULL);

  begin_document (out, view, "Repositories");
  g_string_append (out, "<nav id=\"tree\" aria-label=\"Repositories\">\n<ul>\n");
  for (guint i = 0; error == NULL && i < ids->len; i++)
    {
      g_string_append (out, "<li>");
      append_link (out, view, ids->pdata[i], "", "repo", ids->pdata[i]);
      g_string_append (out, "</li>\n");
    }
  g_string_append (out, "</ul></nav>\n<main id=\"text\" tabindex=\"-1\"><p class=\"empty\">");
  if (error != NULL)
    append_escaped (out, error->message);
  else if (ids->len == 0)
    append_escaped (out, "There is no repository below coderoot yet: clone one there.");
  else
    append_escaped (out, "Choose a repository on the left.");
  g_string_append (out, "</p></main>\n");
  end_document (view, 200, out);
  view_free (view);
}

void
code_editor_page (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;
  const char *repo = hero_http_request_get_query (request, "repo");
  const char *path = hero_http_request_get_query (request, "path");
  g_autoptr (GError) error = NULL;
  View *view = g_new0 (View, 1);

  *view = (View){ self, request, repo != NULL && *repo != 0 ? g_strdup (repo) : NULL,
                  g_strdup (path != NULL ? path : "") };
  if (view->repo == NULL)
    {
      code_repos_when_known (self->repos, FALSE, repositories_known, view);
      return;
    }
  if (code_path_check ("path", view->path, &error) && code_path_check ("repo", view->repo, &error))
    {
      code_pool_run (self->requests, look, view, view_free, hero_http_request_get_cancellable (request), looked, view);
      return;
    }
  looked (NULL, error, view);
  view_free (view);
}
