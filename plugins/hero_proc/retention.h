/*
 * retention.h: which records of ended jobs and runs have had their time (contract 12), and their going: at start, each
 * interval, and when asked. Service thread.
 */
#pragma once

#include "cleaning.h"

G_BEGIN_DECLS

/* 0 = no limit. */
typedef struct
{
  guint keep_days;
  guint keep_all;        /* ended jobs */
  guint keep_per_action; /* ended jobs of one action */
  guint archive_hours;
  guint keep_run_days;
} ProcRetentionRules;

/*
 * What the rules take away at now_ms: ProcJob, the oldest last; of these none that ended less than an hour ago.
 * archive: jobs to be archived are added, or NULL. Transfer full.
 */
GPtrArray *proc_retention_choose (ProcJobs *jobs, const ProcRetentionRules *rules, gint64 now_ms, GPtrArray *archive);
/* The same of runs: their ids (guint32); their jobs have their own rules. Transfer full. */
GArray *proc_retention_choose_runs (ProcRuns *runs, const ProcRetentionRules *rules, gint64 now_ms);

typedef struct _ProcRetention ProcRetention;

typedef struct
{
  GMainContext *context;
  const ProcCleaner *cleaner;
  ProcRetentionRules rules;
  guint64 max_bytes; /* of the journal: above 80 % of it the oldest go too */
  guint interval_s;
} ProcRetentionSetup;

typedef struct
{
  guint jobs, actions, runs, archived;
} ProcRetained;

typedef void (*ProcRetentionDone) (const GError *error, const ProcRetained *result, gpointer data);

/* Begins with a first round. */
ProcRetention *proc_retention_new (const ProcRetentionSetup *setup);
void proc_retention_free (ProcRetention *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcRetention, proc_retention_free)

/* One round now. dry_run: only what it would do. */
void proc_retention_run (ProcRetention *self, gboolean dry_run, ProcRetentionDone done, gpointer data);

G_END_DECLS
