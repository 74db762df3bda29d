/* mycelium-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "mycelium.h"

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };

HERO_SERVICE_PLUGIN (.name = "mycelium", .title = "Mycelium", .version = PACKAGE_VERSION, .domains = "main",
                     .description = "Carries messages between services and clients of this node.", .sockets = sockets,
                     .config_keys = mycelium_config_keys, .create = mycelium_create, .start = mycelium_start,
                     .serve = mycelium_serve, .stop = mycelium_stop, .destroy = mycelium_destroy);
