/* hero_db-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "hero-db.h"

static const HeroSocketSpec sockets[] = {
  { "rpc", "openrpc" },
  { "admin", "ui", HERO_SOCKET_OPTIONAL },
  { "resp", "resp" },
  { NULL },
};

HERO_SERVICE_PLUGIN (.name = "hero_db", .title = "Hero DB", .version = PACKAGE_VERSION,
                     .description = "A Redis-compatible server of many databases, durable on disk.", .domains = "main",
                     .sockets = sockets, .config_keys = hero_db_config_keys, .create = hero_db_create,
                     .start = hero_db_start, .serve = hero_db_serve, .stop = hero_db_stop, .destroy = hero_db_destroy);
