/*
 * reactor.h: many sockets in one GMainContext. poll(2) costs O(sockets) at each wake-up; here one epoll descriptor
 * stands in the context and the sockets behind it, so ten thousand idle connections cost nothing. One thread: the
 * context's.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _HeroReactor HeroReactor;
typedef struct _HeroReactorWatch HeroReactorWatch;

/*
 * events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR. The watch may be removed, and others too, inside the call.
 */
typedef void (*HeroReactorFunc) (int fd, guint32 events, gpointer data);

HeroReactor *hero_reactor_new (GMainContext *context, GError **error);
/* Frees the watches that are left too; may be called inside a watch. */
void hero_reactor_free (HeroReactor *reactor);
/* fd stays the caller's and must outlive the watch: remove first, then close. */
HeroReactorWatch *hero_reactor_add (HeroReactor *reactor, int fd, guint32 events, HeroReactorFunc func, gpointer data,
                                    GError **error);
void hero_reactor_modify (HeroReactorWatch *watch, guint32 events);
void hero_reactor_remove (HeroReactorWatch *watch);
/* func (data) once at the end of each wake-up in which a watch fired: the place to flush what a turn collected. */
void hero_reactor_on_turn (HeroReactor *reactor, void (*func) (gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroReactor, hero_reactor_free)

G_END_DECLS
