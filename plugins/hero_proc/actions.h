/* actions.h: the actions that are defined, by name. Service thread. */
#pragma once

#include "journal.h"

G_BEGIN_DECLS

typedef struct _ProcActions ProcActions;

/* loaded: what the journal held. */
ProcActions *proc_actions_new (const ProcLoaded *loaded);
void proc_actions_free (ProcActions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcActions, proc_actions_free)

ProcAction *proc_actions_get (ProcActions *self, const char *name); /* NULL = unknown; transfer none */
guint proc_actions_count (ProcActions *self);
/* By name; transfer container. */
GPtrArray *proc_actions_list (ProcActions *self);
/* The definition in effect from here on; its record is durable. */
void proc_actions_put (ProcActions *self, ProcAction *action);
gboolean proc_actions_remove (ProcActions *self, const char *name);

/* One was put (action) or removed (NULL). One listener. */
typedef void (*ProcActionsFunc) (gpointer data, const char *name, ProcAction *action);
void proc_actions_listen (ProcActions *self, ProcActionsFunc func, gpointer data);

/* Revision and times of a definition that follows `old` (NULL = none). TRUE: it differs from it. */
gboolean proc_action_stamp (ProcAction *action, const ProcAction *old);

G_END_DECLS
