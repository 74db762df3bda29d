/*
 * sdk-service.c: the subject of the JSON-RPC benchmark: a service of the SDK with one method, run by the small host of the
 * unit tests. Prints the path of its socket and runs until its standard input ends. sdk-service
 */
#include <hero-service/hero-service.h>

#include <unistd.h>

#include "test-service.h"

static void
on_add (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return_integer (call, hero_rpc_get_integer (call, "a") + hero_rpc_get_integer (call, "b"));
}

static const HeroRpcParam params[] = {
  { "a", HERO_INTEGER (0, 1000000), HERO_REQUIRED, "One." },
  { "b", HERO_INTEGER (0, 1000000), HERO_REQUIRED, "The other." },
  { NULL },
};
static const HeroRpcMethod methods[] = { { "math.add", on_add, params, "{\"type\":\"integer\"}", "Add." }, { NULL } };
static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods);

static void
setup (HeroServiceContext *ctx)
{
  hero_service_set_rpc (ctx, &spec, NULL);
}

int
main (int argc, char *argv[])
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  char byte;

  g_print ("%s\n", path);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  hero_test_service_stop (host);
  return 0;
}
