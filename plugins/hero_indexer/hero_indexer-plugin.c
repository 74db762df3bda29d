/* hero_indexer-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "indexer.h"

static const HeroSocketSpec sockets[] = {
  { "rpc", "openrpc" },
  { "admin", "ui", HERO_SOCKET_OPTIONAL },
  { NULL },
};

HERO_SERVICE_PLUGIN (.name = "hero_indexer", .title = "Hero Indexer", .version = PACKAGE_VERSION,
                     .description = "Full-text search over many databases, each with its own schema.",
                     .domains = "main", .sockets = sockets, .config_keys = indexer_config_keys,
                     .create = indexer_create, .start = indexer_start, .serve = indexer_serve, .stop = indexer_stop,
                     .destroy = indexer_destroy);
