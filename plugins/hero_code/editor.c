/* editor.c: the REST routes of editor.sock: the methods of rpc.sock by GET (contract 10). Service thread. */
#include "editor.h"

#include <string.h>
#include <unistd.h>

#include "path.h"
#include "rpc.h"
#include "work.h"

#define LIMIT 1000

/* The query parameters repo and path, checked. FALSE: answered. */
static gboolean
read_address (Code *self, HeroHttpRequest *request, char **repo, char **path)
{
  const char *given_repo = hero_http_request_get_query (request, "repo");
  const char *given_path = hero_http_request_get_query (request, "path");
  g_autoptr (GError) error = NULL;

  if (given_path == NULL)
    given_path = "";
  if (given_repo != NULL && *given_repo == 0)
    given_repo = NULL;
  if (!code_path_check ("path", given_path, &error)
      || (given_repo != NULL && !code_path_check ("repo", given_repo, &error)))
    {
      code_ask_fail (code_ask_new_http (self, request), error);
      return FALSE;
    }
  *repo = g_strdup (given_repo);
  *path = g_strdup (given_path);
  return TRUE;
}

static gint64
query_integer (HeroHttpRequest *request, const char *name, gint64 least, gint64 most, gint64 fallback)
{
  const char *text = hero_http_request_get_query (request, name);
  gint64 value;

  return text != NULL && g_ascii_string_to_signed (text, 10, least, most, &value, NULL) ? value : fallback;
}

static void
get_config (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;
  JsonObject *config = json_object_new ();

  json_object_set_boolean_member (config, "read_only", TRUE);
  json_object_set_int_member (config, "max_file_bytes", hero_service_get_integer (self->ctx, "max_file_bytes"));
  json_object_set_string_member (config, "version", hero_service_get_version (self->ctx));
  json_object_set_boolean_member (config, "agents", FALSE);
  json_object_set_object_member (config, "prefs", json_object_new ());
  code_ask_answer (code_ask_new_http (self, request), config);
}

static void
repos_known (gpointer result, const GError *error, gpointer data)
{
  CodeAsk *ask = data;
  g_autoptr (JsonObject) all = json_object_new ();

  if (error != NULL)
    code_ask_fail (ask, error);
  else
    code_ask_answer (ask, code_repo_list_print (code_ask_get_code (ask), all, "id"));
}

static void
get_repos (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;
  CodeAsk *ask = code_ask_new_http (self, request);

  code_ask_set_paging (ask, "items", query_integer (request, "limit", 1, LIMIT, LIMIT));
  code_repos_when_known (self->repos, FALSE, repos_known, ask);
}

static void
get_tree (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;
  char *repo = NULL, *path = NULL;
  CodeList *list;
  CodeAsk *ask;

  if (!read_address (self, request, &repo, &path))
    return;
  list = g_new0 (CodeList, 1);
  *list = (CodeList){ repo, path, query_integer (request, "depth", 1, 5, 1), &self->policy };
  ask = code_ask_new_http (self, request);
  code_ask_set_paging (ask, "items", LIMIT);
  code_ask_run (ask, self->requests, code_work_list, list, code_list_free);
}

/* ---- one file */

/* Reads the file that the query names; `ready` answers. */
static void
read_file (Code *self, HeroHttpRequest *request, gboolean base64, CodeDone ready)
{
  char *repo = NULL, *path = NULL;
  CodeRead *read;

  if (!read_address (self, request, &repo, &path))
    return;
  read = g_new0 (CodeRead, 1);
  *read = (CodeRead){ .repo = repo,
                      .path = path,
                      .offset = -1,
                      .length = -1,
                      .base64 = base64,
                      .max_bytes = hero_service_get_integer (self->ctx, "max_file_bytes"),
                      .read_only = TRUE,
                      .policy = &self->policy };
  self->n_reads++;
  code_pool_run (self->requests, code_work_read, read, code_read_free, hero_http_request_get_cancellable (request), ready,
                 code_ask_new_http (self, request));
}

static void
file_ready (gpointer result, const GError *error, gpointer data)
{
  CodeAsk *ask = data;
  HeroHttpRequest *request = code_ask_get_request (ask);
  JsonObject *file = result;
  const char *version, *wanted;
  g_autofree char *etag = NULL;

  if (error != NULL)
    {
      code_ask_fail (ask, error);
      return;
    }
  version = json_object_get_string_member_with_default (file, "version", NULL);
  wanted = hero_http_request_get_header (request, "If-None-Match");
  etag = version != NULL ? g_strdup_printf ("\"%s\"", version) : NULL;
  if (etag != NULL)
    hero_http_request_set_response_header (request, "ETag", etag);
  if (etag == NULL || g_strcmp0 (etag, wanted) != 0)
    {
      code_ask_answer (ask, file);
      return;
    }
  json_object_unref (file);
  hero_http_respond (request, 304, NULL, NULL);
  g_free (ask);
}

static void
get_file (gpointer data, HeroHttpRequest *request)
{
  read_file (data, request, g_strcmp0 (hero_http_request_get_query (request, "encoding"), "base64") == 0, file_ready);
}

/* ---- the bytes of a file */

static const char *
inline_type (const char *path)
{
  static const struct
  {
    const char *suffix, *type;
  } known[] = { { ".png", "image/png" },
                { ".jpg", "image/jpeg" },
                { ".jpeg", "image/jpeg" },
                { ".gif", "image/gif" },
                { ".webp", "image/webp" } };
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_has_suffix (lower, known[i].suffix))
      return known[i].type;
  return NULL;
}

static void
raw_ready (gpointer result, const GError *error, gpointer data)
{
  CodeAsk *ask = data;
  HeroHttpRequest *request = code_ask_get_request (ask);
  g_autoptr (JsonObject) file = result;
  const char *type;
  guchar *bytes;
  gsize n;

  if (error != NULL)
    {
      code_ask_fail (ask, error);
      return;
    }
  type = inline_type (json_object_get_string_member (file, "path"));
  if (type == NULL)
    hero_http_request_set_response_header (request, "Content-Disposition", "attachment");
  hero_http_request_set_response_header (request, "X-Content-Type-Options", "nosniff");
  bytes = g_base64_decode (json_object_get_string_member (file, "content"), &n);
  hero_http_respond (request, 200, type != NULL ? type : "application/octet-stream", g_bytes_new_take (bytes, n));
  g_free (ask);
}

static void
get_raw (gpointer data, HeroHttpRequest *request)
{
  read_file (data, request, TRUE, raw_ready);
}

/* ---- status, search */

static void
get_status (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;
  char *repo = NULL, *path = NULL;
  CodeRepoAsk *input;
  CodeAsk *ask;

  if (!read_address (self, request, &repo, &path))
    return;
  g_free (path);
  input = g_new0 (CodeRepoAsk, 1);
  input->policy = &self->policy;
  input->repo = repo != NULL ? repo : g_strdup ("");
  input->untracked = CODE_UNTRACKED_NORMAL;
  ask = code_ask_new_http (self, request);
  code_ask_set_paging (ask, "items", LIMIT);
  code_ask_run (ask, self->requests, code_work_status, input, code_repo_ask_free);
}

static void
search_known (gpointer result, const GError *error, gpointer data)
{
  CodeAsk *ask = data;
  Code *self = code_ask_get_code (ask);
  HeroHttpRequest *request = code_ask_get_request (ask);
  const char *repo = hero_http_request_get_query (request, "repo");
  g_autoptr (JsonObject) filter = json_object_new ();
  g_autoptr (GPtrArray) ids = NULL;

  if (error != NULL)
    {
      code_ask_fail (ask, error);
      return;
    }
  if (repo != NULL && *repo != 0)
    {
      JsonArray *one = json_array_new ();

      json_array_add_string_element (one, repo);
      json_object_set_array_member (filter, "ids", one);
    }
  ids = code_repos_match (self->repos, filter);
  g_ptr_array_add (ids, NULL);
  code_ask_set_paging (ask, "files", 50);
  code_ask_run (
      ask, self->searches, code_work_search,
      code_search_new (self, hero_http_request_get_query (request, "pattern"), g_strdupv ((char **)ids->pdata)),
      code_search_free);
}

static void
get_search (gpointer data, HeroHttpRequest *request)
{
  Code *self = data;

  if (hero_http_request_get_query (request, "pattern") == NULL)
    hero_http_respond_error (request, 400, "pass pattern", "parameter 'pattern': expected string, got nothing");
  else
    code_repos_when_known (self->repos, FALSE, search_known, code_ask_new_http (self, request));
}

void
code_editor_register (Code *self)
{
  static const HeroHttpRoute routes[] = {
    { "GET", "/", code_editor_page },     { "GET", "/api/config", get_config }, { "GET", "/api/repos", get_repos },
    { "GET", "/api/tree", get_tree },     { "GET", "/api/file", get_file },     { "GET", "/api/raw", get_raw },
    { "GET", "/api/status", get_status }, { "GET", "/api/search", get_search }, { NULL },
  };

  HERO_ADD_ROUTES (self->ctx, "editor", routes, self);
}
