/*
 * notify-socket.h: the socket on which jobs say that they are ready (contract 7.6). The kernel tells who sends; what the
 * sender has to do with a job is for the one who listens to find out. Service thread.
 */
#pragma once

#include <hero-service/reactor.h>

#include "notify-message.h"

G_BEGIN_DECLS

typedef struct _ProcNotifySocket ProcNotifySocket;

typedef void (*ProcNoticeFunc) (gpointer data, pid_t sender, const ProcNotice *notice);

/* Binds path anew, mode 0600: the directory is ours, under its lock. */
ProcNotifySocket *proc_notify_socket_new (HeroReactor *reactor, const char *path, ProcNoticeFunc func, gpointer data,
                                          GError **error);
/* The path goes too. */
void proc_notify_socket_free (ProcNotifySocket *self);

G_END_DECLS
