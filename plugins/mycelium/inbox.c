/*
 * inbox.c: queues and waiters. Putting in is possible from any thread and so under a lock; taking out and all callbacks
 * are the service thread's, on a turn of its own: who puts something in is never called back from there.
 */
#include "inbox.h"

typedef struct
{
  GBytes *topic;
  GQueue messages; /* Message.in_topic */
  guint64 bytes;
} Queue;

/* A message that left without being read. */
typedef struct
{
  Message *message;
  const char *reason;
} Gone;

struct _InboxWaiter
{
  Inbox *inbox;
  GBytes *topic; /* NULL = any */
  gboolean peek;
  InboxFunc func;
  gpointer data;
  Deadline *deadline;
  GList link;
};

struct _Inbox
{
  HeroServiceContext *ctx;
  Deadlines *deadlines;
  InboxLimits limits;
  const InboxCalls *calls;
  gpointer data;

  GMutex lock;
  GHashTable *queues; /* GBytes -> Queue, none is empty */
  GQueue all;         /* Message.in_all, by sequence */
  guint64 bytes, last_sequence;
  GQueue waiters; /* InboxWaiter.link, oldest first */
  GArray *gone;   /* Gone, to be told */
  GSource *serve; /* the turn to come; NULL = there is nothing new */

  Deadline *sweep; /* when the oldest message may expire; service thread */
};

static void
queue_free (gpointer data)
{
  Queue *self = data;

  g_bytes_unref (self->topic);
  g_free (self);
}

/*
 * ------------------------------------------------------------------------------------------------ queues, with the
 * lock
 */

static void
insert_by_sequence (GQueue *queue, GList *link, guint64 sequence)
{
  GList *after = queue->head;

  while (after && ((Message *)after->data)->sequence < sequence)
    after = after->next;
  if (after)
    g_queue_insert_before_link (queue, after, link);
  else
    g_queue_push_tail_link (queue, link);
}

/* back: among those already there, where it was. */
static void
insert (Inbox *self, Message *message, gboolean back)
{
  Queue *queue = g_hash_table_lookup (self->queues, message->topic);

  if (!queue)
    {
      queue = g_new0 (Queue, 1);
      queue->topic = g_bytes_ref (message->topic);
      g_hash_table_insert (self->queues, queue->topic, queue);
    }
  if (back)
    {
      insert_by_sequence (&queue->messages, &message->in_topic, message->sequence);
      insert_by_sequence (&self->all, &message->in_all, message->sequence);
    }
  else
    {
      message->sequence = ++self->last_sequence;
      g_queue_push_tail_link (&queue->messages, &message->in_topic);
      g_queue_push_tail_link (&self->all, &message->in_all);
    }
  queue->bytes += message_get_length (message);
  self->bytes += message_get_length (message);
  message_ref (message);
}

/* The queue's reference becomes the caller's. */
static void
unlink_message (Inbox *self, Message *message)
{
  Queue *queue = g_hash_table_lookup (self->queues, message->topic);

  g_queue_unlink (&queue->messages, &message->in_topic);
  g_queue_unlink (&self->all, &message->in_all);
  queue->bytes -= message_get_length (message);
  self->bytes -= message_get_length (message);
  if (queue->messages.length == 0)
    g_hash_table_remove (self->queues, queue->topic);
}

static void
lose (Inbox *self, Message *message, const char *reason)
{
  Gone gone = { message, reason };

  unlink_message (self, message);
  g_array_append_val (self->gone, gone);
}

static Message *
oldest (Inbox *self, GBytes *topic)
{
  Queue *queue = topic ? g_hash_table_lookup (self->queues, topic) : NULL;
  GList *link = topic ? (queue ? queue->messages.head : NULL) : self->all.head;

  return link ? link->data : NULL;
}

static gboolean
queue_is_full (Inbox *self, Queue *queue, gsize length)
{
  return queue
         && (queue->messages.length >= self->limits.queue_messages || queue->bytes + length > self->limits.queue_bytes);
}

static gboolean
make_room (Inbox *self, GBytes *topic, gsize length, GError **error)
{
  Queue *queue = g_hash_table_lookup (self->queues, topic);

  if (self->limits.drop_oldest)
    while (queue_is_full (self, queue, length))
      {
        lose (self, queue->messages.head->data, "dropped");
        queue = g_hash_table_lookup (self->queues, topic); /* it may have become empty */
      }
  if (!queue && g_hash_table_size (self->queues) >= self->limits.topics)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT, "%u topics have messages, the most that may (topics_max)",
                 self->limits.topics);
  else if (queue_is_full (self, queue, length) || length > self->limits.queue_bytes)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL,
                 "the queue of the topic is full (%u messages, %" G_GUINT64_FORMAT " bytes)",
                 queue ? queue->messages.length : 0, queue ? queue->bytes : 0);
  else if (self->all.length >= self->limits.total_messages || self->bytes + length > self->limits.total_bytes)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL,
                 "the inbox is full (%u messages, %" G_GUINT64_FORMAT " bytes)", self->all.length, self->bytes);
  else
    return TRUE;
  return FALSE;
}

static gboolean
fits (const InboxWaiter *waiter, GBytes *topic)
{
  return !waiter->topic || g_bytes_equal (waiter->topic, topic);
}

static gboolean
has_popper (Inbox *self, GBytes *topic)
{
  for (GList *l = self->waiters.head; l; l = l->next)
    if (!((InboxWaiter *)l->data)->peek && fits (l->data, topic))
      return TRUE;
  return FALSE;
}

/*
 * ------------------------------------------------------------------------------------------------ serving, service
 * thread
 */

static void
waiter_free (InboxWaiter *self)
{
  if (self->deadline)
    deadlines_remove (self->deadline);
  g_clear_pointer (&self->topic, g_bytes_unref);
  g_free (self);
}

/* Takes the waiter out of the list; its link lives on in it. */
static InboxWaiter *
detach (InboxWaiter *waiter)
{
  Inbox *self = waiter->inbox;

  g_mutex_lock (&self->lock);
  g_queue_unlink (&self->waiters, &waiter->link);
  g_mutex_unlock (&self->lock);
  return waiter;
}

/* message: transfer full, NULL = nothing came. */
static void
finish (InboxWaiter *waiter, Message *message)
{
  Inbox *self = waiter->inbox;

  if (message)
    self->calls->read (self->data, message, waiter->peek);
  waiter->func (waiter->data, message);
  waiter_free (waiter);
  if (message)
    message_unref (message);
}

/* The oldest waiter of its kind that a queued message fits; its message: transfer full. Detached. */
static InboxWaiter *
next_served (Inbox *self, gboolean peek, Message **message)
{
  InboxWaiter *found = NULL;

  g_mutex_lock (&self->lock);
  for (GList *l = self->waiters.head; l && !found; l = l->next)
    {
      InboxWaiter *waiter = l->data;
      *message = waiter->peek == peek ? oldest (self, waiter->topic) : NULL;
      if (!*message)
        continue;
      if (peek)
        message_ref (*message);
      else
        unlink_message (self, *message);
      g_queue_unlink (&self->waiters, l);
      found = waiter;
    }
  g_mutex_unlock (&self->lock);
  return found;
}

static void
tell_gone (Inbox *self)
{
  g_autoptr (GArray) gone = NULL;

  g_mutex_lock (&self->lock);
  if (self->gone->len > 0)
    {
      gone = self->gone;
      self->gone = g_array_new (FALSE, FALSE, sizeof (Gone));
    }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; gone && i < gone->len; i++)
    {
      Gone *one = &g_array_index (gone, Gone, i);
      self->calls->gone (self->data, one->message, one->reason);
      message_unref (one->message);
    }
}

static void
on_sweep (gpointer data)
{
  Inbox *self = data;
  gint64 limit = g_get_monotonic_time () - self->limits.ttl_us;

  self->sweep = NULL;
  g_mutex_lock (&self->lock);
  for (Message *message; (message = oldest (self, NULL)) && message->received_us <= limit;)
    lose (self, message, "expired");
  Message *next = oldest (self, NULL);
  gint64 at = next ? next->received_us + self->limits.ttl_us : 0;
  g_mutex_unlock (&self->lock);
  if (next)
    self->sweep = deadlines_add (self->deadlines, at, on_sweep, self);
  tell_gone (self);
}

/* Who peeks gets a copy before somebody takes the message away. */
static void
serve (Inbox *self)
{
  InboxWaiter *waiter;
  Message *message;

  tell_gone (self);
  while ((waiter = next_served (self, TRUE, &message)) || (waiter = next_served (self, FALSE, &message)))
    finish (waiter, message);
  if (self->limits.ttl_us > 0 && !self->sweep)
    on_sweep (self);
}

static gboolean
on_serve (gpointer data)
{
  Inbox *self = data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->serve, g_source_unref);
  g_mutex_unlock (&self->lock);
  serve (self);
  return G_SOURCE_REMOVE;
}

/* With the lock. */
static void
post_serve (Inbox *self)
{
  if (self->serve)
    return;
  self->serve = g_idle_source_new ();
  g_source_set_priority (self->serve, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->serve, on_serve, self, NULL);
  g_source_attach (self->serve, hero_service_get_main_context (self->ctx));
}

/* ------------------------------------------------------------------------------------------------ what it offers */

Inbox *
inbox_new (HeroServiceContext *ctx, Deadlines *deadlines, const InboxLimits *limits, const InboxCalls *calls,
           gpointer data)
{
  Inbox *self = g_new0 (Inbox, 1);

  self->ctx = ctx;
  self->deadlines = deadlines;
  self->limits = *limits;
  self->calls = calls;
  self->data = data;
  g_mutex_init (&self->lock);
  self->queues = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL, queue_free);
  self->gone = g_array_new (FALSE, FALSE, sizeof (Gone));
  return self;
}

void
inbox_free (Inbox *self)
{
  if (!self)
    return;
  inbox_end_waits (self);
  tell_gone (self);
  if (self->serve)
    g_source_destroy (self->serve);
  g_clear_pointer (&self->serve, g_source_unref);
  if (self->sweep)
    deadlines_remove (self->sweep);
  while (self->all.head)
    {
      Message *message = self->all.head->data;
      unlink_message (self, message);
      message_unref (message);
    }
  g_hash_table_unref (self->queues);
  g_array_unref (self->gone);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
inbox_put (Inbox *self, Message *message, gboolean for_waiter, GError **error)
{
  gboolean put = FALSE;

  g_mutex_lock (&self->lock);
  if (for_waiter && !has_popper (self, message->topic))
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER, "nobody waits for this topic");
  else if (make_room (self, message->topic, message_get_length (message), error))
    {
      insert (self, message, FALSE);
      put = TRUE;
    }
  post_serve (self);
  g_mutex_unlock (&self->lock);
  return put;
}

void
inbox_put_back (Inbox *self, Message *message)
{
  g_mutex_lock (&self->lock);
  insert (self, message, TRUE);
  g_mutex_unlock (&self->lock);
  serve (self);
}

Message *
inbox_take (Inbox *self, GBytes *topic, gboolean peek)
{
  g_mutex_lock (&self->lock);
  Message *message = oldest (self, topic);
  if (message && peek)
    message_ref (message);
  else if (message)
    unlink_message (self, message);
  g_mutex_unlock (&self->lock);
  if (message)
    self->calls->read (self->data, message, peek);
  return message;
}

static void
on_time_over (gpointer data)
{
  InboxWaiter *waiter = data;

  waiter->deadline = NULL;
  finish (detach (waiter), NULL);
}

InboxWaiter *
inbox_wait (Inbox *self, GBytes *topic, gboolean peek, gint64 until_us, InboxFunc func, gpointer data, GError **error)
{
  g_mutex_lock (&self->lock);
  gboolean room = self->waiters.length < self->limits.waiters;
  InboxWaiter *waiter = room ? g_new0 (InboxWaiter, 1) : NULL;
  if (room)
    {
      waiter->inbox = self;
      waiter->topic = topic ? g_bytes_ref (topic) : NULL;
      waiter->peek = peek;
      waiter->func = func;
      waiter->data = data;
      waiter->link.data = waiter;
      g_queue_push_tail_link (&self->waiters, &waiter->link);
    }
  g_mutex_unlock (&self->lock);
  if (room)
    waiter->deadline = deadlines_add (self->deadlines, until_us, on_time_over, waiter);
  else
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT,
                 "%u clients wait for messages, the most that may (waiters_max)", self->limits.waiters);
  return waiter;
}

void
inbox_cancel (InboxWaiter *waiter)
{
  waiter_free (detach (waiter));
}

void
inbox_end_waits (Inbox *self)
{
  while (self->waiters.head)
    finish (detach (self->waiters.head->data), NULL);
}

guint
inbox_purge (Inbox *self, GBytes *topic)
{
  guint count = 0;

  g_mutex_lock (&self->lock);
  for (Message *message; (message = oldest (self, topic)); count++)
    lose (self, message, "purged");
  g_mutex_unlock (&self->lock);
  tell_gone (self);
  return count;
}

void
inbox_foreach_queue (Inbox *self, void (*func) (const InboxQueue *queue, gpointer data), gpointer data)
{
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->queues);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Queue *queue = value;
      Message *first = queue->messages.head->data;
      InboxQueue shown = { queue->topic, queue->messages.length, 0, queue->bytes, (now - first->received_us) / 1000 };
      for (GList *l = self->waiters.head; l; l = l->next)
        shown.waiters += fits (l->data, queue->topic);
      func (&shown, data);
    }
  g_mutex_unlock (&self->lock);
}

void
inbox_foreach (Inbox *self, GBytes *topic, gboolean (*func) (Message *message, gpointer data), gpointer data)
{
  g_mutex_lock (&self->lock);
  Queue *queue = topic ? g_hash_table_lookup (self->queues, topic) : NULL;
  GList *link = topic ? (queue ? queue->messages.head : NULL) : self->all.head;
  while (link && func (link->data, data))
    link = link->next;
  g_mutex_unlock (&self->lock);
}

void
inbox_count (Inbox *self, guint *topics, guint64 *messages, guint64 *bytes, guint *waiters)
{
  g_mutex_lock (&self->lock);
  *topics = g_hash_table_size (self->queues);
  *messages = self->all.length;
  *bytes = self->bytes;
  *waiters = self->waiters.length;
  g_mutex_unlock (&self->lock);
}
