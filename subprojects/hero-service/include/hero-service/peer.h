/* peer.h: who is at the other end of a connection. Any thread; reads /proc, does not block on the network. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  pid_t pid;
  uid_t uid;
  gid_t gid;
  guint64 start_time; /* field 22 of /proc/PID/stat, 0 = unknown */
} HeroPeer;

/* SO_PEERCRED of a connected Unix socket. */
gboolean hero_peer_from_unix (int fd, HeroPeer *peer, GError **error);
/*
 * The owner of the other end of a loopback TCP connection, by sock_diag (netlink), /proc/net/tcp{,6} where that is not
 * available. HERO_ERROR_NOT_FOUND when the peer is not on this host.
 */
gboolean hero_peer_tcp_uid (int fd, uid_t *uid, GError **error);
/* TRUE if the peer of a TCP connection is our own user or root. */
gboolean hero_peer_tcp_is_own (int fd, GError **error);

/* Conventions 3: may a TCP request with these headers be served? port: ours; extra: allowed_hosts. origin may be NULL. */
gboolean hero_host_is_allowed (const char *host, const char *origin, const char *bound_address, guint port,
                               const char *const *extra);

G_END_DECLS
