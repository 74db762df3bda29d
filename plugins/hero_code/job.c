/* job.c: long work that clients follow. Service thread. */
#include "job.h"

#include <hero-service/events.h>

#include "error.h"

#define KEPT 1000 /* finished jobs */

typedef enum
{
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED,
} State;

static const char *const state_names[] = { "running", "succeeded", "failed", "cancelled" };

typedef struct
{
  CodeJob *job;
  guint timeout;
  void (*func) (CodeJob *job, gpointer data);
  gpointer data;
} Waiter;

struct _CodeJob
{
  CodeJobs *jobs;
  char *id;
  char *kind, *user;
  guint32 tenant;
  State state;
  const char *phase; /* static */
  guint done, total;
  gint64 created_at, finished_at;
  JsonObject *result, *error;
  GCancellable *cancellable;
  GQueue waiters; /* Waiter */
};

struct _CodeJobs
{
  HeroServiceContext *ctx;
  GHashTable *by_id;
  GQueue order; /* CodeJob, oldest first */
  guint n_running;
};

static void
job_free (gpointer data)
{
  CodeJob *job = data;

  g_free (job->id);
  g_free (job->kind);
  g_free (job->user);
  g_clear_pointer (&job->result, json_object_unref);
  g_clear_pointer (&job->error, json_object_unref);
  g_object_unref (job->cancellable);
  g_queue_clear_full (&job->waiters, g_free);
  g_free (job);
}

CodeJobs *
code_jobs_new (HeroServiceContext *ctx)
{
  CodeJobs *self = g_new0 (CodeJobs, 1);

  self->ctx = ctx;
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, job_free);
  return self;
}

void
code_jobs_free (CodeJobs *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

guint
code_jobs_get_n_running (CodeJobs *self)
{
  return self->n_running;
}

/* The oldest finished ones make room. */
static void
forget_old (CodeJobs *self)
{
  for (GList *l = self->order.head, *next; l != NULL && self->order.length > KEPT; l = next)
    {
      CodeJob *job = l->data;

      next = l->next;
      if (job->state == RUNNING)
        continue;
      g_queue_delete_link (&self->order, l);
      g_hash_table_remove (self->by_id, job->id);
    }
}

static void
publish (CodeJob *job, const char *event)
{
  JsonObject *data = code_job_print (job);

  json_object_remove_member (data, "result");
  hero_service_publish (job->jobs->ctx, NULL, event, data);
}

CodeJob *
code_jobs_add (CodeJobs *self, const char *kind, const char *user, guint32 tenant)
{
  CodeJob *job = g_new0 (CodeJob, 1);

  job->jobs = self;
  job->id = g_strdup_printf ("j-%08x%04x", g_random_int (), g_random_int () & 0xffff);
  job->kind = g_strdup (kind);
  job->user = g_strdup (user);
  job->tenant = tenant;
  job->phase = "";
  job->created_at = g_get_real_time () / 1000;
  job->cancellable = g_cancellable_new ();
  g_hash_table_insert (self->by_id, job->id, job);
  g_queue_push_tail (&self->order, job);
  self->n_running++;
  forget_old (self);
  publish (job, "job.created");
  return job;
}

CodeJob *
code_jobs_find (CodeJobs *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

JsonObject *
code_jobs_list (CodeJobs *self, const char *state, const char *kind)
{
  JsonObject *result = json_object_new ();
  JsonArray *items = json_array_new ();

  for (GList *l = self->order.tail; l != NULL; l = l->prev)
    {
      CodeJob *job = l->data;

      if ((state == NULL || g_str_equal (state, state_names[job->state]))
          && (kind == NULL || g_str_equal (kind, job->kind)))
        json_array_add_object_element (items, code_job_print (job));
    }
  json_object_set_int_member (result, "total", json_array_get_length (items));
  json_object_set_array_member (result, "items", items);
  return result;
}

void
code_job_set_progress (CodeJob *job, const char *phase, guint done, guint total)
{
  job->phase = phase;
  job->done = done;
  job->total = total;
}

GCancellable *
code_job_get_cancellable (CodeJob *job)
{
  return job->cancellable;
}

gboolean
code_job_is_running (CodeJob *job)
{
  return job->state == RUNNING;
}

static JsonObject *
print_error (const GError *error)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "code", error->domain == CODE_ERROR ? error->code : HERO_RPC_INTERNAL);
  json_object_set_string_member (object, "code_name", code_error_get_name (error));
  json_object_set_string_member (object, "message", error->message);
  json_object_set_boolean_member (object, "retryable", FALSE);
  return object;
}

static void
wake (Waiter *waiter)
{
  if (waiter->timeout != 0)
    hero_service_source_remove (waiter->job->jobs->ctx, waiter->timeout);
  waiter->func (waiter->job, waiter->data);
  g_free (waiter);
}

void
code_job_end (CodeJob *job, JsonObject *result, const GError *error)
{
  Waiter *waiter;

  job->state = error == NULL                                               ? SUCCEEDED
               : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? CANCELLED
                                                                           : FAILED;
  job->result = result;
  job->error = error != NULL ? print_error (error) : NULL;
  job->finished_at = g_get_real_time () / 1000;
  job->jobs->n_running--;
  publish (job, "job.finished");
  while ((waiter = g_queue_pop_head (&job->waiters)) != NULL)
    wake (waiter);
}

static gboolean
wait_is_over (gpointer data)
{
  Waiter *waiter = data;

  g_queue_remove (&waiter->job->waiters, waiter);
  waiter->timeout = 0;
  wake (waiter);
  return G_SOURCE_REMOVE;
}

void
code_job_wait (CodeJob *job, guint wait_s, void (*func) (CodeJob *job, gpointer data), gpointer data)
{
  Waiter *waiter;

  if (job->state != RUNNING || wait_s == 0)
    {
      func (job, data);
      return;
    }
  waiter = g_new0 (Waiter, 1);
  *waiter = (Waiter){ job, 0, func, data };
  waiter->timeout = hero_service_timeout_add_seconds (job->jobs->ctx, wait_s, wait_is_over, waiter);
  g_queue_push_tail (&job->waiters, waiter);
}

static JsonObject *
print_progress (CodeJob *job)
{
  JsonObject *progress = json_object_new ();

  json_object_set_string_member (progress, "phase", job->phase);
  if (job->total > 0)
    json_object_set_int_member (progress, "percent", 100 * (gint64)job->done / job->total);
  else
    json_object_set_null_member (progress, "percent");
  json_object_set_int_member (progress, "done", job->done);
  json_object_set_int_member (progress, "total", job->total);
  json_object_set_null_member (progress, "bytes");
  return progress;
}

static void
set_object (JsonObject *object, const char *member, JsonObject *value)
{
  if (value != NULL)
    json_object_set_object_member (object, member, json_object_ref (value));
  else
    json_object_set_null_member (object, member);
}

JsonObject *
code_job_print (CodeJob *job)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", job->id);
  json_object_set_string_member (object, "kind", job->kind);
  json_object_set_null_member (object, "repo");
  json_object_set_string_member (object, "state", state_names[job->state]);
  json_object_set_object_member (object, "progress", print_progress (job));
  json_object_set_int_member (object, "created_at", job->created_at);
  json_object_set_int_member (object, "started_at", job->created_at);
  if (job->state != RUNNING)
    json_object_set_int_member (object, "finished_at", job->finished_at);
  else
    json_object_set_null_member (object, "finished_at");
  json_object_set_null_member (object, "exit_code");
  set_object (object, "error", job->error);
  set_object (object, "result", job->result);
  json_object_set_string_member (object, "user", job->user);
  json_object_set_int_member (object, "tenant", job->tenant);
  return object;
}
