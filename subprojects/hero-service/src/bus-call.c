/* bus-call.c: one JSON-RPC call to a service's topic. Runs on the caller's thread and context. */
#include "bus-private.h"

#include <hero-service/json.h>

G_DEFINE_QUARK (hero - rpc - reply - error - quark, hero_rpc_reply_error)

static GBytes *
print_request (const char *method, JsonNode *params)
{
  g_autoptr (JsonObject) request = json_object_new ();
  g_autoptr (JsonNode) root = json_node_alloc ();
  gsize length;

  json_object_set_string_member (request, "jsonrpc", "2.0");
  json_object_set_int_member (request, "id", 1);
  json_object_set_string_member (request, "method", method);
  if (params)
    json_object_set_member (request, "params", params);
  json_node_init_object (root, request);
  char *text = hero_json_print (root, &length);
  return g_bytes_new_take (text, length);
}

static void
return_error_reply (GTask *task, JsonNode *error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (error) ? json_node_get_object (error) : NULL;
  const char *message = object ? json_object_get_string_member_with_default (object, "message", "error") : "error";

  g_task_return_new_error (task, HERO_RPC_REPLY_ERROR,
                           object ? (int)json_object_get_int_member_with_default (object, "code", -32603) : -32603,
                           "%s", message);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GBytes) reply = hero_bus_request_finish (NULL, result, &error);
  gsize length = 0;

  if (!reply)
    {
      g_task_return_error (task, error);
      return;
    }
  const char *text = g_bytes_get_data (reply, &length);
  g_autoptr (JsonNode) root = hero_json_parse (text ? text : "", (gssize)length, &error);
  if (!root)
    {
      g_prefix_error (&error, "the reply is not JSON: ");
      g_task_return_error (task, error);
      return;
    }
  JsonObject *response = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (response && json_object_has_member (response, "result"))
    g_task_return_pointer (task, json_node_copy (json_object_get_member (response, "result")),
                           (GDestroyNotify)json_node_unref);
  else if (response && json_object_has_member (response, "error"))
    return_error_reply (task, json_object_get_member (response, "error"));
  else
    g_task_return_new_error (task, HERO_JSON_ERROR, HERO_JSON_ERROR_SYNTAX, "the reply is not a JSON-RPC response");
}

void
hero_bus_call_async (HeroBus *bus, const char *service, const char *method, JsonNode *params, HeroIdentity *identity,
                     guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *name = g_strconcat (service, ".rpc", NULL);
  g_autoptr (GBytes) topic = g_bytes_new (name, strlen (name));
  g_autoptr (GBytes) payload = print_request (method, params);
  GError *error = NULL;

  g_task_set_source_tag (task, hero_bus_call_async);
  g_task_set_check_cancellable (task, FALSE);
  HeroBusMessage *message = hero_bus_message_new (bus, topic, payload, &error);
  if (message && identity)
    hero_bus_message_set_identity (message, identity);
  hero_bus_ask_async (bus, NULL, message, error, timeout_ms, cancellable, on_reply, task);
}

JsonNode *
hero_bus_call_finish (HeroBus *bus, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, hero_bus_call_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
