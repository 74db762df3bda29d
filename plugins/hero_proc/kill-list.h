/*
 * kill-list.h: the process groups that are ours right now, for the one thing that may happen on any thread: a second
 * signal to the host kills them all. Any thread.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

typedef struct _ProcKillList ProcKillList;

ProcKillList *proc_kill_list_new (void);
void proc_kill_list_free (ProcKillList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcKillList, proc_kill_list_free)

/* pidfd is borrowed until remove, which comes before the leader is reaped: its number cannot be another's before that.
 */
void proc_kill_list_add (ProcKillList *self, pid_t group, int pidfd);
void proc_kill_list_remove (ProcKillList *self, pid_t group);
void proc_kill_list_kill (ProcKillList *self);

G_END_DECLS
