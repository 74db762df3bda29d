/* action-dep.h: ActionDep (contract 3.3): what must have happened before an action of the same run starts. Any thread.
 */
#pragma once

#include "reader.h"
#include "words.h"

G_BEGIN_DECLS

typedef struct
{
  char *action; /* its name, or key, inside the run */
  ProcWhen when;
} ProcActionDep;

enum
{
  PROC_MAX_DEPENDENCIES = 1000,
};

/* The member under any of the names: an array of texts and objects, or one of them. Never NULL; transfer full. */
GArray *proc_action_deps_read (ProcReader *reader, const char *names);
/* An empty list of ProcActionDep, which owns its texts. Transfer full. */
GArray *proc_action_deps_new (void);
/* [{"action","when"}]. Transfer full. */
JsonArray *proc_action_deps_to_json (GArray *deps);

G_END_DECLS
