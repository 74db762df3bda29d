/* config.c: the keys of [hero_db] that have an effect. Constant. */
#include "hero-db.h"

const HeroConfigKey hero_db_config_keys[] = {
  { "tcp", HERO_CONFIG_BOOL, .fallback = "true", .meaning = "Listen on TCP as well as on the Unix socket." },
  { "bind", HERO_CONFIG_STRINGS, .min = 1, .max = 16, .fallback = "[\"127.0.0.1\"]",
    .meaning = "IP addresses to listen on; only processes of the same user or root on this machine are served." },
  { "port", HERO_CONFIG_INT, .min = 0, .max = 65535, .fallback = "6378", .meaning = "TCP port; 0 = any free one." },
  { "tcp_keepalive_s", HERO_CONFIG_INT, .min = 0, .max = 86400, .fallback = "300",
    .meaning = "Seconds of silence after which a TCP client is probed; 0 = never." },
  { "max_clients", HERO_CONFIG_INT, .min = 1, .max = 1000000, .fallback = "10000",
    .meaning = "RESP connections at a time; one more is told so and closed." },
  { "client_timeout_s", HERO_CONFIG_INT, .min = 0, .max = 31536000, .fallback = "0",
    .meaning = "Seconds without a command after which a client is closed; 0 = never." },
  { "clients_memory_mib", HERO_CONFIG_INT, .min = 0, .max = 1048576, .fallback = "1024",
    .meaning = "Memory of all clients together, over which the biggest one is closed; 0 = no limit." },
  { "databases", HERO_CONFIG_INT, .min = 1, .max = 1000, .fallback = "1000",
    .meaning = "Databases that SELECT knows, from 0 on." },
  { "proto_max_bulk_mib", HERO_CONFIG_INT, .min = 1, .max = 512, .fallback = "512",
    .meaning = "Largest value, key or argument." },
  { "max_body_bytes", HERO_CONFIG_INT, .min = 1024, .max = G_MAXINT32, .fallback = "16777216",
    .meaning = "Largest request body of JSON-RPC, for each socket." },
  { "dirty_mib", HERO_CONFIG_INT, .min = 1, .max = 65536, .fallback = "256",
    .meaning = "Written data that may wait for the disk; beyond it no client is read until a commit has landed." },
  { NULL },
};
