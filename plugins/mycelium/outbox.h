/*
 * outbox.h: what became of the messages sent from this node (contract 4), and who waits for their replies. Service
 * thread.
 */
#pragma once

#include "deadlines.h"
#include "message.h"

typedef enum
{
  MESSAGE_PENDING,
  MESSAGE_RECEIVED,
  MESSAGE_READ,
  MESSAGE_ABORTED,
} MessageState;
const char *message_state_name (MessageState state);

typedef struct _Outbox Outbox;
typedef struct _ReplyWait ReplyWait;

typedef struct
{
  guint64 id;
  NodeAddress destination;
  gboolean local; /* it went to this node, so this node may reply */
  MessageState state;
  const char *reason; /* static, or NULL */
  gint64 created_s;   /* unix */
  gint64 created_us;  /* monotonic */
  gsize length;
  gboolean replied;
  MessageState reply_state;
  gint64 reply_created_s;
  gsize reply_length;
  /* the outbox */
  Outbox *outbox;
  ReplyWait *wait;
  Deadline *deadline;
  GList link;
} OutboxEntry;

#define OUTBOX_DEADLINE_S 300 /* until then it must be received */
#define OUTBOX_KEEP_S 600     /* until then it can be replied to and asked for */

/* changed: the state or the reason of an entry is another. */
Outbox *outbox_new (Deadlines *deadlines, guint max, void (*changed) (gpointer data, OutboxEntry *entry),
                    gpointer data);
void outbox_free (Outbox *self);
OutboxEntry *outbox_add (Outbox *self, guint64 id, const NodeAddress *destination, gboolean local, gsize length);
OutboxEntry *outbox_find (Outbox *self, guint64 id); /* borrowed, NULL = not found */
void outbox_remove (OutboxEntry *entry);
/*
 * Forward only: pending, received, read; aborted from the first two. reason NULL = none. Ends a wait that is in vain.
 */
void outbox_set_state (OutboxEntry *entry, MessageState state, const char *reason);
/* The client did not get what it popped. */
void outbox_set_unread (OutboxEntry *entry);
guint outbox_count (Outbox *self);
/* Newest first; func FALSE = enough. */
void outbox_foreach (Outbox *self, gboolean (*func) (OutboxEntry *entry, gpointer data), gpointer data);

/* ---- waiting for the reply: func once, with the reply or NULL (time over, or it will never come). */
typedef void (*ReplyFunc) (gpointer data, OutboxEntry *entry, Message *reply);
/* There is one waiter an entry. func may be called at once, then NULL is returned. */
ReplyWait *outbox_wait (OutboxEntry *entry, gint64 until_us, ReplyFunc func, gpointer data);
void outbox_cancel_wait (ReplyWait *wait); /* without a call */
/* TRUE: a waiter took it. */
gboolean outbox_give_reply (OutboxEntry *entry, Message *reply);
void outbox_end_waits (Outbox *self);
