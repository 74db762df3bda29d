/* rpc-logs.h: what the handlers of logs.* share. Service thread, unless said otherwise. */
#pragma once

#include "hero-proc.h"
#include "log-query.h"

G_BEGIN_DECLS

extern const HeroRpcMethod proc_log_methods[];
extern const HeroRpcSchema proc_log_schemas[];

/* ---- rpc-logs-query.c: parameters into a query. FALSE, NULL: answered. */
/* scope: which of these parameters the method has. */
enum
{
  PROC_LOG_SRC = 1,
  PROC_LOG_JOB = 2,
  PROC_LOG_RUN = 4,
  PROC_LOG_PAGE = 8, /* order and limit */
  PROC_LOG_ALL = 15,
};
ProcLogQuery *hero_proc_rpc_read_log_query (HeroProc *self, HeroRpcCall *call, guint scope);
/* A time, 0 when absent. */
gboolean hero_proc_rpc_read_time (HeroRpcCall *call, const char *param, gint64 *ms);
/* Any form of a time (contract 2) as ms; -1 = not one. */
gint64 proc_time_from_node (JsonNode *node);
/* The beginning of "today" (local midnight), "24h", "7d"; 0 for "all" and ""; -1 = none of these. */
gint64 proc_time_of_range (const char *range);
/* The filter of a stream of events: ProcLogReadFilter. */
ProcLogQuery *hero_proc_read_log_filter (gpointer owner, HeroHttpRequest *request, GError **error);
/* Any form of a level; -1 = not one. */
int proc_level_from_node (JsonNode *node);

/* ---- handlers */
void hero_proc_rpc_logs_insert (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_query (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_get (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_tail (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_sources (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_tree (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_stats (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_flush (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_rotate (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_logs_delete (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_logs (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_job_logs (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_run_logs (gpointer self, HeroRpcCall *call);

G_END_DECLS
