/*
 * stats.h: what the jobs use, over time (contract 11). One walk through /proc an interval for all of them; above
 * PROC_STATS_ALL jobs only those somebody asks for, and all of them once a minute. The newest values are in the jobs
 * themselves (ProcJob.usage), the ones before here. Service thread; the walks run on a worker.
 */
#pragma once

#include "jobs.h"
#include "usage.h"

G_BEGIN_DECLS

enum
{
  PROC_STATS_ALL = 200,     /* jobs: up to so many are all measured each interval */
  PROC_STATS_SAMPLES = 720, /* kept of a job */
  PROC_STATS_FEW = 60,      /* kept of one among many that nobody watches */
};

typedef struct _ProcStats ProcStats;

typedef struct
{
  GMainContext *context;
  ProcJobs *jobs;
  guint interval_ms;
} ProcStatsSetup;

/* jobs outlives it. Before proc_jobs_recover. */
ProcStats *proc_stats_new (const ProcStatsSetup *setup);
void proc_stats_free (ProcStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcStats, proc_stats_free)

/* One measurement of a job; small, since there are many. */
typedef struct
{
  gint64 ts_ms;
  float cpu_percent;
  guint32 memory_kib;
} ProcSample;

/* Of a job, the oldest first; NULL = none yet. Transfer none, until the next return to the loop. */
const GArray *proc_stats_get_history (ProcStats *self, guint32 job_id);

/* One job as it is now. */
typedef struct
{
  guint32 job_id;
  const ProcUsage *members;       /* the main process first; none: it has ended meanwhile */
  const ProcUsageDetail *details; /* beside members */
  guint n_members;
} ProcStatsView;

/* of ProcStatsView, as many as were asked for, borrowed. */
typedef void (*ProcStatsDone) (const GArray *views, gpointer data);
/*
 * Measures these jobs (ProcJob) now, their descendants found by all means, and watches them for a while. done comes
 * later, once. After proc_stats_free nothing comes any more: that is for the time when all calls are answered.
 */
void proc_stats_ask (ProcStats *self, GPtrArray *jobs, ProcStatsDone done, gpointer data);
G_END_DECLS
