/*
 * bus-mailbox.c: what the bus has to run on one context, as one GSource: senders queue under the registry's lock and
 * wake the context once, however many messages follow. The same source carries the deadlines of the requests made
 * there, since a timer source for each would cost every iteration of the loop. Deliveries run on the context's thread.
 */
#include "bus-private.h"

#define BATCH 256 /* deliveries before other sources of the context get their turn */

struct _HeroMailbox
{
  GSource source;
  GMainContext *context;
  /* under the lock */
  HeroDelivery *head, **tail;
  GSequence *requests; /* HeroRequest by deadline, a reference each */
  gboolean woken;      /* the context knows that something is queued */
  gboolean closed;
  /* the context's thread */
  HeroDelivery *current; /* taken, not yet run */
};

HeroDelivery *
hero_delivery_new (void (*run) (HeroDelivery *, gboolean), gpointer target, HeroBusMessage *message)
{
  HeroDelivery *self = g_new (HeroDelivery, 1);

  *self = (HeroDelivery){ .run = run, .target = target, .message = message ? hero_bus_message_ref (message) : NULL };
  return self;
}

void
hero_delivery_free (HeroDelivery *self)
{
  hero_bus_message_unref (self->message);
  g_free (self);
}

/* With the lock. */
static HeroDelivery *
take_queue (HeroMailbox *self)
{
  HeroDelivery *head = self->head;

  self->head = NULL;
  self->tail = &self->head;
  self->woken = FALSE;
  return head;
}

/* The request whose deadline has passed, with a reference; NULL = none. With the lock. */
static HeroRequest *
take_expired (HeroMailbox *self, gint64 now)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->requests);
  HeroRequest *request = g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);

  if (!request || request->deadline_us > now)
    return NULL;
  hero_request_ref (request);
  request->timer = NULL;
  g_sequence_remove (first);
  return request;
}

static void
expire_requests (HeroMailbox *self)
{
  gint64 now = g_get_monotonic_time ();

  for (;;)
    {
      g_mutex_lock (&hero_bus_registry.lock);
      HeroRequest *request = take_expired (self, now);
      g_mutex_unlock (&hero_bus_registry.lock);
      if (!request)
        return;
      hero_request_finish (request, NULL,
                           g_error_new (HERO_BUS_ERROR, HERO_BUS_ERROR_TIMEOUT, "no reply came before the deadline"));
      hero_request_unref (request);
    }
}

/* With the lock: when the source must run again. */
static gint64
next_ready_time (HeroMailbox *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->requests);

  if (self->head || self->current)
    return 0;
  return g_sequence_iter_is_end (first) ? -1 : ((HeroRequest *)g_sequence_get (first))->deadline_us;
}

static gboolean
mailbox_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  HeroMailbox *self = (HeroMailbox *)source;

  if (!self->current)
    {
      g_mutex_lock (&hero_bus_registry.lock);
      self->current = take_queue (self);
      g_mutex_unlock (&hero_bus_registry.lock);
    }
  for (guint i = 0; i < BATCH && self->current && !g_source_is_destroyed (source); i++)
    {
      HeroDelivery *delivery = self->current;
      self->current = delivery->next;
      delivery->run (delivery, TRUE);
    }
  expire_requests (self);

  g_mutex_lock (&hero_bus_registry.lock);
  if (!self->closed)
    g_source_set_ready_time (source, next_ready_time (self));
  g_mutex_unlock (&hero_bus_registry.lock);
  return G_SOURCE_CONTINUE;
}

static void
mailbox_finalize (GSource *source)
{
  HeroMailbox *self = (HeroMailbox *)source;

  g_sequence_free (self->requests);
}

static GSourceFuncs mailbox_funcs = { NULL, NULL, mailbox_dispatch, mailbox_finalize, NULL, NULL };

static HeroMailbox *
mailbox_new (GMainContext *context)
{
  HeroMailbox *self = (HeroMailbox *)g_source_new (&mailbox_funcs, sizeof (HeroMailbox));

  self->context = context;
  self->tail = &self->head;
  self->requests = g_sequence_new ((GDestroyNotify)hero_request_unref);
  g_source_set_static_name (&self->source, "hero-bus");
  g_source_attach (&self->source, context);
  return self;
}

HeroMailbox *
hero_mailbox_get (HeroBus *bus, GMainContext *context)
{
  g_autoptr (GMainContext) here = context ? g_main_context_ref (context) : g_main_context_ref_thread_default ();

  for (guint i = 0; i < bus->mailboxes->len; i++)
    {
      HeroMailbox *known = bus->mailboxes->pdata[i];
      if (known->context == here)
        return known;
    }
  HeroMailbox *self = mailbox_new (here);
  g_ptr_array_add (bus->mailboxes, self);
  return self;
}

HeroMailbox *
hero_mailbox_ref (HeroMailbox *self)
{
  g_source_ref (&self->source);
  return self;
}

void
hero_mailbox_unref (HeroMailbox *self)
{
  g_source_unref (&self->source);
}

GMainContext *
hero_mailbox_get_context (HeroMailbox *self)
{
  return self->context;
}

/* With the lock. TRUE: the context must be woken, which costs a system call and is better done without the lock. */
static gboolean
push (HeroMailbox *self, HeroDelivery *delivery)
{
  gboolean wake = !self->woken;

  *self->tail = delivery;
  self->tail = &delivery->next;
  self->woken = TRUE;
  return wake;
}

void
hero_mailbox_push_later (HeroMailbox *self, HeroDelivery *delivery, HeroWakeList *wake)
{
  if (!push (self, delivery))
    return;
  if (wake->n < G_N_ELEMENTS (wake->mailboxes))
    wake->mailboxes[wake->n++] = hero_mailbox_ref (self);
  else
    g_source_set_ready_time (&self->source, 0);
}

void
hero_wake_all (HeroWakeList *wake)
{
  for (guint i = 0; i < wake->n; i++)
    {
      g_source_set_ready_time (&wake->mailboxes[i]->source, 0);
      hero_mailbox_unref (wake->mailboxes[i]);
    }
}

void
hero_mailbox_send (HeroMailbox *self, HeroDelivery *delivery)
{
  HeroWakeList wake = { .n = 0 };

  g_mutex_lock (&hero_bus_registry.lock);
  gboolean closed = self->closed;
  if (!closed)
    hero_mailbox_push_later (self, delivery, &wake);
  g_mutex_unlock (&hero_bus_registry.lock);
  if (closed)
    delivery->run (delivery, FALSE);
  hero_wake_all (&wake);
}

void
hero_mailbox_add_request (HeroMailbox *self, HeroRequest *request)
{
  gint64 ready = g_source_get_ready_time (&self->source);

  request->timer = g_sequence_insert_sorted (self->requests, hero_request_ref (request), hero_request_compare, NULL);
  /* A ready time of 0 is work that waits, and stays; the dispatcher looks at the deadlines when it is through. */
  if (!self->woken && (ready < 0 || ready > request->deadline_us))
    g_source_set_ready_time (&self->source, request->deadline_us);
}

void
hero_mailbox_remove_request (HeroMailbox *self, HeroRequest *request)
{
  if (request->timer)
    g_sequence_remove (request->timer);
  request->timer = NULL;
}

void
hero_mailbox_fail_requests (HeroMailbox *self, const GError *error)
{
  for (;;)
    {
      g_mutex_lock (&hero_bus_registry.lock);
      HeroRequest *request = take_expired (self, G_MAXINT64);
      g_mutex_unlock (&hero_bus_registry.lock);
      if (!request)
        return;
      hero_request_finish (request, NULL, g_error_copy (error));
      hero_request_unref (request);
    }
}

static void
drop_all (HeroDelivery *delivery)
{
  while (delivery)
    {
      HeroDelivery *next = delivery->next;
      delivery->run (delivery, FALSE);
      delivery = next;
    }
}

void
hero_mailbox_close (HeroMailbox *self)
{
  g_mutex_lock (&hero_bus_registry.lock);
  self->closed = TRUE;
  HeroDelivery *queued = take_queue (self);
  g_mutex_unlock (&hero_bus_registry.lock);
  g_source_destroy (&self->source);
  drop_all (g_steal_pointer (&self->current));
  drop_all (queued);
}
