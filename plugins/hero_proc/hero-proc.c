/* hero-proc.c: the life of the service, from create to destroy. Service thread, but hero_proc_kill_now. */
#include "hero-proc.h"

#include "pty-socket.h"
#include "rpc-logs.h"
#include "zone.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)

enum
{
  SPAWNER_SILENT_S = 5, /* contract 19 */
};

/* ---------------------------------------------------------------------------------------------- configuration */

static guint64
mib (HeroProc *self, const char *key)
{
  return (guint64)hero_service_get_integer (self->ctx, key) * MIB;
}

static guint
integer (HeroProc *self, const char *key)
{
  return (guint)hero_service_get_integer (self->ctx, key);
}

gpointer
hero_proc_create (HeroServiceContext *ctx, GError **error)
{
  HeroProc *self = g_new0 (HeroProc, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  self->kill_list = proc_kill_list_new ();
  return self;
}

/* ---------------------------------------------------------------------------------------------- what the owner is told
 */

static void
on_event (gpointer owner, const char *event, JsonObject *data)
{
  hero_service_publish (((HeroProc *)owner)->ctx, g_str_has_prefix (event, "system.") ? "system" : "jobs", event, data);
}

static void
on_log (gpointer owner, guint level, const char *text)
{
  hero_log (((HeroProc *)owner)->ctx, level, "%s", text);
}

/* Log writer's thread. */
static void
on_catalogue (gpointer data, const char *source, gboolean ours)
{
  HeroProc *self = data;

  proc_journal_keep_source (self->journal, source, ours);
}

static void
on_written (gpointer data, const char *source, const char *text, gsize length, guint64 inode, gint64 offset)
{
  proc_log_follow_written (((HeroProc *)data)->follow, source, text, length, inode, offset);
}

static void
on_dropped (gpointer data, const char *source, guint32 context, guint32 job_id, guint64 lines, guint64 bytes)
{
  proc_log_follow_dropped (((HeroProc *)data)->follow, source, context, job_id, lines, bytes);
}

static gboolean
tell_guard (gpointer data)
{
  HeroProc *self = data;
  ProcLogStats stats;
  JsonObject *object = json_object_new ();

  proc_log_store_get_stats (self->logs, &stats);
  json_object_set_boolean_member (object, "active", stats.disk_guard);
  hero_service_publish (self->ctx, "system", "system.disk_guard", object);
  return G_SOURCE_REMOVE;
}

static void
on_guard (gpointer data, gboolean active)
{
  hero_service_post (((HeroProc *)data)->ctx, tell_guard, data, NULL);
}

static const ProcLogHooks log_hooks = { on_catalogue, on_written, on_dropped, on_guard };

/* ---------------------------------------------------------------------------------------------- the parts */

/* hero_exec: beside the plugin in a build tree, in the private library directory when installed. Transfer full. */
static char *
find_helper (void)
{
  Dl_info info;

  if (dladdr ((gpointer)hero_proc_create, &info) != 0 && info.dli_fname != NULL)
    {
      g_autofree char *dir = g_path_get_dirname (info.dli_fname);
      g_autofree char *beside = g_build_filename (dir, "hero_exec", NULL);

      if (g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&beside);
    }
  return g_strdup (HERO_EXEC_PATH);
}

static const char *
get_env (const char *const *environment, const char *name)
{
  return g_environ_getenv ((char **)environment, name);
}

/* What children have over the host's environment: where everything is (contract 8.3). */
static void
make_surroundings (HeroProc *self)
{
  const char *const *environment = self->ctx->host->environment (self->ctx);
  const char *root = hero_service_get_socket_root (self->ctx), *home = hero_service_get_setting (self->ctx, "home");
  const char *data = hero_service_get_setting (self->ctx, "bundle_data_dir");
  g_autoptr (GPtrArray) own = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (own, g_strconcat ("HERO_SOCKET_DIR=", root, NULL));
  g_ptr_array_add (own, g_strconcat ("PATH_SOCKET=", root, NULL));
  if (get_env (environment, "PATH_ROOT") == NULL && home != NULL)
    g_ptr_array_add (own, g_strconcat ("PATH_ROOT=", home, "/hero", NULL));
  if (get_env (environment, "PATH_VAR") == NULL && data != NULL)
    g_ptr_array_add (own, g_strconcat ("PATH_VAR=", data, NULL));
  g_ptr_array_add (own, NULL);
  self->surroundings = proc_surroundings_new (
      environment, (const char *const *)own->pdata, hero_service_get_strings (self->ctx, "env_deny"),
      g_strcmp0 (hero_service_get_string (self->ctx, "env_mode"), "minimal") == 0, self->run_dir);
  self->surroundings->socket_root = g_strdup (root);
}

static gboolean
make_run_dir (HeroProc *self, GError **error)
{
  self->run_dir = g_build_filename (hero_service_get_data_dir (self->ctx), "run", NULL);
  if (mkdir (self->run_dir, 0700) == 0 || g_file_test (self->run_dir, G_FILE_TEST_IS_DIR))
    return TRUE;
  g_set_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "the directory %s cannot be made", self->run_dir);
  return FALSE;
}

static gboolean
open_logs (HeroProc *self, const ProcLoaded *loaded, GError **error)
{
  const char *dir = hero_service_get_string (self->ctx, "log_dir");
  ProcLogLimits limits = { .file_max = mib (self, "log_file_max_mb"),
                           .source_max = mib (self, "log_source_max_mb"),
                           .total_max = mib (self, "log_total_max_mb"),
                           .min_free = mib (self, "log_min_free_mb"),
                           .retention_days = integer (self, "log_retention_days"),
                           .flush_ms = integer (self, "log_flush_ms"),
                           .queue_lines = integer (self, "log_queue_lines"),
                           .queue_bytes = mib (self, "log_queue_mb"),
                           .rate_lines = integer (self, "log_rate_lines"),
                           .burst_lines = 5 * integer (self, "log_rate_lines"),
                           .rate_bytes = 1024 * (gsize)integer (self, "log_rate_kb"),
                           .burst_bytes = 8 * 1024 * (gsize)integer (self, "log_rate_kb") };

  if (dir == NULL)
    dir = hero_service_get_setting (self->ctx, "log_dir");
  self->follow = proc_log_follow_new (self->ctx, hero_proc_read_log_filter, self);
  self->logs = proc_log_store_new (dir, &limits, (const char *const *)loaded->sources->pdata, &log_hooks, self);
  self->log_workers = proc_log_workers_new ();
  self->capture = proc_capture_new (self->logs, integer (self, "log_line_max"), error);
  return self->capture != NULL;
}

static ProcJournal *
open_journal (HeroProc *self, GError **error)
{
  const char *path = hero_service_get_string (self->ctx, "db_path");
  g_autofree char *standard = g_build_filename (hero_service_get_data_dir (self->ctx), "hero_proc.mdb", NULL);

  return proc_journal_open (path != NULL ? path : standard, mib (self, "db_max_mb"), error);
}

static void
on_secret_event (gpointer owner, const char *event, JsonObject *data)
{
  hero_service_publish (((HeroProc *)owner)->ctx, "secrets", event, data);
}

static void
open_secrets (HeroProc *self, const ProcLoaded *loaded)
{
  const char *path = hero_service_get_string (self->ctx, "secret_key_file");
  g_autofree char *standard = g_build_filename (hero_service_get_data_dir (self->ctx), "secret.key", NULL);
  ProcSecretsSetup setup = { .journal = self->journal,
                             .key_file = path != NULL ? path : standard,
                             .event = on_secret_event,
                             .log = on_log,
                             .owner = self };

  self->contexts = proc_contexts_new (self->journal, loaded);
  self->secrets = proc_secrets_new (&setup, loaded);
}

static void
make_terminals (HeroProc *self)
{
  ProcTerminalSetup setup = { .context = hero_service_get_main_context (self->ctx),
                              .reactor = self->reactor,
                              .scrollback = 1024 * (gsize)integer (self, "pty_scrollback_kb"),
                              .queue = 1024 * (gsize)integer (self, "pty_viewer_queue_kb") };

  self->terminals = proc_terminals_new (&setup);
}

static void
make_jobs (HeroProc *self, ProcLoaded *loaded)
{
  const char *soft = hero_service_get_setting (self->ctx, "nofile_soft");
  g_autofree char *helper = find_helper ();
  gsize pipe_bytes = (gsize)hero_service_get_integer (self->ctx, "log_pipe_kb") * 1024;
  GMainContext *context = hero_service_get_main_context (self->ctx);
  ProcJobsSetup setup = { .journal = self->journal,
                          .capture = self->capture,
                          .terminals = self->terminals,
                          .secrets = self->secrets,
                          .redact = hero_service_get_boolean (self->ctx, "redact"),
                          .limits = { integer (self, "max_running_jobs"), integer (self, "max_processes"),
                                      integer (self, "max_queued_jobs") },
                          .event = on_event,
                          .log = on_log,
                          .owner = self };

  self->spawner
      = proc_spawner_new (context, helper, soft != NULL ? (guint)g_ascii_strtoull (soft, NULL, 10) : 0, pipe_bytes);
  setup.supervisor = (ProcSupervisorSetup){ .context = context,
                                            .reactor = self->reactor,
                                            .spawner = self->spawner,
                                            .surroundings = self->surroundings,
                                            .kill_list = self->kill_list,
                                            .pipe_bytes = pipe_bytes,
                                            .spawn_rate = integer (self, "spawn_rate") };
  self->jobs = proc_jobs_new (&setup, loaded);
  /* Before who waits for jobs: when those are told that a job is over, its run knows. */
  self->runs = proc_runs_new (&(ProcRunsSetup){ context, self->journal, self->jobs, on_event, self }, loaded);
  self->stats = proc_stats_new (
      &(ProcStatsSetup){ context, self->jobs, (guint)integer (self, "stats_interval_ms") });
  self->waits = proc_job_waits_new (self->jobs, self->journal, context);
  self->cleaner = (ProcCleaner){ self->journal, self->jobs, self->runs, self->actions, on_event, self };
}

static void
on_notice (gpointer data, pid_t sender, const ProcNotice *notice)
{
  proc_jobs_notice (((HeroProc *)data)->jobs, sender, notice);
}

/* Without it the service works, but for jobs that say when they are ready. */
static void
open_notify (HeroProc *self)
{
  g_autofree char *path
      = g_build_filename (hero_service_get_socket_root (self->ctx), "hero_proc", ".notify.sock", NULL);
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  if (g_mkdir_with_parents (dir, 0755) == 0)
    self->notify = proc_notify_socket_new (self->reactor, path, on_notice, self, &error);
  if (self->notify != NULL)
    self->surroundings->notify_path = g_steal_pointer (&path);
  else
    hero_warn (self->ctx, "readiness 'notify' does not work: %s", error != NULL ? error->message : dir);
}

static void
make_services (HeroProc *self, const ProcLoaded *loaded)
{
  ProcServicesSetup setup = { .context = hero_service_get_main_context (self->ctx),
                              .journal = self->journal,
                              .actions = self->actions,
                              .jobs = self->jobs,
                              .runs = self->runs,
                              .socket_root = hero_service_get_socket_root (self->ctx),
                              .event = on_event,
                              .log = on_log,
                              .owner = self };

  self->services = proc_services_new (&setup, loaded);
}

static void
make_retention (HeroProc *self)
{
  ProcRetentionSetup setup
      = { .context = hero_service_get_main_context (self->ctx),
          .cleaner = &self->cleaner,
          .rules = { integer (self, "job_retention_days"), integer (self, "job_retention_max"),
                     integer (self, "job_keep_per_action"), integer (self, "archive_after_hours"),
                     integer (self, "run_retention_days") },
          .max_bytes = mib (self, "db_max_mb"),
          .interval_s = MAX (integer (self, "retention_interval_s"), 1) };

  self->retention = proc_retention_new (&setup);
}

static gboolean
make_timetable (HeroProc *self, const ProcLoaded *loaded, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GTimeZone) zone
      = proc_zone_new (hero_service_get_string (self->ctx, "timezone"), "hero_proc.timezone", &unknown);
  ProcTimetableSetup setup = { .context = hero_service_get_main_context (self->ctx),
                               .journal = self->journal,
                               .actions = self->actions,
                               .jobs = self->jobs,
                               .zone = zone,
                               .event = on_event,
                               .log = on_log,
                               .owner = self };

  if (zone == NULL)
    {
      g_set_error_literal (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG, unknown->message);
      return FALSE;
    }
  self->timetable = proc_timetable_new (&setup, loaded, error);
  return self->timetable != NULL;
}

/* ---------------------------------------------------------------------------------------------- health and figures */

static char *
check_store (gpointer data, gboolean *failing)
{
  return proc_journal_check (((HeroProc *)data)->journal);
}

static char *
check_spawner (gpointer data, gboolean *failing)
{
  gint64 busy = proc_spawner_get_busy_us (((HeroProc *)data)->spawner);

  if (busy < SPAWNER_SILENT_S * G_USEC_PER_SEC)
    return NULL;
  *failing = TRUE;
  return g_strdup_printf ("the spawner has been busy with one start for %" G_GINT64_FORMAT " s", busy / G_USEC_PER_SEC);
}

static char *
check_log_disk (gpointer data, gboolean *failing)
{
  HeroProc *self = data;
  ProcLogStats stats;

  proc_log_store_get_stats (self->logs, &stats);
  return stats.disk_guard ? g_strdup_printf ("less than log_min_free_mb = %u MiB are free: output is thrown away",
                                             integer (self, "log_min_free_mb"))
                          : NULL;
}

static char *
check_secrets (gpointer data, gboolean *failing)
{
  const char *locked = proc_secrets_why_locked (((HeroProc *)data)->secrets);

  return locked != NULL ? g_strdup_printf ("locked: %s", locked) : NULL;
}

static guint64
dropped_lines (HeroProc *self)
{
  ProcLogStats stats;

  proc_log_store_get_stats (self->logs, &stats);
  return proc_log_stats_get_dropped (&stats);
}

static void
add_health (gpointer data, JsonObject *body)
{
  HeroProc *self = data;
  guint failed, up = proc_services_count_up (self->services, &failed);

  json_object_set_int_member (body, "jobs_running", proc_jobs_count_running (self->jobs));
  json_object_set_int_member (body, "services_up", up);
  json_object_set_int_member (body, "services_failed", failed);
  json_object_set_int_member (body, "log_dropped_total", (gint64)dropped_lines (self));
  json_object_set_string_member (body, "secrets", proc_secrets_why_locked (self->secrets) == NULL ? "ok" : "locked");
  json_object_set_int_member (body, "db_bytes", (gint64)proc_journal_get_bytes (self->journal));
}

static double
figure_running (gpointer data)
{
  return proc_jobs_count_running (((HeroProc *)data)->jobs);
}

static double
figure_up (gpointer data)
{
  guint failed;

  return proc_services_count_up (((HeroProc *)data)->services, &failed);
}

static double
figure_failed (gpointer data)
{
  guint failed;

  proc_services_count_up (((HeroProc *)data)->services, &failed);
  return failed;
}

static double
figure_restarts (gpointer data)
{
  return (double)proc_jobs_get_restarts (((HeroProc *)data)->jobs);
}

static double
figure_lines (gpointer data)
{
  ProcLogStats stats;

  proc_log_store_get_stats (((HeroProc *)data)->logs, &stats);
  return (double)stats.written_lines;
}

static double
figure_dropped (gpointer data)
{
  return (double)dropped_lines (data);
}

static double
figure_log_bytes (gpointer data)
{
  ProcLogStats stats;

  proc_log_store_get_stats (((HeroProc *)data)->logs, &stats);
  return (double)stats.disk_bytes;
}

static void
register_health (HeroProc *self)
{
  static const struct
  {
    HeroMetricKind kind;
    const char *name, *help;
    HeroMetricFunc func;
  } figures[] = {
    { HERO_METRIC_GAUGE, "hero_proc_jobs_running", "Jobs with a live process.", figure_running },
    { HERO_METRIC_GAUGE, "hero_proc_services_up", "Services that are up.", figure_up },
    { HERO_METRIC_GAUGE, "hero_proc_services_failed", "Services that failed.", figure_failed },
    { HERO_METRIC_COUNTER, "hero_proc_restarts_total", "Attempts after the first of a job.", figure_restarts },
    { HERO_METRIC_COUNTER, "hero_proc_log_lines_total", "Log lines written.", figure_lines },
    { HERO_METRIC_COUNTER, "hero_proc_log_dropped_total", "Log lines thrown away.", figure_dropped },
    { HERO_METRIC_GAUGE, "hero_proc_log_bytes", "Bytes of the log files.", figure_log_bytes },
  };

  hero_service_add_check (self->ctx, "store", check_store, self);
  hero_service_add_check (self->ctx, "spawner", check_spawner, self);
  hero_service_add_check (self->ctx, "disk_guard", check_log_disk, self);
  hero_service_add_check (self->ctx, "secrets", check_secrets, self);
  hero_service_set_health_members (self->ctx, add_health, self);
  for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
    hero_service_add_metric (self->ctx, figures[i].kind, figures[i].name, figures[i].help, figures[i].func, self);
}

/* ---------------------------------------------------------------------------------------------- life */

gboolean
hero_proc_start (gpointer data, GCancellable *cancellable, GError **error)
{
  HeroProc *self = data;
  g_autoptr (ProcLoaded) loaded = NULL;

  if (!hero_service_lock_data_dir (self->ctx, error) || !make_run_dir (self, error))
    return FALSE;
  self->reactor = hero_reactor_new (hero_service_get_main_context (self->ctx), error);
  if (self->reactor == NULL)
    return FALSE;
  self->journal = open_journal (self, error);
  loaded = self->journal != NULL ? proc_journal_load (self->journal, error) : NULL;
  if (loaded == NULL || !open_logs (self, loaded, error))
    return FALSE;
  for (guint i = 0; i < loaded->damaged->len; i++)
    hero_error (self->ctx, "%s", (const char *)loaded->damaged->pdata[i]);
  make_surroundings (self);
  open_secrets (self, loaded);
  self->actions = proc_actions_new (loaded);
  make_terminals (self);
  make_jobs (self, loaded);
  open_notify (self);
  make_services (self, loaded);
  if (!make_timetable (self, loaded, error))
    return FALSE;
  hero_proc_register_rpc (self);
  hero_proc_register_page (self);
  hero_proc_register_ptys (self);
  register_health (self);
  proc_jobs_recover (self->jobs);
  proc_runs_recover (self->runs);
  proc_services_resume (self->services);
  make_retention (self);
  if (hero_service_get_boolean (self->ctx, "scheduler"))
    proc_timetable_start (self->timetable);
  if (hero_service_get_boolean (self->ctx, "autostart"))
    {
      proc_services_autostart (self->services);
      proc_jobs_autostart (self->jobs);
    }
  hero_service_ready (self->ctx);
  return TRUE;
}

gboolean
hero_proc_serve (gpointer data, GError **error)
{
  HeroProc *self = data;

  return hero_service_serve (self->ctx, error);
}

/* Any thread. */
void
hero_proc_kill_now (gpointer data)
{
  HeroProc *self = data;

  proc_kill_list_kill (self->kill_list);
}

void
hero_proc_destroy (gpointer data)
{
  HeroProc *self = data;

  /* First who gives work, then who does it; the journal last, it hears from all. */
  g_clear_pointer (&self->notify, proc_notify_socket_free);
  g_clear_pointer (&self->spawner, proc_spawner_free);
  g_clear_pointer (&self->timetable, proc_timetable_free);
  g_clear_pointer (&self->services, proc_services_free);
  g_clear_pointer (&self->retention, proc_retention_free);
  g_clear_pointer (&self->runs, proc_runs_free);
  g_clear_pointer (&self->stats, proc_stats_free);
  g_clear_pointer (&self->waits, proc_job_waits_free);
  g_clear_pointer (&self->jobs, proc_jobs_free);
  g_clear_pointer (&self->terminals, proc_terminals_free);
  g_clear_pointer (&self->actions, proc_actions_free);
  g_clear_pointer (&self->log_workers, proc_log_workers_free);
  g_clear_pointer (&self->capture, proc_capture_free);
  g_clear_pointer (&self->logs, proc_log_store_free);
  g_clear_pointer (&self->follow, proc_log_follow_free);
  g_clear_pointer (&self->secrets, proc_secrets_free);
  g_clear_pointer (&self->contexts, proc_contexts_free);
  g_clear_pointer (&self->journal, proc_journal_close);
  g_clear_pointer (&self->surroundings, proc_surroundings_free);
  g_clear_pointer (&self->reactor, hero_reactor_free);
  g_clear_pointer (&self->kill_list, proc_kill_list_free);
  g_free (self->run_dir);
  hero_service_free_context (self->ctx);
  g_free (self);
}
