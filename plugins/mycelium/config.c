/*
 * config.c: the keys of the table [mycelium] (contract 15): those that have an effect, and those of old files that have
 * none.
 */
#include "mycelium.h"

#define COUNT(name_, fallback_, meaning_)                                                                              \
  {                                                                                                                    \
    name_, HERO_CONFIG_INT, 0, 1, G_MAXINT32, fallback_, NULL, NULL, meaning_, NULL                                    \
  }
#define BYTES(name_, fallback_, meaning_)                                                                              \
  {                                                                                                                    \
    name_, HERO_CONFIG_INT, 0, 1, G_GINT64_CONSTANT (1) << 40, fallback_, NULL, NULL, meaning_, NULL                   \
  }
#define WORD(name_, fallback_, choices_, meaning_)                                                                     \
  {                                                                                                                    \
    name_, HERO_CONFIG_STRING, 0, 0, 0, fallback_, choices_, NULL, meaning_, NULL                                      \
  }
/* A key of the overlay daemon. The overlay is not enabled here. */
#define OVERLAY(name_, type_)                                                                                          \
  {                                                                                                                    \
    name_, type_, HERO_CONFIG_IGNORED, G_MININT64, G_MAXINT64, NULL, NULL, NULL, "the overlay is not enabled", NULL    \
  }

const HeroConfigKey mycelium_config_keys[] = {
  { "key_file", HERO_CONFIG_PATH, 0, 0, 0, NULL, NULL, NULL,
    "The secret key of this node, 32 bytes; made when missing. Default: priv_key.bin in the data directory.", NULL },
  { "rest_listen", HERO_CONFIG_STRING, 0, 0, 0, "\"\"", NULL, "api_addr",
    "IP:PORT on which /api/v1 is served to programs of the same user, usually 127.0.0.1:8989; empty = off.", NULL },
  { "uds_only", HERO_CONFIG_BOOL, 0, 0, 0, "false", NULL, NULL, "true turns the TCP listeners off, whatever they say.",
    NULL },
  { "no_tun", HERO_CONFIG_BOOL, 0, 0, 0, "true", NULL, NULL, "There is never a TUN device; false is only warned of.",
    NULL },
  WORD ("default_action", "\"accept\"", "accept|reject", "What happens to messages of topics that are not configured."),
  { "auto_services", HERO_CONFIG_BOOL, 0, 0, 0, "true", NULL, NULL,
    "A JSON-RPC request to <name>.rpc reaches <socket_dir>/<name>/rpc.sock also if no service of that name is "
    "configured.",
    NULL },
  WORD ("unroutable", "\"pending\"", "pending|reject",
        "A message to another node without a way to it waits until its deadline, or is refused at once."),
  WORD ("bridge", "\"none\"", "none", "The way to other nodes."),
  { "max_payload_bytes", HERO_CONFIG_INT, 0, 1, 8388608, "8388608", NULL, NULL, "Largest payload of a message.", NULL },
  COUNT ("queue_max_messages", "10000", "Most messages in the queue of a topic."),
  BYTES ("queue_max_bytes", "67108864", "Most payload bytes in the queue of a topic."),
  WORD ("queue_full", "\"reject\"", "reject|drop_oldest", "A full queue refuses the new message, or loses its oldest."),
  { "ttl_s", HERO_CONFIG_INT, 0, 0, G_MAXINT32, "0", NULL, NULL,
    "Seconds after which an unread message expires; 0 = never.", NULL },
  COUNT ("total_max_messages", "100000", "Most messages in all queues."),
  BYTES ("total_max_bytes", "536870912", "Most payload bytes in all queues."),
  COUNT ("topics_max", "4096", "Most topics with messages, and most configured topics."),
  COUNT ("waiters_max", "1024", "Most clients that wait for a message."),
  COUNT ("outbox_max", "100000", "Most sent messages whose state is kept."),
  { "max_connections", HERO_CONFIG_INT, 0, 1, 65536, "1280", NULL, NULL,
    "Most connections at a time, for each socket; a waiting client holds one.", NULL },
  OVERLAY ("peers", HERO_CONFIG_STRINGS),
  OVERLAY ("tcp_listen_port", HERO_CONFIG_INT),
  OVERLAY ("quic_listen_port", HERO_CONFIG_INT),
  OVERLAY ("peer_discovery_port", HERO_CONFIG_INT),
  OVERLAY ("disable_peer_discovery", HERO_CONFIG_BOOL),
  OVERLAY ("disable_quic", HERO_CONFIG_BOOL),
  OVERLAY ("tun_name", HERO_CONFIG_STRING),
  OVERLAY ("private_network_key_file", HERO_CONFIG_STRING),
  OVERLAY ("network_name", HERO_CONFIG_STRING),
  OVERLAY ("metrics_api_address", HERO_CONFIG_STRING),
  OVERLAY ("firewall_mark", HERO_CONFIG_INT),
  { NULL },
};
