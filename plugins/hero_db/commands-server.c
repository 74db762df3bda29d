/* commands-server.c: the server as a whole. Service thread. */
#include "commands.h"
#include "glob.h"
#include "info.h"
#include "keyspace.h"

void
command_dbsize (Call *call)
{
  reply_integer (call->reply, (gint64)storage_count (call->storage, call->db));
}

/* ASYNC or SYNC: both empty at once and free later. */
static gboolean
check_flush_options (Call *call)
{
  if (call->argc == 1 || (call->argc == 2 && (call_is (call, 1, "async") || call_is (call, 1, "sync"))))
    return TRUE;
  call_syntax_error (call);
  return FALSE;
}

void
command_flushdb (Call *call)
{
  if (!check_flush_options (call))
    return;
  storage_clear (call->storage, call->db);
  reply_status (call->reply, "OK");
}

void
command_flushall (Call *call)
{
  if (!check_flush_options (call))
    return;
  for (guint db = 0; db < call->server->limits.databases; db++)
    storage_clear (call->storage, db);
  reply_status (call->reply, "OK");
}

void
command_time (Call *call)
{
  gint64 now = g_get_real_time ();

  reply_array (call->reply, 2);
  reply_bulk_integer (call->reply, now / G_USEC_PER_SEC);
  reply_bulk_integer (call->reply, now % G_USEC_PER_SEC);
}

void
command_info (Call *call)
{
  g_autoptr (GPtrArray) sections = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 1; i < call->argc; i++)
    g_ptr_array_add (sections, g_strndup (call->argv[i].data, call->argv[i].length));
  g_ptr_array_add (sections, NULL);
  info_write (call->server, (const char *const *)sections->pdata, text);
  reply_verbatim (call->reply, slice (text->str, text->len));
}

/* ------------------------------------------------------------------------------------------------ CONFIG */

/* One setting that is real here: a text that never changes, or a number of the server. */
typedef struct
{
  const char *name;
  const char *text;
  gint64 (*number) (const Server *server);
} Setting;

static gint64
get_databases (const Server *server)
{
  return server->limits.databases;
}

static gint64
get_max_clients (const Server *server)
{
  return server->limits.max_clients;
}

static gint64
get_max_bulk (const Server *server)
{
  return (gint64)server->limits.max_bulk;
}

static gint64
get_timeout (const Server *server)
{
  return server->limits.client_timeout_s;
}

static gint64
get_keepalive (const Server *server)
{
  return server->limits.keepalive_s;
}

static gint64
get_clients_memory (const Server *server)
{
  return (gint64)server->limits.clients_memory;
}

static gint64
get_port (const Server *server)
{
  return server->tcp_port;
}

static const Setting settings[] = {
  { "appendfsync", "always" },
  { "appendonly", "yes" },
  { "client-output-buffer-limit", "normal 1073741824 0 0 slave 0 0 0 pubsub 0 0 0" },
  { "client-query-buffer-limit", "1073741824" },
  { "databases", NULL, get_databases },
  { "maxclients", NULL, get_max_clients },
  { "maxmemory", "0" },
  { "maxmemory-clients", NULL, get_clients_memory },
  { "maxmemory-policy", "noeviction" },
  { "port", NULL, get_port },
  { "proto-max-bulk-len", NULL, get_max_bulk },
  { "save", "" },
  { "tcp-keepalive", NULL, get_keepalive },
  { "timeout", NULL, get_timeout },
};

static gboolean
is_asked_for (const Call *call, const char *name)
{
  for (gsize i = 2; i < call->argc; i++)
    if (glob_match (call->argv[i], slice_of_string (name), TRUE))
      return TRUE;
  return FALSE;
}

void
command_config_get (Call *call)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    if (is_asked_for (call, settings[i].name))
      g_ptr_array_add (found, (gpointer)&settings[i]);

  reply_map (call->reply, found->len);
  for (guint i = 0; i < found->len; i++)
    {
      const Setting *setting = g_ptr_array_index (found, i);

      reply_string (call->reply, setting->name);
      if (setting->text != NULL)
        reply_string (call->reply, setting->text);
      else
        reply_bulk_integer (call->reply, setting->number (call->server));
    }
}

void
command_config_resetstat (Call *call)
{
  GPtrArray *list = command_table_list (call->server->commands);

  call->server->stats = (ServerStats){ 0 };
  for (guint i = 0; i < list->len; i++)
    {
      CommandEntry *entry = g_ptr_array_index (list, i);

      entry->calls = entry->rejected = entry->failed = entry->microseconds = 0;
    }
  reply_status (call->reply, "OK");
}
