/* hero-proc.h: the service as a whole: what it holds and the calls of its descriptor. Service thread, but kill_now. */
#pragma once

#include <hero-service/hero-service.h>

#include "contexts.h"
#include "secrets.h"
#include "notify-socket.h"
#include "log-follow.h"
#include "log-workers.h"
#include "cleaning.h"
#include "job-waits.h"
#include "stats.h"
#include "retention.h"
#include "runs.h"
#include "services.h"
#include "timetable.h"

G_BEGIN_DECLS

typedef struct
{
  HeroServiceContext *ctx;
  ProcKillList *kill_list; /* from create to destroy: kill_now may come at any time */

  char *run_dir;
  HeroReactor *reactor;
  ProcJournal *journal;
  ProcContexts *contexts;
  ProcSecrets *secrets;
  ProcLogStore *logs;
  ProcCapture *capture;
  ProcLogFollow *follow;
  ProcLogWorkers *log_workers;
  ProcSurroundings *surroundings;
  ProcSpawner *spawner;
  ProcTerminals *terminals;
  GQueue ptys; /* who looks at them: pty-socket.c */
  ProcActions *actions;
  ProcJobs *jobs;
  ProcNotifySocket *notify;
  ProcStats *stats;
  ProcJobWaits *waits;
  ProcCleaner cleaner;
  ProcRuns *runs;
  ProcRetention *retention;
  ProcServices *services;
  ProcTimetable *timetable;
  gboolean shutting_down;
  gint64 prepared_until_us; /* monotonic: a stop before it leaves the children running */
} HeroProc;

gpointer hero_proc_create (HeroServiceContext *ctx, GError **error);
gboolean hero_proc_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean hero_proc_serve (gpointer self, GError **error);
void hero_proc_stop (gpointer self);
void hero_proc_kill_now (gpointer self);
void hero_proc_destroy (gpointer self);

/* ---- its parts of start */
void hero_proc_register_rpc (HeroProc *self);
void hero_proc_register_page (HeroProc *self);
/* page-secrets.c: a tab of page.c's table */
void hero_proc_render_secrets (gpointer self, HeroPage *page);
/* page-schedules.c: likewise */
void hero_proc_render_schedules (gpointer self, HeroPage *page);
/* page-terminal.c: likewise */
void hero_proc_render_terminal (gpointer self, HeroPage *page);
/* page-actions.c: likewise */
void hero_proc_render_actions (gpointer self, HeroPage *page);
/* page-runs.c: likewise */
void hero_proc_render_runs (gpointer self, HeroPage *page);
/* page-jobs.c: likewise */
void hero_proc_render_jobs (gpointer self, HeroPage *page);
/* page-logs.c: likewise */
void hero_proc_render_logs (gpointer self, HeroPage *page);

/* ---- rpc-service.c, rpc-logs.c, ..: the handlers, in rpc.c's table */
void hero_proc_rpc_service_set (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_get (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_list (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_status (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_start (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_stop (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_restart (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_delete (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_create (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_monitor (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_update (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_is_running (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_list_full (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_status_full (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_kill (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_start_all (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_stop_all (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_delete_all (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_clean_by_tag (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_why (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_service_tree (gpointer self, HeroRpcCall *call);

void hero_proc_rpc_secret_set (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_get (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_exists (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_list (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_delete (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_status (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_secret_rotate_key (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_context_list (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_context_set (gpointer self, HeroRpcCall *call);
void hero_proc_rpc_context_delete (gpointer self, HeroRpcCall *call);

/* Answers with any of the errors of contract 5. service: for error.data, or NULL. */
void hero_proc_rpc_fail (HeroRpcCall *call, const GError *error, const char *service);
/* The context a call means: parameter `context`, else the caller's. FALSE: answered (-32094, -32000). *all: no matter
 * which. */
gboolean hero_proc_rpc_get_context (HeroProc *self, HeroRpcCall *call, guint32 *context, gboolean *all);
/* The context a parameter, which is given, names. FALSE: answered, as above. */
gboolean hero_proc_rpc_read_context (HeroProc *self, HeroRpcCall *call, const char *param, guint32 *context);
/* The parameter `confirm` is true. FALSE: answered (-32018). */
gboolean hero_proc_rpc_is_confirmed (HeroRpcCall *call);

G_END_DECLS
