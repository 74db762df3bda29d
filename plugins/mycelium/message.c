/* message.c: one message of this node. Made on any thread, read-only then but for its place in the inbox. */
#include "message.h"

Message *
message_new (guint64 id, const NodeAddress *source, const NodeAddress *destination, GBytes *topic, GBytes *payload)
{
  Message *self = g_new0 (Message, 1);

  g_atomic_ref_count_init (&self->refs);
  self->id = id;
  self->source = *source;
  self->destination = *destination;
  self->topic = g_bytes_ref (topic);
  self->payload = g_bytes_ref (payload);
  self->received_ms = g_get_real_time () / 1000;
  self->received_us = g_get_monotonic_time ();
  self->in_all.data = self->in_topic.data = self;
  return self;
}

Message *
message_ref (Message *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
message_unref (Message *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->origin, hero_bus_message_unref);
  g_bytes_unref (self->topic);
  g_bytes_unref (self->payload);
  g_free (self);
}

gsize
message_get_length (const Message *self)
{
  return g_bytes_get_size (self->payload);
}

static void
set_text (JsonObject *object, const char *member, char *text)
{
  json_object_set_string_member (object, member, text);
  g_free (text);
}

JsonObject *
message_to_json (const Message *self, gboolean with_payload)
{
  JsonObject *object = json_object_new ();

  set_text (object, "id", id_print (self->id));
  set_text (object, "srcIp", address_print_ip (self->source.ip));
  set_text (object, "srcPk", hex_print (self->source.key, KEY_BYTES));
  set_text (object, "dstIp", address_print_ip (self->destination.ip));
  set_text (object, "dstPk", hex_print (self->destination.key, KEY_BYTES));
  if (g_bytes_get_size (self->topic) > 0)
    set_text (object, "topic", base64_print (self->topic));
  if (with_payload)
    set_text (object, "payload", base64_print (self->payload));
  return object;
}
