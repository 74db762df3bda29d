/*
 * shapes.h: messages and their states as JSON, in every shape that clients of the public daemon use (contract 3, 5, 6).
 * Pure; any thread.
 */
#pragma once

#include "node.h"

/* What is wrong with an input: which member, what was expected, what was found. */
typedef struct
{
  const char *member, *expected;
  char *found;
} ShapeFlaw;
void shape_flaw_clear (ShapeFlaw *flaw);

/* {"dst":{"ip"|"pk":..},"topic":..,"payload":..}. FALSE: flaw is set. */
gboolean shape_parse_send (JsonObject *object, NodeSend *send, ShapeFlaw *flaw);

/* Of pushMessage and of pushMessageReply: how their params were given. */
typedef struct
{
  guint64 id; /* of a reply */
  NodeSend send;
  gint64 timeout_us; /* -1 = not given */
} ShapePush;
gboolean shape_parse_push (JsonNode *params, ShapePush *push, ShapeFlaw *flaw);
gboolean shape_parse_reply (JsonNode *params, ShapePush *push, ShapeFlaw *flaw);

/* Seconds, at most what a clock can hold. */
gint64 shape_seconds_to_us (gint64 seconds);

JsonObject *shape_push_answer (const OutboxEntry *entry); /* {"id"}, with state and reason when it is known to be bad */
JsonObject *shape_status (Node *node, const OutboxEntry *entry);
JsonObject *shape_info (Node *node);
JsonObject *shape_stats (Node *node);
