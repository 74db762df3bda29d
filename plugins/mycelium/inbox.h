/*
 * inbox.h: the queues of messages that nobody took at once, and those who wait for one (contract 7, 11). Bounded in
 * messages, bytes, topics and waiters. Messages may be put in by any thread; all else, callbacks too: the service
 * thread.
 */
#pragma once

#include "deadlines.h"
#include "message.h"

typedef struct _Inbox Inbox;
typedef struct _InboxWaiter InboxWaiter;

typedef struct
{
  guint64 queue_messages, queue_bytes; /* per topic */
  guint64 total_messages, total_bytes;
  guint topics, waiters;
  gboolean drop_oldest; /* a full queue loses its oldest instead of refusing the newest */
  gint64 ttl_us;        /* 0 = no limit */
} InboxLimits;

typedef struct
{
  void (*read) (gpointer data, Message *message, gboolean peek);      /* popped or peeked */
  void (*gone) (gpointer data, Message *message, const char *reason); /* "dropped", "expired", "purged" */
} InboxCalls;

/* message: borrowed, NULL = the time is over. */
typedef void (*InboxFunc) (gpointer data, Message *message);

Inbox *inbox_new (HeroServiceContext *ctx, Deadlines *deadlines, const InboxLimits *limits, const InboxCalls *calls,
                  gpointer data);
void inbox_free (Inbox *self);

/*
 * HERO_BUS_ERROR_FULL or HERO_BUS_ERROR_LIMIT (too many topics). for_waiter: only if somebody waits who would take it,
 * else HERO_BUS_ERROR_NO_RESPONDER. Any thread.
 */
gboolean inbox_put (Inbox *self, Message *message, gboolean for_waiter, GError **error);
/* It was popped, but the client did not get it: again the oldest. */
void inbox_put_back (Inbox *self, Message *message);
/* topic NULL = any; transfer full, NULL = there is none. */
Message *inbox_take (Inbox *self, GBytes *topic, gboolean peek);
/* Waits for the next one; NULL with HERO_BUS_ERROR_LIMIT. func comes once, unless the waiter is cancelled. */
InboxWaiter *inbox_wait (Inbox *self, GBytes *topic, gboolean peek, gint64 until_us, InboxFunc func, gpointer data,
                         GError **error);
void inbox_cancel (InboxWaiter *waiter);
void inbox_end_waits (Inbox *self); /* each hears NULL */
guint inbox_purge (Inbox *self, GBytes *topic);

typedef struct
{
  GBytes *topic;
  guint messages, waiters;
  guint64 bytes;
  gint64 oldest_ms; /* age */
} InboxQueue;
void inbox_foreach_queue (Inbox *self, void (*func) (const InboxQueue *queue, gpointer data), gpointer data);
/* Oldest first; topic NULL = all. Consumes nothing. func FALSE = enough. */
void inbox_foreach (Inbox *self, GBytes *topic, gboolean (*func) (Message *message, gpointer data), gpointer data);
void inbox_count (Inbox *self, guint *topics, guint64 *messages, guint64 *bytes, guint *waiters);
