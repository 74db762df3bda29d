/* stats.c: see stats.h. measure runs on a worker, the rest on the service thread. */
#include "stats.h"

#include <unistd.h>

#include "timer.h"

enum
{
  ALL_EVERY_S = 60,   /* above PROC_STATS_ALL jobs */
  WATCH_S = 120,      /* how long somebody who asked is thought to be looking */
  SETTLE_US = 400000, /* a shorter time says little of processor time, which is counted in 10 ms */
};

/* What is known of one job. */
typedef struct
{
  GArray *samples; /* ProcSample */
  GArray *members; /* ProcUsage of the last measurement */
  pid_t pid;       /* its main process then */
  guint64 ticks;   /* processor time of all of them then */
  gint64 at_us;    /* and when it was, monotonic; 0 = never */
  gint64 watched_until_us;
} Series;

/* Somebody who waits for an answer. */
typedef struct
{
  GArray *ids; /* guint32 */
  ProcStatsDone done;
  gpointer data;
} Ask;

/* One measurement on its way. */
typedef struct
{
  ProcStats *stats; /* NULL: it is gone */
  GPtrArray *asks;
  GHashTable *detailed; /* ids of jobs whose processes are looked at closely */
  gboolean walk;        /* the whole of /proc */
  gboolean tick;        /* it is one of the regular ones */
  GArray *roots;
  GArray *known;
  /* what came of it */
  GArray *members;
  GArray *details; /* ProcUsageDetail, beside members; of jobs nobody asked for: empty */
  gint64 at_ms, at_us;
} Round;

struct _ProcStats
{
  ProcStatsSetup setup;
  GHashTable *series; /* job id -> Series */
  GPtrArray *asks;    /* Ask, for the next round */
  Round *round;       /* under way; NULL = none */
  GSource *timer;
  gint64 all_at_us; /* when all jobs were measured last */
};

static void
series_free (gpointer data)
{
  Series *series = data;

  g_array_unref (series->samples);
  g_array_unref (series->members);
  g_free (series);
}

static void
ask_free (gpointer data)
{
  Ask *ask = data;

  g_array_unref (ask->ids);
  g_free (ask);
}

static void
round_free (gpointer data)
{
  Round *round = data;

  g_ptr_array_unref (round->asks);
  g_hash_table_unref (round->detailed);
  g_array_unref (round->roots);
  g_array_unref (round->known);
  g_clear_pointer (&round->members, g_array_unref);
  g_clear_pointer (&round->details, g_array_unref);
  g_free (round);
}

static void
clear_detail (gpointer detail)
{
  proc_usage_detail_clear (detail);
}

/* ---------------------------------------------------------------------------------------------- on the worker */

static void
measure (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Round *round = data;

  round->members = round->walk ? proc_usage_walk (round->roots) : proc_usage_look (round->roots, round->known);
  round->at_us = g_get_monotonic_time ();
  round->at_ms = proc_now_ms ();
  round->details = g_array_new (FALSE, TRUE, sizeof (ProcUsageDetail));
  g_array_set_clear_func (round->details, clear_detail);
  g_array_set_size (round->details, round->members->len);
  for (guint i = 0; i < round->members->len; i++)
    {
      const ProcUsage *member = &g_array_index (round->members, ProcUsage, i);

      if (g_hash_table_contains (round->detailed, GUINT_TO_POINTER (member->job_id)))
        proc_usage_read_detail (member->stat.pid, &g_array_index (round->details, ProcUsageDetail, i));
    }
  g_task_return_boolean (task, TRUE);
}

/* ---------------------------------------------------------------------------------------------- from ticks to percent */

static double
percent (guint64 ticks, gint64 time_us)
{
  return time_us > 0 ? (double)ticks / (double)sysconf (_SC_CLK_TCK) * G_USEC_PER_SEC / (double)time_us * 100 : 0;
}

static const ProcUsage *
find_before (const Series *series, const ProcUsage *member)
{
  for (guint i = 0; i < series->members->len; i++)
    {
      const ProcUsage *before = &g_array_index (series->members, ProcUsage, i);

      if (before->stat.pid == member->stat.pid && before->stat.start_ticks == member->stat.start_ticks)
        return before;
    }
  return NULL;
}

/* Since the last measurement, or, the first time, since the job was started. */
static gint64
time_since (const Series *series, const ProcJob *job, const Round *round)
{
  return series->at_us != 0 ? round->at_us - series->at_us : MAX (round->at_ms - job->started_at, 10) * 1000;
}

static void
set_cpu_of_members (Series *series, ProcUsage *members, guint n, gint64 time_us, gboolean settled)
{
  for (guint i = 0; i < n; i++)
    {
      const ProcUsage *before = find_before (series, &members[i]);

      members[i].cpu_percent = !settled && before != NULL
                                   ? before->cpu_percent
                                   : (float)percent (members[i].stat.ticks - (before != NULL ? before->stat.ticks : 0), time_us);
    }
}

static void
add_sample (Series *series, const ProcJobUsage *usage, guint most)
{
  ProcSample sample = { usage->at_ms, (float)usage->cpu_percent, (guint32)MIN (usage->memory_bytes / 1024, G_MAXUINT32) };

  g_array_append_val (series->samples, sample);
  if (series->samples->len > most)
    g_array_remove_range (series->samples, 0, series->samples->len - most);
}

/* members: of this job; the job's usage and the series follow them. */
static void
note (Series *series, ProcJob *job, ProcUsage *members, guint n, const Round *round)
{
  ProcJobUsage *usage = &job->usage;
  guint64 ticks = 0, memory = 0;
  gint64 time_us;
  gboolean settled;

  if (series->pid != job->pid) /* another attempt than the last time */
    {
      series->pid = job->pid;
      series->at_us = 0;
      series->ticks = 0;
      g_array_set_size (series->members, 0);
    }
  time_us = time_since (series, job, round);
  settled = series->at_us == 0 || time_us >= SETTLE_US;
  set_cpu_of_members (series, members, n, time_us, settled);
  for (guint i = 0; i < n; i++)
    {
      ticks += members[i].stat.all_ticks;
      memory += members[i].stat.rss_bytes;
    }
  usage->at_ms = round->at_ms;
  usage->memory_bytes = memory;
  usage->peak_memory_bytes = MAX (usage->peak_memory_bytes, memory);
  usage->children = n - 1;
  usage->cpu_ms = (gint64)(ticks * 1000 / (guint64)sysconf (_SC_CLK_TCK));
  if (!settled)
    return;
  /* Less than before: a child took its time with it, since nobody waited for it. */
  usage->cpu_percent = percent (ticks > series->ticks ? ticks - series->ticks : 0, time_us);
  series->ticks = ticks;
  series->at_us = round->at_us;
  g_array_set_size (series->members, 0);
  g_array_append_vals (series->members, members, n);
}

/* ---------------------------------------------------------------------------------------------- a round */

static void begin_round (ProcStats *self, gboolean tick);

/* The members of one job in the sorted array: where they begin, and how many there are. */
static guint
find_members (const GArray *members, guint32 job_id, guint *n)
{
  guint low = 0, high = members->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (members, ProcUsage, middle).job_id < job_id)
        low = middle + 1;
      else
        high = middle;
    }
  *n = 0;
  while (low + *n < members->len && g_array_index (members, ProcUsage, low + *n).job_id == job_id)
    ++*n;
  return low;
}

static gboolean
is_watched (const Series *series, gint64 now_us)
{
  return series->watched_until_us > now_us;
}

static void
note_all (ProcStats *self, Round *round)
{
  gboolean many = g_hash_table_size (self->series) > PROC_STATS_ALL;

  for (guint i = 0; i < round->roots->len; i++)
    {
      const ProcUsageRoot *root = &g_array_index (round->roots, ProcUsageRoot, i);
      Series *series = g_hash_table_lookup (self->series, GUINT_TO_POINTER (root->job_id));
      ProcJob *job = proc_jobs_get (self->setup.jobs, root->job_id);
      guint n, first = find_members (round->members, root->job_id, &n);

      if (series == NULL || job == NULL || n == 0 || job->pid != root->pid)
        continue;
      note (series, job, &g_array_index (round->members, ProcUsage, first), n, round);
      job->usage.peak_memory_bytes
          = MAX (job->usage.peak_memory_bytes,
                 (guint64)MAX (g_array_index (round->details, ProcUsageDetail, first).peak_bytes, 0));
      if (round->tick)
        add_sample (series, &job->usage,
                    many && !is_watched (series, round->at_us) ? PROC_STATS_FEW : PROC_STATS_SAMPLES);
    }
}

static void
answer (const Round *round, const Ask *ask)
{
  g_autoptr (GArray) views = g_array_new (FALSE, TRUE, sizeof (ProcStatsView));

  for (guint i = 0; i < ask->ids->len; i++)
    {
      ProcStatsView view = { .job_id = g_array_index (ask->ids, guint32, i) };
      guint first = find_members (round->members, view.job_id, &view.n_members);

      view.members = &g_array_index (round->members, ProcUsage, first);
      view.details = &g_array_index (round->details, ProcUsageDetail, first);
      g_array_append_val (views, view);
    }
  ask->done (views, ask->data);
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer data)
{
  Round *round = data;
  ProcStats *self = round->stats;

  if (self == NULL)
    {
      round_free (round);
      return;
    }
  self->round = NULL;
  note_all (self, round);
  for (guint i = 0; i < round->asks->len; i++)
    answer (round, round->asks->pdata[i]);
  round_free (round);
  if (self->asks->len > 0)
    begin_round (self, FALSE);
}

/* Of a job with a live process. asked: its processes are looked for by their environment too. */
static void
add_root (Round *round, const ProcJob *job, gboolean asked, const Series *series)
{
  ProcUsageRoot root = { .job_id = job->id, .pid = job->pid, .start_ticks = job->proc_start };

  if (asked && job->token != NULL)
    g_strlcpy (root.token, job->token, sizeof root.token);
  g_array_append_val (round->roots, root);
  g_array_append_vals (round->known, series->members->data, series->members->len);
}

static void
note_asked (Round *round)
{
  for (guint i = 0; i < round->asks->len; i++)
    {
      const Ask *ask = round->asks->pdata[i];

      for (guint j = 0; j < ask->ids->len; j++)
        g_hash_table_add (round->detailed, GUINT_TO_POINTER (g_array_index (ask->ids, guint32, j)));
    }
}

/* Whose turn it is. */
static void
collect_roots (ProcStats *self, Round *round)
{
  gint64 now_us = g_get_monotonic_time ();
  gboolean many = g_hash_table_size (self->series) > PROC_STATS_ALL;
  gboolean all = round->tick && (!many || now_us - self->all_at_us >= ALL_EVERY_S * G_USEC_PER_SEC);
  GHashTableIter iter;
  gpointer id, series;

  round->walk = all || round->asks->len > 0;
  if (all)
    self->all_at_us = now_us;
  g_hash_table_iter_init (&iter, self->series);
  while (g_hash_table_iter_next (&iter, &id, &series))
    {
      const ProcJob *job = proc_jobs_get (self->setup.jobs, GPOINTER_TO_UINT (id));
      gboolean asked = g_hash_table_contains (round->detailed, id);

      if (job != NULL && job->pid != 0 && (all || asked || (round->tick && is_watched (series, now_us))))
        add_root (round, job, asked, series);
    }
}

static void
begin_round (ProcStats *self, gboolean tick)
{
  g_autoptr (GTask) task = NULL;
  Round *round = g_new0 (Round, 1);

  round->stats = self;
  round->tick = tick;
  round->asks = g_steal_pointer (&self->asks);
  self->asks = g_ptr_array_new_with_free_func (ask_free);
  round->detailed = g_hash_table_new (NULL, NULL);
  round->roots = g_array_new (FALSE, FALSE, sizeof (ProcUsageRoot));
  round->known = g_array_new (FALSE, FALSE, sizeof (ProcUsage));
  note_asked (round);
  collect_roots (self, round);
  self->round = round;
  task = g_task_new (NULL, NULL, on_measured, round);
  g_task_set_task_data (task, round, NULL);
  g_task_run_in_thread (task, measure);
}

static gboolean
on_interval (gpointer data)
{
  ProcStats *self = data;

  if (self->round == NULL && g_hash_table_size (self->series) > 0)
    begin_round (self, TRUE);
  return G_SOURCE_CONTINUE;
}

/* Somebody looks at this job. */
static void
watch (ProcStats *self, guint32 job_id)
{
  Series *series = g_hash_table_lookup (self->series, GUINT_TO_POINTER (job_id));

  if (series != NULL)
    series->watched_until_us = g_get_monotonic_time () + WATCH_S * G_USEC_PER_SEC;
}

void
proc_stats_ask (ProcStats *self, GPtrArray *jobs, ProcStatsDone done, gpointer data)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  ask->done = done;
  ask->data = data;
  for (guint i = 0; i < jobs->len; i++)
    {
      const ProcJob *job = jobs->pdata[i];

      g_array_append_val (ask->ids, job->id);
      watch (self, job->id);
    }
  g_ptr_array_add (self->asks, ask);
  if (self->round == NULL)
    begin_round (self, FALSE);
}

/* ---------------------------------------------------------------------------------------------- the whole */

static void
on_job_changed (gpointer data, ProcJob *job, ProcPhase from)
{
  ProcStats *self = data;
  gpointer id = GUINT_TO_POINTER (job->id);
  Series *series;

  if (!proc_job_is_active (job))
    {
      g_hash_table_remove (self->series, id);
      return;
    }
  if (job->pid == 0 || g_hash_table_contains (self->series, id))
    return;
  series = g_new0 (Series, 1);
  series->samples = g_array_new (FALSE, FALSE, sizeof (ProcSample));
  series->members = g_array_new (FALSE, FALSE, sizeof (ProcUsage));
  g_hash_table_insert (self->series, id, series);
}

static const ProcJobsListener listener = { .changed = on_job_changed };

ProcStats *
proc_stats_new (const ProcStatsSetup *setup)
{
  ProcStats *self = g_new0 (ProcStats, 1);

  self->setup = *setup;
  self->series = g_hash_table_new_full (NULL, NULL, NULL, series_free);
  self->asks = g_ptr_array_new_with_free_func (ask_free);
  proc_jobs_listen (setup->jobs, &listener, self);
  proc_timer_set (&self->timer, setup->context, setup->interval_ms, on_interval, self);
  return self;
}

void
proc_stats_free (ProcStats *self)
{
  proc_timer_clear (&self->timer);
  if (self->round != NULL)
    self->round->stats = NULL;
  g_ptr_array_unref (self->asks);
  g_hash_table_unref (self->series);
  g_free (self);
}

const GArray *
proc_stats_get_history (ProcStats *self, guint32 job_id)
{
  const Series *series = g_hash_table_lookup (self->series, GUINT_TO_POINTER (job_id));

  return series != NULL ? series->samples : NULL;
}
