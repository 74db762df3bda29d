/*
 * rpc-message.c: popMessage, pushMessage and what belongs to them (contract 6, 7). Handlers run on the service thread;
 * those that wait keep a small record until the message, the reply or the client's end comes.
 */
#include "popped.h"
#include "rpc.h"

/* ------------------------------------------------------------------------------------------------ popMessage */

static void
return_message (Node *node, HeroRpcCall *call, Message *message, gboolean peek)
{
  if (!peek)
    hero_rpc_call_on_written (call, popped_written, popped_new (node, message));
  hero_rpc_return_object (call, message_to_json (message, TRUE));
}

typedef struct
{
  Node *node;
  HeroRpcCall *call;
  gboolean peek;
  InboxWaiter *waiter;
  GSource *gone;
} Pop;

static void
pop_free (Pop *pop)
{
  g_source_destroy (pop->gone);
  g_source_unref (pop->gone);
  g_free (pop);
}

static void
on_pop (gpointer data, Message *message)
{
  Pop *pop = data;

  if (message)
    return_message (pop->node, pop->call, message, pop->peek);
  else
    hero_rpc_return (pop->call, NULL);
  pop_free (pop);
}

static gboolean
on_pop_gone (GCancellable *cancellable, gpointer data)
{
  Pop *pop = data;

  inbox_cancel (pop->waiter);
  hero_rpc_return (pop->call, NULL); /* nobody hears it, or the service stops */
  pop_free (pop);
  return G_SOURCE_REMOVE;
}

static GSource *
watch_cancellable (Node *node, GCancellable *cancellable, GCancellableSourceFunc func, gpointer data)
{
  GSource *source = g_cancellable_source_new (cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (func), data, NULL);
  g_source_attach (source, hero_service_get_main_context (node->ctx));
  return source;
}

static void
wait_for_message (Node *node, HeroRpcCall *call, GBytes *topic, gboolean peek, gint64 timeout_us)
{
  GError *error = NULL;
  Pop *pop = g_new0 (Pop, 1);
  InboxWaiter *waiter
      = inbox_wait (node->inbox, topic, peek, g_get_monotonic_time () + timeout_us, on_pop, pop, &error);

  if (!waiter)
    {
      g_free (pop);
      rpc_fail_node (call, error);
      return;
    }
  *pop = (Pop){ node, call, peek, waiter, NULL };
  pop->gone = watch_cancellable (node, hero_rpc_call_get_cancellable (call), on_pop_gone, pop);
}

void
rpc_on_pop_message (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  GBytes *topic = hero_rpc_has (call, "topic") ? hero_rpc_get_bytes (call, "topic") : NULL;
  gboolean peek = hero_rpc_get_boolean (call, "peek");
  gint64 timeout_us = shape_seconds_to_us (hero_rpc_get_integer (call, "timeout"));
  g_autoptr (Message) message = inbox_take (node->inbox, topic, peek);

  if (message)
    return_message (node, call, message, peek);
  else if (timeout_us > 0 && !node->closed)
    wait_for_message (node, call, topic, peek, timeout_us);
  else
    hero_rpc_return (call, NULL);
}

/* ------------------------------------------------------------------------------------------------ push */

typedef struct
{
  HeroRpcCall *call;
  ReplyWait *wait;
  GSource *gone;
} Push;

static void
push_free (Push *push)
{
  if (push->gone)
    g_source_destroy (push->gone);
  g_clear_pointer (&push->gone, g_source_unref);
  g_free (push);
}

static void
on_push_reply (gpointer data, OutboxEntry *entry, Message *reply)
{
  Push *push = data;

  hero_rpc_return_object (push->call, reply ? message_to_json (reply, TRUE) : shape_push_answer (entry));
  push_free (push);
}

static gboolean
on_push_gone (GCancellable *cancellable, gpointer data)
{
  Push *push = data;

  outbox_cancel_wait (push->wait);
  hero_rpc_return (push->call, NULL); /* nobody hears it, or the service stops */
  push_free (push);
  return G_SOURCE_REMOVE;
}

void
rpc_on_push_message (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  ShapePush shape = { 0 };
  ShapeFlaw flaw;
  GError *error = NULL;

  if (!shape_parse_push (hero_rpc_call_get_params (call), &shape, &flaw))
    {
      rpc_fail_shape (call, &flaw);
      return;
    }
  OutboxEntry *entry = node_push (node, &shape.send, hero_rpc_call_get_identity (call), shape.timeout_us > 0, &error);
  node_send_clear (&shape.send);
  if (!entry)
    rpc_fail_node (call, error);
  else if (shape.timeout_us <= 0)
    hero_rpc_return_object (call, shape_push_answer (entry));
  else
    {
      Push *push = g_new0 (Push, 1);
      push->call = call;
      ReplyWait *wait = outbox_wait (entry, g_get_monotonic_time () + shape.timeout_us, on_push_reply, push);
      if (!wait) /* answered, and push is gone */
        return;
      push->wait = wait;
      push->gone = watch_cancellable (node, hero_rpc_call_get_cancellable (call), on_push_gone, push);
    }
}

void
rpc_on_push_message_reply (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  ShapePush shape = { 0 };
  ShapeFlaw flaw;
  GError *error = NULL;

  if (!shape_parse_reply (hero_rpc_call_get_params (call), &shape, &flaw))
    {
      rpc_fail_shape (call, &flaw);
      return;
    }
  if (node_reply (node, shape.id, &shape.send, &error))
    hero_rpc_return_boolean (call, TRUE);
  else
    rpc_fail_node (call, error);
  node_send_clear (&shape.send);
}

void
rpc_on_get_message_info (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  const char *text = hero_rpc_get_string (call, "id");
  guint64 id;

  if (!id_parse (text, &id))
    {
      hero_rpc_fail_param (call, "id", "16 hex digits", text);
      return;
    }
  OutboxEntry *entry = outbox_find (node->outbox, id);
  if (entry)
    hero_rpc_return_object (call, shape_status (node, entry));
  else
    hero_rpc_fail (call, RPC_NO_MESSAGE, "no message %s was sent from here in the last %d s", text, OUTBOX_KEEP_S);
}
