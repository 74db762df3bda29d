/* template-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "template.h"

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };

static const HeroConfigKey config_keys[]
    = { { "limit", HERO_CONFIG_INT, .min = 1, .max = 1000000, .fallback = "10000", .meaning = "Most notes that are kept." },
        { NULL } };

HERO_SERVICE_PLUGIN (.name = "template", .title = "Template", .version = PACKAGE_VERSION, .domains = "main",
                     .description = "Keeps short notes: the example that docs/plugin-tutorial.md walks through.",
                     .sockets = sockets, .config_keys = config_keys, .create = template_create, .start = template_start,
                     .serve = template_serve, .stop = template_stop, .destroy = template_destroy);
