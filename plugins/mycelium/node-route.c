/*
 * node-route.c: the way of a message (contract 8): reply -> service topic -> topic rules -> subscription -> inbox.
 * Service thread.
 */
#include "node-private.h"

#include "auto-service.h"

#include <sodium.h>
#include <string.h>

#define SERVICE_TIMEOUT_MS (OUTBOX_DEADLINE_S * 1000)

/* ------------------------------------------------------------------------------------------------ local delivery */

gboolean
node_is_own_ip (Node *self, const guint8 ip[IP_BYTES])
{
  return address_is_in_subnet (self->key.address.ip, ip);
}

static gboolean
is_own (Node *self, const NodeSend *send)
{
  return send->by_key ? memcmp (send->to.key, self->key.address.key, KEY_BYTES) == 0
                      : node_is_own_ip (self, send->to.ip);
}

/* This node's other name; a foreign address names no key. */
static void
resolve (Node *self, NodeSend *send)
{
  if (send->by_key)
    address_from_key (send->to.key, send->to.ip);
  else
    memcpy (send->to.key, self->key.address.key, KEY_BYTES);
}

static gboolean
map_error (GError *reason, GError **error)
{
  int code = g_error_matches (reason, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT)       ? NODE_ERROR_LIMIT
             : g_error_matches (reason, HERO_BUS_ERROR, HERO_BUS_ERROR_TOO_LARGE) ? NODE_ERROR_PAYLOAD_TOO_LARGE
                                                                                  : NODE_ERROR_QUEUE_FULL;

  g_set_error_literal (error, NODE_ERROR, code, reason->message);
  return FALSE;
}

static gboolean
put_in_inbox (Node *self, Message *message, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (inbox_put (self->inbox, message, FALSE, &reason))
    {
      self->counts.delivered++;
      node_set_message_state (self, message, MESSAGE_RECEIVED, NULL);
      node_tell_message (self, "message.received", message);
      return TRUE;
    }
  node_tell_topic (self, "queue.full", message->topic);
  node_notice (self, "queue_full", "%s", reason->message);
  return map_error (reason, error);
}

static gboolean
is_accepted (Node *self, Message *message)
{
  if (acl_accepts (self->acl, message->topic, message->source.ip))
    return TRUE;
  self->counts.rejected++;
  node_tell_message (self, "message.rejected", message);
  node_notice (self, "rejected", "the topic of a message does not accept its source");
  return FALSE;
}

/* The reply that a request of this node was waiting for, or that comes too late for a waiter. */
static gboolean
take_reply (Node *self, OutboxEntry *entry, Message *reply, GError **error)
{
  reply->is_reply = TRUE;
  entry->replied = TRUE;
  entry->reply_state = MESSAGE_RECEIVED;
  entry->reply_created_s = g_get_real_time () / G_TIME_SPAN_SECOND;
  entry->reply_length = message_get_length (reply);
  self->counts.replied++;
  return outbox_give_reply (entry, reply) || put_in_inbox (self, reply, error);
}

/*
 * ------------------------------------------------------------------------------------------------ services,
 * subscriptions
 */

typedef struct
{
  Node *node;
  guint64 id;
} Handed;

static const char *
reason_of (const GError *error)
{
  if (g_error_matches (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL))
    return "queue_full";
  if (g_error_matches (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT))
    return "limit";
  return "unavailable";
}

static void
on_handed (GObject *source, GAsyncResult *result, gpointer data)
{
  Handed *handed = data;
  Node *self = handed->node;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) reply = hero_bus_deliver_finish (self->bus, result, &error);
  OutboxEntry *entry = self->closed ? NULL : outbox_find (self->outbox, handed->id);

  if (entry && reply)
    {
      g_autoptr (GBytes) no_topic = g_bytes_new_static (NULL, 0);
      g_autoptr (Message) message = message_new (handed->id, &self->key.address, &self->key.address, no_topic, reply);
      take_reply (self, entry, message, NULL);
    }
  else if (entry && error && !g_error_matches (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_REPLY))
    {
      node_notice (self, reason_of (error), "%s", error->message);
      if (entry->state < MESSAGE_READ) /* it was counted as received when the bus took it */
        outbox_set_state (entry, MESSAGE_ABORTED, reason_of (error));
    }
  node_unref (self);
  g_free (handed);
}

static Handed *
hand_out (Node *self, OutboxEntry *entry)
{
  Handed *handed = g_new (Handed, 1);

  *handed = (Handed){ node_ref (self), entry->id };
  self->counts.delivered++;
  outbox_set_state (entry, MESSAGE_RECEIVED, NULL);
  return handed;
}

static void
hand_to_bus (Node *self, OutboxEntry *entry, Message *message, HeroIdentity *identity, gboolean wants_reply)
{
  hero_bus_deliver_async (self->bus, message->topic, message->payload, NULL, identity, wants_reply, SERVICE_TIMEOUT_MS,
                          NULL, on_handed, hand_out (self, entry));
}

/* A service that only its socket makes known. Not for TCP: services are not reached that way. */
static gboolean
hand_to_socket (Node *self, OutboxEntry *entry, Message *message, HeroIdentity *identity)
{
  g_autofree char *path = NULL;

  if (!self->auto_services || identity->origin == HERO_ORIGIN_TCP || acl_has_topic (self->acl, message->topic))
    return FALSE;
  path = auto_service_find (hero_service_get_socket_root (self->ctx), message->topic, message->payload);
  if (!path)
    return FALSE;
  hero_bus_forward_async (self->bus, path, message->topic, message->payload, identity, SERVICE_TIMEOUT_MS, NULL,
                          on_handed, hand_out (self, entry));
  return TRUE;
}

/* FALSE: nothing happened to it, and the sender is told. */
static gboolean
deliver (Node *self, OutboxEntry *entry, Message *message, HeroIdentity *identity, gboolean wants_reply, GError **error)
{
  if (hero_bus_is_service_topic (self->bus, message->topic))
    {
      hand_to_bus (self, entry, message, identity, TRUE);
      return TRUE;
    }
  if (hand_to_socket (self, entry, message, identity))
    return TRUE;
  if (!is_accepted (self, message))
    {
      outbox_set_state (entry, MESSAGE_ABORTED, "rejected");
      return TRUE;
    }
  if (hero_bus_has_receiver (self->bus, message->topic))
    {
      hand_to_bus (self, entry, message, identity, wants_reply);
      return TRUE;
    }
  return put_in_inbox (self, message, error);
}

/* ------------------------------------------------------------------------------------------------ push and reply */

void
node_send_clear (NodeSend *send)
{
  g_clear_pointer (&send->topic, g_bytes_unref);
  g_clear_pointer (&send->payload, g_bytes_unref);
}

static gboolean
check_send (Node *self, const NodeSend *send, HeroIdentity *identity, GError **error)
{
  if (g_bytes_get_size (send->topic) > 255)
    g_set_error (error, NODE_ERROR, NODE_ERROR_TOPIC_TOO_LONG,
                 "topic: expected at most 255 bytes, found %" G_GSIZE_FORMAT, g_bytes_get_size (send->topic));
  else if (g_bytes_get_size (send->payload) > self->max_payload)
    g_set_error (error, NODE_ERROR, NODE_ERROR_PAYLOAD_TOO_LARGE,
                 "payload: expected at most %" G_GSIZE_FORMAT " bytes, found %" G_GSIZE_FORMAT, self->max_payload,
                 g_bytes_get_size (send->payload));
  else if (identity && identity->origin == HERO_ORIGIN_TCP && hero_bus_is_service_topic (self->bus, send->topic))
    g_set_error (error, NODE_ERROR, NODE_ERROR_FORBIDDEN, "service topics are not reached over TCP: use rpc.sock");
  else
    return TRUE;
  return FALSE;
}

static guint64
new_id (Node *self)
{
  guint64 id;

  do
    randombytes_buf (&id, sizeof id);
  while (id == 0 || outbox_find (self->outbox, id));
  return id;
}

static gboolean
send_away (Node *self, OutboxEntry *entry, GError **error)
{
  if (self->reject_unroutable)
    {
      g_set_error (error, NODE_ERROR, NODE_ERROR_NO_ROUTE, "no way leads to that node: no bridge is configured");
      return FALSE;
    }
  node_notice (self, "no_route", "no way leads to the destination of a message: no bridge is configured");
  outbox_set_state (entry, MESSAGE_PENDING, "no_route");
  return TRUE;
}

OutboxEntry *
node_push (Node *self, NodeSend *send, HeroIdentity *identity, gboolean wants_reply, GError **error)
{
  gboolean own = is_own (self, send), sent;

  if (!check_send (self, send, identity, error))
    return NULL;
  if (own || send->by_key)
    resolve (self, send);
  OutboxEntry *entry = outbox_add (self->outbox, new_id (self), &send->to, own, g_bytes_get_size (send->payload));
  if (own)
    {
      g_autoptr (Message) message = message_new (entry->id, &self->key.address, &send->to, send->topic, send->payload);
      sent = deliver (self, entry, message, identity, wants_reply, error);
    }
  else
    sent = send_away (self, entry, error);
  if (sent)
    {
      self->counts.pushed++;
      return entry;
    }
  outbox_remove (entry);
  return NULL;
}

gboolean
node_reply (Node *self, guint64 id, NodeSend *send, GError **error)
{
  g_autoptr (GBytes) no_topic = g_bytes_new_static (NULL, 0);
  g_autoptr (HeroBusMessage) request = NULL;
  OutboxEntry *entry = outbox_find (self->outbox, id);

  if (!check_send (self, send, NULL, error))
    return FALSE;
  if (!is_own (self, send))
    {
      node_notice (self, "no_route", "no way leads to the destination of a reply: no bridge is configured");
      return TRUE;
    }
  request = node_take_request (self, id);
  if (request)
    {
      gboolean in_time = hero_bus_reply (request, send->payload, NULL);
      *(in_time ? &self->counts.replied : &self->counts.late_replies) += 1;
      return TRUE;
    }

  resolve (self, send);
  g_autoptr (Message) message = message_new (id, &self->key.address, &send->to, no_topic, send->payload);
  if (entry && entry->local)
    return take_reply (self, entry, message, error);
  return !is_accepted (self, message) || put_in_inbox (self, message, error);
}
