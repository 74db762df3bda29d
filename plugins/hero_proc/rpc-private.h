/* rpc-private.h: what the handlers of service.* share. Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

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

/* Who changed what, once a call: contract 19. */
void proc_rpc_log_change (HeroProc *self, HeroRpcCall *call, const char *name);
/* {"ok":true,"name":name}; name NULL = without. Transfer full. */
JsonObject *proc_rpc_ok (const char *name);
/* Names of contexts in a definition become their numbers. PROC_ERROR_CONTEXT_NOT_FOUND. */
gboolean hero_proc_resolve_contexts (HeroProc *self, JsonObject *spec, GError **error);

G_END_DECLS
