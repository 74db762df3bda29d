/*
 * sockets.h: all listening sockets of one service as one thing, from the lock of its directory to the unlink (conventions
 * 2.3). They outlive an instance of the service: a restart keeps them. Main thread; some calls block, shortly.
 */
#pragma once

#include "context.h"
#include "inherited.h"

G_BEGIN_DECLS

typedef struct _HeroSockets HeroSockets;

/* plan and inherited (NULL = none) are borrowed. Nothing is touched yet. */
HeroSockets *hero_sockets_new (HeroPlan *plan, HeroInherited *inherited);
void hero_sockets_free (HeroSockets *sockets); /* closes */

/* Lock, vet, remove the dead; makes the descriptors. What is prepared or published already stays as it is. */
gboolean hero_sockets_prepare (HeroSockets *sockets, GError **error);
/* Bind and listen. A TCP address that cannot be bound is a warning only. */
gboolean hero_sockets_publish (HeroSockets *sockets, GError **error);
/* Closes, unlinks what is still ours, gives the lock back. What was inherited stays open: it is its maker's. */
void hero_sockets_close (HeroSockets *sockets);

/* What is wrong with a published socket (its path vanished or was replaced), NULL = nothing. Transfer full. */
char *hero_sockets_find_lost (HeroSockets *sockets);
/* Gives such sockets up, so that prepare and publish make them anew. */
void hero_sockets_drop_lost (HeroSockets *sockets);

/* The TCP addresses that could not be bound, as texts. Borrowed. */
const char *const *hero_sockets_get_warnings (HeroSockets *sockets);
/* "rpc.sock admin.sock 127.0.0.1:6378": what listens, for the banner. Transfer full. */
char *hero_sockets_describe (HeroSockets *sockets);

/* address: the real one, with the port that port 0 became. fd -1 = could not be bound. */
typedef void (*HeroSocketFunc) (const char *role, const char *protocol, gboolean tcp, int fd, const char *address,
                                gpointer data);
void hero_sockets_foreach (HeroSockets *sockets, HeroSocketFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroSockets, hero_sockets_free)

G_END_DECLS
