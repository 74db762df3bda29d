/* route-log.c: a bounded list of failures. Service thread. */
#include "route-log.h"

struct _RouteLog
{
  GQueue entries; /* RouteLogEntry, oldest first */
  guint max_entries;
};

static void
entry_free (RouteLogEntry *entry)
{
  g_free (entry->request_id);
  g_free (entry->service);
  g_free (entry->socket);
  g_free (entry->method);
  g_free (entry->path);
  g_free (entry->code_name);
  g_free (entry->message);
  g_free (entry->peer);
  g_free (entry);
}

RouteLog *
route_log_new (guint max_entries)
{
  RouteLog *log = g_new0 (RouteLog, 1);

  log->max_entries = max_entries;
  g_queue_init (&log->entries);
  return log;
}

void
route_log_free (RouteLog *log)
{
  g_queue_clear_full (&log->entries, (GDestroyNotify) entry_free);
  g_free (log);
}

void
route_log_add (RouteLog *log, RouteLogEntry *entry)
{
  g_queue_push_tail (&log->entries, entry);
  if (log->entries.length > log->max_entries)
    entry_free (g_queue_pop_head (&log->entries));
}

GPtrArray *
route_log_list (RouteLog *log, const char *service, guint limit, gint64 since_ms)
{
  GPtrArray *found = g_ptr_array_new ();

  for (GList *l = log->entries.tail; l != NULL && found->len < limit; l = l->prev)
    {
      RouteLogEntry *entry = l->data;

      if (entry->ts_ms > since_ms && (service == NULL || g_str_equal (service, entry->service)))
        g_ptr_array_add (found, entry);
    }
  return found;
}

JsonObject *
route_log_entry_to_json (const RouteLogEntry *entry)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "ts", entry->ts_ms);
  json_object_set_string_member (object, "request_id", entry->request_id);
  json_object_set_string_member (object, "service", entry->service);
  json_object_set_string_member (object, "socket", entry->socket);
  json_object_set_string_member (object, "method", entry->method);
  json_object_set_string_member (object, "path", entry->path);
  json_object_set_int_member (object, "status", entry->status);
  json_object_set_string_member (object, "code_name", entry->code_name);
  json_object_set_string_member (object, "message", entry->message);
  json_object_set_string_member (object, "peer", entry->peer);
  json_object_set_int_member (object, "duration_ms", entry->duration_ms);
  return object;
}
