/*
 * listener.h: the one binder of the stack (conventions 2.3): the host binds what a plugin declares, a service what
 * appears at run time. Prepare (lock, vet, remove the dead) comes before start; publish (bind, mode, listen) once
 * ready; close unlinks only what is still ours. Blocking, but short (connect is limited to 1 s): the main thread or a
 * worker.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define HERO_SOCKET_PATH_MAX 107 /* bytes, sizeof sun_path - 1 */

typedef struct _HeroListener HeroListener;
typedef struct _HeroDirLock HeroDirLock;

/*
 * ---- lock file of a directory: flock on <dir>/<name>, the pid inside; the file stays. HERO_ERROR_BUSY names the pid.
 */
HeroDirLock *hero_dir_lock (const char *dir, const char *name, GError **error);
void hero_dir_unlock (HeroDirLock *lock);

/*
 * Makes a directory and its missing parents with exactly this mode, whatever the umask; an existing one keeps its mode.
 */
gboolean hero_make_dir (const char *path, guint mode, GError **error);

/* Step 2 of 2.3: creates <root>/<service> (0755), refuses links, foreign owners, writable by others; then the lock. */
HeroDirLock *hero_socket_dir_prepare (const char *dir, const char *service, GError **error);

/*
 * Step 3: refuses a foreign file or a live socket (naming pid, command and service), removes a dead one.
 * Nothing is bound yet; the descriptor exists. mode: permission bits; group: name or NULL.
 */
HeroListener *hero_listener_new_unix (const char *path, guint mode, const char *group, GError **error);
/* Takes a listening descriptor that was made elsewhere (systemd, parent process), on success. address NULL = ask it.
   Its file is its maker's: free does not unlink it. */
HeroListener *hero_listener_new_from_fd (int fd, const char *address, GError **error);
/* "IP:PORT", IPv6 in brackets; port 0 = any. SO_REUSEADDR, IPV6_V6ONLY. */
HeroListener *hero_listener_new_tcp (const char *address, GError **error);

/* Step 4: bind at the final path, mode and group, listen (backlog 511; TCP 1024). */
gboolean hero_listener_publish (HeroListener *listener, GError **error);
int hero_listener_get_fd (HeroListener *listener);              /* -1 after close */
const char *hero_listener_get_address (HeroListener *listener); /* path or IP:PORT with the real port */
gboolean hero_listener_is_published (HeroListener *listener);
/* Step 5: TRUE while the path is still our inode. Always TRUE for TCP. */
gboolean hero_listener_is_intact (HeroListener *listener);
/* Stops listening here while the service finishes; the path stays, and with it the right to unlink it. */
void hero_listener_close (HeroListener *listener);
/* Step 6: closes, and unlinks what publish made if it is still the same file. */
void hero_listener_free (HeroListener *listener);

/*
 * Who serves a live socket: "hero_db/rpc.sock is served by pid 4711 (hero_db_server)". transfer full; NULL = unknown.
 */
char *hero_socket_describe_holder (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroListener, hero_listener_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroDirLock, hero_dir_unlock)

G_END_DECLS
