/*
 * bus.c: a service's door to the bus, the seam of the node's router, and the way of a message. Any thread; the registry
 * is the process's, behind one lock that is held for a few table look-ups at a time.
 */
#include "bus-private.h"

#include <hero-service/log.h>

#define CONTROL_SERVICE "hero_bundle"

HeroBusRegistry hero_bus_registry;

/* Held for reading while the router works on a message, so that it cannot go away meanwhile. */
static GRWLock router_lock;
static const HeroBusRouter *router;
static gpointer router_self;
static HeroBus *router_owner;

/* ------------------------------------------------------------------------------------------------ doors */

static GHashTable *
known_services (HeroServiceContext *ctx, const char *own)
{
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *setting = hero_service_get_setting (ctx, "services");
  g_auto (GStrv) names = g_strsplit_set (setting ? setting : "", " ", -1);

  for (guint i = 0; names[i]; i++)
    if (names[i][0])
      g_hash_table_add (known, g_strdup (names[i]));
  g_hash_table_add (known, g_strdup (own));
  g_hash_table_add (known, g_strdup (CONTROL_SERVICE));
  return known;
}

static HeroBus *
bus_new (HeroServiceContext *ctx)
{
  HeroBus *self = g_new0 (HeroBus, 1);

  g_atomic_ref_count_init (&self->refs);
  self->ctx = ctx;
  self->name = g_intern_string (hero_service_get_name (ctx));
  self->socket_root = g_strdup (hero_service_get_socket_root (ctx));
  self->known = known_services (ctx, self->name);
  self->isolated = g_strcmp0 (hero_service_get_setting (ctx, "isolation"), "process") == 0;
  self->identity = hero_identity_new (HERO_ORIGIN_BUS);
  self->dispatched = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->mailboxes = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_mailbox_unref);
  return self;
}

/* With the lock. */
static void
open_registry (HeroBusRegistry *registry)
{
  if (registry->doors++ > 0)
    return;
  registry->topics = hero_topics_new ();
  registry->services = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
close_registry (HeroBusRegistry *registry)
{
  gboolean last;

  g_mutex_lock (&registry->lock);
  last = --registry->doors == 0;
  if (last)
    {
      g_clear_pointer (&registry->topics, hero_topics_free);
      g_clear_pointer (&registry->services, g_hash_table_unref);
    }
  g_mutex_unlock (&registry->lock);
  if (last)
    hero_gateway_shut_down ();
}

HeroBus *
hero_service_get_bus (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  HeroBusRegistry *registry = &hero_bus_registry;

  g_mutex_lock (&registry->lock);
  if (!sdk->bus)
    {
      sdk->bus = bus_new (ctx);
      open_registry (registry);
    }
  g_mutex_unlock (&registry->lock);
  return sdk->bus;
}

HeroBus *
hero_bus_ref (HeroBus *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
hero_bus_unref (HeroBus *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_ptr_array_unref (self->mailboxes);
  g_hash_table_unref (self->dispatched);
  g_hash_table_unref (self->known);
  hero_identity_unref (self->identity);
  g_free (self->socket_root);
  g_free (self);
}

void
hero_bus_attach (HeroServiceContext *ctx)
{
  HeroBus *self = hero_service_get_bus (ctx);
  HeroBusRegistry *registry = &hero_bus_registry;

  g_mutex_lock (&registry->lock);
  if (!g_hash_table_contains (registry->services, self->name))
    {
      self->dispatcher = hero_mailbox_get (self, hero_service_get_main_context (ctx));
      g_hash_table_insert (registry->services, (gpointer)self->name, self);
    }
  g_mutex_unlock (&registry->lock);
}

void
hero_bus_detach (HeroServiceContext *ctx)
{
  HeroBus *self = hero_sdk_get (ctx)->bus;
  HeroBusRegistry *registry = &hero_bus_registry;

  if (!self)
    return;
  g_mutex_lock (&registry->lock);
  if (g_hash_table_lookup (registry->services, self->name) == self)
    g_hash_table_remove (registry->services, self->name);
  self->dispatcher = NULL;
  g_mutex_unlock (&registry->lock);
}

void
hero_bus_begin_stop (HeroServiceContext *ctx)
{
  HeroBus *self = hero_sdk_get (ctx)->bus;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) mailboxes = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_mailbox_unref);

  if (!self)
    return;
  g_mutex_lock (&hero_bus_registry.lock);
  self->closing = TRUE;
  for (guint i = 0; i < self->mailboxes->len; i++)
    g_ptr_array_add (mailboxes, hero_mailbox_ref (self->mailboxes->pdata[i]));
  g_mutex_unlock (&hero_bus_registry.lock);
  error = g_error_new (HERO_BUS_ERROR, HERO_BUS_ERROR_CANCELLED, "%s is stopping", self->name);
  for (guint i = 0; i < mailboxes->len; i++)
    hero_mailbox_fail_requests (mailboxes->pdata[i], error);
}

void
hero_bus_free (HeroBus *self)
{
  HeroServiceContext *ctx = self->ctx;

  hero_bus_begin_stop (ctx);
  hero_bus_detach (ctx);
  hero_bus_unset_router (self);
  hero_bus_cancel_dispatched (self);
  hero_topics_remove_bus (self);
  for (guint i = 0; i < self->mailboxes->len; i++)
    hero_mailbox_close (self->mailboxes->pdata[i]);
  self->ctx = NULL;
  hero_bus_unref (self);
  close_registry (&hero_bus_registry);
}

/* ------------------------------------------------------------------------------------------------ the router */

gboolean
hero_bus_set_router (HeroBus *self, const HeroBusRouter *table, gpointer data, GError **error)
{
  g_rw_lock_writer_lock (&router_lock);
  gboolean free_place = router == NULL;
  if (free_place)
    {
      router = table;
      router_self = data;
      router_owner = self;
    }
  g_rw_lock_writer_unlock (&router_lock);
  if (!free_place)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT, "the bus of this process has a router already");
  return free_place;
}

void
hero_bus_unset_router (HeroBus *self)
{
  g_rw_lock_writer_lock (&router_lock);
  if (router_owner == self)
    {
      router = NULL;
      router_self = NULL;
      router_owner = NULL;
    }
  g_rw_lock_writer_unlock (&router_lock);
}

/* What the core cannot deliver. without: the error when there is no router. */
static gboolean
route_by_router (HeroBusMessage *message, const HeroBusAddress *dst, int without, GError **error)
{
  gboolean done = FALSE;

  g_rw_lock_reader_lock (&router_lock);
  if (router)
    done = router->deliver (router_self, message, dst, message->request != NULL, error);
  else
    g_set_error (error, HERO_BUS_ERROR, without, "%s",
                 without == HERO_BUS_ERROR_NO_ROUTE
                     ? "no way leads to another node: the message bus service does not run"
                     : "nobody receives this topic");
  g_rw_lock_reader_unlock (&router_lock);
  return done;
}

static gboolean
is_this_node (const HeroBusAddress *address)
{
  g_rw_lock_reader_lock (&router_lock);
  gboolean local = router && router->is_local (router_self, address);
  g_rw_lock_reader_unlock (&router_lock);
  return local;
}

/*
 * ------------------------------------------------------------------------------------------------ the way of a message
 */

static gboolean
route_to_topic (HeroBus *self, HeroBusMessage *message, GError **error)
{
  HeroBusRegistry *registry = &hero_bus_registry;
  HeroWakeList wake = { .n = 0 };

  g_mutex_lock (&registry->lock);
  registry->counts.published++;
  HeroTopicOutcome outcome = hero_topics_deliver (registry->topics, message, &wake);
  registry->counts.full += outcome == HERO_TOPIC_FULL;
  g_mutex_unlock (&registry->lock);
  hero_wake_all (&wake);

  if (outcome == HERO_TOPIC_NOBODY)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER, "nobody receives this topic");
  else if (outcome == HERO_TOPIC_FULL)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL, "the mailboxes of all subscriptions are full");
  return outcome == HERO_TOPIC_TAKEN;
}

gboolean
hero_bus_route_local (HeroBus *self, HeroBusMessage *message, GError **error)
{
  g_autofree char *service = hero_bus_find_service (self, message->topic);

  if (service)
    return hero_bus_send_to_service (self, service, message, error);
  if (self->isolated)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_ROUTE,
                   "%s runs in a process of its own: only service topics reach the others", self->name);
      return FALSE;
    }
  return route_to_topic (self, message, error);
}

gboolean
hero_bus_route (HeroBus *self, HeroBusMessage *message, const HeroBusAddress *dst, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (dst && !is_this_node (dst))
    return route_by_router (message, dst, HERO_BUS_ERROR_NO_ROUTE, error);
  if (hero_bus_route_local (self, message, &reason))
    return TRUE;
  if (g_error_matches (reason, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER))
    return route_by_router (message, NULL, HERO_BUS_ERROR_NO_RESPONDER, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
is_open (HeroBus *self, GError **error)
{
  g_mutex_lock (&hero_bus_registry.lock);
  gboolean closing = self->closing;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (closing)
    g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_CLOSED, "%s is stopping", self->name);
  return !closing;
}

gboolean
hero_bus_publish (HeroBus *self, const HeroBusAddress *dst, GBytes *topic, GBytes *payload, guint64 *id, GError **error)
{
  g_autoptr (HeroBusMessage) message = hero_bus_message_new (self, topic, payload, error);

  if (!message || !is_open (self, error) || !hero_bus_route (self, message, dst, error))
    return FALSE;
  if (id)
    *id = message->id;
  return TRUE;
}

gboolean
hero_bus_is_service_topic (HeroBus *self, GBytes *topic)
{
  g_autofree char *service = hero_bus_find_service (self, topic);

  return service != NULL;
}

gboolean
hero_bus_has_receiver (HeroBus *self, GBytes *topic)
{
  g_autofree char *service = hero_bus_find_service (self, topic);

  g_mutex_lock (&hero_bus_registry.lock);
  gboolean found = service ? g_hash_table_contains (hero_bus_registry.services, service)
                           : hero_topics_count_receivers (hero_bus_registry.topics, topic) > 0;
  g_mutex_unlock (&hero_bus_registry.lock);
  return found;
}

guint
hero_bus_count_receivers (HeroBus *self, GBytes *topic)
{
  g_mutex_lock (&hero_bus_registry.lock);
  guint count = hero_topics_count_receivers (hero_bus_registry.topics, topic);
  g_mutex_unlock (&hero_bus_registry.lock);
  return count;
}

void
hero_bus_get_counts (HeroBus *self, HeroBusCounts *counts)
{
  g_mutex_lock (&hero_bus_registry.lock);
  *counts = hero_bus_registry.counts;
  counts->subscriptions = hero_topics_count (hero_bus_registry.topics);
  g_mutex_unlock (&hero_bus_registry.lock);
}
