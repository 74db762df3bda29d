/* bus-message.c: one message. Immutable and shared by all who get it; any thread. */
#include "bus-private.h"

#include <sys/random.h>

G_DEFINE_QUARK (hero - bus - error - quark, hero_bus_error)

/* Eight random bytes, never 0. The kernel is asked for 64 of them at a time. With the lock. */
static guint64
next_id (void)
{
  HeroBusRegistry *registry = &hero_bus_registry;
  guint64 id = 0;

  while (id == 0)
    {
      if (registry->n_random == 0
          && getrandom (registry->random, sizeof registry->random, 0) == (gssize)sizeof registry->random)
        registry->n_random = G_N_ELEMENTS (registry->random);
      if (registry->n_random > 0)
        id = registry->random[--registry->n_random];
    }
  return id;
}

HeroBusMessage *
hero_bus_message_new (HeroBus *bus, GBytes *topic, GBytes *payload, GError **error)
{
  if (g_bytes_get_size (topic) > HERO_BUS_MAX_TOPIC)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TOO_LARGE,
                   "topic: expected at most %d bytes, found %" G_GSIZE_FORMAT, HERO_BUS_MAX_TOPIC,
                   g_bytes_get_size (topic));
      return NULL;
    }
  if (g_bytes_get_size (payload) > HERO_BUS_MAX_PAYLOAD)
    {
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TOO_LARGE,
                   "payload: expected at most %d bytes, found %" G_GSIZE_FORMAT, HERO_BUS_MAX_PAYLOAD,
                   g_bytes_get_size (payload));
      return NULL;
    }

  HeroBusMessage *self = g_new0 (HeroBusMessage, 1);
  g_atomic_ref_count_init (&self->refs);
  self->topic = g_bytes_ref (topic);
  self->payload = g_bytes_ref (payload);
  self->identity = hero_identity_ref (bus->identity);
  self->source_service = bus->name;
  g_mutex_lock (&hero_bus_registry.lock);
  self->id = next_id ();
  g_mutex_unlock (&hero_bus_registry.lock);
  return self;
}

static void
copy_header (const char *name, const char *value, gpointer data)
{
  hero_identity_set_header (data, name, value, NULL);
}

void
hero_bus_message_set_identity (HeroBusMessage *self, HeroIdentity *identity)
{
  HeroIdentity *own = NULL;

  if (identity->origin == HERO_ORIGIN_BUS || identity->origin == HERO_ORIGIN_BUS_REMOTE)
    own = hero_identity_ref (identity);
  else
    {
      own = hero_identity_new (HERO_ORIGIN_BUS);
      hero_identity_foreach_header (identity, copy_header, own);
      own->peer_pid = identity->peer_pid;
      own->peer_uid = identity->peer_uid;
      own->peer_start_time = identity->peer_start_time;
    }
  hero_identity_unref (self->identity);
  self->identity = own;
}

HeroBusMessage *
hero_bus_message_ref (HeroBusMessage *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
hero_bus_message_unref (HeroBusMessage *self)
{
  if (!self || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->request)
    {
      /* Nobody holds it any more, so nobody can answer it. */
      if (hero_request_is_pending (self->request))
        hero_request_finish (
            self->request, NULL,
            g_error_new (HERO_BUS_ERROR, HERO_BUS_ERROR_NO_REPLY, "the message was dropped without a reply"));
      hero_request_unref (self->request);
    }
  g_bytes_unref (self->topic);
  g_bytes_unref (self->payload);
  hero_identity_unref (self->identity);
  g_free (self);
}

guint64
hero_bus_message_get_id (HeroBusMessage *self)
{
  return self->id;
}

GBytes *
hero_bus_message_get_topic (HeroBusMessage *self)
{
  return self->topic;
}

GBytes *
hero_bus_message_get_payload (HeroBusMessage *self)
{
  return self->payload;
}

const HeroBusAddress *
hero_bus_message_get_source (HeroBusMessage *self)
{
  return self->has_source ? &self->source : NULL;
}

HeroIdentity *
hero_bus_message_get_identity (HeroBusMessage *self)
{
  return self->identity;
}

const char *
hero_bus_message_get_source_service (HeroBusMessage *self)
{
  return self->source_service;
}

gboolean
hero_bus_message_expects_reply (HeroBusMessage *self)
{
  return self->request != NULL;
}

gint64
hero_bus_message_get_deadline_us (HeroBusMessage *self)
{
  return self->deadline_us;
}
