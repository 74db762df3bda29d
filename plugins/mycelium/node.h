/*
 * node.h: this node: who it is, and the way of a message into its inbox, to its services and back (contract 8). HTTP
 * and JSON-RPC are thin skins over these calls. Service thread.
 */
#pragma once

#include "acl.h"
#include "inbox.h"
#include "node-key.h"
#include "outbox.h"

#define NODE_ERROR (node_error_quark ())
GQuark node_error_quark (void);
typedef enum
{
  NODE_ERROR_TOPIC_TOO_LONG,
  NODE_ERROR_PAYLOAD_TOO_LARGE,
  NODE_ERROR_QUEUE_FULL,
  NODE_ERROR_NO_ROUTE,
  NODE_ERROR_LIMIT,
  NODE_ERROR_FORBIDDEN,
} NodeError;

/* Only rise (contract 11). */
typedef struct
{
  guint64 pushed, delivered, popped, peeked, replied, rejected, expired, aborted, dropped, requeued, late_replies;
} NodeCounts;

typedef struct
{
  int refs; /* calls on their way hold it */
  gboolean closed;
  HeroServiceContext *ctx;
  HeroBus *bus;
  NodeKey key;
  gint64 started_s; /* unix */
  gsize max_payload;
  gboolean reject_unroutable, auto_services;
  guint topics_max;
  Acl *acl;
  HeroStore *store;
  Deadlines *deadlines;
  Inbox *inbox;
  Outbox *outbox;
  GHashTable *requests; /* id -> Request: of services of this process, popped and not yet replied to */
  NodeCounts counts;
  GHashTable *noticed; /* reason -> when it was logged last */
} Node;

/* Opens store and key; becomes the router of the bus. In start. */
Node *node_new (HeroServiceContext *ctx, GError **error);
/* At stop: all who wait are answered. */
void node_close (Node *self);
/* In destroy: closes the store too. Calls on their way may keep the rest for a moment. */
void node_free (Node *self);
Node *node_ref (Node *self);
void node_unref (Node *self);

/* What a sender says. */
typedef struct
{
  gboolean by_key;
  NodeAddress to; /* ip or key, as by_key says; the other is filled in on the way */
  GBytes *topic, *payload;
} NodeSend;
void node_send_clear (NodeSend *send);

/*
 * On its way, or why not. The entry is the outbox's; an ACL refusal is a state of it, not an error. wants_reply: a
 * service that subscribes is told that a reply is awaited.
 */
OutboxEntry *node_push (Node *self, NodeSend *send, HeroIdentity *identity, gboolean wants_reply, GError **error);
/* A reply of this node to the message `id`, which need not exist. */
gboolean node_reply (Node *self, guint64 id, NodeSend *send, GError **error);
/* A popped message that did not reach its client. */
void node_put_back (Node *self, Message *message);
gboolean node_is_own_ip (Node *self, const guint8 ip[IP_BYTES]);

/* ---- topics; func on the service thread, once the change is stored */
typedef void (*NodeStored) (gpointer data, GError *error); /* error: taken, NULL = done */
void node_set_default_action (Node *self, gboolean accept, NodeStored func, gpointer data);
void node_add_topic (Node *self, GBytes *topic, NodeStored func, gpointer data);
void node_remove_topic (Node *self, GBytes *topic, NodeStored func, gpointer data);
void node_add_source (Node *self, GBytes *topic, const Subnet *subnet, NodeStored func, gpointer data);
void node_remove_source (Node *self, GBytes *topic, const Subnet *subnet, NodeStored func, gpointer data);

/* ---- node-settings.c */
HeroStore *node_settings_open (HeroServiceContext *ctx, GError **error);
void node_settings_load (Node *self);

/* At warning the first time, then at most once a second for each reason. */
void node_notice (Node *self, const char *reason, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Publishes an event with one member topic (base64). */
void node_tell_topic (Node *self, const char *event, GBytes *topic);
