/* mycelium.c: the life of the service, from create to destroy. Service thread. */
#include "mycelium.h"

#include <fcntl.h>

gpointer
mycelium_create (HeroServiceContext *ctx, GError **error)
{
  Mycelium *self = g_new0 (Mycelium, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  if (!hero_service_get_boolean (ctx, "no_tun"))
    ctx->host->report (ctx, "no_tun", HERO_REPORT_WARNING, "there is no TUN device here; no_tun stays true");
  const char *rest = hero_service_get_boolean (ctx, "uds_only") ? "" : hero_service_get_string (ctx, "rest_listen");
  ctx->host->add_listener (ctx, "rest", "rest", rest);
  return self;
}

gboolean
mycelium_start (gpointer data, GCancellable *cancellable, GError **error)
{
  Mycelium *self = data;

  if (!hero_service_lock_data_dir (self->ctx, error))
    return FALSE;
  self->node = node_new (self->ctx, error);
  if (!self->node)
    return FALSE;
  mycelium_register_rpc (self);
  mycelium_register_rest (self);
  mycelium_register_page (self);
  mycelium_register_metrics (self);
  hero_service_ready (self->ctx);
  return TRUE;
}

/* The REST listener is a role of its own: what is on rpc.sock beside /api/v1 is not for TCP. */
static gboolean
serve_rest (Mycelium *self, GError **error)
{
  const HeroHost *host = self->ctx->host;
  const char *address;

  for (guint i = 0; (address = host->listener_address (self->ctx, "rest", i)); i++)
    {
      int fd = host->listener (self->ctx, "rest", i);
      if (fd < 0)
        continue;
      fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
      if (fd < 0 || !hero_service_serve_tcp (self->ctx, "rest", fd, address, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
mycelium_serve (gpointer data, GError **error)
{
  Mycelium *self = data;

  return hero_service_serve (self->ctx, error) && serve_rest (self, error);
}

void
mycelium_stop (gpointer data)
{
  Mycelium *self = data;

  if (self->node)
    node_close (self->node);
  hero_service_stop (self->ctx);
}

void
mycelium_destroy (gpointer data)
{
  Mycelium *self = data;

  g_clear_pointer (&self->node, node_free);
  hero_service_free_context (self->ctx);
  g_free (self);
}
