/* node-private.h: what node.c and node-route.c share. Service thread. */
#pragma once

#include "node.h"

/* Event about a message: id, topic, source, length. */
void node_tell_message (Node *self, const char *event, const Message *message);
/* Of the message as it was sent from here, or of the reply to it; if it is known at all. */
void node_set_message_state (Node *self, Message *message, MessageState state, const char *reason);
/* The request of a service of this process that somebody popped and nobody replied to; transfer full, NULL = none. */
HeroBusMessage *node_take_request (Node *self, guint64 id);
