/*
 * bus-service.c: <service>.rpc: the payload is a JSON-RPC body, the reply its answer. In this process it goes to the
 * dispatcher of the service, on the service's thread; elsewhere to the service's rpc.sock.
 */
#include "bus-private.h"
#include "rpc-internal.h"

#include <string.h>

#define SUFFIX ".rpc"
#define MAX_NAME 32

/* One body that a service works on. Service thread. */
typedef struct
{
  HeroBus *bus;
  HeroBusMessage *message;
  HeroRpcExchange *exchange;
} Dispatched;

/* Whom to tell that nobody waits any more. Holds no message: that would hold the request, which holds this. */
typedef struct
{
  HeroBus *bus;
  guint64 id;
} Abandon;

char *
hero_bus_find_service (HeroBus *bus, GBytes *topic)
{
  gsize length, suffix = strlen (SUFFIX);
  const char *text = g_bytes_get_data (topic, &length);

  if (length <= suffix || length > MAX_NAME + suffix || memcmp (text + length - suffix, SUFFIX, suffix) != 0
      || memchr (text, '\0', length))
    return NULL;
  g_autofree char *name = g_strndup (text, length - suffix);
  gboolean known = g_hash_table_contains (bus->known, name);
  if (!known)
    {
      g_mutex_lock (&hero_bus_registry.lock);
      known = g_hash_table_contains (hero_bus_registry.services, name);
      g_mutex_unlock (&hero_bus_registry.lock);
    }
  return known ? g_steal_pointer (&name) : NULL;
}

/* ------------------------------------------------------------------------------------------------ in this process */

static void
dispatched_free (Dispatched *self)
{
  g_hash_table_remove (self->bus->dispatched, &self->message->id);
  hero_bus_message_unref (self->message);
  hero_bus_unref (self->bus);
  g_free (self);
}

static void
on_answer (GBytes *answer, HeroRpcWritten *written, gpointer data)
{
  Dispatched *self = data;
  gboolean taken = TRUE;

  if (answer && hero_bus_message_expects_reply (self->message))
    taken = hero_bus_reply (self->message, answer, NULL);
  hero_rpc_written (written, taken);
  g_clear_pointer (&answer, g_bytes_unref);
  dispatched_free (self);
}

static void
run_dispatch (HeroDelivery *delivery, gboolean alive)
{
  HeroBus *bus = delivery->target;

  g_mutex_lock (&hero_bus_registry.lock);
  bus->n_waiting--;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (alive && bus->ctx)
    {
      Dispatched *self = g_new0 (Dispatched, 1);
      self->bus = hero_bus_ref (bus);
      self->message = hero_bus_message_ref (delivery->message);
      HeroRpcExchange *exchange
          = hero_rpc_dispatch_bytes (bus->ctx, self->message->payload, self->message->identity, NULL, on_answer, self);
      if (exchange) /* else on_answer has run */
        {
          self->exchange = exchange;
          g_hash_table_insert (bus->dispatched, &self->message->id, self);
        }
    }
  hero_delivery_free (delivery);
  hero_bus_unref (bus);
}

static void
cancel_dispatched (Dispatched *self)
{
  hero_rpc_exchange_cancel (self->exchange);
  dispatched_free (self);
}

static void
run_abandon (HeroDelivery *delivery, gboolean alive)
{
  Abandon *abandon = delivery->target;
  Dispatched *self = alive ? g_hash_table_lookup (abandon->bus->dispatched, &abandon->id) : NULL;

  if (self)
    cancel_dispatched (self);
  hero_delivery_free (delivery);
  hero_bus_unref (abandon->bus);
  g_free (abandon);
}

static Abandon *
abandon_new (HeroBus *bus, guint64 id)
{
  Abandon *self = g_new (Abandon, 1);

  *self = (Abandon){ hero_bus_ref (bus), id };
  return self;
}

static void
abandon_free (gpointer data)
{
  Abandon *self = data;

  hero_bus_unref (self->bus);
  g_free (self);
}

/* Any thread. */
static void
on_abandon (gpointer data)
{
  Abandon *abandon = data;

  g_mutex_lock (&hero_bus_registry.lock);
  HeroMailbox *dispatcher = abandon->bus->dispatcher ? hero_mailbox_ref (abandon->bus->dispatcher) : NULL;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (!dispatcher)
    return;
  hero_mailbox_send (dispatcher, hero_delivery_new (run_abandon, abandon_new (abandon->bus, abandon->id), NULL));
  hero_mailbox_unref (dispatcher);
}

void
hero_bus_cancel_dispatched (HeroBus *bus)
{
  g_autoptr (GList) list = g_hash_table_get_values (bus->dispatched);

  for (GList *l = list; l; l = l->next)
    cancel_dispatched (l->data);
}

/* With the lock. The bus of a service in this process that takes the message, NULL = it has enough. */
static gboolean
enqueue (HeroBus *target, HeroBusMessage *message, HeroWakeList *wake)
{
  if (target->n_waiting >= HERO_BUS_MAX_REQUESTS)
    return FALSE;
  target->n_waiting++;
  hero_bus_registry.counts.service_calls++;
  hero_mailbox_push_later (target->dispatcher, hero_delivery_new (run_dispatch, hero_bus_ref (target), message), wake);
  return TRUE;
}

static gboolean
send_here (HeroBus *target, gboolean queued, HeroBusMessage *message, GError **error)
{
  if (!queued)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL, "%u messages wait for %s, the most that may",
                   HERO_BUS_MAX_REQUESTS, target->name);
      return FALSE;
    }
  if (message->request)
    hero_request_on_abandon (message->request, on_abandon, abandon_new (target, message->id), abandon_free);
  return TRUE;
}

gboolean
hero_bus_send_to_service (HeroBus *bus, const char *service, HeroBusMessage *message, GError **error)
{
  HeroWakeList wake = { .n = 0 };
  gboolean queued = FALSE;

  g_mutex_lock (&hero_bus_registry.lock);
  HeroBus *target = g_hash_table_lookup (hero_bus_registry.services, service);
  if (target)
    {
      hero_bus_ref (target);
      queued = enqueue (target, message, &wake);
    }
  g_mutex_unlock (&hero_bus_registry.lock);
  hero_wake_all (&wake);

  if (target)
    {
      gboolean sent = send_here (target, queued, message, error);
      hero_bus_unref (target);
      return sent;
    }
  g_autofree char *path = g_build_filename (bus->socket_root ? bus->socket_root : "/", service, "rpc.sock", NULL);
  return hero_gateway_send (path, message, error);
}
