/*
 * rpc-call.c: one call, from its handler to its answer. Made, run and ended on the service thread; answered from any:
 * an answer given elsewhere is printed there and comes over by an idle source.
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

void
hero_rpc_call_complete (HeroRpcCall *call, GBytes *answer)
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

gboolean
hero_rpc_call_claim (HeroRpcCall *call)
{
  if (call->magic == CALL_LIVE && g_atomic_int_compare_and_exchange (&call->answered, FALSE, TRUE))
    return TRUE;
  g_critical ("method '%s' answered a call twice", call->entry->spec.name);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------ ends that come first
 */

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
                                  call->id == NULL
                                      ? NULL
                                      : hero_rpc_print_error (core->table, call->id, HERO_RPC_DEADLINE_EXCEEDED,
                                                              "the call took too long; its outcome is unknown", NULL),
                                  g_steal_pointer (&call->written));
    }
  arm_deadline (core);
  return G_SOURCE_CONTINUE;
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
