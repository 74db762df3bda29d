/* route-log.h: the last failures of proxied requests, for router.logs and /router-logs (contract 5.7). Service thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 ts_ms; /* unix */
  char *request_id, *service, *socket, *method, *path; /* path: without query */
  guint status;
  char *code_name, *message, *peer;
  guint duration_ms;
} RouteLogEntry;

typedef struct _RouteLog RouteLog;

RouteLog *route_log_new (guint max_entries);
void route_log_free (RouteLog *log);
/* Takes the entry. */
void route_log_add (RouteLog *log, RouteLogEntry *entry);
/* Newest first, of one service (NULL = all), after `since_ms`; elements are borrowed until the next add. transfer container. */
GPtrArray *route_log_list (RouteLog *log, const char *service, guint limit, gint64 since_ms);
JsonObject *route_log_entry_to_json (const RouteLogEntry *entry);

G_END_DECLS
