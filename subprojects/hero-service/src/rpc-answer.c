/* rpc-answer.c: what a handler may answer, as text of the JSON-RPC response. Any thread: printing needs no lock. */
#include "rpc-core.h"

#include <hero-service/log.h>

/* ------------------------------------------------------------------------------------------------ printing */

static GString *
begin_reply (JsonNode *id)
{
  GString *out = g_string_sized_new (256);

  g_string_append (out, "{\"jsonrpc\":\"2.0\",\"id\":");
  hero_json_append (out, id);
  return out;
}

static JsonObject *
error_data (const HeroRpcTable *table, int code, JsonObject *more)
{
  const HeroRpcErrorSpec *spec = hero_rpc_table_error (table, code);
  JsonObject *data = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (spec == NULL)
    g_critical ("error code %d is not declared", code);
  json_object_set_string_member (data, "code_name", spec != NULL ? spec->code_name : "unknown");
  json_object_set_boolean_member (data, "retryable", spec != NULL && spec->retryable);
  if (more != NULL)
    {
      json_object_iter_init_ordered (&iter, more);
      while (json_object_iter_next_ordered (&iter, &name, &value))
        json_object_set_member (data, name, json_node_copy (value));
    }
  return data;
}

GBytes *
hero_rpc_print_error (const HeroRpcTable *table, JsonNode *id, int code, const char *message, JsonObject *data)
{
  GString *out = begin_reply (id);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, error_data (table, code, data));
  g_string_append_printf (out, ",\"error\":{\"code\":%d,\"message\":", code);
  hero_json_append_string (out, message);
  g_string_append (out, ",\"data\":");
  hero_json_append (out, node);
  g_string_append (out, "}}");
  return g_string_free_to_bytes (out);
}

/* ------------------------------------------------------------------------------------------------ answers */

/* Takes data. */
static void
answer_error (HeroRpcCall *call, int code, const char *message, JsonObject *data)
{
  call->failed = TRUE;
  if (call->id == NULL && call->core->ctx != NULL)
    hero_warn (call->core->ctx, "notification %s: %s", call->entry->spec.name, message);
  hero_rpc_call_complete (
      call, call->id == NULL ? NULL : hero_rpc_print_error (call->core->table, call->id, code, message, data));
  if (data != NULL)
    json_object_unref (data);
}

/* Takes data. -32603: what happened goes to the log under an incident id, the client gets the id. */
static void
answer_internal (HeroRpcCall *call, const char *text, JsonObject *data)
{
  g_autofree char *incident = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());

  if (data == NULL)
    data = json_object_new ();
  json_object_set_string_member (data, "incident", incident);
  if (call->core->ctx != NULL)
    hero_log_fields (call->core->ctx, HERO_LOG_ERROR, g_variant_new_parsed ("{'incident': <%s>}", incident), "%s: %s",
                     call->entry->spec.name, text);
  answer_error (call, HERO_RPC_INTERNAL, "Internal error", data);
}

static void
answer_text (HeroRpcCall *call, GString *out)
{
  if (out->len > HERO_RPC_MAX_ANSWER)
    {
      g_string_free (out, TRUE);
      answer_error (call, HERO_RPC_RESULT_TOO_LARGE, "the answer is over 64 MiB", NULL);
      return;
    }
  hero_rpc_call_complete (call, g_string_free_to_bytes (out));
}

/* Takes result. */
static void
answer_node (HeroRpcCall *call, JsonNode *result)
{
  GString *out;

  if (call->id == NULL)
    hero_rpc_call_complete (call, NULL);
  else
    {
      out = begin_reply (call->id);
      g_string_append (out, ",\"result\":");
      hero_json_append (out, result);
      g_string_append_c (out, '}');
      answer_text (call, out);
    }
  g_clear_pointer (&result, json_node_unref);
}

void
hero_rpc_return (HeroRpcCall *call, JsonNode *result)
{
  if (hero_rpc_call_claim (call))
    answer_node (call, result);
  else
    g_clear_pointer (&result, json_node_unref);
}

void
hero_rpc_return_object (HeroRpcCall *call, JsonObject *result)
{
  hero_rpc_return (call, json_node_init_object (json_node_alloc (), result));
  json_object_unref (result);
}

void
hero_rpc_return_array (HeroRpcCall *call, JsonArray *result)
{
  hero_rpc_return (call, json_node_init_array (json_node_alloc (), result));
  json_array_unref (result);
}

void
hero_rpc_return_string (HeroRpcCall *call, const char *result)
{
  hero_rpc_return (call, json_node_init_string (json_node_alloc (), result));
}

void
hero_rpc_return_integer (HeroRpcCall *call, gint64 result)
{
  hero_rpc_return (call, json_node_init_int (json_node_alloc (), result));
}

void
hero_rpc_return_boolean (HeroRpcCall *call, gboolean result)
{
  hero_rpc_return (call, json_node_init_boolean (json_node_alloc (), result));
}

void
hero_rpc_return_json (HeroRpcCall *call, GBytes *json)
{
  gsize size = g_bytes_get_size (json);
  GString *out;

  if (hero_rpc_call_claim (call))
    {
      if (call->id == NULL)
        hero_rpc_call_complete (call, NULL);
      else if (size > HERO_RPC_MAX_ANSWER)
        answer_error (call, HERO_RPC_RESULT_TOO_LARGE, "the answer is over 64 MiB", NULL);
      else
        {
          out = begin_reply (call->id);
          g_string_append (out, ",\"result\":");
          g_string_append_len (out, g_bytes_get_data (json, NULL), (gssize)size);
          g_string_append_c (out, '}');
          answer_text (call, out);
        }
    }
  g_bytes_unref (json);
}

static void G_GNUC_PRINTF (4, 0)
    fail_va (HeroRpcCall *call, int code, JsonObject *data, const char *format, va_list args)
{
  g_autofree char *message = g_strdup_vprintf (format, args);

  if (!hero_rpc_call_claim (call))
    g_clear_pointer (&data, json_object_unref);
  else if (code == HERO_RPC_INTERNAL)
    answer_internal (call, message, data);
  else
    answer_error (call, code, message, data);
}

void
hero_rpc_fail (HeroRpcCall *call, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail_va (call, code, NULL, format, args);
  va_end (args);
}

void
hero_rpc_fail_data (HeroRpcCall *call, int code, JsonObject *data, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail_va (call, code, data, format, args);
  va_end (args);
}

void
hero_rpc_fail_param (HeroRpcCall *call, const char *param, const char *expected, const char *found)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "param", param);
  json_object_set_string_member (data, "expected", expected);
  hero_rpc_fail_data (call, HERO_RPC_INVALID_PARAMS, data, "parameter '%s': expected %s, got %s", param, expected,
                      found);
}

void
hero_rpc_fail_error (HeroRpcCall *call, GError *error)
{
  int code = HERO_RPC_INTERNAL;

  if (g_error_matches (error, HERO_ERROR, HERO_ERROR_STORAGE_FULL))
    code = HERO_RPC_STORAGE_FULL;
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT))
    code = HERO_RPC_OVERLOADED;
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_CLOSED))
    code = HERO_RPC_SHUTTING_DOWN;
  else if (g_error_matches (error, HERO_ERROR, HERO_ERROR_FORBIDDEN))
    code = HERO_RPC_FORBIDDEN;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    code = HERO_RPC_CANCELLED;
  hero_rpc_fail (call, code, "%s", error->message);
  g_error_free (error);
}
