/*
 * bus-topic.c: topics and their subscriptions: who gets a message. The tables change and are read under the registry's
 * lock, from any thread; callbacks run on the context of their subscription.
 */
#include "bus-private.h"

#include <hero-service/log.h>

typedef struct _Topic Topic;

/* Members take turns; NULL name never occurs. */
typedef struct
{
  char *name;
  GPtrArray *members; /* Subscription, borrowed */
  guint next;
} Group;

typedef struct
{
  gatomicrefcount refs;
  guint id;
  HeroBus *bus;
  HeroMailbox *mailbox;
  Topic *topic;
  Group *group; /* NULL = gets every message */
  HeroBusFlags flags;
  HeroBusFunc func;
  gpointer data;
  GDestroyNotify destroy;
  int removed;      /* atomic */
  int queued;       /* atomic: messages on their way */
  int queued_bytes; /* atomic */
  int missed;       /* atomic: mailbox was full */
  int reported;     /* of missed; the context's thread */
  gint64 reported_us;
} Subscription;

struct _Topic
{
  GBytes *name;
  GPtrArray *all; /* ungrouped and consuming; borrowed, like those below */
  GPtrArray *observers;
  GPtrArray *groups; /* Group, owned */
};

struct _HeroTopics
{
  GHashTable *by_name; /* GBytes -> Topic, owned */
  GHashTable *by_id;   /* Subscription, a reference */
  guint last_id;
};

/* ------------------------------------------------------------------------------------------------ tables */

static void
group_free (gpointer data)
{
  Group *self = data;

  g_ptr_array_unref (self->members);
  g_free (self->name);
  g_free (self);
}

static Topic *
topic_new (GBytes *name)
{
  Topic *self = g_new0 (Topic, 1);

  self->name = g_bytes_ref (name);
  self->all = g_ptr_array_new ();
  self->observers = g_ptr_array_new ();
  self->groups = g_ptr_array_new_with_free_func (group_free);
  return self;
}

static void
topic_free (gpointer data)
{
  Topic *self = data;

  g_ptr_array_unref (self->all);
  g_ptr_array_unref (self->observers);
  g_ptr_array_unref (self->groups);
  g_bytes_unref (self->name);
  g_free (self);
}

static Group *
topic_get_group (Topic *self, const char *name)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      Group *group = self->groups->pdata[i];
      if (g_str_equal (group->name, name))
        return group;
    }
  Group *group = g_new0 (Group, 1);
  group->name = g_strdup (name);
  group->members = g_ptr_array_new ();
  g_ptr_array_add (self->groups, group);
  return group;
}

HeroTopics *
hero_topics_new (void)
{
  HeroTopics *self = g_new0 (HeroTopics, 1);

  self->by_name = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL, topic_free);
  self->by_id = g_hash_table_new (NULL, NULL);
  return self;
}

void
hero_topics_free (HeroTopics *self)
{
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->by_name);
  g_free (self);
}

guint
hero_topics_count (HeroTopics *self)
{
  return g_hash_table_size (self->by_id);
}

static GPtrArray *
array_of (Subscription *self)
{
  if (self->flags & HERO_BUS_OBSERVE)
    return self->topic->observers;
  return self->group ? self->group->members : self->topic->all;
}

static void
topics_add (HeroTopics *self, Subscription *subscription, GBytes *name, const char *group)
{
  Topic *topic = g_hash_table_lookup (self->by_name, name);

  if (!topic)
    {
      topic = topic_new (name);
      g_hash_table_insert (self->by_name, topic->name, topic);
    }
  do
    subscription->id = ++self->last_id;
  while (subscription->id == 0 || g_hash_table_contains (self->by_id, GUINT_TO_POINTER (subscription->id)));
  subscription->topic = topic;
  if (group && !(subscription->flags & HERO_BUS_OBSERVE))
    subscription->group = topic_get_group (topic, group);
  g_ptr_array_add (array_of (subscription), subscription);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (subscription->id), subscription);
}

static void
topics_remove (HeroTopics *self, Subscription *subscription)
{
  Topic *topic = subscription->topic;
  Group *group = subscription->group;

  g_ptr_array_remove (array_of (subscription), subscription); /* keeps the order of the others */
  if (group && group->members->len == 0)
    g_ptr_array_remove (topic->groups, group);
  subscription->group = NULL;
  subscription->topic = NULL;
  g_atomic_int_set (&subscription->removed, TRUE);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (subscription->id));
  if (topic->all->len + topic->observers->len + topic->groups->len == 0)
    g_hash_table_remove (self->by_name, topic->name);
}

/* ------------------------------------------------------------------------------------------------ subscriptions */

static void
subscription_unref (Subscription *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->destroy)
    self->destroy (self->data);
  hero_mailbox_unref (self->mailbox);
  hero_bus_unref (self->bus);
  g_free (self);
}

/* A line at once, then at most one a second. */
static void
report_missed (Subscription *self)
{
  int missed = g_atomic_int_get (&self->missed);
  gint64 now;

  if (missed == self->reported || !self->bus->ctx)
    return;
  now = g_get_monotonic_time ();
  if (self->reported_us != 0 && now - self->reported_us < G_TIME_SPAN_SECOND)
    return;
  hero_warn (self->bus->ctx, "bus: a full mailbox made a subscription miss %d messages", missed - self->reported);
  self->reported = missed;
  self->reported_us = now;
}

static void
run_callback (HeroDelivery *delivery, gboolean alive)
{
  Subscription *self = delivery->target;

  g_atomic_int_add (&self->queued, -1);
  g_atomic_int_add (&self->queued_bytes, -(int)g_bytes_get_size (delivery->message->payload));
  if (alive && !g_atomic_int_get (&self->removed))
    {
      self->func (self->bus, delivery->message, self->data);
      report_missed (self);
    }
  hero_delivery_free (delivery);
  subscription_unref (self);
}

/* The last reference must go on the subscription's own thread: it frees the caller's data. */
static void
run_unref (HeroDelivery *delivery, gboolean alive)
{
  subscription_unref (delivery->target);
  hero_delivery_free (delivery);
}

guint
hero_bus_subscribe (HeroBus *bus, GBytes *topic, const char *group, HeroBusFlags flags, HeroBusFunc func, gpointer data,
                    GDestroyNotify destroy)
{
  Subscription *self = g_new0 (Subscription, 1);
  guint id;

  g_atomic_ref_count_init (&self->refs);
  self->bus = hero_bus_ref (bus);
  self->flags = flags;
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  g_mutex_lock (&hero_bus_registry.lock);
  self->mailbox = hero_mailbox_ref (hero_mailbox_get (bus, NULL));
  topics_add (hero_bus_registry.topics, self, topic, group);
  id = self->id;
  g_mutex_unlock (&hero_bus_registry.lock);
  return id;
}

void
hero_bus_unsubscribe (HeroBus *bus, guint id)
{
  g_mutex_lock (&hero_bus_registry.lock);
  Subscription *self = g_hash_table_lookup (hero_bus_registry.topics->by_id, GUINT_TO_POINTER (id));
  gboolean ours = self && self->bus == bus;
  if (ours)
    topics_remove (hero_bus_registry.topics, self);
  g_mutex_unlock (&hero_bus_registry.lock);

  g_return_if_fail (ours);
  if (g_main_context_is_owner (hero_mailbox_get_context (self->mailbox)))
    subscription_unref (self);
  else
    hero_mailbox_send (self->mailbox, hero_delivery_new (run_unref, self, NULL));
}

void
hero_topics_remove_bus (HeroBus *bus)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&hero_bus_registry.lock);
  g_hash_table_iter_init (&iter, hero_bus_registry.topics->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((Subscription *)value)->bus == bus)
      g_ptr_array_add (gone, value);
  for (guint i = 0; i < gone->len; i++)
    topics_remove (hero_bus_registry.topics, gone->pdata[i]);
  g_mutex_unlock (&hero_bus_registry.lock);
  for (guint i = 0; i < gone->len; i++)
    subscription_unref (gone->pdata[i]);
}

/* ------------------------------------------------------------------------------------------------ delivery */

static gboolean
offer (Subscription *self, HeroBusMessage *message, HeroWakeList *wake)
{
  int size = (int)g_bytes_get_size (message->payload);

  if (g_atomic_int_get (&self->queued) >= HERO_BUS_MAILBOX_MESSAGES
      || g_atomic_int_get (&self->queued_bytes) + size > HERO_BUS_MAILBOX_BYTES)
    return FALSE;
  g_atomic_int_inc (&self->queued);
  g_atomic_int_add (&self->queued_bytes, size);
  g_atomic_ref_count_inc (&self->refs);
  hero_mailbox_push_later (self->mailbox, hero_delivery_new (run_callback, self, message), wake);
  hero_bus_registry.counts.delivered++;
  return TRUE;
}

static gboolean
offer_group (Group *group, HeroBusMessage *message, HeroWakeList *wake)
{
  for (guint i = 0; i < group->members->len; i++)
    {
      guint index = (group->next + i) % group->members->len;
      if (offer (group->members->pdata[index], message, wake))
        {
          group->next = index + 1;
          return TRUE;
        }
    }
  return FALSE;
}

HeroTopicOutcome
hero_topics_deliver (HeroTopics *self, HeroBusMessage *message, HeroWakeList *wake)
{
  Topic *topic = g_hash_table_lookup (self->by_name, message->topic);
  gboolean taken = FALSE;

  if (!topic)
    return HERO_TOPIC_NOBODY;
  for (guint i = 0; i < topic->observers->len; i++)
    {
      Subscription *observer = topic->observers->pdata[i];
      if (!offer (observer, message, wake))
        g_atomic_int_inc (&observer->missed);
    }
  for (guint i = 0; i < topic->all->len; i++)
    {
      Subscription *subscription = topic->all->pdata[i];
      if (offer (subscription, message, wake))
        taken = TRUE;
      else
        g_atomic_int_inc (&subscription->missed);
    }
  for (guint i = 0; i < topic->groups->len; i++)
    taken |= offer_group (topic->groups->pdata[i], message, wake);
  if (taken)
    return HERO_TOPIC_TAKEN;
  return topic->all->len + topic->groups->len > 0 ? HERO_TOPIC_FULL : HERO_TOPIC_NOBODY;
}

guint
hero_topics_count_receivers (HeroTopics *self, GBytes *name)
{
  Topic *topic = g_hash_table_lookup (self->by_name, name);
  guint count = topic ? topic->all->len : 0;

  for (guint i = 0; topic && i < topic->groups->len; i++)
    count += ((Group *)topic->groups->pdata[i])->members->len;
  return count;
}
