/* ask.c: one question of a client and its answer. Service thread. */
#include "ask.h"

struct _CodeAsk
{
  Code *code;
  HeroRpcCall *call;
  HeroHttpRequest *request;
  const char *member;
  guint limit;
  void (*peek) (JsonObject *result, CodeAsk *ask);
};

CodeAsk *
code_ask_new_rpc (Code *self, HeroRpcCall *call)
{
  CodeAsk *ask = g_new0 (CodeAsk, 1);

  ask->code = self;
  ask->call = call;
  return ask;
}

CodeAsk *
code_ask_new_http (Code *self, HeroHttpRequest *request)
{
  CodeAsk *ask = g_new0 (CodeAsk, 1);

  ask->code = self;
  ask->request = request;
  return ask;
}

Code *
code_ask_get_code (CodeAsk *ask)
{
  return ask->code;
}

HeroHttpRequest *
code_ask_get_request (CodeAsk *ask)
{
  return ask->request;
}

void
code_ask_set_paging (CodeAsk *ask, const char *member, guint limit)
{
  ask->member = member;
  ask->limit = limit;
}

void
code_ask_set_peek (CodeAsk *ask, void (*func) (JsonObject *result, CodeAsk *ask))
{
  ask->peek = func;
}

static void
answer_http (HeroHttpRequest *request, guint status, JsonObject *body)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, body);
  hero_http_respond_json (request, status, node);
}

void
code_ask_answer (CodeAsk *ask, JsonObject *result)
{
  if (ask->peek != NULL)
    ask->peek (result, ask);
  if (ask->member != NULL)
    result = code_frozen_first (ask->code->frozen, result, ask->member, ask->limit);
  if (ask->call != NULL)
    hero_rpc_return_object (ask->call, result);
  else
    answer_http (ask->request, 200, result);
  g_free (ask);
}

static void
fail_http (HeroHttpRequest *request, const GError *error)
{
  JsonObject *body = json_object_new ();
  JsonObject *data = code_error_get_data (error);
  guint status = g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT) ? 503 : code_error_get_status (error);

  json_object_set_string_member (body, "error", error->message);
  json_object_set_int_member (body, "status", status);
  json_object_set_int_member (body, "code", error->domain == CODE_ERROR ? error->code : HERO_RPC_INTERNAL);
  json_object_set_string_member (body, "code_name", code_error_get_name (error));
  json_object_set_object_member (body, "data", data != NULL ? data : json_object_new ());
  answer_http (request, status, body);
}

void
code_ask_fail (CodeAsk *ask, const GError *error)
{
  if (ask->request != NULL)
    fail_http (ask->request, error);
  else if (error->domain == CODE_ERROR)
    hero_rpc_fail_data (ask->call, error->code, code_error_get_data (error), "%s", error->message);
  else
    hero_rpc_fail_error (ask->call, g_error_copy (error));
  g_free (ask);
}

static void
work_done (gpointer result, const GError *error, gpointer data)
{
  if (error != NULL)
    code_ask_fail (data, error);
  else
    code_ask_answer (data, result);
}

void
code_ask_run (CodeAsk *ask, CodePool *pool, CodeWork work, gpointer input, GDestroyNotify destroy)
{
  GCancellable *cancellable = ask->call != NULL ? hero_rpc_call_get_cancellable (ask->call)
                                                : hero_http_request_get_cancellable (ask->request);

  code_pool_run (pool, work, input, destroy, cancellable, work_done, ask);
}
