/*
 * log-follow.h: log lines as events, for who follows (contract 10.4): GET /api/logs/events?src=&level=&text=&context=
 * &job_id=. Only lines that somebody wants, or wanted a minute ago and may ask for again, become events. Lines come on
 * the log writer's thread and are told on the service's; what is too much for it is dropped for that reader alone.
 */
#pragma once

#include <hero-service/hero-service.h>

#include "log-query.h"

G_BEGIN_DECLS

typedef struct _ProcLogFollow ProcLogFollow;

/* Reads a filter from a request: NULL + error. */
typedef ProcLogQuery *(*ProcLogReadFilter) (gpointer owner, HeroHttpRequest *request, GError **error);

/* In start: events of domain "logs" are filtered from here on. */
ProcLogFollow *proc_log_follow_new (HeroServiceContext *ctx, ProcLogReadFilter read, gpointer owner);
void proc_log_follow_free (ProcLogFollow *self);

/* Log writer's thread: see ProcLogHooks. */
void proc_log_follow_written (ProcLogFollow *self, const char *source, const char *text, gsize length, guint64 inode,
                              gint64 offset);
void proc_log_follow_dropped (ProcLogFollow *self, const char *source, guint32 context, guint32 job_id, guint64 lines,
                              guint64 bytes);

G_END_DECLS
