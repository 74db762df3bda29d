/* rpc-job.h: what the handlers of job.* share. Service thread. */
#pragma once

#include "rpc-private.h"

G_BEGIN_DECLS

/* A call about a job that is answered later. */
typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  ProcJob *job; /* or NULL */
} ProcJobPending;

ProcJobPending *proc_job_pending_new (HeroProc *self, HeroRpcCall *call, ProcJob *job);
void proc_job_pending_free (ProcJobPending *pending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcJobPending, proc_job_pending_free)

/* The job a number, or the name of an action, means, if the caller may see it; NULL = none. */
ProcJob *proc_rpc_find_job (HeroProc *self, HeroRpcCall *call, JsonNode *node);
/* The job the parameter `id` means. NULL: answered. */
ProcJob *proc_rpc_get_job (HeroProc *self, HeroRpcCall *call);
/* Answers with the job and the end of its output. in_wait: as {done, job}. */
void proc_rpc_return_job (HeroProc *self, HeroRpcCall *call, ProcJob *job, gboolean in_wait);

/* Which jobs are meant. */
typedef struct
{
  guint32 context;
  gboolean any_context;
  guint phases; /* bits */
  const char *tag, *action, *service;
  guint32 run_id;  /* 0 = any */
  int tty, active; /* -1 = no matter */
  gboolean archived;
  gint64 since_ms, until_ms; /* 0 = open */
} ProcJobFilter;

/* Words for several phases (contract 4.3), NULL-terminated. */
extern const char *const proc_phase_sets[];
/* A phase, or one of those words, as a set of bits; 0 = there is no such word. */
guint proc_phases_parse (const char *word);
/* The parameter `phase`: a phase, or a word for several, as a set of bits. FALSE: answered. */
gboolean proc_rpc_read_phases (HeroRpcCall *call, guint *phases);
/* FALSE: answered. */
gboolean proc_rpc_read_job_filter (HeroProc *self, HeroRpcCall *call, ProcJobFilter *filter);
gboolean proc_job_passes (const ProcJob *job, const ProcJobFilter *filter);

/* ---- rpc-job-create.c */
/*
 * The action that is to run: by its name, or given as an object. context: of one that names none. *is_inline: it was
 * given. Transfer full; NULL + error.
 */
ProcAction *proc_rpc_resolve_action (HeroProc *self, HeroRpcCall *call, JsonNode *node, guint32 context,
                                     GPtrArray *warnings, gboolean *is_inline, GError **error);
/* It with env (an object, or NULL) over its own, args after its own, in this context. Transfer full; NULL + error. */
ProcAction *proc_rpc_dress_action (ProcAction *action, JsonNode *env, const char *const *args, guint32 context,
                                   GError **error);
/* The parameters `name` and `tags` are names. */
gboolean proc_rpc_check_names (HeroRpcCall *call, GError **error);
/* There is room for more jobs. FALSE: answered (-32091). */
gboolean proc_rpc_has_room (HeroProc *self, HeroRpcCall *call, guint more);
/* The caller may store this action. */
gboolean proc_rpc_may_save (HeroProc *self, HeroRpcCall *call, const ProcAction *action, GError **error);
void proc_rpc_job_create (gpointer self, HeroRpcCall *call);
void proc_rpc_job_retry (gpointer self, HeroRpcCall *call);

/* ---- rpc-job-end.c */
void proc_rpc_fail_job_active (HeroRpcCall *call, const ProcJob *job);
void proc_rpc_job_cancel (gpointer self, HeroRpcCall *call);
void proc_rpc_job_cancel_all (gpointer self, HeroRpcCall *call);
void proc_rpc_job_delete (gpointer self, HeroRpcCall *call);
void proc_rpc_job_clean (gpointer self, HeroRpcCall *call);
void proc_rpc_job_clean_by_tag (gpointer self, HeroRpcCall *call);
void proc_rpc_job_archive (gpointer self, HeroRpcCall *call);
void proc_rpc_job_ready (gpointer self, HeroRpcCall *call);
void proc_rpc_job_kill (gpointer self, HeroRpcCall *call);

G_END_DECLS
