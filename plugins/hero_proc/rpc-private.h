/* rpc-private.h: what the handlers of all families of methods share. Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

/* Codes of contract 5. */
enum
{
  RPC_NOT_FOUND = -32000,
  RPC_MONITORED = -32001,
  RPC_IS_UP = -32002,
  RPC_IS_DOWN = -32003,
  RPC_INVALID_SIGNAL = -32004,
  RPC_CONFIG = -32005,
  RPC_EXISTS = -32007,
  RPC_STATE = -32009,
  RPC_DEPENDENCY = -32010,
  RPC_PROCESS = -32011,
  RPC_NOT_A_TERMINAL = -32012,
  RPC_STORAGE = -32013,
  RPC_LIMIT = -32014,
  RPC_LOCKED = -32015,
  RPC_BLOCKED = -32016,
  RPC_UNSUPPORTED = -32017,
  RPC_CONFIRM = -32018,
};

#define ERRORS(...) ((const int[]){ __VA_ARGS__, 0 })

/* Tables of families, each in its own file; they end with name NULL. */
extern const HeroRpcMethod proc_action_methods[], proc_debug_methods[], proc_job_methods[], proc_run_methods[], proc_schedule_methods[],
    proc_stats_methods[], proc_system_methods[], proc_terminal_methods[];
extern const HeroRpcSchema proc_job_schemas[], proc_run_schemas[], proc_schedule_schemas[], proc_stats_schemas[];

/* Answers with any of the errors of contract 5. data: members of error.data, taken. */
void proc_rpc_fail_data (HeroRpcCall *call, const GError *error, JsonObject *data);

/* One call that is answered later. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  char *name;
  GPtrArray *names; /* of char *: what was started or stopped */
  ProcSetResult result;
  GPtrArray *warnings;
  guint probes; /* not answered yet */
} ProcPending;

ProcPending *proc_pending_new (HeroProc *self, HeroRpcCall *call, const char *name);
void proc_pending_free (ProcPending *pending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcPending, proc_pending_free)

/* The service the parameter `name` means, or NULL: answered. */
ProcEntry *proc_rpc_get_entry (HeroProc *self, HeroRpcCall *call);
/* For a caller of a context above 0 only what is of that context exists. */
gboolean proc_rpc_sees (HeroRpcCall *call, guint32 context);
/*
 * A spec from params in any of their shapes (contract 2): [spec, ..], [name, spec, ..], {spec: ..}, or the members
 * themselves. Gives the spec, a copy, and the two options of service.set (NULL = not given). Transfer full; NULL +
 * error.
 */
JsonObject *proc_rpc_unwrap_spec (JsonNode *params, JsonNode **start, JsonNode **restart, GError **error);
/* Event of an action, by its name. */
void proc_rpc_tell_action (HeroProc *self, const char *event, const char *name);
/* Who changed what, once a call: contract 19. */
void proc_rpc_log_change (HeroProc *self, HeroRpcCall *call, const char *name);
/* {"ok":true,"name":name}; name NULL = without. Transfer full. */
JsonObject *proc_rpc_ok (const char *name);
/* Names of contexts in a definition become their numbers. PROC_ERROR_CONTEXT_NOT_FOUND. */
gboolean hero_proc_resolve_contexts (HeroProc *self, JsonObject *spec, GError **error);

/* ---- rpc-params.c */
/* Either `id` or `ids` is given. FALSE: answered. */
gboolean proc_rpc_has_id_or_ids (HeroRpcCall *call);
/* Of a call about several: one that was left out, and why. */
void proc_rpc_add_skipped (JsonArray *skipped, JsonNode *id, const char *reason);
void proc_rpc_add_skipped_number (JsonArray *skipped, guint32 id, const char *reason);
/* The answer to such a call: how many are gone. skipped: taken, NULL = it has none. */
void proc_rpc_return_deleted (HeroRpcCall *call, const GError *error, guint deleted, JsonArray *skipped);
/* The parameter `tag`: one, or several. Transfer full; NULL: answered. */
GStrv proc_rpc_read_tags (HeroRpcCall *call);
gboolean proc_tags_match (char **tags, char **wanted, gboolean all);
/* Contract 19: within a context nobody changes everything by accident. FALSE: answered (-32094). tag NULL = none. */
gboolean proc_rpc_may_take_all (HeroRpcCall *call, const char *tag);
/* The parameter `signal`, which has a default. 0 + error: there is no such signal. */
int proc_rpc_read_signal (HeroRpcCall *call, GError **error);

G_END_DECLS
