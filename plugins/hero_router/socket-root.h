/*
 * socket-root.h: the directories below the socket root and the sockets in them (contract 4.1), watched by inotify: what
 * changes is collected for 200 ms, then told. A root that is missing is waited for. Service thread; the reads are short.
 */
#pragma once

#include "service.h"

G_BEGIN_DECLS

typedef struct _SocketRoot SocketRoot;

/* changed: list anew. */
SocketRoot *socket_root_new (HeroServiceContext *ctx, HeroReactor *reactor, gboolean allow_foreign, void (*changed) (gpointer data),
                             gpointer data);
void socket_root_free (SocketRoot *root);
/* FALSE: the system has no inotify left, so changes are not told: list again and again. Known after the first listing. */
gboolean socket_root_is_watched (SocketRoot *root);
char *socket_root_get_dir (SocketRoot *root, const char *service); /* transfer full */
/* Calls found for each directory with a usable name; sockets: RouterSocket, by file name, maybe none; transfer full. */
void socket_root_list (SocketRoot *root, void (*found) (gpointer data, const char *service, GPtrArray *sockets), gpointer data);

G_END_DECLS
