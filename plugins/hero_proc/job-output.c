/* job-output.c: see job-output.h. read_stream and read_tails run on a worker. */
#include "job-output.h"

#include <string.h>

#include "log-query.h"

enum
{
  MAX_LINES = 2048,      /* a tail of shorter lines than 8 bytes is shorter than it might be */
  LATE_LINES_MS = 10000, /* after the end: what waited in the pipe */
};

typedef struct
{
  ProcCapture *capture;
  ProcLogStore *logs;
  guint32 job_id;
  char *source;
  gint64 from_ms, to_ms;
  char *tails[2]; /* out, err */
  ProcTailsDone done;
  gpointer data;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_free (reading->source);
  g_free (reading->tails[0]);
  g_free (reading->tails[1]);
  g_free (reading);
}

static char *
read_stream (Reading *reading, ProcStream stream)
{
  g_autoptr (ProcLogQuery) query = g_new0 (ProcLogQuery, 1);
  g_autoptr (ProcLogResult) found = NULL;
  GString *text = g_string_new (NULL);
  gsize bytes = 0;
  guint n = 0;

  query->src = g_strdup (reading->source);
  query->from_ms = reading->from_ms;
  query->to_ms = reading->to_ms;
  query->any_context = TRUE;
  query->job_id = reading->job_id;
  query->stream = stream;
  query->descending = TRUE;
  query->limit = MAX_LINES;
  found = proc_log_query_run (reading->logs, query, NULL); /* no cursor: it cannot fail */
  while (n < found->hits->len)
    {
      gsize length = strlen (((ProcLogHit *)found->hits->pdata[n])->entry->content) + 1;

      if (bytes + length > PROC_TAIL_BYTES)
        break;
      bytes += length;
      n++;
    }
  while (n-- > 0)
    g_string_append_printf (text, "%s\n", ((ProcLogHit *)found->hits->pdata[n])->entry->content);
  return g_string_free (text, FALSE);
}

static void
read_tails (gpointer data)
{
  Reading *reading = data;

  proc_capture_sync (reading->capture);
  proc_log_store_sync (reading->logs);
  reading->tails[0] = read_stream (reading, PROC_STREAM_STDOUT);
  reading->tails[1] = read_stream (reading, PROC_STREAM_STDERR);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Reading *reading = g_task_get_task_data (G_TASK (result));

  reading->done (reading->tails[0], reading->tails[1], reading->data);
}

void
proc_job_read_tails (const ProcJob *job, ProcCapture *capture, ProcLogStore *logs, ProcLogWorkers *workers,
                     ProcTailsDone done, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  Reading *reading;

  if (job->spec->log != PROC_LOG_STORE || job->started_at == 0)
    {
      done ("", "", data);
      return;
    }
  reading = g_new0 (Reading, 1);
  *reading = (Reading){ .capture = capture,
                        .logs = logs,
                        .job_id = job->id,
                        .source = g_strdup (job->source),
                        .from_ms = job->created_at,
                        .to_ms = proc_job_is_active (job) ? 0 : job->finished_at + LATE_LINES_MS,
                        .done = done,
                        .data = data };
  task = g_task_new (NULL, NULL, on_read, NULL);
  g_task_set_task_data (task, reading, reading_free);
  proc_log_workers_push_task (workers, task, read_tails);
}
