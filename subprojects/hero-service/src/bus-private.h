/*
 * bus-private.h: what the files of the bus share. One registry for the process behind one lock; a publish takes it once.
 *
 *   bus.c          doors (HeroBus), the router seam, the way of a message: service topic -> subscriptions -> router
 *   bus-topic.c    topics, subscriptions, groups: who gets a message
 *   bus-mailbox.c  one source per bus and context: what is to run there, and the deadlines of its requests
 *   bus-request.c  requests: answered exactly once, in whatever way they end
 *   bus-service.c  <service>.rpc in this process: to the dispatcher of that service
 *   bus-gateway.c  <service>.rpc elsewhere: by HTTP to its rpc.sock, on a thread of its own
 *   bus-call.c     one JSON-RPC call as a request
 */
#pragma once

#include <hero-service/bus.h>

#include "context-internal.h"

G_BEGIN_DECLS

#define HERO_BUS_MAX_TOPIC 255
#define HERO_BUS_MAX_PAYLOAD (8 * 1024 * 1024)
#define HERO_BUS_MAX_REPLY (64 * 1024 * 1024)
#define HERO_BUS_MAILBOX_MESSAGES 1024
#define HERO_BUS_MAILBOX_BYTES (16 * 1024 * 1024)
#define HERO_BUS_MAX_REQUESTS 4096 /* in flight, per service that asks, and waiting, per service that answers */
#define HERO_BUS_DEFAULT_TIMEOUT_MS 60000

typedef struct _HeroMailbox HeroMailbox;
typedef struct _HeroDelivery HeroDelivery;
typedef struct _HeroRequest HeroRequest;
typedef struct _HeroTopics HeroTopics;

typedef struct
{
  GMutex lock;
  guint doors; /* buses that are not freed; the tables live as long as one is there */
  HeroTopics *topics;
  GHashTable *services; /* name -> HeroBus that answers <name>.rpc in this process */
  HeroBusCounts counts;
  guint64 random[64]; /* ids that are not given out yet */
  guint n_random;
} HeroBusRegistry;

extern HeroBusRegistry hero_bus_registry;

struct _HeroBus
{
  gatomicrefcount refs;
  HeroServiceContext *ctx; /* service thread only; NULL once the service is destroyed */
  const char *name;        /* interned */
  char *socket_root;
  GHashTable *known;      /* names of the services of the configuration; constant */
  gboolean isolated;      /* this process is one service's own: ordinary topics do not reach the others */
  HeroIdentity *identity; /* of what the service itself sends */
  GHashTable *dispatched; /* HeroBusMessage -> call in progress; service thread */

  /* under the registry's lock */
  gboolean closing;
  GPtrArray *mailboxes;
  HeroMailbox *dispatcher; /* of the service's context, while it answers its topic */
  guint n_requests;        /* of ours, in flight */
  guint n_waiting;         /* messages for our dispatcher, not yet taken */
};

HeroBus *hero_bus_ref (HeroBus *bus);
void hero_bus_unref (HeroBus *bus);

/* ---- for context.c, on the service thread */
/* From serve on: the service answers its topic. */
void hero_bus_attach (HeroServiceContext *ctx);
/* Stop has begun: what it asked is CANCELLED, what it asks is CLOSED. */
void hero_bus_begin_stop (HeroServiceContext *ctx);
/* Nothing is dispatched to it any more. */
void hero_bus_detach (HeroServiceContext *ctx);
void hero_bus_free (HeroBus *bus);

/* ---- bus.c. The way of a message; TRUE: it is on its way. */
gboolean hero_bus_route (HeroBus *bus, HeroBusMessage *message, const HeroBusAddress *dst, GError **error);
/* The same for this node without the router. NO_RESPONDER: nobody here. */
gboolean hero_bus_route_local (HeroBus *bus, HeroBusMessage *message, GError **error);

/* ---- bus-message.c */
struct _HeroBusMessage
{
  gatomicrefcount refs;
  guint64 id;
  GBytes *topic, *payload;
  gboolean has_source;
  HeroBusAddress source;
  HeroIdentity *identity;
  const char *source_service; /* interned */
  gint64 deadline_us;
  HeroRequest *request; /* NULL = no reply is expected */
};

/* NULL with TOO_LARGE if topic or payload is too long. From this node and this service, with its own identity. */
HeroBusMessage *hero_bus_message_new (HeroBus *bus, GBytes *topic, GBytes *payload, GError **error);

/* The caller's identity as the bus hands it on: what came by a socket has origin bus. Before the message is shared. */
void hero_bus_message_set_identity (HeroBusMessage *message, HeroIdentity *identity);

/* ---- bus-mailbox.c */
/* One thing to run on a context. run gets alive FALSE when it is only to be freed. It frees itself. */
struct _HeroDelivery
{
  HeroDelivery *next;
  void (*run) (HeroDelivery *self, gboolean alive);
  gpointer target;
  HeroBusMessage *message;
};

HeroDelivery *hero_delivery_new (void (*run) (HeroDelivery *, gboolean), gpointer target, HeroBusMessage *message);
void hero_delivery_free (HeroDelivery *self); /* and its reference of message; not target */

/* With the lock. The mailbox of this bus for the thread-default context, or for `context`. borrowed */
HeroMailbox *hero_mailbox_get (HeroBus *bus, GMainContext *context);
HeroMailbox *hero_mailbox_ref (HeroMailbox *self);
void hero_mailbox_unref (HeroMailbox *self);
GMainContext *hero_mailbox_get_context (HeroMailbox *self);
/* Mailboxes to wake after the lock is given back. */
typedef struct
{
  HeroMailbox *mailboxes[16]; /* a reference each */
  guint n;
} HeroWakeList;

/* With the lock: push, and remember whom to wake. */
void hero_mailbox_push_later (HeroMailbox *self, HeroDelivery *delivery, HeroWakeList *wake);
/* Without the lock. */
void hero_wake_all (HeroWakeList *wake);
/* push and wake, taking the lock. Any thread. */
void hero_mailbox_send (HeroMailbox *self, HeroDelivery *delivery);
/* With the lock: request is told when its deadline passes. */
void hero_mailbox_add_request (HeroMailbox *self, HeroRequest *request);
void hero_mailbox_remove_request (HeroMailbox *self, HeroRequest *request);
/* All its requests end with error; the lock must not be held. */
void hero_mailbox_fail_requests (HeroMailbox *self, const GError *error);
/* Ends it: what is queued is dropped. Service thread. */
void hero_mailbox_close (HeroMailbox *self);

/* ---- bus-topic.c; with the lock unless said otherwise */
typedef enum
{
  HERO_TOPIC_NOBODY,
  HERO_TOPIC_FULL,
  HERO_TOPIC_TAKEN,
} HeroTopicOutcome;

HeroTopics *hero_topics_new (void);
void hero_topics_free (HeroTopics *topics);
HeroTopicOutcome hero_topics_deliver (HeroTopics *topics, HeroBusMessage *message, HeroWakeList *wake);
guint hero_topics_count_receivers (HeroTopics *topics, GBytes *topic);
guint hero_topics_count (HeroTopics *topics); /* subscriptions */
/* Without the lock: ends all subscriptions of a bus. */
void hero_topics_remove_bus (HeroBus *bus);

/* ---- bus-request.c */
struct _HeroRequest
{
  gatomicrefcount refs;
  int state; /* atomic, RequestState */
  HeroBus *bus;
  HeroMailbox *mailbox;
  GTask *task; /* the asker's thread */
  GBytes *reply;
  GError *error;
  gint64 deadline_us;
  GSequenceIter *timer; /* under the lock */
  GSource *cancel;
  /* Under the lock: tells who works on the answer that nobody waits for it any more. */
  void (*abandon) (gpointer data);
  gpointer abandon_data;
  GDestroyNotify abandon_destroy;
};

HeroRequest *hero_request_ref (HeroRequest *self);
void hero_request_unref (HeroRequest *self);
gboolean hero_request_is_pending (HeroRequest *self);
gint hero_request_compare (gconstpointer a, gconstpointer b, gpointer data); /* by deadline */
/* Ends it, unless it has ended. Takes reply or error. FALSE: it had ended. Any thread, without the lock. */
gboolean hero_request_finish (HeroRequest *self, GBytes *reply, GError *error);
/* data is freed with destroy, unused or not. If the request has ended already, func is called at once. */
void hero_request_on_abandon (HeroRequest *self, void (*func) (gpointer data), gpointer data, GDestroyNotify destroy);

/* hero_bus_request_async for a message that is made; taken, NULL = error (taken) says why not. */
void hero_bus_ask_async (HeroBus *bus, const HeroBusAddress *dst, HeroBusMessage *message, GError *error,
                         guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* ---- bus-service.c */
/* "<name>.rpc" of a known service -> name, NULL if it is no service topic. transfer full */
char *hero_bus_find_service (HeroBus *bus, GBytes *topic);
gboolean hero_bus_send_to_service (HeroBus *bus, const char *service, HeroBusMessage *message, GError **error);
/* Service thread: ends the calls that are still being worked on. */
void hero_bus_cancel_dispatched (HeroBus *bus);

/* ---- bus-gateway.c */
/* POST to the rpc.sock at path; the reply is the message's. Answers -32093 itself when it is not live. */
gboolean hero_gateway_send (const char *path, HeroBusMessage *message, GError **error);
void hero_gateway_shut_down (void);
/* What each request in a body is answered when nobody can take it; NULL = it has only notifications. transfer full */
GBytes *hero_rpc_refuse (GBytes *body, int code, const char *code_name, gboolean retryable, const char *text);

G_END_DECLS
