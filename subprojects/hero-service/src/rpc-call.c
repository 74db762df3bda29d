/*
 * rpc-call.c: one call, from its handler to its answer. Made, run and ended on the service thread; answered from any: an
 * answer given elsewhere is printed there and comes over by an idle source.
 */
#include "rpc-core.h"

#include <hero-service/log.h>

#include <string.h>

#define CALL_LIVE 0x6c6c6163u /* "call" */
#define CALL_DEAD 0x64616564u /* "dead" */
#define MAX_BURIED 64

/* ------------------------------------------------------------------------------------------------ life */

HeroRpcCall *
hero_rpc_call_new (HeroRpcExchange *exchange, HeroRpc *core, const HeroRpcEntry *entry, guint index, JsonNode *id,
                   JsonNode *params)
{
  HeroRpcCall *call = g_malloc0 (sizeof *call + entry->n_params * sizeof (HeroRpcValue));

  call->magic = CALL_LIVE;
  call->core = hero_rpc_core_ref (core);
  call->exchange = hero_rpc_exchange_ref (exchange);
  call->entry = entry;
  call->index = index;
  call->id = id;
  call->params = params;
  call->link.data = call;
  return call;
}

/* The shell of an answered call is kept for a while, so that a second answer is told from a first one. */
static void
bury (HeroRpcCall *call)
{
  HeroRpc *core = call->core;

  hero_rpc_call_clear_values (call);
  call->magic = CALL_DEAD;
  g_clear_object (&call->cancellable);
  g_clear_pointer (&call->exchange, hero_rpc_exchange_unref);
  g_queue_push_tail_link (&core->buried, &call->link);
  if (core->buried.length > MAX_BURIED)
    g_free (g_queue_pop_head_link (&core->buried)->data);
  hero_rpc_core_unref (core);
}

static gboolean on_deadline (gpointer data);

static void
arm_deadline (HeroRpc *core)
{
  HeroRpcCall *oldest = g_queue_peek_head (&core->timed);

  if (core->deadline == NULL && oldest != NULL)
    {
      core->deadline = g_timeout_source_new (G_MAXINT);
      g_source_set_callback (core->deadline, on_deadline, core, NULL);
      g_source_attach (core->deadline, core->context);
    }
  if (core->deadline != NULL)
    g_source_set_ready_time (core->deadline, oldest != NULL ? oldest->started_us + core->timeout_us : -1);
}

static void
enlist (HeroRpcCall *call)
{
  HeroRpc *core = call->core;
  gboolean timed = core->timeout_us > 0 && !(call->entry->spec.flags & HERO_RPC_WAITS);

  call->started_us = g_get_monotonic_time ();
  call->queue = timed ? &core->timed : &core->waiting;
  g_queue_push_tail_link (call->queue, &call->link);
  if (timed && core->timed.length == 1)
    arm_deadline (core);
}

void
hero_rpc_call_run (HeroRpcCall *call)
{
  const HeroRpcEntry *entry = call->entry;
  gboolean returned = FALSE;

  call->returned = &returned;
  if (hero_rpc_call_bind (call))
    entry->spec.handler (entry->domain != NULL ? call->core->self : call->core->ctx, call);
  if (returned) /* the call is gone */
    return;
  call->returned = NULL;
  enlist (call);
}

/* On the service thread: the handler's answer arrives. */
static void
complete (HeroRpcCall *call, GBytes *answer)
{
  HeroRpc *core = call->core;

  if (call->returned != NULL)
    *call->returned = TRUE;
  if (call->queue != NULL)
    g_queue_unlink (call->queue, &call->link);
  if (core->ctx != NULL)
    core->n_errors += call->failed;
  if (!call->abandoned && core->ctx != NULL)
    hero_rpc_exchange_answered (call->exchange, call->index, answer, g_steal_pointer (&call->written));
  else
    {
      g_clear_pointer (&answer, g_bytes_unref);
      hero_rpc_written (g_steal_pointer (&call->written), FALSE);
    }
  bury (call);
}

static gboolean
on_answer (gpointer data)
{
  HeroRpcCall *call = data;

  complete (call, g_steal_pointer (&call->answer));
  return G_SOURCE_REMOVE;
}

/* Any thread. Takes answer. */
static void
answer_with (HeroRpcCall *call, GBytes *answer)
{
  GSource *source;

  if (g_main_context_is_owner (call->core->context))
    {
      complete (call, answer);
      return;
    }
  call->answer = answer;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_answer, call, NULL);
  g_source_attach (source, call->core->context);
  g_source_unref (source);
}

/* TRUE for the first answer of a call. The others are a bug of the handler: fatal in tests, logged elsewhere. */
static gboolean
claim (HeroRpcCall *call)
{
  if (call->magic == CALL_LIVE && g_atomic_int_compare_and_exchange (&call->answered, FALSE, TRUE))
    return TRUE;
  g_critical ("method '%s' answered a call twice", call->entry->spec.name);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------ ends that come first */

static void
give_up (HeroRpcCall *call)
{
  call->abandoned = TRUE;
  if (call->cancellable != NULL)
    g_cancellable_cancel (call->cancellable);
}

void
hero_rpc_call_abandon (HeroRpcCall *call)
{
  give_up (call);
}

static gboolean
on_deadline (gpointer data)
{
  HeroRpc *core = data;
  gint64 now = g_get_monotonic_time ();
  HeroRpcCall *call;

  while ((call = g_queue_peek_head (&core->timed)) != NULL && call->started_us + core->timeout_us <= now)
    {
      g_queue_unlink (&core->timed, &call->link);
      g_queue_push_tail_link (call->queue = &core->waiting, &call->link);
      if (call->abandoned)
        continue;
      give_up (call);
      core->n_errors++;
      hero_warn (core->ctx, "%s: no answer within %" G_GINT64_FORMAT " s", call->entry->spec.name,
                 core->timeout_us / G_USEC_PER_SEC);
      hero_rpc_exchange_answered (call->exchange, call->index,
                                  call->id == NULL ? NULL
                                                   : hero_rpc_print_error (core->table, call->id, HERO_RPC_DEADLINE_EXCEEDED,
                                                                           "the call took too long; its outcome is unknown",
                                                                           NULL),
                                  g_steal_pointer (&call->written));
    }
  arm_deadline (core);
  return G_SOURCE_CONTINUE;
}

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
  answer_with (call, call->id == NULL ? NULL : hero_rpc_print_error (call->core->table, call->id, code, message, data));
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
  answer_with (call, g_string_free_to_bytes (out));
}

/* Takes result. */
static void
answer_node (HeroRpcCall *call, JsonNode *result)
{
  GString *out;

  if (call->id == NULL)
    answer_with (call, NULL);
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
  if (claim (call))
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

  if (claim (call))
    {
      if (call->id == NULL)
        answer_with (call, NULL);
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

  if (!claim (call))
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
  hero_rpc_fail_data (call, HERO_RPC_INVALID_PARAMS, data, "parameter '%s': expected %s, got %s", param, expected, found);
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

/* ------------------------------------------------------------------------------------------------ what a call shows */

const char *
hero_rpc_call_get_method (HeroRpcCall *call)
{
  return call->entry->spec.name;
}

JsonNode *
hero_rpc_call_get_params (HeroRpcCall *call)
{
  return call->params;
}

HeroIdentity *
hero_rpc_call_get_identity (HeroRpcCall *call)
{
  return hero_rpc_exchange_get_identity (call->exchange);
}

HeroServiceContext *
hero_rpc_call_get_context (HeroRpcCall *call)
{
  return call->core->ctx;
}

GCancellable *
hero_rpc_call_get_cancellable (HeroRpcCall *call)
{
  GCancellable *cancellable = g_atomic_pointer_get (&call->cancellable);

  if (cancellable != NULL)
    return cancellable;
  cancellable = g_cancellable_new ();
  if (!g_atomic_pointer_compare_and_exchange (&call->cancellable, NULL, cancellable))
    g_object_unref (cancellable);
  if (call->abandoned || hero_rpc_exchange_is_cancelled (call->exchange) || hero_service_is_stopping (call->core->ctx))
    g_cancellable_cancel (call->cancellable);
  return call->cancellable;
}

/* ------------------------------------------------------------------------------------------------ connection data */

typedef struct
{
  gpointer data;
  GDestroyNotify destroy;
} Slot;

static void
slot_free (Slot *slot)
{
  if (slot->destroy != NULL)
    slot->destroy (slot->data);
  g_free (slot);
}

HeroRpcConnection *
hero_rpc_connection_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)slot_free);
}

void
hero_rpc_connection_free (HeroRpcConnection *connection)
{
  g_hash_table_unref (connection);
}

void
hero_rpc_call_set_connection_data (HeroRpcCall *call, const char *key, gpointer data, GDestroyNotify destroy)
{
  HeroRpcConnection *connection = hero_rpc_exchange_get_connection (call->exchange);
  Slot *slot = g_new (Slot, 1);

  *slot = (Slot){ data, destroy };
  if (connection == NULL)
    slot_free (slot);
  else
    g_hash_table_insert (connection, g_strdup (key), slot);
}

gboolean
hero_rpc_call_has_connection (HeroRpcCall *call)
{
  return hero_rpc_exchange_get_connection (call->exchange) != NULL;
}

gpointer
hero_rpc_call_get_connection_data (HeroRpcCall *call, const char *key)
{
  HeroRpcConnection *connection = hero_rpc_exchange_get_connection (call->exchange);
  Slot *slot = connection != NULL ? g_hash_table_lookup (connection, key) : NULL;

  return slot != NULL ? slot->data : NULL;
}

/* ------------------------------------------------------------------------------------------------ written */

struct _HeroRpcWritten
{
  HeroRpcWritten *next;
  void (*func) (gpointer data, gboolean written);
  gpointer data;
};

void
hero_rpc_call_on_written (HeroRpcCall *call, void (*func) (gpointer data, gboolean written), gpointer data)
{
  HeroRpcWritten *written = g_new (HeroRpcWritten, 1);

  *written = (HeroRpcWritten){ NULL, func, data };
  hero_rpc_written_append (&call->written, written);
}

void
hero_rpc_written_append (HeroRpcWritten **list, HeroRpcWritten *more)
{
  while (*list != NULL)
    list = &(*list)->next;
  *list = more;
}

void
hero_rpc_written (HeroRpcWritten *written, gboolean ok)
{
  while (written != NULL)
    {
      HeroRpcWritten *next = written->next;
      written->func (written->data, ok);
      g_free (written);
      written = next;
    }
}
