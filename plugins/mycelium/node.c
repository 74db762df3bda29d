/*
 * node.c: the life of this node, what it tells of its messages, and its place in the bus. Service thread, but for what
 * the bus hands over (route_*), which comes on the thread of the service that sends.
 */
#include "node-private.h"

#include <sodium.h>
#include <string.h>

G_DEFINE_QUARK (node - error - quark, node_error)

/* A request of a service of this process that somebody popped. */
typedef struct
{
  Node *node;
  HeroBusMessage *message;
  Deadline *deadline;
  guint64 id;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  if (self->deadline)
    deadlines_remove (self->deadline);
  hero_bus_message_unref (self->message);
  g_free (self);
}

static void
on_request_over (gpointer data)
{
  Request *self = data;

  self->deadline = NULL;
  g_hash_table_remove (self->node->requests, &self->id);
}

static void
keep_request (Node *self, Message *message)
{
  Request *request;

  if (!message->origin || !hero_bus_message_expects_reply (message->origin)
      || g_hash_table_contains (self->requests, &message->id))
    return;
  request = g_new0 (Request, 1);
  request->node = self;
  request->id = message->id;
  request->message = hero_bus_message_ref (message->origin);
  request->deadline
      = deadlines_add (self->deadlines, hero_bus_message_get_deadline_us (message->origin), on_request_over, request);
  g_hash_table_insert (self->requests, &request->id, request);
}

HeroBusMessage *
node_take_request (Node *self, guint64 id)
{
  Request *request = g_hash_table_lookup (self->requests, &id);
  HeroBusMessage *message = request ? hero_bus_message_ref (request->message) : NULL;

  g_hash_table_remove (self->requests, &id);
  return message;
}

/* ------------------------------------------------------------------------------------------------ telling */

void
node_notice (Node *self, const char *reason, const char *format, ...)
{
  gint64 now = g_get_monotonic_time ();
  gint64 *last = g_hash_table_lookup (self->noticed, reason);
  va_list args;

  if (last && now - *last < G_TIME_SPAN_SECOND)
    return;
  if (!last)
    {
      last = g_new (gint64, 1);
      g_hash_table_insert (self->noticed, (gpointer)reason, last);
    }
  *last = now;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  hero_warn (self->ctx, "%s: %s", reason, text);
}

static void
set_member (JsonObject *data, const char *name, char *text)
{
  json_object_set_string_member (data, name, text);
  g_free (text);
}

void
node_tell_topic (Node *self, const char *event, GBytes *topic)
{
  JsonObject *data = json_object_new ();

  set_member (data, "topic", base64_print (topic));
  hero_service_publish (self->ctx, NULL, event, data);
}

void
node_tell_message (Node *self, const char *event, const Message *message)
{
  JsonObject *data = json_object_new ();

  set_member (data, "id", id_print (message->id));
  set_member (data, "topic", base64_print (message->topic));
  set_member (data, "srcIp", address_print_ip (message->source.ip));
  json_object_set_int_member (data, "msgLen", (gint64)message_get_length (message));
  hero_service_publish (self->ctx, NULL, event, data);
}

static void
on_state_changed (gpointer data, OutboxEntry *entry)
{
  Node *self = data;
  JsonObject *object;

  if (entry->state == MESSAGE_ABORTED)
    self->counts.aborted++;
  if (self->closed)
    return;
  object = json_object_new ();
  set_member (object, "id", id_print (entry->id));
  json_object_set_string_member (object, "state", message_state_name (entry->state));
  if (entry->reason)
    json_object_set_string_member (object, "reason", entry->reason);
  hero_service_publish (self->ctx, NULL, "message.state", object);
}

/* ------------------------------------------------------------------------------------------------ the inbox tells */

void
node_set_message_state (Node *self, Message *message, MessageState state, const char *reason)
{
  OutboxEntry *entry = outbox_find (self->outbox, message->id);

  if (entry && message->is_reply)
    entry->reply_state = state;
  else if (entry)
    outbox_set_state (entry, state, reason);
}

static void
on_read (gpointer data, Message *message, gboolean peek)
{
  Node *self = data;

  if (peek)
    self->counts.peeked++;
  else
    {
      self->counts.popped++;
      keep_request (self, message);
    }
  node_set_message_state (self, message, MESSAGE_READ, NULL);
}

static void
on_gone (gpointer data, Message *message, const char *reason)
{
  Node *self = data;

  if (self->closed)
    return;
  if (g_str_equal (reason, "expired"))
    self->counts.expired++;
  else
    self->counts.dropped++;
  if (!g_str_equal (reason, "purged"))
    node_notice (self, reason, "a message of %" G_GSIZE_FORMAT " bytes left its queue unread",
                 message_get_length (message));
  node_set_message_state (self, message, MESSAGE_ABORTED, reason);
}

void
node_put_back (Node *self, Message *message)
{
  OutboxEntry *entry = outbox_find (self->outbox, message->id);

  if (self->closed)
    return;
  self->counts.requeued++;
  self->counts.popped--;
  g_hash_table_remove (self->requests, &message->id);
  if (entry && message->is_reply)
    entry->reply_state = MESSAGE_RECEIVED;
  else if (entry)
    outbox_set_unread (entry);
  inbox_put_back (self->inbox, message);
}

/* ------------------------------------------------------------------------------------------------ from the bus */

/* Any thread: what no subscription of this process took. A request needs somebody who waits to pop. */
static gboolean
route_deliver (gpointer data, HeroBusMessage *bus_message, const HeroBusAddress *dst, gboolean request, GError **error)
{
  Node *self = data;
  g_autoptr (Message) message = NULL;

  if (dst)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_ROUTE,
                   "no way leads to that node: no bridge is configured");
      return FALSE;
    }
  if (!acl_accepts (self->acl, hero_bus_message_get_topic (bus_message), self->key.address.ip))
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_REJECTED, "the topic does not accept messages of this node");
      return FALSE;
    }
  message = message_new (hero_bus_message_get_id (bus_message), &self->key.address, &self->key.address,
                         hero_bus_message_get_topic (bus_message), hero_bus_message_get_payload (bus_message));
  message->origin = hero_bus_message_ref (bus_message);
  return inbox_put (self->inbox, message, request, error);
}

static gboolean
route_is_local (gpointer data, const HeroBusAddress *address)
{
  Node *self = data;

  return address->is_key ? memcmp (address->bytes, self->key.address.key, KEY_BYTES) == 0
                         : node_is_own_ip (self, address->bytes);
}

static const HeroBusRouter router = { route_deliver, route_is_local };

/* ------------------------------------------------------------------------------------------------ life */

static void
read_limits (HeroServiceContext *ctx, InboxLimits *limits)
{
  *limits = (InboxLimits){ .queue_messages = (guint64)hero_service_get_integer (ctx, "queue_max_messages"),
                           .queue_bytes = (guint64)hero_service_get_integer (ctx, "queue_max_bytes"),
                           .total_messages = (guint64)hero_service_get_integer (ctx, "total_max_messages"),
                           .total_bytes = (guint64)hero_service_get_integer (ctx, "total_max_bytes"),
                           .topics = (guint)hero_service_get_integer (ctx, "topics_max"),
                           .waiters = (guint)hero_service_get_integer (ctx, "waiters_max"),
                           .drop_oldest = g_str_equal (hero_service_get_string (ctx, "queue_full"), "drop_oldest"),
                           .ttl_us = hero_service_get_integer (ctx, "ttl_s") * G_TIME_SPAN_SECOND };
}

static gboolean
load_key (Node *self, GError **error)
{
  const char *configured = hero_service_get_string (self->ctx, "key_file");
  g_autofree char *path = configured ? g_strdup (configured)
                                     : g_build_filename (hero_service_get_data_dir (self->ctx), "priv_key.bin", NULL);

  if (!node_key_load (&self->key, path, error))
    return FALSE;
  if (self->key.long_file)
    hero_warn (self->ctx, "key file %s has more than %d bytes; the first %d are the key", path, KEY_BYTES, KEY_BYTES);
  return TRUE;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Node, node_free)

Node *
node_new (HeroServiceContext *ctx, GError **error)
{
  static const InboxCalls calls = { on_read, on_gone };
  g_autoptr (Node) self = g_new0 (Node, 1);
  InboxLimits limits;

  self->refs = 1;
  self->ctx = ctx;
  self->started_s = g_get_real_time () / G_TIME_SPAN_SECOND;
  self->max_payload = (gsize)hero_service_get_integer (ctx, "max_payload_bytes");
  self->reject_unroutable = g_str_equal (hero_service_get_string (ctx, "unroutable"), "reject");
  self->auto_services = hero_service_get_boolean (ctx, "auto_services");
  self->topics_max = (guint)hero_service_get_integer (ctx, "topics_max");
  self->acl = acl_new ();
  self->deadlines = deadlines_new (hero_service_get_main_context (ctx));
  self->requests = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, request_free);
  self->noticed = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  read_limits (ctx, &limits);
  self->inbox = inbox_new (ctx, self->deadlines, &limits, &calls, self);
  self->outbox
      = outbox_new (self->deadlines, (guint)hero_service_get_integer (ctx, "outbox_max"), on_state_changed, self);
  self->store = node_settings_open (ctx, error);
  if (!self->store || !load_key (self, error))
    return NULL;
  node_settings_load (self);
  self->bus = hero_service_get_bus (ctx);
  if (!hero_bus_set_router (self->bus, &router, self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
node_close (Node *self)
{
  if (self->closed)
    return;
  if (self->bus)
    hero_bus_unset_router (self->bus);
  inbox_end_waits (self->inbox);
  outbox_end_waits (self->outbox);
  self->closed = TRUE;
  g_hash_table_remove_all (self->requests);
}

void
node_free (Node *self)
{
  if (!self)
    return;
  node_close (self);
  g_clear_pointer (&self->store, hero_store_close);
  node_unref (self);
}

Node *
node_ref (Node *self)
{
  self->refs++;
  return self;
}

void
node_unref (Node *self)
{
  if (--self->refs > 0)
    return;
  inbox_free (self->inbox);
  outbox_free (self->outbox);
  g_hash_table_unref (self->requests);
  g_hash_table_unref (self->noticed);
  deadlines_free (self->deadlines);
  acl_free (self->acl);
  sodium_memzero (&self->key, sizeof self->key);
  g_free (self);
}
