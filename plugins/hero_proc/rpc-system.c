/* rpc-system.c: the methods of system.* that have to do with records. Service thread. */
#include "rpc-private.h"

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

const HeroRpcMethod proc_system_methods[]
    = { { "system.retention", system_retention, retention_params,
          "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"deleted_jobs\":{\"type\":\"integer\"},"
          "\"deleted_actions\":{\"type\":\"integer\"},"
          "\"deleted_runs\":{\"type\":\"integer\"},\"archived_jobs\":{\"type\":\"integer\"}}}",
          "Delete the records of jobs and runs that have had their time.", "Never of a job that ended less than an hour ago.",
          "system", ERRORS (RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, "system.clean" },
        { NULL } };
