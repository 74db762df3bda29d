/* hero_code-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "code.h"

HERO_SERVICE_PLUGIN (.name = "hero_code", .title = "Hero Code", .version = PACKAGE_VERSION,
                     .description = "Repositories below one directory: state, files, search, and a page to read them.",
                     .domains = "main", .sockets = code_sockets, .config_keys = code_config_keys, .create = code_create,
                     .start = code_start, .serve = code_serve, .stop = code_stop, .destroy = code_destroy);
