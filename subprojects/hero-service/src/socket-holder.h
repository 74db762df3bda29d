/* socket-holder.h: is a Unix socket file alive, and who is behind it. Blocking, at most about 2 s; any thread. */
#pragma once

#include <gio/gio.h>

typedef enum
{
  HERO_SOCKET_DEAD, /* nobody listens: ECONNREFUSED, or the file is gone */
  HERO_SOCKET_LIVE, /* it answers, its backlog is full, or we may not ask */
} HeroSocketState;

/* holder: "hero_db/rpc.sock is served by pid 4711 (hero_db_server)" when live; transfer full; may be NULL. */
HeroSocketState hero_socket_probe (const char *path, char **holder);
