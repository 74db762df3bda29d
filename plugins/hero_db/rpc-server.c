/* rpc-server.c: server.*, database.*, client.*, command.*. Service thread. */
#include "rpc.h"

#include "bytes-json.h"
#include "resp-words.h"

/* ------------------------------------------------------------------------------------------------ server */

void
rpc_server_info (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "version", PACKAGE_VERSION);
  json_object_set_string_member (object, "redis_version", SERVER_REDIS_VERSION);
  json_object_set_int_member (object, "uptime_secs", hero_service_get_uptime_us (self->ctx) / G_USEC_PER_SEC);
  json_object_set_string_member (object, "durability", "always");
  json_object_set_boolean_member (object, "readonly", self->server->broken != NULL);
  json_object_set_int_member (object, "databases", self->limits.databases);
  json_object_set_int_member (object, "clients", self->server->clients.length);
  json_object_set_int_member (object, "tcp_port", self->server->tcp_port);
  json_object_set_int_member (object, "storage_format", 0);
  json_object_set_int_member (object, "disk_bytes", (gint64)storage_get_file_bytes (self->server->storage));
  json_object_set_int_member (object, "dirty_bytes", (gint64)storage_get_dirty_bytes (self->server->storage));
  hero_rpc_return_object (call, object);
}

JsonObject *
rpc_sample_to_json (const Sample *sample)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "at", sample->at);
  json_object_set_int_member (object, "ops", (gint64)sample->operations);
  json_object_set_int_member (object, "p50_us", (gint64)sample->p50_us);
  json_object_set_int_member (object, "p99_us", (gint64)sample->p99_us);
  json_object_set_int_member (object, "hits", (gint64)sample->hits);
  json_object_set_int_member (object, "misses", (gint64)sample->misses);
  json_object_set_int_member (object, "commits", (gint64)sample->commits);
  json_object_set_int_member (object, "clients", sample->clients);
  json_object_set_int_member (object, "dirty", (gint64)sample->dirty);
  json_object_set_int_member (object, "disk", (gint64)sample->disk);
  return object;
}

void
rpc_server_stats (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  const ServerStats *stats = &self->server->stats;
  JsonObject *object = json_object_new (), *total = json_object_new ();
  JsonArray *samples = json_array_new ();

  json_object_set_int_member (total, "commands", (gint64)stats->commands);
  json_object_set_int_member (total, "connections", (gint64)stats->connections);
  json_object_set_int_member (total, "errors", (gint64)stats->errors);
  json_object_set_int_member (total, "hits", (gint64)stats->hits);
  json_object_set_int_member (total, "misses", (gint64)stats->misses);
  json_object_set_int_member (total, "expired", (gint64)stats->expired);
  json_object_set_int_member (total, "commits", (gint64)stats->commits);

  for (gint64 age = hero_rpc_get_integer (call, "seconds") - 1; age >= 0; age--)
    {
      const Sample *sample = samples_get (self->samples, (guint)age);

      if (sample != NULL)
        json_array_add_object_element (samples, rpc_sample_to_json (sample));
    }
  json_object_set_object_member (object, "total", total);
  json_object_set_array_member (object, "samples", samples);
  hero_rpc_return_object (call, object);
}

/* ------------------------------------------------------------------------------------------------ databases */

static JsonObject *
database_to_json (HeroDb *self, guint db)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "number", db);
  json_object_set_int_member (object, "keys", (gint64)storage_count (self->server->storage, db));
  json_object_set_int_member (object, "expires", (gint64)storage_count_expiring (self->server->storage, db));
  return object;
}

void
rpc_database_list (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  JsonArray *array = json_array_new ();

  for (guint db = 0; db < self->limits.databases; db++)
    if (db == 0 || storage_count (self->server->storage, db) > 0)
      json_array_add_object_element (array, database_to_json (self, db));
  hero_rpc_return_array (call, array);
}

void
rpc_database_info (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;

  if (rpc_begin (self, call) && rpc_get_database (self, call, &db))
    rpc_finish (self, call, rpc_object_node (database_to_json (self, db)));
}

void
rpc_database_flush (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  const char *confirm = hero_rpc_get_string (call, "confirm");
  const Slice argv[] = { SLICE_LITERAL ("FLUSHDB") };
  g_autofree char *number = NULL, *error = NULL;
  g_autoptr (JsonNode) reply = NULL;
  JsonObject *object;
  guint64 keys;
  guint db;

  if (!rpc_begin (self, call) || !rpc_get_database (self, call, &db))
    return;
  number = g_strdup_printf ("%u", db);
  if (!g_str_equal (confirm, number))
    {
      rpc_finish_failed (self, call, RPC_CONFIRM_MISMATCH, "confirm must be \"%s\" to delete all keys of database %u",
                         number, db);
      return;
    }

  keys = storage_count (self->server->storage, db);
  reply = rpc_run (self, db, 3, argv, 1, NULL, &error);
  if (reply == NULL)
    {
      rpc_finish_refused (self, call, error);
      return;
    }
  object = json_object_new ();
  json_object_set_int_member (object, "removed", (gint64)keys);
  rpc_finish (self, call, rpc_object_node (object));
}

/* ------------------------------------------------------------------------------------------------ clients */

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  json_object_set_string_member (object, name, text != NULL ? text : "");
}

void
rpc_client_list (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  JsonArray *array = json_array_new ();
  gint64 now = g_get_monotonic_time ();

  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "id", (gint64)client->id);
      set_text (object, "addr", client->address);
      set_text (object, "laddr", client->local_address);
      set_text (object, "name", client->name);
      json_object_set_int_member (object, "age", (now - client->created_us) / G_USEC_PER_SEC);
      json_object_set_int_member (object, "idle", (now - client->active_us) / G_USEC_PER_SEC);
      json_object_set_int_member (object, "db", client->db);
      json_object_set_int_member (object, "resp", client->reply.protocol);
      set_text (object, "cmd", client->last_command);
      set_text (object, "lib_name", client->lib_name);
      set_text (object, "lib_ver", client->lib_version);
      json_object_set_int_member (object, "tot_mem", (gint64)client_get_memory (client));
      json_array_add_object_element (array, object);
    }
  hero_rpc_return_array (call, array);
}

void
rpc_client_kill (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint64 id = (guint64)hero_rpc_get_integer (call, "id");
  JsonObject *object = json_object_new ();
  gboolean killed = FALSE;

  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;

      if (client->id != id)
        continue;
      server_kill_client (self->server, client);
      killed = TRUE;
    }
  json_object_set_boolean_member (object, "killed", killed);
  hero_rpc_return_object (call, object);
  network_flush (self->network);
}

/* ------------------------------------------------------------------------------------------------ commands */

/* The words of parameter "args": an array of byte strings, or one line. FALSE: answered. */
static gboolean
read_words (HeroRpcCall *call, GArray *words, GByteArray *scratch, GPtrArray *owned)
{
  JsonNode *node = hero_rpc_get_node (call, "args");

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          GBytes *bytes = bytes_from_json (json_array_get_element (array, i));
          Slice word;

          if (bytes == NULL)
            {
              hero_rpc_fail_param (call, "args", "strings or {\"b64\":\"<base64>\"}", "something else");
              return FALSE;
            }
          g_ptr_array_add (owned, bytes);
          word = slice_of_bytes (bytes);
          g_array_append_val (words, word);
        }
    }
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      if (!resp_words_split (slice_of_string (json_node_get_string (node)), words, scratch))
        {
          hero_rpc_fail_param (call, "args", "a line with balanced quotes", "unbalanced quotes");
          return FALSE;
        }
    }
  if (words->len > 0)
    return TRUE;
  hero_rpc_fail_param (call, "args", "at least one word", "none");
  return FALSE;
}

static JsonNode *
error_to_json (const char *line)
{
  JsonObject *object = json_object_new (), *error = json_object_new ();
  g_auto (GStrv) words = g_strsplit (line, " ", 2);

  json_object_set_string_member (error, "code", words[0]);
  json_object_set_string_member (error, "text", words[1] != NULL ? words[1] : "");
  json_object_set_object_member (object, "error", error);
  return rpc_object_node (object);
}

void
rpc_command_exec (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (Slice));
  g_autoptr (GByteArray) scratch = g_byte_array_new ();
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autofree char *error = NULL;
  gint64 begun = g_get_monotonic_time ();
  const char *type;
  JsonObject *object;
  JsonNode *reply;
  guint db;

  if (!read_words (call, words, scratch, owned) || !rpc_begin (self, call) || !rpc_get_database (self, call, &db))
    return;
  reply = rpc_run (self, db, (guint)hero_rpc_get_integer (call, "resp"), (const Slice *)(gpointer)words->data,
                   words->len, &type, &error);
  if (reply == NULL)
    {
      rpc_finish (self, call, error_to_json (error));
      return;
    }
  object = json_object_new ();
  json_object_set_member (object, "reply", reply);
  json_object_set_string_member (object, "type", type);
  json_object_set_double_member (object, "ms", (double)(g_get_monotonic_time () - begun) / 1000);
  rpc_finish (self, call, rpc_object_node (object));
}

static JsonObject *
command_to_json (const CommandEntry *entry)
{
  const Command *command = entry->command;
  JsonObject *object = json_object_new ();

  set_text (object, "name", entry->full_name);
  set_text (object, "summary", command->summary);
  set_text (object, "since", command->since);
  set_text (object, "group", command->group);
  set_text (object, "complexity", command->complexity);
  set_text (object, "syntax", command->syntax);
  json_object_set_int_member (object, "arity", command->arity);
  json_object_set_boolean_member (object, "supported", TRUE);
  return object;
}

void
rpc_command_list (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  GPtrArray *all = command_table_list (self->server->commands);
  const char *group = hero_rpc_get_string (call, "group");
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < all->len; i++)
    {
      const CommandEntry *entry = g_ptr_array_index (all, i);

      if (group == NULL || g_str_equal (group, entry->command->group))
        json_array_add_object_element (array, command_to_json (entry));
    }
  for (const UnsupportedCommand *command = unsupported_commands; group == NULL && command->name != NULL; command++)
    {
      JsonObject *object = json_object_new ();

      set_text (object, "name", command->name);
      set_text (object, "summary", command->reason);
      json_object_set_boolean_member (object, "supported", FALSE);
      json_array_add_object_element (array, object);
    }
  hero_rpc_return_array (call, array);
}
