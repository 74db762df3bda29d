/* hero_router-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "router.h"

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };

static const HeroConfigKey config_keys[] = {
  /* listeners */
  { "bind", HERO_CONFIG_STRINGS, HERO_CONFIG_ONE_OR_MANY, .max = 64,
    .meaning = "Listeners, \"IP:PORT\" each; [] = none. If set, port, address and ui_port have no effect." },
  { "port", HERO_CONFIG_INT, .min = 0, .max = 65535, .fallback = "9988", .meaning = "Port of the main listener; 0 = none." },
  { "address", HERO_CONFIG_STRING, .fallback = "\"127.0.0.1\"",
    .meaning = "IP of the main listener, \"auto\", or \"IP:PORT\" of a further one." },
  { "ui_port", HERO_CONFIG_INT, .min = 0, .max = 65535, .fallback = "0", .meaning = "One more listener on the main address; 0 = none." },
  { "allowed_hosts", HERO_CONFIG_STRINGS, HERO_CONFIG_ONE_OR_MANY, .max = 256, .fallback = "[]",
    .meaning = "Further names that browsers may use for the router." },
  /* scanner */
  { "scan_interval_s", HERO_CONFIG_INT, .min = 1, .max = 3600, .fallback = "30", .meaning = "Seconds between full scans." },
  { "probe_timeout_ms", HERO_CONFIG_INT, .min = 50, .max = 10000, .fallback = "2000", .meaning = "Longest wait for /health and the like." },
  { "probe_spec_timeout_ms", HERO_CONFIG_INT, .min = 50, .max = 10000, .fallback = "5000", .meaning = "Longest wait for a document." },
  { "probe_parallel", HERO_CONFIG_INT, .min = 1, .max = 64, .fallback = "8", .meaning = "Services probed at a time." },
  { "forget_after_s", HERO_CONFIG_INT, .min = 1, .max = 86400, .fallback = "600", .meaning = "Seconds a service without sockets stays listed." },
  { "spec_max_bytes", HERO_CONFIG_INT, .min = 1024, .max = 67108864, .fallback = "8388608", .meaning = "Largest OpenRPC document." },
  { "allow_foreign_sockets", HERO_CONFIG_BOOL, .fallback = "false", .meaning = "Use sockets that belong to another user." },
  /* proxy */
  { "connect_timeout_ms", HERO_CONFIG_INT, .min = 10, .max = 60000, .fallback = "2000", .meaning = "Longest wait for a connection to a service." },
  { "response_timeout_s", HERO_CONFIG_INT, .min = 0, .max = 86400, .fallback = "3900", .meaning = "Longest wait for an answer to begin; 0 = no limit." },
  { "body_idle_timeout_s", HERO_CONFIG_INT, .min = 0, .max = 86400, .fallback = "300", .meaning = "Longest silence inside an answer; 0 = no limit." },
  { "default_context", HERO_CONFIG_INT, .min = 0, .max = 4294967295, .fallback = "0", .meaning = "X-Hero-Context of requests that have none." },
  { "log_entries", HERO_CONFIG_INT, .min = 10, .max = 100000, .fallback = "5000", .meaning = "Failures that router.logs keeps." },
  { "max_connections", HERO_CONFIG_INT, .min = 1, .max = 1000000, .fallback = "16384", .meaning = "Connections at a time on each listener." },
  { NULL }
};

HERO_SERVICE_PLUGIN (.name = "hero_router", .title = "Hero Router", .version = "0.2.0", .domains = "main",
                     .description = "Finds the services on this machine, forwards to them and shows them.", .sockets = sockets,
                     .config_keys = config_keys, .create = router_create, .start = router_start, .serve = router_serve,
                     .stop = router_stop, .destroy = router_destroy);
