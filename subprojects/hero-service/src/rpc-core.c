/*
 * rpc-core.c: JSON-RPC of one service from registration to its end: the table, the SDK's own methods, the calls that
 * run. Service thread.
 */
#include "rpc-core.h"

#include "health-internal.h"

#define DEFAULT_TIMEOUT_S 60

static void
on_discover (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return_json (call, hero_openrpc_get (self, NULL));
}

static void
on_health (gpointer self, HeroRpcCall *call)
{
  guint status;

  hero_rpc_return_object (call, hero_health_get (self, &status));
}

static void
on_metrics (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return_array (call, hero_metrics_get (self));
}

/* self of these is the context. */
static const HeroRpcMethod reserved_methods[] = {
  { "rpc.discover", on_discover },
  { "rpc.health", on_health },
  { "rpc.metrics", on_metrics },
  { NULL },
};

static HeroRpc *
core_new (HeroServiceContext *ctx, const HeroRpcSpec *spec, gpointer self)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  HeroRpc *core = g_new0 (HeroRpc, 1);
  gint64 timeout_s = g_hash_table_contains (sdk->config, "request_timeout_s")
                         ? hero_service_get_integer (ctx, "request_timeout_s")
                         : DEFAULT_TIMEOUT_S;

  g_atomic_ref_count_init (&core->refs);
  core->ctx = ctx;
  core->context = g_main_context_ref (sdk->context);
  core->self = self;
  core->timeout_us = timeout_s * G_USEC_PER_SEC;
  core->table = hero_rpc_table_new (spec, sdk->domains[0]);
  hero_rpc_table_add_reserved (core->table, reserved_methods);
  core->documents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  return core;
}

HeroRpc *
hero_rpc_core_ref (HeroRpc *core)
{
  g_atomic_ref_count_inc (&core->refs);
  return core;
}

void
hero_rpc_core_unref (HeroRpc *core)
{
  GList *link;

  if (!g_atomic_ref_count_dec (&core->refs))
    return;
  while ((link = g_queue_pop_head_link (&core->buried)) != NULL)
    g_free (link->data);
  hero_rpc_table_free (core->table);
  g_hash_table_unref (core->documents);
  g_main_context_unref (core->context);
  g_free (core);
}

HeroRpc *
hero_rpc_get_core (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  if (sdk->rpc == NULL)
    sdk->rpc = core_new (ctx, NULL, NULL);
  return sdk->rpc;
}

void
hero_service_set_rpc (HeroServiceContext *ctx, const HeroRpcSpec *spec, gpointer self)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  g_return_if_fail (sdk->rpc == NULL);
  sdk->rpc = core_new (ctx, spec, self);
}

static void
report_lost (GQueue *queue)
{
  for (GList *l = queue->head; l != NULL; l = l->next)
    {
      HeroRpcCall *call = l->data;
      g_critical ("method '%s' never answered a call", call->entry->spec.name);
      hero_rpc_call_abandon (call);
    }
}

void
hero_rpc_free (HeroRpc *core)
{
  core->ctx = NULL;
  if (core->deadline != NULL)
    g_source_destroy (core->deadline);
  g_clear_pointer (&core->deadline, g_source_unref);
  report_lost (&core->timed);
  report_lost (&core->waiting);
  hero_rpc_core_unref (core);
}

guint
hero_rpc_get_pending (HeroServiceContext *ctx)
{
  HeroRpc *core = hero_sdk_get (ctx)->rpc;

  return core != NULL ? core->timed.length + core->waiting.length : 0;
}

void
hero_rpc_get_counts (HeroServiceContext *ctx, guint64 *calls, guint64 *errors)
{
  HeroRpc *core = hero_sdk_get (ctx)->rpc;

  *calls = core != NULL ? core->n_calls : 0;
  *errors = core != NULL ? core->n_errors : 0;
}

static void
cancel_all (GQueue *queue)
{
  g_autoptr (GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  for (GList *l = queue->head; l != NULL; l = l->next)
    if (((HeroRpcCall *)l->data)->cancellable != NULL)
      g_ptr_array_add (cancellables, g_object_ref (((HeroRpcCall *)l->data)->cancellable));
  for (guint i = 0; i < cancellables->len; i++) /* the list may change meanwhile */
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
}

void
hero_rpc_cancel_pending (HeroServiceContext *ctx)
{
  HeroRpc *core = hero_sdk_get (ctx)->rpc;

  if (core == NULL)
    return;
  cancel_all (&core->timed);
  cancel_all (&core->waiting);
}
