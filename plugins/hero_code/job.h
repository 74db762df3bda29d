/* job.h: long work that clients follow (contract 5.1): started, asked for, waited for. Kept in memory. Service thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>

G_BEGIN_DECLS

typedef struct _CodeJobs CodeJobs;
typedef struct _CodeJob CodeJob;

CodeJobs *code_jobs_new (HeroServiceContext *ctx);
void code_jobs_free (CodeJobs *self);
guint code_jobs_get_n_running (CodeJobs *self);
/* A running job; kind: the method. The jobs own it; it stays at least until code_job_end. */
CodeJob *code_jobs_add (CodeJobs *self, const char *kind, const char *user, guint32 tenant);
CodeJob *code_jobs_find (CodeJobs *self, const char *id); /* NULL: there is none */
/* {items,total}: newest first; state, kind: NULL = any. (transfer full) */
JsonObject *code_jobs_list (CodeJobs *self, const char *state, const char *kind);

void code_job_set_progress (CodeJob *job, const char *phase, guint done, guint total);
GCancellable *code_job_get_cancellable (CodeJob *job);
gboolean code_job_is_running (CodeJob *job);
/* result: taken, may be NULL; error: borrowed, NULL = succeeded. */
void code_job_end (CodeJob *job, JsonObject *result, const GError *error);
JsonObject *code_job_print (CodeJob *job); /* (transfer full) */
/* func (job, data) once, when it has ended or after wait_s seconds; at once if it has ended. */
void code_job_wait (CodeJob *job, guint wait_s, void (*func) (CodeJob *job, gpointer data), gpointer data);

G_END_DECLS
