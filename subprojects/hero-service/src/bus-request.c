/*
 * bus-request.c: requests. However it ends (reply, drop, deadline, cancellation, stop) the first one wins, and the
 * asker hears of it once, on the context on which it asked. Any thread, but for what says otherwise.
 */
#include "bus-private.h"

typedef enum
{
  REQUEST_PENDING,
  REQUEST_REPLIED,
  REQUEST_FAILED,
} RequestState;

HeroRequest *
hero_request_ref (HeroRequest *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
hero_request_unref (HeroRequest *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->abandon_destroy)
    self->abandon_destroy (self->abandon_data);
  g_clear_pointer (&self->reply, g_bytes_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->task);
  hero_mailbox_unref (self->mailbox);
  hero_bus_unref (self->bus);
  g_free (self);
}

gboolean
hero_request_is_pending (HeroRequest *self)
{
  return g_atomic_int_get (&self->state) == REQUEST_PENDING;
}

gint
hero_request_compare (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = ((const HeroRequest *)a)->deadline_us, y = ((const HeroRequest *)b)->deadline_us;

  return x < y ? -1 : x > y;
}

/* The asker's context: the task returns here, so its callback runs at once. */
static void
complete (HeroDelivery *delivery, gboolean alive)
{
  HeroRequest *self = delivery->target;
  GTask *task = g_steal_pointer (&self->task);

  if (self->cancel)
    {
      g_source_destroy (self->cancel);
      g_clear_pointer (&self->cancel, g_source_unref);
    }
  if (self->error)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&self->reply), (GDestroyNotify)g_bytes_unref);
  g_object_unref (task);
  hero_delivery_free (delivery);
  hero_request_unref (self);
}

gboolean
hero_request_finish (HeroRequest *self, GBytes *reply, GError *error)
{
  RequestState state = error ? REQUEST_FAILED : REQUEST_REPLIED;
  void (*abandon) (gpointer data) = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->state, REQUEST_PENDING, state))
    {
      g_clear_pointer (&reply, g_bytes_unref);
      g_clear_error (&error);
      return FALSE;
    }
  self->reply = reply;
  self->error = error;

  g_mutex_lock (&hero_bus_registry.lock);
  hero_request_ref (self); /* the list's own goes with the timer */
  hero_mailbox_remove_request (self->mailbox, self);
  self->bus->n_requests--;
  hero_bus_registry.counts.requests--;
  if (error)
    abandon = self->abandon;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (abandon)
    abandon (self->abandon_data);
  hero_mailbox_send (self->mailbox, hero_delivery_new (complete, self, NULL));
  return TRUE;
}

void
hero_request_on_abandon (HeroRequest *self, void (*func) (gpointer data), gpointer data, GDestroyNotify destroy)
{
  g_mutex_lock (&hero_bus_registry.lock);
  self->abandon = func;
  self->abandon_data = data;
  self->abandon_destroy = destroy;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (g_atomic_int_get (&self->state) == REQUEST_FAILED)
    func (data);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  hero_request_finish (data, NULL, g_error_new (HERO_BUS_ERROR, HERO_BUS_ERROR_CANCELLED, "the request was cancelled"));
  return G_SOURCE_REMOVE;
}

/* With the lock. */
static gboolean
admit (HeroBus *bus, GError **error)
{
  if (bus->closing)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_CLOSED, "%s is stopping", bus->name);
  else if (bus->n_requests >= HERO_BUS_MAX_REQUESTS)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT, "%u requests of %s are in flight, the most that may",
                 HERO_BUS_MAX_REQUESTS, bus->name);
  else
    return TRUE;
  return FALSE;
}

/* Puts a request for `task` behind the message; NULL: not admitted. */
static HeroRequest *
request_new (HeroBus *bus, HeroBusMessage *message, guint timeout_ms, GTask *task, GError **error)
{
  gint64 timeout_us = (gint64)(timeout_ms ? timeout_ms : HERO_BUS_DEFAULT_TIMEOUT_MS) * 1000;
  HeroRequest *self = NULL;

  g_mutex_lock (&hero_bus_registry.lock);
  if (admit (bus, error))
    {
      self = g_new0 (HeroRequest, 1);
      g_atomic_ref_count_init (&self->refs);
      self->bus = hero_bus_ref (bus);
      self->mailbox = hero_mailbox_ref (hero_mailbox_get (bus, g_task_get_context (task)));
      self->task = g_object_ref (task);
      self->deadline_us = g_get_monotonic_time () + timeout_us;
      bus->n_requests++;
      hero_bus_registry.counts.requests++;
      hero_mailbox_add_request (self->mailbox, self);
    }
  g_mutex_unlock (&hero_bus_registry.lock);
  if (!self)
    return NULL;

  GCancellable *cancellable = g_task_get_cancellable (task);
  if (cancellable)
    {
      self->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancel, G_SOURCE_FUNC (on_cancelled), hero_request_ref (self),
                             (GDestroyNotify)hero_request_unref);
      g_source_attach (self->cancel, g_task_get_context (task));
    }
  message->request = hero_request_ref (self);
  message->deadline_us = self->deadline_us;
  return self;
}

typedef gboolean (*RouteFunc) (HeroBus *bus, HeroBusMessage *message, gconstpointer where, GError **error);

/* Asks with `message` (taken, NULL = error says why not) along `route`. task: taken. */
static void
ask (HeroBus *bus, HeroBusMessage *message, gconstpointer where, RouteFunc route, guint timeout_ms, GTask *task,
     GError *error)
{
  HeroRequest *request = message ? request_new (bus, message, timeout_ms, task, &error) : NULL;

  if (!request)
    g_task_return_error (task, error);
  else
    {
      if (!route (bus, message, where, &error))
        hero_request_finish (request, NULL, error);
      hero_request_unref (request);
    }
  hero_bus_message_unref (message);
  g_object_unref (task);
}

static GTask *
task_new (gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE); /* the request knows, and says it in its own domain */
  return task;
}

static gboolean
route_to_node (HeroBus *bus, HeroBusMessage *message, gconstpointer dst, GError **error)
{
  return hero_bus_route (bus, message, dst, error);
}

static gboolean
route_here (HeroBus *bus, HeroBusMessage *message, gconstpointer nowhere, GError **error)
{
  return hero_bus_route_local (bus, message, error);
}

static gboolean
route_to_socket (HeroBus *bus, HeroBusMessage *message, gconstpointer path, GError **error)
{
  return hero_gateway_send (path, message, error);
}

void
hero_bus_ask_async (HeroBus *bus, const HeroBusAddress *dst, HeroBusMessage *message, GError *error, guint timeout_ms,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ask (bus, message, dst, route_to_node, timeout_ms,
       task_new (hero_bus_request_async, cancellable, callback, user_data), error);
}

void
hero_bus_request_async (HeroBus *bus, const HeroBusAddress *dst, GBytes *topic, GBytes *payload, guint timeout_ms,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  HeroBusMessage *message = hero_bus_message_new (bus, topic, payload, &error);

  hero_bus_ask_async (bus, dst, message, error, timeout_ms, cancellable, callback, user_data);
}

GBytes *
hero_bus_request_finish (HeroBus *bus, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, hero_bus_request_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
hero_bus_deliver_async (HeroBus *bus, GBytes *topic, GBytes *payload, const HeroBusAddress *source,
                        HeroIdentity *identity, gboolean want_reply, guint timeout_ms, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = task_new (hero_bus_deliver_async, cancellable, callback, user_data);
  GError *error = NULL;
  HeroBusMessage *message = hero_bus_message_new (bus, topic, payload, &error);

  if (message)
    {
      message->source_service = NULL;
      message->has_source = source != NULL;
      if (source)
        message->source = *source;
      if (identity)
        hero_bus_message_set_identity (message, identity);
    }
  if (want_reply)
    {
      ask (bus, message, NULL, route_here, timeout_ms, task, error);
      return;
    }
  if (message && hero_bus_route_local (bus, message, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
  hero_bus_message_unref (message);
  g_object_unref (task);
}

void
hero_bus_forward_async (HeroBus *bus, const char *path, GBytes *topic, GBytes *payload, HeroIdentity *identity,
                        guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  HeroBusMessage *message = hero_bus_message_new (bus, topic, payload, &error);

  if (message && identity)
    hero_bus_message_set_identity (message, identity);
  ask (bus, message, path, route_to_socket, timeout_ms,
       task_new (hero_bus_deliver_async, cancellable, callback, user_data), error);
}

GBytes *
hero_bus_deliver_finish (HeroBus *bus, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, hero_bus_deliver_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
hero_bus_reply (HeroBusMessage *message, GBytes *payload, GError **error)
{
  HeroRequest *request = message->request;

  if (!request)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_REJECTED, "the sender expects no reply");
      return FALSE;
    }
  if (g_bytes_get_size (payload) > HERO_BUS_MAX_REPLY)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TOO_LARGE,
                   "reply: expected at most %d bytes, found %" G_GSIZE_FORMAT, HERO_BUS_MAX_REPLY,
                   g_bytes_get_size (payload));
      return FALSE;
    }
  if (hero_request_finish (request, g_bytes_ref (payload), NULL))
    return TRUE;

  if (g_atomic_int_get (&request->state) == REQUEST_REPLIED)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_ALREADY_REPLIED, "the message was replied to already");
      return FALSE;
    }
  g_mutex_lock (&hero_bus_registry.lock);
  hero_bus_registry.counts.late_replies++;
  g_mutex_unlock (&hero_bus_registry.lock);
  g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TIMEOUT, "nobody waits for the reply any more");
  return FALSE;
}
