/*
 * listeners.h: which sockets of this machine listen, by the tables of /proc/net, and which of them a process has open.
 * Reads only. Worker thread: a table may be long.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Sockets somebody asks about: inode (guint64 in a pointer) -> the index given. */
typedef GHashTable ProcListeners;

/* None yet; transfer full (g_hash_table_unref). */
ProcListeners *proc_listeners_new (void);
/* Adds the sockets that listen on a TCP port, of whatever address, or on a Unix path. FALSE: there are none. */
gboolean proc_listeners_add_port (ProcListeners *self, int port, guint index);
gboolean proc_listeners_add_path (ProcListeners *self, const char *path, guint index);
/* Sets held[index] of each that the process has open. FALSE: none, or its descriptors may not be seen. */
gboolean proc_listeners_find_held (ProcListeners *self, pid_t pid, gboolean *held);

/* What a connection to a Unix path meets: nobody (refused, no file) or somebody. Any thread: it does not wait. */
gboolean proc_path_is_served (const char *path);
/* The process that made the path listen, which may have handed it on; 0 = nobody that answers. Any thread. */
pid_t proc_path_get_server (const char *path);

G_END_DECLS
