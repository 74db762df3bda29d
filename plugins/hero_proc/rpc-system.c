/* rpc-system.c: the methods of system.*: what hero_proc is, its end, its records. Service thread. */
#include <unistd.h>

#include "errors.h"
#include "procfs.h"
#include "rpc-private.h"
#include "shutdown.h"

/* ---------------------------------------------------------------------------------------------- what it is */

static JsonObject *
get_ping (HeroProc *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "version", hero_service_get_version (self->ctx));
  json_object_set_boolean_member (object, "pong", TRUE);
  json_object_set_int_member (object, "uptime_ms", hero_service_get_uptime_us (self->ctx) / 1000);
  return object;
}

static void
system_ping (gpointer data, HeroRpcCall *call)
{
  hero_rpc_return_object (call, get_ping (data));
}

static JsonObject *
get_paths (HeroProc *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "socket_dir", hero_service_get_socket_root (self->ctx));
  json_object_set_string_member (object, "data_dir", hero_service_get_data_dir (self->ctx));
  json_object_set_string_member (object, "db_path", proc_journal_get_path (self->journal));
  json_object_set_string_member (object, "run_dir", self->run_dir);
  return object;
}

static JsonObject *
get_counts (HeroProc *self)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GPtrArray) services = proc_services_list (self->services), runs = proc_runs_list (self->runs);
  guint failed;

  json_object_set_int_member (object, "services", services->len);
  json_object_set_int_member (object, "services_up", proc_services_count_up (self->services, &failed));
  json_object_set_int_member (object, "actions", proc_actions_count (self->actions));
  json_object_set_int_member (object, "jobs_active", proc_jobs_count (self->jobs));
  json_object_set_int_member (object, "jobs_running", proc_jobs_count_running (self->jobs));
  json_object_set_int_member (object, "runs", runs->len);
  json_object_set_int_member (object, "schedules", proc_timetable_count (self->timetable));
  return object;
}

static JsonObject *
get_features (HeroProc *self)
{
  static const char *const keys[] = { "autostart", "scheduler", "stop_children_on_exit", "redact" };
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    json_object_set_boolean_member (object, keys[i], hero_service_get_boolean (self->ctx, keys[i]));
  return object;
}

static void
system_info (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonObject *object = get_ping (self);
  g_autofree char *boot_id = proc_boot_id ();

  json_object_remove_member (object, "pong");
  json_object_set_string_member (object, "state", self->shutting_down ? "stopping" : "ready");
  json_object_set_int_member (object, "pid", getpid ());
  json_object_set_string_member (object, "boot_id", boot_id);
  json_object_set_object_member (object, "paths", get_paths (self));
  json_object_set_object_member (object, "counts", get_counts (self));
  json_object_set_object_member (object, "features", get_features (self));
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- its end */

/* After the answer is on its way: sockets close when all is down. */
static void
shut_down (HeroProc *self, HeroRpcCall *call, gint64 timeout_ms, gboolean force)
{
  JsonObject *object = proc_rpc_ok (NULL);
  guint limit_ms;

  proc_rpc_log_change (self, call, force ? "force" : "*");
  limit_ms = hero_proc_shut_down (self, (guint)timeout_ms, force);
  json_object_set_boolean_member (object, "accepted", TRUE);
  json_object_set_int_member (object, "deadline_ms", proc_now_ms () + limit_ms);
  hero_rpc_return_object (call, object);
}

static void
system_shutdown (gpointer data, HeroRpcCall *call)
{
  shut_down (data, call, hero_rpc_get_integer (call, "timeout_ms"), hero_rpc_get_boolean (call, "force"));
}

static void
system_shutdown_force (gpointer data, HeroRpcCall *call)
{
  shut_down (data, call, PROC_SHUTDOWN_MS, TRUE);
}

static void
system_prepare_restart (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  JsonObject *object = proc_rpc_ok (NULL);

  proc_rpc_log_change (self, call, "*");
  hero_proc_prepare_restart (self);
  json_object_set_int_member (object, "jobs", proc_jobs_count_running (self->jobs));
  json_object_set_boolean_member (object, "ready", TRUE);
  json_object_set_string_member (object, "state_path", proc_journal_get_path (self->journal));
  hero_rpc_return_object (call, object);
}

static void
system_reboot (gpointer data, HeroRpcCall *call)
{
  g_autoptr (GError) error = g_error_new (PROC_ERROR, PROC_ERROR_NOT_SUPPORTED,
                                          "not supported: hero_proc does not reboot the machine");

  hero_proc_rpc_fail (call, error, NULL);
}

/* ---------------------------------------------------------------------------------------------- its records */

static void
on_compacted (const GError *error, guint64 before, guint64 after, gpointer data)
{
  HeroRpcCall *call = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_int_member (object, "before_bytes", (gint64)before);
  json_object_set_int_member (object, "after_bytes", (gint64)after);
  hero_rpc_return_object (call, object);
}

static void
system_vacuum (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;

  proc_rpc_log_change (self, call, "*");
  proc_journal_compact (self->journal, on_compacted, call);
}

static void
on_retained (const GError *error, const ProcRetained *result, gpointer data)
{
  HeroRpcCall *call = data;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_int_member (object, "deleted_jobs", result->jobs);
  json_object_set_int_member (object, "deleted_actions", result->actions);
  json_object_set_int_member (object, "deleted_runs", result->runs);
  json_object_set_int_member (object, "archived_jobs", result->archived);
  hero_rpc_return_object (call, object);
}

static void
system_retention (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;

  proc_rpc_log_change (self, call, "*");
  proc_retention_run (self->retention, hero_rpc_get_boolean (call, "dry_run"), on_retained, call);
}

static const HeroRpcParam retention_params[]
    = { { "dry_run", HERO_BOOLEAN, 0, "Only tell what would go.", "false" }, { NULL } };

static const HeroRpcParam shutdown_params[]
    = { { "force", HERO_BOOLEAN, 0, "SIGKILL at once.", "false" },
        { "timeout_ms", HERO_INTEGER (100, 600000), 0, "Most time it takes; 30 s and the host's limit count too.",
          "30000" },
        { NULL } };

#define OK_AND(members) "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}," members "}}"
#define ACCEPTED OK_AND ("\"accepted\":{\"type\":\"boolean\"},\"deadline_ms\":{\"type\":\"integer\"}")

/* Those of the end are no HERO_RPC_WRITES: they can hurry a shutdown that is under way. */
const HeroRpcMethod proc_system_methods[] = {
  { "system.ping", system_ping, NULL,
    "{\"type\":\"object\",\"properties\":{\"version\":{\"type\":\"string\"},\"pong\":{\"type\":\"boolean\"},"
    "\"uptime_ms\":{\"type\":\"integer\"}}}",
    "Whether it is there.", NULL, "system", NULL, 0, NULL },
  { "system.info", system_info, NULL,
    "{\"type\":\"object\",\"properties\":{\"version\":{\"type\":\"string\"},\"uptime_ms\":{\"type\":\"integer\"},"
    "\"state\":{\"type\":\"string\"},\"pid\":{\"type\":\"integer\"},\"boot_id\":{\"type\":\"string\"},"
    "\"paths\":{\"type\":\"object\"},\"counts\":{\"type\":\"object\"},\"features\":{\"type\":\"object\"}}}",
    "What it is, where its things are, and how many it has.", NULL, "system", NULL, 0, "system.status" },
  { "system.shutdown", system_shutdown, shutdown_params, ACCEPTED, "Stop all services and jobs, and hero_proc.",
    "Answers at once. Reading goes on until all is down, changes are refused. What else runs in the bundle goes on, and the "
    "host does not start hero_proc again.",
    "system", NULL, HERO_RPC_ADMIN_ONLY, NULL },
  { "system.shutdown_force", system_shutdown_force, NULL, ACCEPTED, "The same with SIGKILL at once.", NULL, "system",
    NULL, HERO_RPC_ADMIN_ONLY, "system.force_shutdown" },
  { "system.prepare_restart", system_prepare_restart, NULL,
    OK_AND ("\"jobs\":{\"type\":\"integer\"},\"ready\":{\"type\":\"boolean\"},\"state_path\":{\"type\":\"string\"}"),
    "Let the next stop leave all children running.", "Holds for a minute; the start after it takes them up.", "system", NULL,
    HERO_RPC_WRITES | HERO_RPC_ADMIN_ONLY, NULL },
  { "system.reboot", system_reboot, NULL, "Ok", "Not supported.", NULL, "system", ERRORS (RPC_UNSUPPORTED),
    HERO_RPC_ADMIN_ONLY, NULL },
  { "system.retention", system_retention, retention_params,
    OK_AND ("\"deleted_jobs\":{\"type\":\"integer\"},\"deleted_actions\":{\"type\":\"integer\"},"
            "\"deleted_runs\":{\"type\":\"integer\"},\"archived_jobs\":{\"type\":\"integer\"}"),
    "Delete the records of jobs and runs that have had their time.", "Never of a job that ended less than an hour ago.",
    "system", ERRORS (RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, "system.clean" },
  { "system.vacuum", system_vacuum, NULL,
    OK_AND ("\"before_bytes\":{\"type\":\"integer\"},\"after_bytes\":{\"type\":\"integer\"}"),
    "Make the file of the records as small as they are.", "Writes wait meanwhile, reading goes on.", "system",
    ERRORS (RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, NULL },
  { NULL }
};
