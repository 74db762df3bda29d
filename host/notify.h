/*
 * notify.h: the sd_notify datagrams, both ways: to the service manager (or the host) that started us, and from a child that
 * runs one of our services. Main thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _HeroNotify HeroNotify;
typedef struct _HeroNotifyReceiver HeroNotifyReceiver;

/* address: the value of NOTIFY_SOCKET, "/path" or "@abstract"; NULL = nobody listens and nothing is sent. */
HeroNotify *hero_notify_new (const char *address);
void hero_notify_free (HeroNotify *notify);
/* One datagram of lines "NAME=value". Never blocks; a lost one is lost, as with sd_notify. */
void hero_notify_send (HeroNotify *notify, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A value for such a line: control characters become blanks. Transfer full. */
char *hero_notify_escape (const char *text);

/* name and value of one line of a datagram that the process `pid` sent. */
typedef void (*HeroNotifyFunc) (const char *name, const char *value, gpointer data);
/* Listens on an abstract address of the kernel's choice; func comes on the thread-default context of the caller. */
HeroNotifyReceiver *hero_notify_receiver_new (HeroNotifyFunc func, gpointer data, GError **error);
void hero_notify_receiver_free (HeroNotifyReceiver *receiver);
const char *hero_notify_receiver_get_address (HeroNotifyReceiver *receiver);
/* Only this process is listened to; until it is set, nobody. */
void hero_notify_receiver_set_pid (HeroNotifyReceiver *receiver, pid_t pid);
/* Handles what has come and is still unread: before judging how a child ended. */
void hero_notify_receiver_drain (HeroNotifyReceiver *receiver);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroNotify, hero_notify_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroNotifyReceiver, hero_notify_receiver_free)

G_END_DECLS
