/* rpc-repo.c: repo.*, job.*, server.info. Service thread. */
#include "filter.h"
#include "path.h"
#include "rpc.h"
#include "work.h"

gboolean
code_rpc_begin_page (Code *self, HeroRpcCall *call)
{
  const char *cursor = hero_rpc_get_string (call, "cursor");
  g_autoptr (GError) error = NULL;
  JsonObject *page;

  if (cursor == NULL || *cursor == 0)
    return TRUE;
  page = code_frozen_next (self->frozen, cursor, hero_rpc_get_integer (call, "limit"), &error);
  if (page != NULL)
    hero_rpc_return_object (call, page);
  else
    hero_rpc_fail_data (call, error->code, code_error_get_data (error), "%s", error->message);
  return FALSE;
}

/* The parameters of a filter as an object; NULL: the call was answered with what is wrong. */
static JsonObject *
read_filter (HeroRpcCall *call)
{
  static const HeroRpcParam params[] = { CODE_FILTER_PARAMS, { NULL } };
  g_autoptr (JsonObject) filter = json_object_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; params[i].name != NULL; i++)
    if (hero_rpc_has (call, params[i].name))
      json_object_set_member (filter, params[i].name, json_node_copy (hero_rpc_get_node (call, params[i].name)));
  if (code_filter_check (filter, &error))
    return g_steal_pointer (&filter);
  hero_rpc_fail_data (call, error->code, code_error_get_data (error), "%s", error->message);
  return NULL;
}

/* ---- repo.list */

static gint64
sort_value (JsonObject *repo, const char *sort)
{
  JsonObject *commit;

  if (g_str_equal (sort, "changed"))
    return json_object_get_boolean_member_with_default (repo, "has_changes", FALSE);
  if (!json_object_has_member (repo, "last_commit") || json_object_get_null_member (repo, "last_commit"))
    return 0;
  commit = json_object_get_object_member (repo, "last_commit");
  return json_object_get_int_member (json_object_get_object_member (commit, "committer"), "at");
}

/* Largest first; they come in byte order of the id, which a stable sort keeps among equals. */
static int
compare_by (gconstpointer a, gconstpointer b, gpointer sort)
{
  gint64 x = sort_value (*(JsonObject *const *)a, sort), y = sort_value (*(JsonObject *const *)b, sort);

  return x > y ? -1 : x < y;
}

JsonObject *
code_repo_list_print (Code *self, JsonObject *filter, const char *sort)
{
  g_autoptr (GPtrArray) ids = code_repos_match (self->repos, filter);
  g_autoptr (GPtrArray) repos = g_ptr_array_new ();
  const GPtrArray *warnings = code_repos_get_warnings (self->repos);
  JsonObject *result = json_object_new ();
  JsonArray *items = json_array_new (), *texts = json_array_new ();

  for (guint i = 0; i < ids->len; i++)
    g_ptr_array_add (repos, code_repos_get (self->repos, ids->pdata[i]));
  if (!g_str_equal (sort, "id"))
    g_ptr_array_sort_with_data (repos, compare_by, (gpointer)sort);
  for (guint i = 0; i < repos->len; i++)
    json_array_add_object_element (items, json_object_ref (repos->pdata[i]));
  for (guint i = 0; i < warnings->len; i++)
    json_array_add_string_element (texts, warnings->pdata[i]);
  json_object_set_array_member (result, "items", items);
  json_object_set_int_member (result, "total", repos->len);
  json_object_set_int_member (result, "scanned_at", code_repos_get_scanned_at (self->repos));
  json_object_set_array_member (result, "warnings", texts);
  return result;
}

typedef struct
{
  CodeAsk *ask;
  JsonObject *filter;
  char *sort;
} List;

static void
list_known (gpointer result, const GError *error, gpointer data)
{
  List *list = data;

  if (error != NULL)
    code_ask_fail (list->ask, error);
  else
    code_ask_answer (list->ask, code_repo_list_print (code_ask_get_code (list->ask), list->filter, list->sort));
  g_clear_pointer (&result, json_object_unref);
  json_object_unref (list->filter);
  g_free (list->sort);
  g_free (list);
}

/* coderoot is there: the list of the last scan, or of the first. */
static void
list_looked (gpointer result, const GError *error, gpointer data)
{
  List *list = data;

  if (error != NULL)
    list_known (NULL, error, list);
  else
    code_repos_when_known (code_ask_get_code (list->ask)->repos, code_filter_looks_inside (list->filter), list_known,
                           list);
  g_clear_pointer (&result, json_object_unref);
}

void
code_rpc_repo_list (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  JsonObject *filter;
  List *list;

  if (!code_rpc_begin_page (self, call) || (filter = read_filter (call)) == NULL)
    return;
  list = g_new0 (List, 1);
  list->ask = code_ask_new_rpc (self, call);
  list->filter = filter;
  list->sort = g_strdup (hero_rpc_get_string (call, "sort"));
  code_ask_set_paging (list->ask, "items", hero_rpc_get_integer (call, "limit"));
  if (hero_rpc_get_boolean (call, "fresh"))
    code_repos_scan (self->repos, NULL, list_known, list);
  else
    code_pool_run (self->requests, code_work_look, self->root, NULL, hero_rpc_call_get_cancellable (call), list_looked,
                   list);
}

/* ---- repo.get, repo.status */

static CodeRepoAsk *
read_repo (Code *self, HeroRpcCall *call)
{
  const char *repo = hero_rpc_get_string (call, "repo");
  g_autoptr (GError) error = NULL;
  CodeRepoAsk *ask;

  if (!code_path_check ("repo", repo, &error))
    {
      hero_rpc_fail_data (call, error->code, code_error_get_data (error), "%s", error->message);
      return NULL;
    }
  ask = g_new0 (CodeRepoAsk, 1);
  ask->policy = &self->policy;
  ask->repo = g_strdup (repo);
  return ask;
}

static void
remember (JsonObject *result, CodeAsk *ask)
{
  code_repos_put (code_ask_get_code (ask)->repos, json_object_ref (result));
}

void
code_rpc_repo_get (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  CodeRepoAsk *input = read_repo (self, call);
  CodeAsk *ask;

  if (input == NULL)
    return;
  ask = code_ask_new_rpc (self, call);
  code_ask_set_peek (ask, remember);
  code_ask_run (ask, self->requests, code_work_describe, input, code_repo_ask_free);
}

static gboolean
read_paths (CodeRepoAsk *input, HeroRpcCall *call)
{
  const char *const *paths = hero_rpc_get_strings (call, "paths");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    if (!code_path_check ("paths", paths[i], &error))
      {
        hero_rpc_fail_data (call, error->code, code_error_get_data (error), "%s", error->message);
        return FALSE;
      }
  input->paths = paths != NULL && paths[0] != NULL ? g_strdupv ((char **)paths) : NULL;
  return TRUE;
}

void
code_rpc_repo_status (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  const char *untracked = hero_rpc_get_string (call, "untracked");
  CodeRepoAsk *input;
  CodeAsk *ask;

  if (!code_rpc_begin_page (self, call))
    return;
  if (hero_rpc_get_boolean (call, "renames"))
    {
      hero_rpc_fail_param (call, "renames", "false: this version does not look for renames", "true");
      return;
    }
  input = read_repo (self, call);
  if (input == NULL)
    return;
  if (!read_paths (input, call))
    {
      code_repo_ask_free (input);
      return;
    }
  input->untracked = g_str_equal (untracked, "no")    ? CODE_UNTRACKED_NO
                     : g_str_equal (untracked, "all") ? CODE_UNTRACKED_ALL
                                                      : CODE_UNTRACKED_NORMAL;
  ask = code_ask_new_rpc (self, call);
  code_ask_set_paging (ask, "items", hero_rpc_get_integer (call, "limit"));
  code_ask_run (ask, self->requests, code_work_status, input, code_repo_ask_free);
}

/* ---- repo.scan */

static void
answer_job (CodeJob *job, gpointer call)
{
  JsonObject *result = json_object_new ();

  json_object_set_object_member (result, "job", code_job_print (job));
  hero_rpc_return_object (call, result);
}

static void
scan_ended (gpointer result, const GError *error, gpointer job)
{
  code_job_end (job, result, error);
}

/* With a filter only the repositories that are known and meant are looked at again. */
typedef struct
{
  CodeRepos *repos;
  CodeJob *job;
  JsonArray *ids;
  guint n_left;
  gint64 started_us;
} Partial;

static void
partial_described (gpointer result, const GError *error, gpointer data)
{
  Partial *partial = data;
  guint n = json_array_get_length (partial->ids);
  JsonObject *object;

  if (result != NULL)
    code_repos_put (partial->repos, result);
  code_job_set_progress (partial->job, "describe", n - --partial->n_left, n);
  if (partial->n_left > 0)
    return;
  object = json_object_new ();
  json_object_set_int_member (object, "found", n);
  json_object_set_array_member (object, "added", json_array_new ());
  json_object_set_array_member (object, "removed", json_array_new ());
  json_object_set_int_member (object, "duration_ms", (g_get_monotonic_time () - partial->started_us) / 1000);
  json_object_set_array_member (object, "warnings", json_array_new ());
  code_job_end (partial->job, object, NULL);
  json_array_unref (partial->ids);
  g_free (partial);
}

static void
scan_some (Code *self, CodeJob *job, JsonObject *filter)
{
  g_autoptr (GPtrArray) ids = code_repos_match (self->repos, filter);
  Partial *partial = g_new0 (Partial, 1);

  partial->repos = self->repos;
  partial->job = job;
  partial->ids = json_array_new ();
  partial->n_left = ids->len + 1; /* the last is given back below */
  partial->started_us = g_get_monotonic_time ();
  for (guint i = 0; i < ids->len; i++)
    {
      CodeRepoAsk *input = g_new0 (CodeRepoAsk, 1);

      input->policy = &self->policy;
      input->repo = g_strdup (ids->pdata[i]);
      json_array_add_string_element (partial->ids, input->repo);
      code_pool_run (self->scans, code_work_describe, input, code_repo_ask_free, code_job_get_cancellable (job),
                     partial_described, partial);
    }
  partial_described (NULL, NULL, partial);
}

void
code_rpc_repo_scan (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  HeroIdentity *identity = hero_rpc_call_get_identity (call);
  g_autoptr (JsonObject) filter = read_filter (call);
  CodeJob *job;

  if (filter == NULL)
    return;
  job = code_jobs_add (self->jobs, "repo.scan", identity->user, identity->context);
  if (code_filter_is_empty (filter))
    code_repos_scan (self->repos, job, scan_ended, job);
  else
    scan_some (self, job, filter);
  code_job_wait (job, hero_rpc_get_integer (call, "wait_s"), answer_job, call);
}

/* ---- job.* */

static CodeJob *
find_job (Code *self, HeroRpcCall *call)
{
  const char *id = hero_rpc_get_string (call, "id");
  CodeJob *job = code_jobs_find (self->jobs, id);
  JsonObject *data;

  if (job != NULL)
    return job;
  data = json_object_new ();
  json_object_set_string_member (data, "code_name", "job_not_found");
  hero_rpc_fail_data (call, CODE_NOT_FOUND, data, "%s: no such job", id);
  return NULL;
}

void
code_rpc_job_list (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  JsonObject *jobs;

  if (!code_rpc_begin_page (self, call))
    return;
  jobs = code_jobs_list (self->jobs, hero_rpc_get_string (call, "state"), hero_rpc_get_string (call, "kind"));
  hero_rpc_return_object (call, code_frozen_first (self->frozen, jobs, "items", hero_rpc_get_integer (call, "limit")));
}

void
code_rpc_job_get (gpointer self, HeroRpcCall *call)
{
  CodeJob *job = find_job (self, call);

  if (job != NULL)
    hero_rpc_return_object (call, code_job_print (job));
}

static void
answer_waited (CodeJob *job, gpointer call)
{
  JsonObject *result = json_object_new ();

  json_object_set_boolean_member (result, "done", !code_job_is_running (job));
  json_object_set_object_member (result, "job", code_job_print (job));
  hero_rpc_return_object (call, result);
}

void
code_rpc_job_wait (gpointer self, HeroRpcCall *call)
{
  CodeJob *job = find_job (self, call);

  if (job != NULL)
    code_job_wait (job, hero_rpc_get_integer (call, "wait_s"), answer_waited, call);
}

void
code_rpc_job_cancel (gpointer self, HeroRpcCall *call)
{
  CodeJob *job = find_job (self, call);

  if (job == NULL)
    return;
  g_cancellable_cancel (code_job_get_cancellable (job));
  hero_rpc_return_object (call, code_job_print (job));
}

/* ---- server.info */

void
code_rpc_server_info (gpointer data, HeroRpcCall *call)
{
  Code *self = data;
  JsonObject *info = json_object_new (), *limits = json_object_new ();
  int major, minor, patch;
  g_autofree char *libgit2 = NULL;

  git_libgit2_version (&major, &minor, &patch);
  libgit2 = g_strdup_printf ("%d.%d.%d", major, minor, patch);
  json_object_set_int_member (limits, "max_file_bytes", hero_service_get_integer (self->ctx, "max_file_bytes"));
  json_object_set_int_member (limits, "search_max_file_bytes",
                              hero_service_get_integer (self->ctx, "search_max_file_bytes"));
  json_object_set_int_member (limits, "search_max_lines", hero_service_get_integer (self->ctx, "search_max_lines"));
  json_object_set_int_member (limits, "search_timeout_ms", hero_service_get_integer (self->ctx, "search_timeout_ms"));
  json_object_set_string_member (info, "version", hero_service_get_version (self->ctx));
  json_object_set_string_member (info, "coderoot", self->coderoot);
  json_object_set_string_member (info, "libgit2", libgit2);
  json_object_set_int_member (info, "repositories", code_repos_get_n (self->repos));
  json_object_set_int_member (info, "jobs_running", code_jobs_get_n_running (self->jobs));
  json_object_set_string_member (info, "index", "off");
  json_object_set_object_member (info, "limits", limits);
  hero_rpc_return_object (call, info);
}
