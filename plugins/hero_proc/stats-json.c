/* stats-json.c: see stats-json.h. Service thread. */
#include "stats-json.h"

#include "json-write.h"

/* One decimal: more is noise. */
static double
round_percent (double percent)
{
  return (double)(gint64)(percent * 10 + 0.5) / 10;
}

/* zinit's clients know the same by another name. */
static void
set_both (JsonObject *object, double cpu_percent, guint64 memory_bytes)
{
  json_object_set_double_member (object, "cpu_percent", round_percent (cpu_percent));
  json_object_set_double_member (object, "cpu_usage", round_percent (cpu_percent));
  json_object_set_int_member (object, "memory_bytes", (gint64)memory_bytes);
  json_object_set_int_member (object, "memory_usage", (gint64)memory_bytes);
}

JsonObject *
proc_child_to_json (const ProcUsage *usage, const ProcUsageDetail *detail, const ProcJob *job)
{
  JsonObject *object = json_object_new ();
  g_autofree char *comm = g_utf8_make_valid (usage->stat.comm, -1);
  const char *cmdline = detail->cmdline != NULL ? detail->cmdline : "";
  g_autofree char *redacted = proc_redaction_apply (job->redaction, cmdline, FALSE);

  json_object_set_int_member (object, "pid", usage->stat.pid);
  json_object_set_int_member (object, "ppid", usage->stat.ppid);
  json_object_set_string_member (object, "name", comm);
  json_object_set_string_member (object, "comm", comm);
  json_object_set_string_member (object, "cmdline", redacted != NULL ? redacted : cmdline);
  set_both (object, usage->cpu_percent, usage->stat.rss_bytes);
  return object;
}

JsonArray *
proc_children_to_json (GPtrArray *jobs, const GArray *views)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < views->len; i++)
    {
      const ProcStatsView *view = &g_array_index (views, ProcStatsView, i);

      for (guint j = 1; j < view->n_members; j++)
        json_array_add_object_element (array,
                                       proc_child_to_json (&view->members[j], &view->details[j], jobs->pdata[i]));
    }
  return array;
}

/* ---------------------------------------------------------------------------------------------- history */

static int
compare_samples (gconstpointer a, gconstpointer b)
{
  gint64 difference = ((const ProcSample *)a)->ts_ms - ((const ProcSample *)b)->ts_ms;

  return (difference > 0) - (difference < 0);
}

GArray *
proc_stats_merge_history (ProcStats *stats, GPtrArray *jobs)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (ProcSample));
  guint kept = 0;

  for (guint i = 0; i < jobs->len; i++)
    {
      const GArray *samples = proc_stats_get_history (stats, ((ProcJob *)jobs->pdata[i])->id);

      if (samples != NULL)
        g_array_append_vals (all, samples->data, samples->len);
    }
  g_array_sort (all, compare_samples);
  for (guint i = 0; i < all->len; i++)
    {
      ProcSample *sample = &g_array_index (all, ProcSample, i);
      ProcSample *last = kept > 0 ? &g_array_index (all, ProcSample, kept - 1) : NULL;

      if (last != NULL && last->ts_ms == sample->ts_ms)
        {
          last->cpu_percent += sample->cpu_percent;
          last->memory_kib += sample->memory_kib;
        }
      else
        g_array_index (all, ProcSample, kept++) = *sample;
    }
  g_array_set_size (all, kept);
  if (all->len > PROC_STATS_SAMPLES)
    g_array_remove_range (all, 0, all->len - PROC_STATS_SAMPLES);
  return all;
}

static JsonArray *
history_to_json (ProcStats *stats, GPtrArray *jobs)
{
  g_autoptr (GArray) samples = proc_stats_merge_history (stats, jobs);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < samples->len; i++)
    {
      const ProcSample *sample = &g_array_index (samples, ProcSample, i);
      JsonArray *one = json_array_new ();

      json_array_add_int_element (one, sample->ts_ms);
      json_array_add_double_element (one, round_percent (sample->cpu_percent));
      json_array_add_int_element (one, (gint64)sample->memory_kib * 1024);
      json_array_add_array_element (array, one);
    }
  return array;
}

/* ---------------------------------------------------------------------------------------------- sums */

typedef struct
{
  double cpu_percent;
  guint64 memory, peak;
  gint64 threads, fds, read_bytes, written_bytes, started_at;
  pid_t pid;
} Sum;

/* What cannot be read of one process is not known of all. */
static void
add_known (gint64 *sum, gint64 value)
{
  *sum = *sum < 0 || value < 0 ? -1 : *sum + value;
}

static void
add_job (Sum *sum, const ProcJob *job, const ProcStatsView *view)
{
  if (view->n_members == 0)
    return;
  if (sum->pid == 0)
    sum->pid = job->pid;
  if (sum->started_at == 0 || job->started_at < sum->started_at)
    sum->started_at = job->started_at;
  sum->cpu_percent += job->usage.cpu_percent;
  sum->memory += job->usage.memory_bytes;
  sum->peak += job->usage.peak_memory_bytes;
  for (guint i = 0; i < view->n_members; i++)
    {
      sum->threads += view->members[i].stat.threads;
      add_known (&sum->fds, view->details[i].fds);
      add_known (&sum->read_bytes, view->details[i].read_bytes);
      add_known (&sum->written_bytes, view->details[i].written_bytes);
    }
}

JsonObject *
proc_stats_to_json (ProcStats *stats, GPtrArray *jobs, const GArray *views)
{
  JsonObject *object = json_object_new ();
  Sum sum = { 0 };

  for (guint i = 0; i < views->len; i++)
    add_job (&sum, jobs->pdata[i], &g_array_index (views, ProcStatsView, i));
  json_object_set_int_member (object, "pid", sum.pid);
  set_both (object, sum.cpu_percent, sum.memory);
  json_object_set_int_member (object, "peak_memory_bytes", (gint64)sum.peak);
  json_object_set_int_member (object, "threads", sum.threads);
  proc_json_set_number (object, "fds", sum.fds, -1);
  proc_json_set_number (object, "uptime_ms", sum.pid != 0 ? MAX (proc_now_ms () - sum.started_at, 1) : 0, 0);
  proc_json_set_number (object, "io_read_bytes", sum.read_bytes, -1);
  proc_json_set_number (object, "io_write_bytes", sum.written_bytes, -1);
  json_object_set_array_member (object, "children", proc_children_to_json (jobs, views));
  json_object_set_array_member (object, "history", history_to_json (stats, jobs));
  return object;
}

void
proc_usage_set_json (JsonObject *object, const ProcJob *job)
{
  const ProcJobUsage *usage = &job->usage;
  JsonObject *stats;

  if (usage->at_ms == 0)
    {
      json_object_set_null_member (object, "stats");
      return;
    }
  stats = json_object_new ();
  if (job->pid != 0)
    {
      json_object_set_double_member (stats, "cpu_percent", round_percent (usage->cpu_percent));
      json_object_set_int_member (stats, "memory_bytes", (gint64)usage->memory_bytes);
    }
  else
    {
      json_object_set_null_member (stats, "cpu_percent");
      json_object_set_null_member (stats, "memory_bytes");
    }
  json_object_set_int_member (stats, "peak_memory_bytes", (gint64)usage->peak_memory_bytes);
  json_object_set_int_member (stats, "cpu_ms", usage->cpu_ms);
  json_object_set_int_member (stats, "children", job->pid != 0 ? usage->children : 0);
  json_object_set_object_member (object, "stats", stats);
}

void
proc_usage_set_sums (JsonObject *object, GPtrArray *jobs)
{
  double cpu_percent = 0;
  guint64 memory_bytes = 0;
  gboolean known = FALSE;

  for (guint i = 0; i < jobs->len; i++)
    {
      const ProcJob *job = jobs->pdata[i];

      if (job->pid == 0 || job->usage.at_ms == 0)
        continue;
      known = TRUE;
      cpu_percent += job->usage.cpu_percent;
      memory_bytes += job->usage.memory_bytes;
    }
  if (!known)
    {
      json_object_set_null_member (object, "cpu_percent");
      json_object_set_null_member (object, "memory_bytes");
      return;
    }
  json_object_set_double_member (object, "cpu_percent", round_percent (cpu_percent));
  json_object_set_int_member (object, "memory_bytes", (gint64)memory_bytes);
}
