/* rpc-file.c: file.*, search.code. Service thread. */
#include <string.h>

#include "filter.h"
#include "path.h"
#include "rpc.h"
#include "work.h"

static void
fail (HeroRpcCall *call, const GError *error)
{
  hero_rpc_fail_data (call, error->code, code_error_get_data (error), "%s", error->message);
}

/* The address of a file: path or path_b64, and repo. FALSE: the call was answered. */
static gboolean
read_address (HeroRpcCall *call, char **repo, char **path)
{
  GBytes *bytes = hero_rpc_get_bytes (call, "path_b64");
  const char *given = hero_rpc_get_string (call, "repo");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (bytes == NULL)
    text = g_strdup (hero_rpc_get_string (call, "path"));
  else if (memchr (g_bytes_get_data (bytes, NULL), 0, g_bytes_get_size (bytes)) == NULL)
    text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (text == NULL)
    {
      hero_rpc_fail_param (call, "path_b64", "bytes without NUL", "a NUL");
      return FALSE;
    }
  if (!code_path_check (bytes != NULL ? "path_b64" : "path", text, &error)
      || (given != NULL && *given != 0 && !code_path_check ("repo", given, &error)))
    {
      fail (call, error);
      return FALSE;
    }
  *path = g_steal_pointer (&text);
  *repo = given != NULL && *given != 0 ? g_strdup (given) : NULL;
  return TRUE;
}

void
code_rpc_file_list (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  char *repo = NULL, *path = NULL;
  CodeList *list;
  CodeAsk *ask;

  if (!code_rpc_begin_page (self, call))
    return;
  if (hero_rpc_has (call, "rev") && *hero_rpc_get_string (call, "rev") != 0)
    {
      hero_rpc_fail_param (call, "rev", "nothing: this version lists work trees only", "a revision");
      return;
    }
  if (!read_address (call, &repo, &path))
    return;
  list = g_new0 (CodeList, 1);
  *list = (CodeList){ repo, path, hero_rpc_get_integer (call, "depth"), &self->policy };
  ask = code_ask_new_rpc (self, call);
  code_ask_set_paging (ask, "items", hero_rpc_get_integer (call, "limit"));
  code_ask_run (ask, self->requests, code_work_list, list, code_list_free);
}

/* Lines or bytes, not both, and the right way round. */
static gboolean
read_range (CodeRead *read, HeroRpcCall *call)
{
  gboolean lines = hero_rpc_has (call, "start_line") || hero_rpc_has (call, "end_line");

  read->start_line = hero_rpc_get_integer (call, "start_line");
  read->end_line = hero_rpc_get_integer (call, "end_line");
  read->offset = hero_rpc_has (call, "offset") ? hero_rpc_get_integer (call, "offset") : -1;
  read->length = hero_rpc_has (call, "length") ? hero_rpc_get_integer (call, "length") : -1;
  if (lines && (read->offset >= 0 || read->length >= 0))
    hero_rpc_fail_param (call, read->offset >= 0 ? "offset" : "length", "lines or bytes", "both");
  else if (read->end_line > 0 && read->end_line < read->start_line)
    hero_rpc_fail_param (call, "end_line", "a line not before start_line", "one before it");
  else if (lines && hero_rpc_has (call, "rev"))
    hero_rpc_fail_param (call, "rev", "nothing beside a range", "a revision");
  else
    return TRUE;
  return FALSE;
}

void
code_rpc_file_read (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  const char *rev = hero_rpc_get_string (call, "rev");
  CodeRead *read = g_new0 (CodeRead, 1);

  if (!read_address (call, &read->repo, &read->path) || !read_range (read, call))
    {
      code_read_free (read);
      return;
    }
  if (rev != NULL && *rev == '-')
    {
      code_read_free (read);
      hero_rpc_fail_param (call, "rev", "a revision that does not start with '-'", "one that does");
      return;
    }
  read->rev = rev != NULL && *rev != 0 ? g_strdup (rev) : NULL;
  read->base64 = g_str_equal (hero_rpc_get_string (call, "encoding"), "base64");
  read->max_bytes = hero_service_get_integer (self->ctx, "max_file_bytes");
  read->read_only = TRUE;
  read->policy = &self->policy;
  self->n_reads++;
  code_ask_run (code_ask_new_rpc (self, call), self->requests, code_work_read, read, code_read_free);
}

/* ---- search.code */

CodeSearch *
code_search_new (Code *self, const char *pattern, char **repos)
{
  CodeSearch *search = g_new0 (CodeSearch, 1);

  search->pattern = g_strdup (pattern);
  search->repos = repos;
  search->max_per_file = 20;
  search->max_lines = hero_service_get_integer (self->ctx, "search_max_lines");
  search->max_file_bytes = hero_service_get_integer (self->ctx, "search_max_file_bytes");
  search->timeout_us = hero_service_get_integer (self->ctx, "search_timeout_ms") * 1000;
  search->policy = &self->policy;
  self->n_searches++;
  return search;
}

static gboolean
refuse_absent (HeroRpcCall *call)
{
  const char *const *globs = hero_rpc_get_strings (call, "globs");
  const char *lang = hero_rpc_get_string (call, "lang");

  if (globs != NULL && globs[0] != NULL)
    hero_rpc_fail_param (call, "globs", "nothing: this version has no globs", "globs");
  else if (lang != NULL && *lang != 0)
    hero_rpc_fail_param (call, "lang", "nothing: this version knows no languages", "a language");
  else
    return TRUE;
  return FALSE;
}

/* Ids, or an object of the filter's members with the right types. NULL: the call was answered. */
static JsonObject *
read_repos (HeroRpcCall *call)
{
  JsonNode *node = hero_rpc_get_node (call, "repos");
  g_autoptr (JsonObject) filter = json_object_new ();
  g_autoptr (GError) error = NULL;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return g_steal_pointer (&filter);
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      json_object_set_array_member (filter, "ids", json_array_ref (json_node_get_array (node)));
      return g_steal_pointer (&filter);
    }
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      hero_rpc_fail_param (call, "repos", "an array of ids or an object", "something else");
      return NULL;
    }
  if (code_filter_check (json_node_get_object (node), &error))
    return json_object_ref (json_node_get_object (node));
  fail (call, error);
  return NULL;
}

/* Ids that are named must exist. */
static gboolean
check_ids (Code *self, HeroRpcCall *call, JsonObject *filter)
{
  JsonArray *ids = json_object_has_member (filter, "ids") ? json_object_get_array_member (filter, "ids") : NULL;

  for (guint i = 0; ids != NULL && i < json_array_get_length (ids); i++)
    {
      JsonNode *node = json_array_get_element (ids, i);
      const char *id = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      JsonObject *data;

      if (id != NULL && code_repos_get (self->repos, id) != NULL)
        continue;
      data = json_object_new ();
      json_object_set_string_member (data, "code_name", "repo_not_found");
      hero_rpc_fail_data (call, CODE_NOT_FOUND, data, "%s: no such repository", id != NULL ? id : "(not a text)");
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  Code *self;
  HeroRpcCall *call;
  JsonObject *filter; /* which repositories */
} Search;

static void
start_search (Code *self, HeroRpcCall *call, JsonObject *filter)
{
  const char *mode = hero_rpc_get_string (call, "case");
  g_autoptr (GPtrArray) ids = NULL;
  CodeSearch *search;
  CodeAsk *ask;

  if (!check_ids (self, call, filter))
    return;
  ids = code_repos_match (self->repos, filter);
  g_ptr_array_add (ids, NULL);
  search = code_search_new (self, hero_rpc_get_string (call, "pattern"), g_strdupv ((char **)ids->pdata));
  search->mode = g_str_equal (mode, "sensitive")     ? CODE_CASE_SENSITIVE
                 : g_str_equal (mode, "insensitive") ? CODE_CASE_INSENSITIVE
                                                     : CODE_CASE_SMART;
  search->word = hero_rpc_get_boolean (call, "word");
  search->count_only = hero_rpc_get_boolean (call, "count_only");
  search->ignored = hero_rpc_get_boolean (call, "ignored");
  search->context = hero_rpc_get_integer (call, "context");
  search->max_per_file = hero_rpc_get_integer (call, "max_matches_per_file");
  if (hero_rpc_has (call, "timeout_ms"))
    search->timeout_us = hero_rpc_get_integer (call, "timeout_ms") * 1000;
  ask = code_ask_new_rpc (self, call);
  code_ask_set_paging (ask, "files", hero_rpc_get_integer (call, "limit"));
  code_ask_run (ask, self->searches, code_work_search, search, code_search_free);
}

static void
repositories_known (gpointer result, const GError *error, gpointer data)
{
  g_autofree Search *search = data;

  if (error != NULL)
    code_ask_fail (code_ask_new_rpc (search->self, search->call), error);
  else
    start_search (search->self, search->call, search->filter);
  json_object_unref (search->filter);
}

void
code_rpc_search_code (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  JsonObject *filter;
  Search *search;

  if (!code_rpc_begin_page (self, call) || !refuse_absent (call) || (filter = read_repos (call)) == NULL)
    return;
  search = g_new (Search, 1);
  *search = (Search){ self, call, filter };
  code_repos_when_known (self->repos, code_filter_looks_inside (filter), repositories_known, search);
}
