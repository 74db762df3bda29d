/* rpc.h: what the parts of the JSON-RPC interface share. Service thread. */
#pragma once

#include "mycelium.h"
#include "shapes.h"

enum
{
  RPC_PUSH_TOPIC_TOO_LONG = -32015,
  RPC_NO_MESSAGE = -32019,
  RPC_NO_KEY = -32008,
  RPC_UNKNOWN_TOPIC = -32030,
  RPC_QUEUE_FULL = -32040,
  RPC_PAYLOAD_TOO_LARGE = -32041,
  RPC_NO_ROUTE = -32042,
  RPC_LIMIT = -32046,
};

void rpc_fail_node (HeroRpcCall *call, GError *error);    /* takes error */
void rpc_fail_shape (HeroRpcCall *call, ShapeFlaw *flaw); /* clears flaw */
/* FALSE: answered, since the caller came over TCP. */
gboolean rpc_may_change (HeroRpcCall *call);

/* ---- rpc-message.c: handlers */
void rpc_on_pop_message (gpointer self, HeroRpcCall *call);
void rpc_on_push_message (gpointer self, HeroRpcCall *call);
void rpc_on_push_message_reply (gpointer self, HeroRpcCall *call);
void rpc_on_get_message_info (gpointer self, HeroRpcCall *call);

/* ---- rpc-topic.c: handlers */
void rpc_on_get_default_topic_action (gpointer self, HeroRpcCall *call);
void rpc_on_set_default_topic_action (gpointer self, HeroRpcCall *call);
void rpc_on_get_topics (gpointer self, HeroRpcCall *call);
void rpc_on_add_topic (gpointer self, HeroRpcCall *call);
void rpc_on_remove_topic (gpointer self, HeroRpcCall *call);
void rpc_on_get_topic_sources (gpointer self, HeroRpcCall *call);
void rpc_on_add_topic_source (gpointer self, HeroRpcCall *call);
void rpc_on_remove_topic_source (gpointer self, HeroRpcCall *call);
