/*
 * bus.h: the message bus inside the process (contract mycelium 13). Works with or without the mycelium plugin, which
 * hooks itself in below as the node's router. All functions may be called from any thread and never block; callbacks
 * come on the context that was thread-default at the call. Payloads are shared, not copied.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>
#include <hero-service/identity.h>

G_BEGIN_DECLS

#define HERO_BUS_ERROR (hero_bus_error_quark ())
GQuark hero_bus_error_quark (void);
typedef enum
{
  HERO_BUS_ERROR_FULL,
  HERO_BUS_ERROR_TOO_LARGE,
  HERO_BUS_ERROR_NO_ROUTE,
  HERO_BUS_ERROR_REJECTED,
  HERO_BUS_ERROR_NO_RESPONDER,
  HERO_BUS_ERROR_NO_REPLY,
  HERO_BUS_ERROR_TIMEOUT,
  HERO_BUS_ERROR_CANCELLED,
  HERO_BUS_ERROR_ALREADY_REPLIED,
  HERO_BUS_ERROR_LIMIT,
  HERO_BUS_ERROR_CLOSED,
} HeroBusError;

typedef enum
{
  HERO_BUS_DEFAULT = 0,
  HERO_BUS_OBSERVE = 1 << 0, /* a copy only, consumes nothing */
} HeroBusFlags;

typedef struct _HeroBus HeroBus;
typedef struct _HeroBusMessage HeroBusMessage;

/* A node: its address (16 bytes of IPv6; IPv4 mapped) or its public key. NULL where one is asked for = this node. */
typedef struct
{
  gboolean is_key;
  guint8 bytes[32]; /* key: 32 bytes; address: the first 16 */
} HeroBusAddress;

/* The service's door to the bus; its name is the source of what it sends and cannot be forged. Owned by ctx. */
HeroBus *hero_service_get_bus (HeroServiceContext *ctx);

typedef void (*HeroBusFunc) (HeroBus *bus, HeroBusMessage *message, gpointer data); /* message: borrowed, ref to keep */

gboolean hero_bus_publish (HeroBus *bus, const HeroBusAddress *dst, GBytes *topic, GBytes *payload, guint64 *id,
                           GError **error);
/* group NULL = every message; else one member of the group gets it. Returns an id, never 0. */
guint hero_bus_subscribe (HeroBus *bus, GBytes *topic, const char *group, HeroBusFlags flags, HeroBusFunc func,
                          gpointer data, GDestroyNotify destroy);
void hero_bus_unsubscribe (HeroBus *bus, guint id);
/* timeout_ms 0 = 60 s. */
void hero_bus_request_async (HeroBus *bus, const HeroBusAddress *dst, GBytes *topic, GBytes *payload, guint timeout_ms,
                             GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GBytes *hero_bus_request_finish (HeroBus *bus, GAsyncResult *result, GError **error);
gboolean hero_bus_reply (HeroBusMessage *message, GBytes *payload, GError **error);
/* One JSON-RPC call to <service>.rpc. params: taken, may be NULL; identity NULL = the local system. */
void hero_bus_call_async (HeroBus *bus, const char *service, const char *method, JsonNode *params,
                          HeroIdentity *identity, guint timeout_ms, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
/* The result (transfer full); a JSON-RPC error reply gives HERO_RPC_REPLY_ERROR with its code. */
JsonNode *hero_bus_call_finish (HeroBus *bus, GAsyncResult *result, GError **error);
#define HERO_RPC_REPLY_ERROR (hero_rpc_reply_error_quark ())
GQuark hero_rpc_reply_error_quark (void);

/* ---- a message */
HeroBusMessage *hero_bus_message_ref (HeroBusMessage *message);
/* The last one of a request without reply: NO_REPLY to the asker. */
void hero_bus_message_unref (HeroBusMessage *message);
guint64 hero_bus_message_get_id (HeroBusMessage *message);
GBytes *hero_bus_message_get_topic (HeroBusMessage *message);
GBytes *hero_bus_message_get_payload (HeroBusMessage *message);
const HeroBusAddress *hero_bus_message_get_source (HeroBusMessage *message); /* address; NULL = this node */
HeroIdentity *hero_bus_message_get_identity (HeroBusMessage *message);
const char *hero_bus_message_get_source_service (HeroBusMessage *message); /* NULL when not from a service */
gboolean hero_bus_message_expects_reply (HeroBusMessage *message);
gint64 hero_bus_message_get_deadline_us (HeroBusMessage *message); /* monotonic, 0 = none */

/* ---- the seam of the mycelium plugin: what the core cannot deliver itself comes here. One router per process. */
typedef struct
{
  /* A message for a topic without subscription, or for another node. Any thread, must not block: post to the context.
     request TRUE: a reply is awaited. Returns FALSE with a HERO_BUS_ERROR if it is refused at once. */
  gboolean (*deliver) (gpointer self, HeroBusMessage *message, const HeroBusAddress *dst, gboolean request,
                       GError **error);
  /* TRUE if the address is this node. Any thread. */
  gboolean (*is_local) (gpointer self, const HeroBusAddress *address);
} HeroBusRouter;
gboolean hero_bus_set_router (HeroBus *bus, const HeroBusRouter *router, gpointer self, GError **error);
void hero_bus_unset_router (HeroBus *bus);

/* TRUE if topic is "<service>.rpc" of a service known to the configuration: reserved, never in an inbox. */
gboolean hero_bus_is_service_topic (HeroBus *bus, GBytes *topic);
/*
 * For the router plugin: deliver a message that came from outside (HTTP skin, bridge) to service topics and
 * subscriptions. Answered like hero_bus_request_async when a reply is wanted, else with NULL at once. NO_RESPONDER:
 * nobody here.
 */
void hero_bus_deliver_async (HeroBus *bus, GBytes *topic, GBytes *payload, const HeroBusAddress *source,
                             HeroIdentity *identity, gboolean want_reply, guint timeout_ms, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
GBytes *hero_bus_deliver_finish (HeroBus *bus, GAsyncResult *result, GError **error);
/*
 * The same for a service that the configuration does not know, a reply wanted: payload, a JSON-RPC body, goes to the
 * rpc.sock at path. If that is not live the reply is error -32093.
 */
void hero_bus_forward_async (HeroBus *bus, const char *path, GBytes *topic, GBytes *payload, HeroIdentity *identity,
                             guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
/* TRUE if there is a subscription (not OBSERVE) or a service for the topic in this process. */
gboolean hero_bus_has_receiver (HeroBus *bus, GBytes *topic);
guint hero_bus_count_receivers (HeroBus *bus, GBytes *topic); /* subscriptions (not OBSERVE), members of groups too */

/* What the bus of this process has done; only rises, but for the last two. */
typedef struct
{
  guint64 published, delivered, full, late_replies, service_calls, service_errors;
  guint subscriptions, requests;
} HeroBusCounts;
void hero_bus_get_counts (HeroBus *bus, HeroBusCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroBusMessage, hero_bus_message_unref)

G_END_DECLS
