/* message.h: one message of this node, from push to pop (contract 3). Counted; its links belong to the inbox. */
#pragma once

#include <hero-service/hero-service.h>

#include "address.h"

typedef struct
{
  gatomicrefcount refs;
  guint64 id;
  NodeAddress source, destination;
  GBytes *topic, *payload;
  gboolean is_reply;      /* it carries the id of a request of this node */
  gint64 received_ms;     /* wall clock */
  gint64 received_us;     /* monotonic */
  HeroBusMessage *origin; /* of a service of this process; it may await a reply */
  /* the inbox */
  guint64 sequence;
  GList in_all, in_topic;
} Message;

Message *message_new (guint64 id, const NodeAddress *source, const NodeAddress *destination, GBytes *topic,
                      GBytes *payload);
Message *message_ref (Message *self);
void message_unref (Message *self);
gsize message_get_length (const Message *self); /* of the payload */
/* id, srcIp, srcPk, dstIp, dstPk, topic (absent when empty), payload (absent if without). */
JsonObject *message_to_json (const Message *self, gboolean with_payload);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Message, message_unref)
