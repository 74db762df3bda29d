/* test-service.c: see test-service.h. */
#include "test-service.h"

static void (*current_setup) (HeroServiceContext *ctx);

static gpointer service_create (HeroServiceContext *ctx, GError **error);

static gboolean
service_start (gpointer self, GCancellable *cancellable, GError **error)
{
  if (current_setup != NULL)
    current_setup (self);
  hero_service_ready (self);
  return TRUE;
}

static gboolean
service_serve (gpointer self, GError **error)
{
  return hero_service_serve (self, error);
}

static void
service_stop (gpointer self)
{
  hero_service_stop (self);
}

static void
service_destroy (gpointer self)
{
  hero_service_free_context (self);
}

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };
static const HeroServicePlugin plugin = {
  .magic = HERO_PLUGIN_MAGIC,
  .struct_size = sizeof plugin,
  .abi_major = HERO_ABI_MAJOR,
  .abi_minor = HERO_ABI_MINOR,
  .name = "sample",
  .title = "Sample",
  .version = "1.2.3",
  .description = "Used by a test.",
  .domains = "main|second",
  .sockets = sockets,
  .socket_size = sizeof (HeroSocketSpec),
  .config_key_size = sizeof (HeroConfigKey),
  .create = service_create,
  .start = service_start,
  .serve = service_serve,
  .stop = service_stop,
  .destroy = service_destroy,
};

/* The context itself is the instance. */
static gpointer
service_create (HeroServiceContext *ctx, GError **error)
{
  hero_service_init (ctx, &plugin);
  return ctx;
}

HeroTestHost *
hero_test_service_start (void (*setup) (HeroServiceContext *ctx), GVariant *config)
{
  HeroTestHost *host = hero_test_host_new (&plugin, config);
  g_autoptr (GError) error = NULL;

  current_setup = setup;
  g_assert_true (hero_test_host_start (host, &error));
  g_assert_no_error (error);
  return host;
}

void
hero_test_service_stop (HeroTestHost *host)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_test_host_stop (host, &error));
  g_assert_no_error (error);
  hero_test_host_free (host);
}
