/* rpc-run.h: what the handlers of run.* share. Service thread. */
#pragma once

#include "rpc-job.h"

G_BEGIN_DECLS

/* A call about a run that is answered later. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  guint32 run_id;
  gint64 wait_ms; /* of run.submit */
  guint jobs;     /* that were ended */
} ProcRunPending;

/* The run of this number, if the caller may see it; NULL = none. */
ProcRun *proc_rpc_find_run (HeroProc *self, HeroRpcCall *call, gint64 id);
/* The run the parameter `id` means. NULL: answered. */
ProcRun *proc_rpc_get_run (HeroProc *self, HeroRpcCall *call);
void proc_rpc_fail_no_run (HeroRpcCall *call, guint32 id);
void proc_rpc_fail_run_active (HeroRpcCall *call, const ProcRun *run);
/* Transfer full. */
JsonObject *proc_rpc_run_to_json (HeroProc *self, const ProcRun *run);

/* ---- rpc-run-submit.c */
void proc_rpc_run_submit (gpointer self, HeroRpcCall *call);
void proc_rpc_run_retry (gpointer self, HeroRpcCall *call);

/* ---- rpc-run-end.c */
void proc_rpc_run_wait (gpointer self, HeroRpcCall *call);
void proc_rpc_run_cancel (gpointer self, HeroRpcCall *call);
void proc_rpc_run_delete (gpointer self, HeroRpcCall *call);
void proc_rpc_run_clean_by_tag (gpointer self, HeroRpcCall *call);
void proc_rpc_run_archive (gpointer self, HeroRpcCall *call);

G_END_DECLS
