/*
 * rpc.c: JSON-RPC 2.0 bodies (conventions 5.1): parse, tell requests from batches, run the elements in order, put the
 * answers together. Service thread.
 */
#include "rpc-core.h"

#include <hero-service/log.h>

#include <string.h>

struct _HeroRpcExchange
{
  int refs;
  HeroRpc *core;
  JsonNode *root;
  HeroJsonFlaws *flaws;
  HeroIdentity *identity;
  HeroRpcConnection *connection;
  HeroRpcReply reply; /* NULL once it was called or is not wanted any more */
  gpointer data;
  gboolean cancelled;
  gboolean batch;
  guint n, next, open; /* elements in all, the next to start, started and without answer */
  gsize size;          /* bytes of the answers so far */
  gboolean blocked;    /* the element before `next` must be answered first */
  gboolean running;
  GBytes **answers;
  HeroRpcCall **calls; /* started and without answer, by element */
  HeroRpcWritten *written;
};

/* ------------------------------------------------------------------------------------------------ an exchange */

HeroRpcExchange *
hero_rpc_exchange_ref (HeroRpcExchange *exchange)
{
  exchange->refs++;
  return exchange;
}

void
hero_rpc_exchange_unref (HeroRpcExchange *exchange)
{
  if (--exchange->refs > 0)
    return;
  for (guint i = 0; exchange->answers != NULL && i < exchange->n; i++)
    g_clear_pointer (&exchange->answers[i], g_bytes_unref);
  g_free (exchange->answers);
  g_free (exchange->calls);
  g_clear_pointer (&exchange->flaws, g_hash_table_unref);
  g_clear_pointer (&exchange->root, json_node_unref);
  hero_identity_unref (exchange->identity);
  hero_rpc_core_unref (exchange->core);
  g_free (exchange);
}

HeroIdentity *
hero_rpc_exchange_get_identity (HeroRpcExchange *exchange)
{
  return exchange->identity;
}

HeroRpcConnection *
hero_rpc_exchange_get_connection (HeroRpcExchange *exchange)
{
  return exchange->connection;
}

gboolean
hero_rpc_exchange_is_cancelled (HeroRpcExchange *exchange)
{
  return exchange->cancelled;
}

/* "[a,b]" of the answers that are due; NULL when none is. */
static GBytes *
join_answers (HeroRpcExchange *exchange)
{
  GString *out = NULL;

  for (guint i = 0; i < exchange->n; i++)
    {
      g_autoptr (GBytes) answer = g_steal_pointer (&exchange->answers[i]);
      if (answer == NULL)
        continue;
      if (out == NULL)
        {
          out = g_string_sized_new (exchange->size + exchange->n + 2);
          g_string_append_c (out, '[');
        }
      else
        g_string_append_c (out, ',');
      g_string_append_len (out, g_bytes_get_data (answer, NULL), (gssize)g_bytes_get_size (answer));
    }
  if (out == NULL)
    return NULL;
  g_string_append_c (out, ']');
  return g_string_free_to_bytes (out);
}

static void
finish (HeroRpcExchange *exchange)
{
  HeroRpcReply reply = g_steal_pointer (&exchange->reply);
  GBytes *answer;

  exchange->connection = NULL;
  if (reply == NULL)
    {
      hero_rpc_written (g_steal_pointer (&exchange->written), FALSE);
      return;
    }
  answer = exchange->batch ? join_answers (exchange) : g_steal_pointer (&exchange->answers[0]);
  reply (answer, g_steal_pointer (&exchange->written), exchange->data);
}

/* The limit of an answer holds for a batch as a whole. Takes and returns an answer. */
static GBytes *
within_limit (HeroRpcExchange *exchange, HeroRpcCall *call, GBytes *answer)
{
  if (answer == NULL || call == NULL || exchange->size + g_bytes_get_size (answer) <= HERO_RPC_MAX_ANSWER)
    return answer;
  g_bytes_unref (answer);
  return hero_rpc_print_error (exchange->core->table, call->id, HERO_RPC_RESULT_TOO_LARGE,
                               "the answers of the batch are over 64 MiB", NULL);
}

static void run_elements (HeroRpcExchange *exchange);

void
hero_rpc_exchange_answered (HeroRpcExchange *exchange, guint index, GBytes *answer, HeroRpcWritten *written)
{
  HeroRpcCall *call = exchange->calls[index];

  exchange->answers[index] = answer = within_limit (exchange, call, answer);
  exchange->size += answer != NULL ? g_bytes_get_size (answer) : 0;
  exchange->calls[index] = NULL;
  exchange->open--;
  hero_rpc_written_append (&exchange->written, written);
  if (call != NULL && index + 1 == exchange->next)
    exchange->blocked = FALSE;
  if (!exchange->running)
    run_elements (exchange);
}

void
hero_rpc_exchange_cancel (HeroRpcExchange *exchange)
{
  exchange->cancelled = TRUE;
  exchange->reply = NULL;
  exchange->connection = NULL;
  hero_rpc_exchange_ref (exchange);
  for (guint i = 0; i < exchange->next; i++)
    if (exchange->calls[i] != NULL)
      hero_rpc_call_abandon (exchange->calls[i]);
  hero_rpc_written (g_steal_pointer (&exchange->written), FALSE);
  hero_rpc_exchange_unref (exchange);
}

/* ------------------------------------------------------------------------------------------------ one element */

static JsonNode *
find_flaw (HeroJsonFlaws *flaws, JsonNode *node)
{
  JsonNode *found = NULL;

  if (g_hash_table_contains (flaws, node))
    return node;
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; found == NULL && i < json_array_get_length (array); i++)
        found = find_flaw (flaws, json_array_get_element (array, i));
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      g_autoptr (GList) members = json_object_get_values (json_node_get_object (node));
      for (GList *l = members; found == NULL && l != NULL; l = l->next)
        found = find_flaw (flaws, l->data);
    }
  return found;
}

static gboolean
is_legal_id (HeroRpcExchange *exchange, JsonNode *id)
{
  if (exchange->flaws != NULL && g_hash_table_contains (exchange->flaws, id))
    return FALSE;
  return JSON_NODE_HOLDS_NULL (id) || (JSON_NODE_HOLDS_VALUE (id) && json_node_get_value_type (id) != G_TYPE_BOOLEAN);
}

static const char *
string_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

/* The answer to an element that never becomes a call. Takes data. */
static void
refuse (HeroRpcExchange *exchange, guint index, JsonNode *id, int code, const char *message, JsonObject *data)
{
  exchange->core->n_errors++;
  hero_rpc_exchange_answered (exchange, index, hero_rpc_print_error (exchange->core->table, id, code, message, data),
                              NULL);
  if (data != NULL)
    json_object_unref (data);
}

/* As refuse; a notification is only logged. */
static void
refuse_request (HeroRpcExchange *exchange, guint index, JsonNode *id, int code, const char *message, JsonObject *data)
{
  if (id != NULL)
    {
      refuse (exchange, index, id, code, message, data);
      return;
    }
  exchange->core->n_errors++;
  hero_warn (exchange->core->ctx, "notification: %s", message);
  hero_rpc_exchange_answered (exchange, index, NULL, NULL);
  if (data != NULL)
    json_object_unref (data);
}

static void
refuse_unknown (HeroRpcExchange *exchange, guint index, JsonNode *id, const char *method)
{
  const char *nearest = hero_rpc_table_nearest (exchange->core->table, method);
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "hint", nearest != NULL ? nearest : "rpc.discover lists the methods");
  refuse_request (exchange, index, id, HERO_RPC_METHOD_NOT_FOUND, "Method not found", data);
}

static void
start_call (HeroRpcExchange *exchange, guint index, const HeroRpcEntry *entry, JsonNode *id, JsonNode *params)
{
  HeroRpcCall *call = hero_rpc_call_new (exchange, exchange->core, entry, index, id, params);

  exchange->core->n_calls++;
  hero_debug (exchange->core->ctx, "call %s context=%u user='%s'", entry->spec.name, exchange->identity->context,
              exchange->identity->user);
  exchange->calls[index] = call;
  exchange->blocked = !(entry->spec.flags & HERO_RPC_WAITS);
  hero_rpc_call_run (call);
}

/* What is to be said against a well-formed request before it may run. */
static gboolean
is_refused (HeroRpcExchange *exchange, guint index, const HeroRpcEntry *entry, JsonNode *element, JsonNode *id)
{
  HeroRpc *core = exchange->core;
  JsonNode *flawed = exchange->flaws != NULL ? find_flaw (exchange->flaws, element) : NULL;

  if (flawed != NULL)
    {
      g_autofree char *message = g_strconcat ("Invalid params: ", g_hash_table_lookup (exchange->flaws, flawed), NULL);
      refuse_request (exchange, index, id, HERO_RPC_INVALID_PARAMS, message, NULL);
    }
  else if (hero_service_is_stopping (core->ctx)
           || ((entry->spec.flags & HERO_RPC_WRITES) && hero_service_is_draining (core->ctx)))
    refuse_request (exchange, index, id, HERO_RPC_SHUTTING_DOWN, "the service is stopping", NULL);
  else if ((entry->spec.flags & HERO_RPC_ADMIN_ONLY) && exchange->identity->context > 0)
    refuse_request (exchange, index, id, HERO_RPC_FORBIDDEN, "only context 0 may call this", NULL);
  else
    return FALSE;
  return TRUE;
}

static void
start_element (HeroRpcExchange *exchange, guint index, JsonNode *element)
{
  JsonObject *request = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
  JsonNode *id = request != NULL ? json_object_get_member (request, "id") : NULL, *params;
  const char *version, *method;
  const HeroRpcEntry *entry;

  if (request == NULL || (id != NULL && !is_legal_id (exchange, id)))
    {
      refuse (exchange, index, NULL, HERO_RPC_INVALID_REQUEST, "Invalid Request", NULL);
      return;
    }
  version = string_member (request, "jsonrpc");
  method = string_member (request, "method");
  if (method == NULL || version == NULL || strcmp (version, "2.0") != 0)
    {
      refuse (exchange, index, id, HERO_RPC_INVALID_REQUEST, "Invalid Request", NULL);
      return;
    }
  params = json_object_get_member (request, "params");
  if (params != NULL && JSON_NODE_HOLDS_NULL (params)
      && (exchange->flaws == NULL || !find_flaw (exchange->flaws, params)))
    params = NULL;
  if (params != NULL && JSON_NODE_HOLDS_VALUE (params))
    {
      refuse (exchange, index, id, HERO_RPC_INVALID_REQUEST, "Invalid Request: params must be an array or an object",
              NULL);
      return;
    }
  entry = hero_rpc_table_lookup (exchange->core->table, method);
  if (entry == NULL)
    refuse_unknown (exchange, index, id, method);
  else if (!is_refused (exchange, index, entry, element, id))
    start_call (exchange, index, entry, id, params);
}

/* Starts what may start; ends the exchange once all is answered. Not re-entered: answers inside it only note
 * themselves. */
static void
run_elements (HeroRpcExchange *exchange)
{
  exchange->running = TRUE;
  while (exchange->next < exchange->n && !exchange->blocked && !exchange->cancelled)
    {
      guint index = exchange->next++;
      exchange->open++;
      start_element (exchange, index,
                     exchange->batch ? json_array_get_element (json_node_get_array (exchange->root), index)
                                     : exchange->root);
    }
  exchange->running = FALSE;
  if (exchange->open == 0 && (exchange->next == exchange->n || exchange->cancelled))
    finish (exchange);
}

/* ------------------------------------------------------------------------------------------------ bodies */

GBytes *
hero_rpc_error_reply (HeroServiceContext *ctx, int code, const char *message)
{
  return hero_rpc_print_error (hero_rpc_get_core (ctx)->table, NULL, code, message, NULL);
}

static GBytes *
parse_error_reply (HeroRpc *core, const GError *error)
{
  g_autoptr (JsonObject) data = json_object_new ();

  core->n_errors++;
  json_object_set_string_member (data, "hint", error->message);
  return hero_rpc_print_error (core->table, NULL, HERO_RPC_PARSE_ERROR, "Parse error", data);
}

/* NULL when the root is a request or a batch that can be run. */
static const char *
find_fault (JsonNode *root)
{
  if (JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  if (!JSON_NODE_HOLDS_ARRAY (root))
    return "Invalid Request";
  if (json_array_get_length (json_node_get_array (root)) == 0)
    return "Invalid Request: empty batch";
  if (json_array_get_length (json_node_get_array (root)) > HERO_RPC_MAX_BATCH)
    return "Invalid Request: batch larger than 1000";
  return NULL;
}

HeroRpcExchange *
hero_rpc_dispatch_bytes (HeroServiceContext *ctx, GBytes *body, HeroIdentity *identity, HeroRpcConnection *connection,
                         HeroRpcReply reply, gpointer data)
{
  HeroRpc *core = hero_rpc_get_core (ctx);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GHashTable) flaws = NULL;
  HeroRpcExchange *exchange;
  const char *fault;
  gboolean answered;
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  root = hero_json_parse_flawed (text, length, &flaws, &error);
  if (root == NULL)
    {
      reply (parse_error_reply (core, error), NULL, data);
      return NULL;
    }
  if ((fault = find_fault (root)) != NULL)
    {
      core->n_errors++;
      reply (hero_rpc_error_reply (ctx, HERO_RPC_INVALID_REQUEST, fault), NULL, data);
      return NULL;
    }

  exchange = g_new0 (HeroRpcExchange, 1);
  exchange->refs = 1;
  exchange->core = hero_rpc_core_ref (core);
  exchange->batch = JSON_NODE_HOLDS_ARRAY (root);
  exchange->n = exchange->batch ? json_array_get_length (json_node_get_array (root)) : 1;
  exchange->root = g_steal_pointer (&root);
  exchange->flaws = g_steal_pointer (&flaws);
  exchange->identity = hero_identity_ref (identity);
  exchange->connection = connection;
  exchange->reply = reply;
  exchange->data = data;
  exchange->answers = g_new0 (GBytes *, exchange->n);
  exchange->calls = g_new0 (HeroRpcCall *, exchange->n);
  run_elements (exchange);

  answered = exchange->reply == NULL;
  hero_rpc_exchange_unref (exchange); /* open calls hold it from here on */
  return answered ? NULL : exchange;
}
