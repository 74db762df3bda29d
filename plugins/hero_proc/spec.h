/*
 * spec.h: definitions of services and actions (contract 3.1 to 3.3): from JSON with full checking, to JSON, equal or
 * not. A spec is immutable once made, shared by reference count. Fields of features this version does not have are
 * refused, so a stored spec never promises more than is done. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "action-dep.h"
#include "backoff.h"
#include "dependencies.h"
#include "schedule-policy.h"
#include "spec-health.h"
#include "spec-tty.h"
#include "words.h"

G_BEGIN_DECLS

/* ActionSpec. Strings are never NULL unless said so; arrays neither. */
typedef struct
{
  char *name;
  char *description;
  char **tags;
  guint32 context;
  ProcLogMode log;
  guint log_level_max;
  char *interpreter; /* "auto", "exec", "sh", .. */
  char *script;
  char **args;
  char *cwd;          /* NULL = home of the user */
  char **env;         /* "NAME=value", sorted by name */
  char **env_secrets; /* references, see secret-ref.h */
  gboolean is_process;
  guint timeout_ms; /* 0 = none */
  int *success_codes;
  gsize n_success_codes;
  ProcRestart restart;
  ProcRetry retry;
  int stop_signal;
  guint stop_timeout_ms;
  ProcHealthSpec *health;
  ProcTty tty;
  gboolean ephemeral; /* deleted with its last job */
  GArray *depends_on; /* ProcActionDep: order inside one run */
  ProcSchedulePolicy *schedule; /* NULL = the clock does not start it */
  JsonNode *bad_schedule;       /* a stored schedule that is not understood, kept as it is; NULL = none */
  char *schedule_error;         /* and why; NULL = none */

  guint revision;
  gint64 created_at, updated_at; /* Unix ms */
} ProcAction;

/* ServiceSpec. */
typedef struct
{
  char *name;
  char *description;
  char **tags;
  guint32 context;
  gboolean persist;
  char **actions; /* names */
  char **env;
  char **env_secrets;
  char **edges[PROC_N_EDGES]; /* names of services: what it requires, wants, comes after, conflicts with */
  gboolean cascade_stop;
  ProcWanted wanted;
  ProcClass service_class;
  gboolean require_ready;
  guint start_timeout_ms;
  guint stop_timeout_ms; /* 0 = the actions' own */
  ProcEndpoints *endpoints;

  guint revision;
  gint64 created_at, updated_at;
} ProcService;

/* `where` is the name of the object in messages ("spec"). warnings: texts are added, or NULL. */
ProcAction *proc_action_from_json (JsonObject *object, const char *where, GPtrArray *warnings, GError **error);
/* The same from what was stored: a schedule that is not understood does not cost the action, see bad_schedule. */
ProcAction *proc_action_from_record (JsonObject *object, const char *where, GError **error);
/*
 * actions: the ActionSpec objects of `actions` are parsed and added (ProcAction, transfer full). default_context: for
 * specs that name none.
 */
ProcService *proc_service_from_json (JsonObject *object, const char *where, guint32 default_context, GPtrArray *actions,
                                     GPtrArray *warnings, GError **error);

/* Every field, defaults too. Transfer full. */
JsonObject *proc_action_to_json (const ProcAction *self);
JsonObject *proc_service_to_json (const ProcService *self);

/* The same definition, whatever revision and times say. */
gboolean proc_action_equal (const ProcAction *a, const ProcAction *b);
gboolean proc_service_equal (const ProcService *a, const ProcService *b);

/*
 * The action as a job of the service runs it: the service's env and secrets below its own, the service's stop time over its
 * own, and what the service says of its sockets and ports. main: it is the one the checks of these sockets are made for.
 */
ProcAction *proc_action_for_service (const ProcAction *self, const ProcService *service, gboolean main);

/* A terminal with an interpreter (`auto`: sh) and no script: it asks for what to do. */
gboolean proc_action_is_interactive (const ProcAction *self);

/* A command line beside the action, with its environment and directory. */
ProcAction *proc_action_for_command (const ProcAction *self, const char *command);

/*
 * The action as a job of its own runs it: env ("NAME=value", sorted) over the action's, args after it. Fails if the
 * environment becomes too big.
 */
ProcAction *proc_action_for_job (const ProcAction *self, char **env, char **args, guint32 context, GError **error);

/* The same action with another schedule, NULL = none. */
ProcAction *proc_action_with_schedule (const ProcAction *self, ProcSchedulePolicy *schedule);

/* The same service with another wanted status. */
ProcService *proc_service_with_wanted (const ProcService *self, ProcWanted wanted);

ProcAction *proc_action_ref (ProcAction *self);
void proc_action_unref (ProcAction *self);
ProcService *proc_service_ref (ProcService *self);
void proc_service_unref (ProcService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcAction, proc_action_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcService, proc_service_unref)

G_END_DECLS
