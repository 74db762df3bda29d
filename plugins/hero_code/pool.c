/* pool.c: work that blocks, on threads of its own. Started and ended on the service thread. */
#include "pool.h"

#include <hero-service/error.h>

struct _CodePool
{
  HeroServiceContext *ctx;
  GThreadPool *threads;
  guint max_waiting;
};

typedef struct
{
  CodeWork work;
  gpointer input;
  GDestroyNotify destroy;
  GCancellable *cancellable;
  CodeDone done;
  gpointer data;
  gpointer result;
  GError *error;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->destroy != NULL)
    job->destroy (job->input);
  g_clear_object (&job->cancellable);
  g_clear_error (&job->error);
  g_free (job);
}

static gboolean
tell (gpointer data)
{
  Job *job = data;

  job->done (job->result, job->error, job->data);
  return G_SOURCE_REMOVE;
}

static void
run (gpointer data, gpointer pool)
{
  Job *job = data;

  if (!g_cancellable_set_error_if_cancelled (job->cancellable, &job->error))
    job->result = job->work (job->input, job->cancellable, &job->error);
  hero_service_post (((CodePool *)pool)->ctx, tell, job, job_free);
}

CodePool *
code_pool_new (HeroServiceContext *ctx, guint n_threads, guint max_waiting)
{
  CodePool *self = g_new0 (CodePool, 1);

  self->ctx = ctx;
  self->max_waiting = max_waiting;
  self->threads = g_thread_pool_new (run, self, n_threads, FALSE, NULL);
  return self;
}

void
code_pool_free (CodePool *self)
{
  g_thread_pool_free (self->threads, FALSE, TRUE);
  g_free (self);
}

guint
code_pool_get_n_waiting (CodePool *self)
{
  return g_thread_pool_unprocessed (self->threads);
}

void
code_pool_run (CodePool *self, CodeWork work, gpointer input, GDestroyNotify destroy, GCancellable *cancellable,
               CodeDone done, gpointer data)
{
  Job *job = g_new0 (Job, 1);

  job->work = work;
  job->input = input;
  job->destroy = destroy;
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  job->done = done;
  job->data = data;
  if (g_thread_pool_unprocessed (self->threads) < self->max_waiting)
    {
      g_thread_pool_push (self->threads, job, NULL);
      return;
    }
  job->error = g_error_new (HERO_ERROR, HERO_ERROR_LIMIT, "%u requests of this kind are waiting, the most that may",
                            self->max_waiting);
  tell (job);
  job_free (job);
}
