/* control-rpc.c: host.status, host.restart, host.config. Service thread. */
#include "control.h"

#include <unistd.h>

static gboolean
flag_of (GVariant *row, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup (row, key, "b", &flag);
  return flag;
}

static void
set_text (JsonObject *object, const char *key, const char *text)
{
  if (text[0] != '\0')
    json_object_set_string_member (object, key, text);
  else
    json_object_set_null_member (object, key);
}

static void
set_number (JsonObject *object, const char *key, gint64 number, gint64 none)
{
  if (number != none)
    json_object_set_int_member (object, key, number);
  else
    json_object_set_null_member (object, key);
}

JsonObject *
hero_control_describe_service (GVariant *row)
{
  JsonObject *object = json_object_new ();
  gint64 pid = hero_control_number (row, "pid");

  json_object_set_string_member (object, "name", hero_control_text (row, "name"));
  json_object_set_string_member (object, "state", hero_control_text (row, "state"));
  json_object_set_string_member (object, "isolation", hero_control_text (row, "isolation"));
  json_object_set_boolean_member (object, "enabled", flag_of (row, "enabled"));
  json_object_set_boolean_member (object, "required", flag_of (row, "required"));
  set_number (object, "pid", pid, -1);
  json_object_set_int_member (object, "restarts", hero_control_number (row, "restarts"));
  set_number (object, "ready_ms", hero_control_number (row, "ready_ms"), -1);
  set_text (object, "last_error", hero_control_text (row, "last_error"));
  set_text (object, "reason", hero_control_text (row, "reason"));
  /* A thread has no memory of its own; the process total stands above. */
  set_number (object, "rss_bytes", pid > 0 && pid != getpid () ? (gint64) hero_control_get_rss (pid) : 0, 0);
  return object;
}

static JsonArray *
describe_services (HeroControl *self)
{
  g_autoptr (GVariant) services = hero_status_get_services (hero_supervisor_get_status (self->supervisor));
  JsonArray *list = json_array_new ();

  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);

      json_array_add_object_element (list, hero_control_describe_service (row));
    }
  return list;
}

static void
on_status (gpointer data, HeroRpcCall *call)
{
  HeroControl *self = data;
  JsonObject *result = json_object_new ();

  json_object_set_string_member (result, "version", PACKAGE_VERSION);
  json_object_set_int_member (result, "pid", getpid ());
  json_object_set_int_member (result, "uptime_secs", hero_service_get_uptime_us (self->ctx) / G_USEC_PER_SEC);
  json_object_set_int_member (result, "rss_bytes", (gint64) hero_control_get_rss (getpid ()));
  json_object_set_array_member (result, "services", describe_services (self));
  hero_rpc_return_object (call, result);
}

/* ------------------------------------------------------------------------------------------------ restart */

static void
fail_unknown (HeroControl *self, HeroRpcCall *call, const char *name)
{
  HeroConfig *config = hero_supervisor_get_config (self->supervisor);
  g_autoptr (GString) hint = g_string_new ("the enabled services are");
  JsonObject *more = json_object_new ();

  for (guint i = 0; i < config->services->len; i++)
    {
      const HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      if (service->enabled)
        g_string_append_printf (hint, " %s", service->name);
    }
  json_object_set_string_member (more, "hint", hint->str);
  json_object_set_string_member (more, "param", "name");
  hero_rpc_fail_data (call, HERO_RPC_INVALID_PARAMS, more, "parameter 'name': there is no enabled service \"%s\"", name);
}

static void
return_service (HeroControl *self, HeroRpcCall *call, const char *name)
{
  g_autoptr (GVariant) services = hero_status_get_services (hero_supervisor_get_status (self->supervisor));

  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);
      JsonObject *result;

      if (!g_str_equal (hero_control_text (row, "name"), name))
        continue;
      result = json_object_new ();
      json_object_set_string_member (result, "name", name);
      json_object_set_string_member (result, "state", hero_control_text (row, "state"));
      set_number (result, "ready_ms", hero_control_number (row, "ready_ms"), -1);
      set_text (result, "last_error", hero_control_text (row, "last_error"));
      hero_rpc_return_object (call, result);
      return;
    }
  fail_unknown (self, call, name);
}

typedef struct
{
  HeroControl *self;
  HeroRpcCall *call;
  char *name;
} Restart;

static void
on_restarted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Restart *restart = data;
  g_autofree char *name = restart->name;
  g_autoptr (GError) error = NULL;

  if (hero_supervisor_restart_finish (restart->self->supervisor, result, &error))
    return_service (restart->self, restart->call, name);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    fail_unknown (restart->self, restart->call, name);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    hero_rpc_fail (restart->call, HERO_RPC_UNAVAILABLE, "%s", error->message);
  else
    hero_rpc_fail (restart->call, HERO_RPC_SHUTTING_DOWN, "%s", error->message);
}

static void
on_restart (gpointer data, HeroRpcCall *call)
{
  HeroControl *self = data;
  Restart *restart = g_new0 (Restart, 1);

  restart->self = self;
  restart->call = call;
  restart->name = g_strdup (hero_rpc_get_string (call, "name"));
  hero_supervisor_restart_async (self->supervisor, restart->name, on_restarted, restart);
}

/* ------------------------------------------------------------------------------------------------ configuration */

static void
on_config (gpointer data, HeroRpcCall *call)
{
  HeroControl *self = data;
  HeroConfig *config = hero_supervisor_get_config (self->supervisor);
  g_autoptr (GVariant) lines = g_variant_ref_sink (hero_config_describe (config));
  JsonObject *result = json_object_new ();
  JsonArray *keys = json_array_new ();
  const char *table, *key, *value, *source, *meaning;
  guint32 line;
  GVariantIter iter;

  g_variant_iter_init (&iter, lines);
  while (g_variant_iter_next (&iter, "(&s&s&s&s&su)", &table, &key, &value, &source, &meaning, &line))
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "table", table);
      json_object_set_string_member (object, "key", key);
      json_object_set_string_member (object, "value", value);
      json_object_set_string_member (object, "source", source);
      set_number (object, "line", line, 0);
      json_array_add_object_element (keys, object);
    }
  json_object_set_string_member (result, "path", config->path);
  json_object_set_array_member (result, "keys", keys);
  hero_rpc_return_object (call, result);
}

/* ------------------------------------------------------------------------------------------------ table */

static const HeroRpcParam restart_params[] = {
  { "name", HERO_STRING (1, 32), HERO_REQUIRED, "The service." },
  { NULL },
};

static const HeroRpcSchema schemas[] = {
  { "Service", "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"state\":{\"type\":\"string\",\"enum\":["
               "\"disabled\",\"starting\",\"ready\",\"degraded\",\"stalled\",\"backoff\",\"stopping\",\"stopped\",\"failed\"]},"
               "\"isolation\":{\"type\":\"string\",\"enum\":[\"thread\",\"process\"]},\"enabled\":{\"type\":\"boolean\"},"
               "\"required\":{\"type\":\"boolean\"},\"pid\":{\"type\":[\"integer\",\"null\"]},"
               "\"restarts\":{\"type\":\"integer\"},\"ready_ms\":{\"type\":[\"integer\",\"null\"]},"
               "\"last_error\":{\"type\":[\"string\",\"null\"]},\"reason\":{\"type\":[\"string\",\"null\"]},"
               "\"rss_bytes\":{\"type\":[\"integer\",\"null\"]}}}" },
  { "HostStatus", "{\"type\":\"object\",\"properties\":{\"version\":{\"type\":\"string\"},\"pid\":{\"type\":\"integer\"},"
                  "\"uptime_secs\":{\"type\":\"integer\"},\"rss_bytes\":{\"type\":\"integer\"},"
                  "\"services\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Service\"}}}}" },
  { "Restarted", "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"state\":{\"type\":\"string\"},"
                 "\"ready_ms\":{\"type\":[\"integer\",\"null\"]},\"last_error\":{\"type\":[\"string\",\"null\"]}}}" },
  { "HostConfig", "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"keys\":{\"type\":\"array\","
                  "\"items\":{\"type\":\"object\",\"properties\":{\"table\":{\"type\":\"string\"},\"key\":{\"type\":\"string\"},"
                  "\"value\":{\"type\":\"string\"},\"source\":{\"type\":\"string\",\"enum\":[\"file\",\"environment\",\"default\"]},"
                  "\"line\":{\"type\":[\"integer\",\"null\"]}}}}}}" },
  { NULL },
};

static const HeroRpcMethod methods[] = {
  { "host.status", on_status, NULL, "HostStatus", "All services and how they are." },
  { "host.restart", on_restart, restart_params, "Restarted", "Restart one service; its sockets keep listening.",
    "Answers when the service is ready or has failed. -32093 when it hangs in stop on a thread of this process.",
    .flags = HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY },
  { "host.config", on_config, NULL, "HostConfig", "Every key in effect and where its value comes from; secrets masked." },
  { NULL },
};

const HeroRpcSpec hero_control_rpc = HERO_RPC_SPEC (.methods = methods, .schemas = schemas);
