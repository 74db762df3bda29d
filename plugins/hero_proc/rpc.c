/*
 * rpc.c: the tables of methods: dispatch, parameter check, error texts and OpenRPC document in one; and what all
 * handlers share. The methods of services and logs are here, those of other families in their own rpc-*.c. Service
 * thread.
 */
#include "hero-proc.h"

#include "errors.h"
#include "names.h"
#include "rpc-logs.h"
#include "rpc-private.h"

/* ---------------------------------------------------------------------------------------------- answers */

/* How an error of ours travels. */
static const struct
{
  ProcErrorCode error;
  int code;
  const char *code_name, *reason;
} rows[] = {
  { PROC_ERROR_INVALID_PARAM, HERO_RPC_INVALID_PARAMS, "invalid_params", NULL },
  { PROC_ERROR_INVALID_CRON, HERO_RPC_INVALID_PARAMS, "invalid_params", "invalid_cron" },
  { PROC_ERROR_SERVICE_NAME, HERO_RPC_INVALID_PARAMS, "invalid_params", "invalid_service_name" },
  { PROC_ERROR_SERVICE_NOT_FOUND, RPC_NOT_FOUND, "service_not_found", NULL },
  { PROC_ERROR_CONTEXT_NOT_FOUND, RPC_NOT_FOUND, "context_not_found", NULL },
  { PROC_ERROR_SECRET_NOT_FOUND, RPC_NOT_FOUND, "secret_not_found", NULL },
  { PROC_ERROR_IS_UP, RPC_IS_UP, "service_is_up", NULL },
  { PROC_ERROR_MONITORED, RPC_MONITORED, "service_already_monitored", NULL },
  { PROC_ERROR_IS_DOWN, RPC_IS_DOWN, "service_is_down", NULL },
  { PROC_ERROR_EXISTS, RPC_EXISTS, "already_exists", NULL },
  { PROC_ERROR_INVALID_SIGNAL, RPC_INVALID_SIGNAL, "invalid_signal", NULL },
  { PROC_ERROR_CONFIG, RPC_CONFIG, "config_error", NULL },
  { PROC_ERROR_NOT_SUPPORTED_FIELD, RPC_CONFIG, "not_supported_field", NULL },
  { PROC_ERROR_PROCESS, RPC_PROCESS, "process_error", NULL },
  { PROC_ERROR_DAMAGED, RPC_STORAGE, "storage_error", NULL },
  { PROC_ERROR_LOCKED, RPC_LOCKED, "secret_store_locked", NULL },
  { PROC_ERROR_BLOCKED, RPC_BLOCKED, "blocked_by_other", NULL },
  { PROC_ERROR_CONFIRM, RPC_CONFIRM, "confirmation_required", NULL },
  { PROC_ERROR_DEPENDENCY_CYCLE, RPC_DEPENDENCY, "dependency_cycle", NULL },
  { PROC_ERROR_HAS_DEPENDENTS, RPC_DEPENDENCY, "has_dependents", NULL },
  { PROC_ERROR_LIMIT, RPC_LIMIT, "limit_exceeded", NULL },
  { PROC_ERROR_FORBIDDEN, HERO_RPC_FORBIDDEN, "forbidden", NULL },
  { PROC_ERROR_ACTION_NOT_FOUND, RPC_NOT_FOUND, "action_not_found", NULL },
  { PROC_ERROR_JOB_NOT_FOUND, RPC_NOT_FOUND, "job_not_found", NULL },
  { PROC_ERROR_RUN_NOT_FOUND, RPC_NOT_FOUND, "run_not_found", NULL },
  { PROC_ERROR_JOB_ACTIVE, RPC_IS_UP, "job_is_active", NULL },
  { PROC_ERROR_RUN_ACTIVE, RPC_IS_UP, "run_is_active", NULL },
  { PROC_ERROR_JOB_NOT_RUNNING, RPC_IS_DOWN, "job_is_not_running", NULL },
  { PROC_ERROR_MISSING_DEPENDENCY, RPC_DEPENDENCY, "missing_dependency", NULL },
  { PROC_ERROR_QUEUE_FULL, HERO_RPC_OVERLOADED, "overloaded", NULL },
  { PROC_ERROR_SCHEDULE_NOT_FOUND, RPC_NOT_FOUND, "schedule_not_found", NULL },
  { PROC_ERROR_NOT_A_TERMINAL, RPC_NOT_A_TERMINAL, "not_a_terminal", NULL },
  { PROC_ERROR_STATE, RPC_STATE, "invalid_state_transition", NULL },
  { PROC_ERROR_NOT_SUPPORTED, RPC_UNSUPPORTED, "not_supported", NULL },
};

static void
set_names (JsonObject *data, const char *member, const char *const *names)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  json_object_set_array_member (data, member, array);
}

static void
fail_own (HeroRpcCall *call, const GError *error, JsonObject *data)
{
  const char *field;
  guint position;

  if (proc_error_get_cron (error, &field, &position))
    {
      json_object_set_string_member (data, "field", field);
      json_object_set_int_member (data, "position", position);
    }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if ((int)rows[i].error != error->code)
        continue;
      json_object_set_string_member (data, "code_name", rows[i].code_name);
      if (rows[i].reason != NULL)
        json_object_set_string_member (data, "reason", rows[i].reason);
      if (proc_error_get_param (error) != NULL)
        json_object_set_string_member (data, "param", proc_error_get_param (error));
      if (proc_error_get_names (error) != NULL)
        set_names (data, error->code == PROC_ERROR_DEPENDENCY_CYCLE ? "cycle" : "dependents",
                   proc_error_get_names (error));
      if (proc_error_get_holders (error) != NULL)
        json_object_set_array_member (data, "holders", json_array_ref (proc_error_get_holders (error)));
      if (proc_error_get_expected (error) != NULL)
        json_object_set_string_member (data, "expected", proc_error_get_expected (error));
      hero_rpc_fail_data (call, rows[i].code, data, "%s", error->message);
      return;
    }
  g_assert_not_reached ();
}

void
hero_proc_rpc_fail (HeroRpcCall *call, const GError *error, const char *service)
{
  JsonObject *data = json_object_new ();

  if (service != NULL)
    json_object_set_string_member (data, "service", service);
  proc_rpc_fail_data (call, error, data);
}

void
proc_rpc_fail_data (HeroRpcCall *call, const GError *error, JsonObject *data)
{
  json_object_set_null_member (data, "cause_chain");
  if (error->domain == PROC_ERROR)
    fail_own (call, error, data);
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_STORAGE_FULL))
    hero_rpc_fail_data (call, HERO_RPC_STORAGE_FULL, data, "Database error: database or disk is full");
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT))
    hero_rpc_fail_data (call, HERO_RPC_OVERLOADED, data, "Database error: %s", error->message);
  else
    hero_rpc_fail_data (call, RPC_STORAGE, data, "Database error: %s", error->message);
}

gboolean
proc_rpc_sees (HeroRpcCall *call, guint32 context)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;

  return own == 0 || own == context;
}

gboolean
hero_proc_rpc_read_context (HeroProc *self, HeroRpcCall *call, const char *param, guint32 *context)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;
  JsonNode *node = hero_rpc_get_node (call, param);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
    text = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    text = json_node_dup_string (node);
  if (text == NULL)
    error = proc_error_new_param (param, "a number or a name", "another type");
  else if (!proc_contexts_parse (self->contexts, text, context))
    error = g_error_new (PROC_ERROR, PROC_ERROR_CONTEXT_NOT_FOUND, "context not found: %s", text);
  else if (own != 0 && *context != own)
    error = g_error_new (PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may not reach into context %u", own, *context);
  if (error == NULL)
    return TRUE;
  hero_proc_rpc_fail (call, error, NULL);
  return FALSE;
}

gboolean
hero_proc_rpc_get_context (HeroProc *self, HeroRpcCall *call, guint32 *context, gboolean *all)
{
  guint32 own = hero_rpc_call_get_identity (call)->context;
  gboolean given = hero_rpc_has (call, "context");

  *context = own;
  *all = own == 0 && !given;
  return !given || hero_proc_rpc_read_context (self, call, "context", context);
}

gboolean
hero_proc_rpc_is_confirmed (HeroRpcCall *call)
{
  g_autoptr (GError) error = NULL;

  if (hero_rpc_get_boolean (call, "confirm"))
    return TRUE;
  error = g_error_new (PROC_ERROR, PROC_ERROR_CONFIRM, "pass confirm=true");
  hero_proc_rpc_fail (call, error, NULL);
  return FALSE;
}

/* ---------------------------------------------------------------------------------------------- parameters */

static const HeroRpcParam set_params[]
    = { { "spec", HERO_OBJECT_OF ("ServiceSpec"), 0,
          "The definition. Its members may also stand in params themselves, or under service, action or config." },
        { "start", HERO_BOOLEAN, 0, "Start it, if it is not up.", "false" },
        { "restart_if_changed", HERO_BOOLEAN, 0, "Restart it, if it is up and now defined otherwise.", "false" },
        { NULL } };

static const HeroRpcParam name_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" }, { NULL } };

static const HeroRpcParam tree_params[]
    = { { "name", HERO_STRING (1, 64), 0, "The service; without it, all of them.", NULL, "id|service" }, { NULL } };

static const HeroRpcParam create_params[]
    = { { "spec", HERO_OBJECT_OF ("ServiceSpec"), 0,
          "The definition. Its members may also stand in params themselves, or under service, action or config." },
        { NULL } };

static const HeroRpcParam update_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service." },
        { "spec", HERO_OBJECT_OF ("ServiceSpec"), HERO_REQUIRED, "The definition that replaces the one there is." },
        { NULL } };

static const HeroRpcParam kill_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "signal", HERO_ANY, 0, "Name or number of the signal.", "\"SIGTERM\"" },
        { "action", HERO_STRING (1, 128), 0, "Only the process of this action." },
        { NULL } };

static const HeroRpcParam start_all_params[]
    = { { "class", HERO_STRING (1, 64), 0, "Services of this class: user or system.", "\"user\"" },
        { "tag", HERO_STRING (1, 64), 0, "Only services with this tag." },
        { NULL } };

static const HeroRpcParam stop_all_params[]
    = { { "class", HERO_STRING (1, 64), 0, "Services of this class: user or system.", "\"user\"" },
        { "tag", HERO_STRING (1, 64), 0, "Only services with this tag." },
        { "force", HERO_BOOLEAN, 0, "SIGKILL at once.", "false" },
        { NULL } };

static const HeroRpcParam delete_all_params[]
    = { { "class", HERO_STRING (1, 64), 0, "Services of this class: user or system.", "\"user\"" },
        { "tag", HERO_STRING (1, 64), 0, "Only services with this tag." },
        { "force", HERO_BOOLEAN, 0, "Also those that services which stay require.", "false" },
        { "confirm", HERO_BOOLEAN, 0, "Must be true.", "false" },
        { NULL } };

static const HeroRpcParam clean_params[]
    = { { "tag", HERO_ANY, HERO_REQUIRED, "A tag, or an array of tags." },
        { "force", HERO_BOOLEAN, 0, "Also those that are up or required by others.", "false" },
        { "match", HERO_ENUM ("any|all"), 0, "Of several tags: any of them or all.", "\"any\"" },
        { NULL } };

static const HeroRpcParam list_params[]
    = { { "context", HERO_ANY, 0, "Only this context, a number or a name." },
        { "tag", HERO_STRING (1, 64), 0, "Only services with this tag." },
        { "limit", HERO_INTEGER (1, 1000000), 0, "At most so many." },
        { "offset", HERO_INTEGER (0, 1000000), 0, "Leave out so many at the beginning.", "0" },
        { "class", HERO_STRING (1, 64), 0, "Only this class: user or system." },
        { "state", HERO_STRING (1, 64), 0, "Only services in this runtime state; stopped means exited or inactive." },
        { "status", HERO_STRING (1, 64), 0, "Only services with this wanted status.", NULL, "wanted" },
        { "names_only", HERO_BOOLEAN, 0, "Answer with names only.", "false" },
        { NULL } };

static const HeroRpcParam status_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "probe", HERO_BOOLEAN, 0, "Run its health checks now; the answer comes when they have answered.", "false" },
        { NULL } };

static const HeroRpcParam start_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "wait", HERO_BOOLEAN, 0, "Answer when it is ready or has failed. Default: its require_ready." },
        { "timeout_ms", HERO_INTEGER (1, 3600000), 0, "How long to wait.", "30000" },
        { NULL } };

static const HeroRpcParam stop_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "cascade", HERO_BOOLEAN, 0, "Stop the services that require it first. Default: its cascade_stop." },
        { "force", HERO_BOOLEAN, 0, "SIGKILL at once.", "false" },
        { "wait", HERO_BOOLEAN, 0, "Answer when nothing of it is left.", "true" },
        { "persist", HERO_BOOLEAN, 0, "It stays stopped over a restart of hero_proc.", "true" },
        { NULL } };

static const HeroRpcParam restart_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "wait", HERO_BOOLEAN, 0, "Answer when it is ready or has failed. Default: its require_ready." },
        { "force", HERO_BOOLEAN, 0, "Stop by SIGKILL.", "false" },
        { "timeout_ms", HERO_INTEGER (1, 3600000), 0, "How long to wait for readiness.", "30000" },
        { NULL } };

static const HeroRpcParam delete_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        { "force", HERO_BOOLEAN, 0, "Although other services require it, which are stopped first.", "false" },
        { "actions", HERO_BOOLEAN, 0, "Delete its actions too, those no other service uses.", "false" },
        { NULL } };

static const HeroRpcParam secret_set_params[]
    = { { "key", HERO_STRING (1, 128), HERO_REQUIRED, "Its name.", NULL, "name" },
        { "value", HERO_STRING (0, PROC_MAX_SECRET), HERO_REQUIRED, "What is to be kept." },
        { "context", HERO_ANY, 0, "Of this context, a number or a name. Default: the caller's." },
        { "description", HERO_STRING (0, 4096), 0, "What it is for; not secret." },
        { "if_absent", HERO_BOOLEAN, 0, "Fail when it is there already.", "false" },
        { NULL } };

static const HeroRpcParam secret_params[]
    = { { "key", HERO_STRING (1, 128), HERO_REQUIRED, "Its name.", NULL, "name" },
        { "context", HERO_ANY, 0, "Of this context, a number or a name. Default: the caller's." },
        { NULL } };

static const HeroRpcParam secret_list_params[]
    = { { "context", HERO_ANY, 0, "Only of this context, a number or a name. Default: of all the caller may see." },
        { "prefix", HERO_STRING (0, 128), 0, "Only keys that begin so." },
        { NULL } };

static const HeroRpcParam confirm_params[] = { { "confirm", HERO_BOOLEAN, 0, "Must be true.", "false" }, { NULL } };

static const HeroRpcParam context_set_params[]
    = { { "id", HERO_INTEGER (1, G_MAXUINT32), HERO_REQUIRED, "Its number; 0 is `core` and fixed." },
        { "name", HERO_STRING (1, 64), HERO_REQUIRED, "a-z, 0-9, '_' and '-', not digits only." },
        { "description", HERO_STRING (0, 4096), 0, "What it is for." },
        { NULL } };

static const HeroRpcParam context_params[]
    = { { "id", HERO_ANY, HERO_REQUIRED, "Its number or name.", NULL, "name|context" }, { NULL } };

/* ---------------------------------------------------------------------------------------------- schemas */

static const HeroRpcSchema schemas[] = {
  { "ServiceSpec",
    "{\"type\":\"object\",\"description\":\"What a service is. Members left out have their default.\",\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"context\":{\"type\":[\"integer\",\"string\"]},"
    "\"persist\":{\"type\":\"boolean\"},"
    "\"actions\":{\"type\":\"array\",\"description\":\"Names of actions, or actions\"},"
    "\"requires\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"wants\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"after\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"conflicts\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"cascade_stop\":{\"type\":\"boolean\"},"
    "\"sockets\":{\"type\":\"array\",\"description\":\"Paths, or {path, health}; relative ones are below the service's "
    "directory\"},\"tcp_ports\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"probe\":{\"description\":\"Ask the sockets how they are: true, false, or one health check instead\"},"
    "\"env\":{\"type\":\"object\"},\"env_secrets\":{\"type\":\"object\"},"
    "\"status\":{\"enum\":[\"start\",\"stop\",\"ignore\",\"spec\"]},"
    "\"class\":{\"enum\":[\"user\",\"system\"]},\"require_ready\":{\"type\":\"boolean\"},"
    "\"start_timeout_ms\":{\"type\":\"integer\"},\"stop_timeout_ms\":{\"type\":\"integer\"}},\"required\":[\"name\"]"
    "}" },
  { "ServiceStatus",
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"state\":{\"type\":\"string\"},"
    "\"pid\":{\"type\":\"integer\"},\"status\":{\"type\":\"string\"},\"class\":{\"type\":\"string\"},"
    "\"health\":{\"type\":\"string\"},\"ready\":{\"type\":\"boolean\"},\"uptime_ms\":{\"type\":[\"integer\",\"null\"]},"
    "\"restart_count\":{\"type\":\"integer\"},\"attempt\":{\"type\":\"integer\"},\"restarting\":{\"type\":\"boolean\"},"
    "\"next_attempt_at\":{\"type\":[\"integer\",\"null\"]},\"exit_code\":{\"type\":[\"integer\",\"null\"]},"
    "\"signal\":{\"type\":[\"string\",\"null\"]},\"failure\":{\"type\":[\"string\",\"null\"]},"
    "\"error\":{\"type\":[\"string\",\"null\"]},\"run_id\":{\"type\":[\"integer\",\"null\"]},"
    "\"needs_restart\":{\"type\":\"boolean\"},\"actions\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}" },
  { "ServiceFull",
    "{\"type\":\"object\",\"description\":\"The record of zinit\",\"properties\":{\"name\":{\"type\":\"string\"},"
    "\"state\":{\"type\":\"object\"},\"is_target\":{\"type\":\"boolean\"},\"uptime_secs\":{\"type\":\"integer\"},"
    "\"dependencies\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"pid\":{\"type\":\"integer\"},"
    "\"uptime_ms\":{\"type\":[\"integer\",\"null\"]},\"restart_count\":{\"type\":\"integer\"},"
    "\"last_start\":{\"type\":[\"integer\",\"null\"]},\"last_stop\":{\"type\":[\"integer\",\"null\"]},"
    "\"blocked_by\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}" },
  { "ServiceSet",
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"created\":{\"type\":\"boolean\"},\"changed\":{\"type\":\"boolean\"},\"needs_restart\":{\"type\":\"boolean\"},"
    "\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}" },
  { "Bulk", "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},"
            "\"done\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
            "\"failed\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}" },
  { "ServiceInfo",
    "{\"type\":\"object\",\"description\":\"ServiceStatus without actions, with what describes it\",\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"state\":{\"type\":\"string\"},\"pid\":{\"type\":\"integer\"},"
    "\"description\":{\"type\":\"string\"},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"context\":{\"type\":\"integer\"},\"origin\":{\"type\":\"string\"}}}" },
  { "ServiceStart",
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"state\":{\"type\":\"string\"},\"ready\":{\"type\":\"boolean\"},\"run_id\":{\"type\":[\"integer\",\"null\"]},"
    "\"job_ids\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"started\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}" },
  { "Secret", "{\"type\":\"object\",\"description\":\"value only from secret.get, length only from secret.list\","
              "\"properties\":{\"key\":{\"type\":\"string\"},\"context\":{\"type\":\"integer\"},"
              "\"value\":{\"type\":\"string\"},\"length\":{\"type\":\"integer\"},"
              "\"description\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},"
              "\"created_at\":{\"type\":\"integer\"},\"updated_at\":{\"type\":\"integer\"}}}" },
  { "Context", "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
               "\"description\":{\"type\":\"string\"},\"created_at\":{\"type\":[\"integer\",\"null\"]}}}" },
  { "Ok", "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}}}" },
  { NULL }
};

/* ---------------------------------------------------------------------------------------------- methods */

static const HeroRpcErrorSpec errors[] = {
  { RPC_NOT_FOUND, "service_not_found", FALSE, "service not found" },
  { RPC_IS_UP, "service_is_up", FALSE, "service is up" },
  { RPC_MONITORED, "service_already_monitored", TRUE, "service already monitored" },
  { RPC_IS_DOWN, "service_is_down", TRUE, "service is down" },
  { RPC_EXISTS, "already_exists", FALSE, "already exists" },
  { RPC_INVALID_SIGNAL, "invalid_signal", FALSE, "invalid signal" },
  { RPC_STATE, "invalid_state_transition", FALSE, "invalid state" },
  { RPC_CONFIG, "config_error", FALSE, "config error" },
  { RPC_DEPENDENCY, "dependency_cycle", FALSE, "dependency error" },
  { RPC_PROCESS, "process_error", TRUE, "process error" },
  { RPC_NOT_A_TERMINAL, "not_a_terminal", FALSE, "job N has no terminal" },
  { RPC_STORAGE, "storage_error", TRUE, "Database error" },
  { RPC_LIMIT, "limit_exceeded", FALSE, "limit exceeded" },
  { RPC_LOCKED, "secret_store_locked", FALSE, "secret store is locked" },
  { RPC_BLOCKED, "blocked_by_other", TRUE, "start blocked" },
  { RPC_UNSUPPORTED, "not_supported", FALSE, "not supported" },
  { RPC_CONFIRM, "confirmation_required", FALSE, "pass confirm=true" },
  { 0 },
};

static const HeroRpcMethod methods[] = {
  { "service.set", hero_proc_rpc_service_set, set_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"created\":{\"type\":\"boolean\"},\"changed\":{\"type\":\"boolean\"},\"needs_restart\":{\"type\":\"boolean\"},"
    "\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
    "Store the definition of a service and of the actions given with it.",
    "A set replaces the whole record: members left out get their default. A definition of zinit (with exec) becomes "
    "one "
    "service with one action.",
    "jobs", ERRORS (RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_DEPENDENCY, RPC_STORAGE, RPC_LIMIT),
    HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS, "service.put|service.upsert" },
  { "service.get", hero_proc_rpc_service_get, name_params, "ServiceSpec", "The definition of a service.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND), 0, "service.config" },
  { "service.list", hero_proc_rpc_service_list, list_params, "[]ServiceInfo",
    "All services, by name, with what they do now.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "service.status", hero_proc_rpc_service_status, status_params, "ServiceStatus",
    "What a service and its actions do now.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), HERO_RPC_WAITS, "service.info" },
  { "service.start", hero_proc_rpc_service_start, start_params, "ServiceStart", "Start a service, if it is not up.",
    NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_CONFIG, RPC_PROCESS, RPC_STORAGE, RPC_BLOCKED), HERO_RPC_WRITES | HERO_RPC_WAITS,
    NULL },
  { "service.stop", hero_proc_rpc_service_stop, stop_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"state\":{\"type\":\"string\"},\"stopped\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
    "Stop a service and everything it started.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), HERO_RPC_WRITES | HERO_RPC_WAITS,
    NULL },
  { "service.restart", hero_proc_rpc_service_restart, restart_params, "ServiceStart",
    "Stop a service and start it again.", NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_CONFIG, RPC_PROCESS, RPC_STORAGE, RPC_BLOCKED),
    HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { "service.delete", hero_proc_rpc_service_delete, delete_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"deleted\":{\"type\":\"boolean\"},"
    "\"stopped\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
    "Stop a service and forget it.", NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_DEPENDENCY, RPC_STORAGE),
    HERO_RPC_WRITES | HERO_RPC_WAITS, "service.remove|service.forget" },
  { "service.why", hero_proc_rpc_service_why, name_params,
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"state\":{\"type\":\"string\"},"
    "\"blocked\":{\"type\":\"boolean\"},\"waiting_on\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"conflicts_with\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"held_by\":{\"type\":[\"string\",\"null\"]},\"missing\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"failed\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"reasons\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"ascii\":{\"type\":\"string\"}}}",
    "Why a service is blocked, degraded or down.", "ascii is the same for people, down to the root of it.", "jobs",
    ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "service.tree", hero_proc_rpc_service_tree, tree_params,
    "{\"type\":\"object\",\"properties\":{\"nodes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"edges\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"ascii\":{\"type\":\"string\"}}}",
    "Who requires, wants, comes after and conflicts with whom.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "service.create", hero_proc_rpc_service_create, create_params, "ServiceSet",
    "Store a service that is not there yet.", NULL, "jobs",
    ERRORS (RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_EXISTS, RPC_DEPENDENCY, RPC_STORAGE, RPC_LIMIT),
    HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS, "service.add|service.register" },
  { "service.monitor", hero_proc_rpc_service_monitor, create_params, "ServiceSet",
    "Store a service that is not there yet, until the next clean stop.", NULL, "jobs",
    ERRORS (RPC_MONITORED, RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_DEPENDENCY, RPC_STORAGE, RPC_LIMIT),
    HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS, NULL },
  { "service.update", hero_proc_rpc_service_update, update_params, "ServiceSet",
    "Store another definition of a service that is there.", NULL, "jobs",
    ERRORS (RPC_NOT_FOUND, RPC_INVALID_SIGNAL, RPC_CONFIG, RPC_DEPENDENCY, RPC_STORAGE, RPC_LIMIT),
    HERO_RPC_WRITES | HERO_RPC_RAW_PARAMS, NULL },
  { "service.is_running", hero_proc_rpc_service_is_running, name_params, "{\"type\":\"boolean\"}",
    "Has a service a live process? An unknown name has none.", NULL, "jobs", NULL, 0, NULL },
  { "service.list_full", hero_proc_rpc_service_list_full, list_params, "[]ServiceFull",
    "All services, in the form of zinit.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "service.status_full", hero_proc_rpc_service_status_full, name_params, "ServiceFull",
    "One service, in the form of zinit.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "service.kill", hero_proc_rpc_service_kill, kill_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},"
    "\"pids\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}",
    "Send a signal to the processes of a service.", "What follows is up to the process, and to its restart policy.",
    "jobs", ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN, RPC_INVALID_SIGNAL), HERO_RPC_WRITES, NULL },
  { "service.start_all", hero_proc_rpc_service_start_all, start_all_params, "Bulk",
    "Start all services of a class, dependencies first.", "Services with status ignore or spec are left alone.", "jobs",
    NULL, HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { "service.stop_all", hero_proc_rpc_service_stop_all, stop_all_params, "Bulk",
    "Stop all services of a class, dependents first.", "Services with status ignore or spec are left alone.", "jobs",
    NULL, HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { "service.delete_all", hero_proc_rpc_service_delete_all, delete_all_params, "Bulk",
    "Stop and forget all services of a class.", "Services with status ignore or spec are left alone.", "jobs",
    ERRORS (RPC_CONFIRM), HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { "service.clean_by_tag", hero_proc_rpc_service_clean_by_tag, clean_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"deleted\":{\"type\":\"integer\"},"
    "\"skipped\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}",
    "Forget the services with a tag.", NULL, "jobs", ERRORS (RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_WAITS, NULL },
  { "secret.set", hero_proc_rpc_secret_set, secret_set_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"key\":{\"type\":\"string\"},"
    "\"context\":{\"type\":\"integer\"},\"version\":{\"type\":\"integer\"}}}",
    "Keep a value sealed.", "A set replaces value and description, and counts the version up.", "secrets",
    ERRORS (RPC_NOT_FOUND, RPC_EXISTS, RPC_STORAGE, RPC_LOCKED), HERO_RPC_WRITES,
    "secret.create|secret.put|secret.update" },
  { "secret.get", hero_proc_rpc_secret_get, secret_params, "Secret", "A secret with its value.", NULL, "secrets",
    ERRORS (RPC_NOT_FOUND, RPC_STORAGE, RPC_LOCKED), 0, NULL },
  { "secret.exists", hero_proc_rpc_secret_exists, secret_params, "{\"type\":\"boolean\"}",
    "Whether there is such a secret.", NULL, "secrets", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "secret.list", hero_proc_rpc_secret_list, secret_list_params, "[]Secret",
    "Secrets without their values, by context and key.", NULL, "secrets", ERRORS (RPC_NOT_FOUND), 0, NULL },
  { "secret.delete", hero_proc_rpc_secret_delete, secret_params, "Ok", "Forget a secret.", NULL, "secrets",
    ERRORS (RPC_NOT_FOUND, RPC_STORAGE), HERO_RPC_WRITES, "secret.remove" },
  { "secret.status", hero_proc_rpc_secret_status, NULL,
    "{\"type\":\"object\",\"properties\":{\"state\":{\"enum\":[\"ok\",\"locked\"]},\"reason\":{\"type\":\"string\"},"
    "\"key_id\":{\"type\":[\"string\",\"null\"]},\"count\":{\"type\":\"integer\"},"
    "\"key_file\":{\"type\":\"string\"}}}",
    "Whether secrets can be read, and with which key.", NULL, "secrets", NULL, 0, NULL },
  { "secret.rotate_key", hero_proc_rpc_secret_rotate_key, confirm_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"reencrypted\":{\"type\":\"integer\"}}}",
    "Make a new key and seal all secrets with it.",
    "All or none; an interrupted rotation is finished at the next start.", "secrets",
    ERRORS (RPC_STORAGE, RPC_LOCKED, RPC_CONFIRM), HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, NULL },
  { "context.list", hero_proc_rpc_context_list, NULL, "[]Context", "Contexts that have a name, by number.", NULL,
    "system", NULL, 0, NULL },
  { "context.set", hero_proc_rpc_context_set, context_set_params, "Context", "Give a context a name.", NULL, "system",
    ERRORS (RPC_EXISTS, RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_ADMIN_ONLY, NULL },
  { "context.delete", hero_proc_rpc_context_delete, context_params, "Ok", "Take the name of a context away.",
    "What belongs to its number stays. Refused while a service of it is up.", "system",
    ERRORS (RPC_NOT_FOUND, RPC_IS_UP, RPC_STORAGE), HERO_RPC_WRITES | HERO_RPC_ADMIN_ONLY, NULL },
  { NULL }
};

void
hero_proc_register_rpc (HeroProc *self)
{
  static const HeroRpcMethod *const method_tables[]
      = { methods, proc_log_methods, proc_action_methods, proc_job_methods, proc_run_methods, proc_schedule_methods,
          proc_stats_methods, proc_system_methods, proc_debug_methods, proc_terminal_methods };
  static const HeroRpcSchema *const schema_tables[]
      = { schemas, proc_log_schemas, proc_job_schemas, proc_run_schemas, proc_schedule_schemas,
          proc_stats_schemas };
  g_autoptr (GArray) all_methods = g_array_new (TRUE, TRUE, sizeof (HeroRpcMethod));
  g_autoptr (GArray) all_schemas = g_array_new (TRUE, TRUE, sizeof (HeroRpcSchema));

  for (guint i = 0; i < G_N_ELEMENTS (method_tables); i++)
    for (const HeroRpcMethod *one = method_tables[i]; one->name != NULL; one++)
      g_array_append_val (all_methods, *one);
  for (guint i = 0; i < G_N_ELEMENTS (schema_tables); i++)
    for (const HeroRpcSchema *one = schema_tables[i]; one->name != NULL; one++)
      g_array_append_val (all_schemas, *one);
  {
    const HeroRpcSpec spec
        = HERO_RPC_SPEC (.methods = (const HeroRpcMethod *)(gpointer)all_methods->data,
                         .schemas = (const HeroRpcSchema *)(gpointer)all_schemas->data, .errors = errors);

    hero_service_set_rpc (self->ctx, &spec, self); /* takes copies of the tables */
  }
}
