/* code.c: the service's life: configuration, workers, health, the first scan. Service thread. */
#include "code.h"

#include "admin.h"
#include "editor.h"
#include "rpc.h"

#define MAX_WAITING 256 /* requests */
#define MAX_SEARCHES_WAITING 64

const HeroConfigKey code_config_keys[] = {
  { .name = "coderoot",
    .type = HERO_CONFIG_PATH,
    .meaning = "The directory with the repositories; without it $CODEROOT, else $PATH_CODE, else ~/code." },
  { .name = "scan_skip",
    .type = HERO_CONFIG_STRINGS,
    .fallback = "[]",
    .meaning = "Names that a scan does not enter, beside the usual ones." },
  { .name = "gitdir_roots",
    .type = HERO_CONFIG_PATHS,
    .fallback = "[]",
    .meaning = "Directories beneath which the git directory of a repository may lie, beside coderoot." },
  { .name = "workers",
    .type = HERO_CONFIG_INT,
    .min = 0,
    .max = 256,
    .fallback = "0",
    .meaning = "Threads for requests, and as many for scans; 0 = one for each core." },
  { .name = "search_parallel",
    .type = HERO_CONFIG_INT,
    .min = 1,
    .max = 64,
    .fallback = "8",
    .meaning = "Searches that run at once; 64 more may wait." },
  { .name = "search_max_file_bytes",
    .type = HERO_CONFIG_INT,
    .min = 1,
    .max = 1073741824,
    .fallback = "2097152",
    .meaning = "Larger files are not searched." },
  { .name = "search_timeout_ms",
    .type = HERO_CONFIG_INT,
    .min = 1,
    .max = 3600000,
    .fallback = "10000",
    .meaning = "Time limit of a search; what was found until then is answered as truncated." },
  { .name = "search_max_lines",
    .type = HERO_CONFIG_INT,
    .min = 1,
    .max = 10000000,
    .fallback = "100000",
    .meaning = "Lines with matches in one result." },
  { .name = "max_file_bytes",
    .type = HERO_CONFIG_INT,
    .min = 1,
    .max = 1073741824,
    .fallback = "8388608",
    .meaning = "The largest file that is read whole." },
  { .name = "max_body_bytes",
    .type = HERO_CONFIG_INT,
    .min = 1024,
    .max = G_MAXINT32,
    .fallback = "16777216",
    .meaning = "The largest request body." },
  { NULL },
};

const HeroSocketSpec code_sockets[] = {
  { "rpc", "openrpc" },
  { "admin", "ui", HERO_SOCKET_OPTIONAL },
  { "editor", "ui" },
  { NULL },
};

/* The key, else the environment as the host read it, else ~/code. */
static char *
find_coderoot (HeroServiceContext *ctx)
{
  const char *value = hero_service_get_string (ctx, "coderoot");

  if (value == NULL || *value == 0)
    value = hero_service_get_setting (ctx, "coderoot");
  if (value == NULL || *value == 0)
    value = hero_service_get_setting (ctx, "path_code");
  if (value != NULL && *value != 0)
    return g_strdup (value);
  return g_build_filename (hero_service_get_setting (ctx, "home"), "code", NULL);
}

gpointer
code_create (HeroServiceContext *ctx, GError **error)
{
  Code *self = g_new0 (Code, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  self->coderoot = find_coderoot (ctx);
  self->root = code_root_new (self->coderoot);
  return self;
}

/* ---- health and figures */

static void
add_members (gpointer data, JsonObject *body)
{
  Code *self = data;

  json_object_set_int_member (body, "repos", code_repos_get_n (self->repos));
  json_object_set_int_member (body, "jobs_running", code_jobs_get_n_running (self->jobs));
  json_object_set_string_member (body, "index", "off");
}

static double
metric_repositories (gpointer data)
{
  return code_repos_get_n (((Code *)data)->repos);
}

static double
metric_searches (gpointer data)
{
  return ((Code *)data)->n_searches;
}

static double
metric_reads (gpointer data)
{
  return ((Code *)data)->n_reads;
}

static double
metric_waiting (gpointer data)
{
  Code *self = data;

  return code_pool_get_n_waiting (self->requests) + code_pool_get_n_waiting (self->searches);
}

static void
register_figures (Code *self)
{
  hero_service_set_health_members (self->ctx, add_members, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_GAUGE, "hero_code_repositories", "Repositories known.",
                           metric_repositories, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_COUNTER, "hero_code_searches_total", "Searches since the start.",
                           metric_searches, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_COUNTER, "hero_code_reads_total", "Files read since the start.",
                           metric_reads, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_GAUGE, "hero_code_waiting_requests", "Requests waiting for a worker.",
                           metric_waiting, self);
}

/* ---- life */

gboolean
code_start (gpointer data, GCancellable *cancellable, GError **error)
{
  Code *self = data;
  HeroServiceContext *ctx = self->ctx;
  gint64 workers = hero_service_get_integer (ctx, "workers");

  if (!hero_service_lock_data_dir (ctx, error))
    return FALSE;
  workers = workers > 0 ? workers : g_get_num_processors ();
  self->policy = (CodeRepoPolicy){ self->root, hero_service_get_data_dir (ctx), hero_service_get_strings (ctx, "gitdir_roots"),
                                   hero_service_get_setting (ctx, "home") };
  self->requests = code_pool_new (ctx, workers, MAX_WAITING);
  self->scans = code_pool_new (ctx, workers, G_MAXUINT);
  self->searches = code_pool_new (ctx, hero_service_get_integer (ctx, "search_parallel"), MAX_SEARCHES_WAITING);
  self->frozen = code_frozen_new ();
  self->jobs = code_jobs_new (ctx);
  self->repos = code_repos_new (ctx, self->scans, &self->policy, hero_service_get_strings (ctx, "scan_skip"));
  code_rpc_register (self);
  code_admin_register (self);
  code_editor_register (self);
  register_figures (self);
  hero_service_ready (ctx);
  return TRUE;
}

static void
first_scan_ended (gpointer result, const GError *error, gpointer data)
{
  Code *self = data;

  if (error != NULL)
    hero_warn (self->ctx, "the first scan found nothing: %s", error->message);
  else
    hero_info (self->ctx, "%u repositories below %s", code_repos_get_n (self->repos), self->coderoot);
  hero_service_set_warning (self->ctx, "coderoot", error != NULL ? error->message : NULL);
  g_clear_pointer (&result, json_object_unref);
}

gboolean
code_serve (gpointer data, GError **error)
{
  Code *self = data;

  if (!hero_service_serve (self->ctx, error))
    return FALSE;
  code_repos_scan (self->repos, NULL, first_scan_ended, self);
  return TRUE;
}

void
code_stop (gpointer data)
{
  hero_service_stop (((Code *)data)->ctx);
}

/* Threads first: they use what follows. */
void
code_destroy (gpointer data)
{
  Code *self = data;

  g_clear_pointer (&self->searches, code_pool_free);
  g_clear_pointer (&self->scans, code_pool_free);
  g_clear_pointer (&self->requests, code_pool_free);
  g_clear_pointer (&self->repos, code_repos_free);
  g_clear_pointer (&self->jobs, code_jobs_free);
  g_clear_pointer (&self->frozen, code_frozen_free);
  hero_service_free_context (self->ctx);
  code_root_free (self->root);
  g_free (self->coderoot);
  g_free (self);
}
