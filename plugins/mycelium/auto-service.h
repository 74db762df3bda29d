/*
 * auto-service.h: services that nobody configured but that have a socket where services have theirs (contract 8.1,
 * auto_services). Looking connects without waiting; service thread.
 */
#pragma once

#include <glib.h>

/*
 * The rpc.sock of <name> if topic is "<name>.rpc", payload a JSON-RPC request or batch and the socket live; else NULL.
 */
char *auto_service_find (const char *socket_root, GBytes *topic, GBytes *payload);
