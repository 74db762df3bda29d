/* outbox.c: states of sent messages and waits for their replies. Service thread. */
#include "outbox.h"

#include <string.h>

#define LOOK_FOR_FINISHED 64 /* entries, before the oldest one goes whatever its state */

struct _Outbox
{
  Deadlines *deadlines;
  guint max;
  void (*changed) (gpointer data, OutboxEntry *entry);
  gpointer data;
  GHashTable *by_id; /* OutboxEntry.id -> OutboxEntry */
  GQueue all;        /* OutboxEntry.link, oldest first */
};

struct _ReplyWait
{
  OutboxEntry *entry;
  ReplyFunc func;
  gpointer data;
  Deadline *deadline;
};

const char *
message_state_name (MessageState state)
{
  static const char *const names[] = { "pending", "received", "read", "aborted" };

  return names[state];
}

/* ------------------------------------------------------------------------------------------------ waits */

static void
end_wait (ReplyWait *wait, Message *reply)
{
  OutboxEntry *entry = wait->entry;

  entry->wait = NULL;
  if (wait->deadline)
    deadlines_remove (wait->deadline);
  wait->func (wait->data, entry, reply);
  g_free (wait);
}

static void
on_wait_over (gpointer data)
{
  ReplyWait *wait = data;

  wait->deadline = NULL;
  end_wait (wait, NULL);
}

static gboolean
is_hopeless (const OutboxEntry *entry)
{
  return entry->state == MESSAGE_ABORTED || g_strcmp0 (entry->reason, "no_route") == 0;
}

ReplyWait *
outbox_wait (OutboxEntry *entry, gint64 until_us, ReplyFunc func, gpointer data)
{
  if (is_hopeless (entry))
    {
      func (data, entry, NULL);
      return NULL;
    }
  ReplyWait *wait = g_new (ReplyWait, 1);
  *wait = (ReplyWait){ entry, func, data, NULL };
  wait->deadline = deadlines_add (entry->outbox->deadlines, until_us, on_wait_over, wait);
  entry->wait = wait;
  return wait;
}

void
outbox_cancel_wait (ReplyWait *wait)
{
  wait->entry->wait = NULL;
  if (wait->deadline)
    deadlines_remove (wait->deadline);
  g_free (wait);
}

gboolean
outbox_give_reply (OutboxEntry *entry, Message *reply)
{
  if (!entry->wait)
    return FALSE;
  end_wait (entry->wait, reply);
  return TRUE;
}

void
outbox_end_waits (Outbox *self)
{
  for (GList *l = self->all.head, *next; l; l = next)
    {
      OutboxEntry *entry = l->data;
      next = l->next;
      if (entry->wait)
        end_wait (entry->wait, NULL);
    }
}

/* ------------------------------------------------------------------------------------------------ entries */

Outbox *
outbox_new (Deadlines *deadlines, guint max, void (*changed) (gpointer data, OutboxEntry *entry), gpointer data)
{
  Outbox *self = g_new0 (Outbox, 1);

  self->deadlines = deadlines;
  self->max = max;
  self->changed = changed;
  self->data = data;
  self->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  return self;
}

void
outbox_remove (OutboxEntry *entry)
{
  Outbox *self = entry->outbox;

  if (entry->wait)
    end_wait (entry->wait, NULL);
  if (entry->deadline)
    deadlines_remove (entry->deadline);
  g_hash_table_remove (self->by_id, &entry->id);
  g_queue_unlink (&self->all, &entry->link);
  g_free (entry);
}

void
outbox_free (Outbox *self)
{
  if (!self)
    return;
  while (self->all.head)
    outbox_remove (self->all.head->data);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

static void
on_kept (gpointer data)
{
  OutboxEntry *entry = data;

  entry->deadline = NULL;
  outbox_remove (entry);
}

static void
on_deadline (gpointer data)
{
  OutboxEntry *entry = data;

  entry->deadline = deadlines_add (entry->outbox->deadlines, entry->created_us + OUTBOX_KEEP_S * G_TIME_SPAN_SECOND,
                                   on_kept, entry);
  if (entry->state == MESSAGE_PENDING)
    outbox_set_state (entry, MESSAGE_ABORTED, entry->reason ? entry->reason : "timeout");
}

/* Finished ones leave first. */
static void
make_room (Outbox *self)
{
  GList *l = self->all.head;

  for (guint i = 0; l && i < LOOK_FOR_FINISHED; i++, l = l->next)
    {
      OutboxEntry *entry = l->data;
      if (entry->state >= MESSAGE_READ && !entry->wait)
        {
          outbox_remove (entry);
          return;
        }
    }
  outbox_remove (self->all.head->data);
}

OutboxEntry *
outbox_add (Outbox *self, guint64 id, const NodeAddress *destination, gboolean local, gsize length)
{
  OutboxEntry *entry = g_new0 (OutboxEntry, 1);

  if (self->all.length >= self->max)
    make_room (self);
  entry->outbox = self;
  entry->id = id;
  entry->destination = *destination;
  entry->local = local;
  entry->length = length;
  entry->created_s = g_get_real_time () / G_TIME_SPAN_SECOND;
  entry->created_us = g_get_monotonic_time ();
  entry->deadline
      = deadlines_add (self->deadlines, entry->created_us + OUTBOX_DEADLINE_S * G_TIME_SPAN_SECOND, on_deadline, entry);
  entry->link.data = entry;
  g_queue_push_tail_link (&self->all, &entry->link);
  g_hash_table_insert (self->by_id, &entry->id, entry);
  return entry;
}

OutboxEntry *
outbox_find (Outbox *self, guint64 id)
{
  return g_hash_table_lookup (self->by_id, &id);
}

void
outbox_set_state (OutboxEntry *entry, MessageState state, const char *reason)
{
  if (entry->state >= MESSAGE_READ || (state <= entry->state && g_strcmp0 (reason, entry->reason) == 0))
    return;
  entry->state = MAX (entry->state, state);
  entry->reason = reason;
  entry->outbox->changed (entry->outbox->data, entry);
  if (is_hopeless (entry) && entry->wait)
    end_wait (entry->wait, NULL);
}

void
outbox_set_unread (OutboxEntry *entry)
{
  if (entry->state != MESSAGE_READ)
    return;
  entry->state = MESSAGE_RECEIVED;
  entry->outbox->changed (entry->outbox->data, entry);
}

guint
outbox_count (Outbox *self)
{
  return self->all.length;
}

void
outbox_foreach (Outbox *self, gboolean (*func) (OutboxEntry *entry, gpointer data), gpointer data)
{
  for (GList *l = self->all.tail; l && func (l->data, data); l = l->prev)
    ;
}
