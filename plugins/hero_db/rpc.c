/* rpc.c: turns, answers and the running of commands for JSON-RPC. Service thread. */
#include "rpc.h"

#include <hero-service/events.h>

#include "bytes-json.h"
#include "reply-json.h"

/* A result that waits for its commit. */
typedef struct
{
  HeroRpcCall *call;
  JsonNode *result;
  guint64 ticket;
} Answer;

JsonNode *
rpc_object_node (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

JsonNode *
rpc_array_node (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  return node;
}

/* ------------------------------------------------------------------------------------------------ turns */

gboolean
rpc_begin (HeroDb *self, HeroRpcCall *call)
{
  g_autoptr (GError) error = NULL;

  /* Another node's context says nothing about rights here. */
  if (hero_rpc_call_get_identity (call)->origin == HERO_ORIGIN_BUS_REMOTE)
    {
      hero_rpc_fail (call, HERO_RPC_FORBIDDEN, "another node may not use this database");
      return FALSE;
    }
  server_begin_turn (self->server);
  if (storage_begin (self->server->storage, &error))
    return TRUE;
  hero_rpc_fail_error (call, g_steal_pointer (&error));
  return FALSE;
}

static void
end_turn (HeroDb *self)
{
  server_end_turn (self->server, TRUE);
}

void
rpc_finish (HeroDb *self, HeroRpcCall *call, JsonNode *result)
{
  /* What commands run by rpc_run have read and written is in the ticket of their reply. */
  guint64 ticket = MAX (storage_take_ticket (self->server->storage), self->rpc_ticket);

  self->rpc_ticket = 0;
  if (ticket <= storage_get_durable (self->server->storage))
    hero_rpc_return (call, result);
  else
    {
      Answer *answer = g_new (Answer, 1);

      *answer = (Answer){ call, result, ticket };
      g_queue_push_tail (&self->answers, answer);
    }
  end_turn (self);
}

void
rpc_finish_failed (HeroDb *self, HeroRpcCall *call, int code, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  hero_rpc_fail (call, code, "%s", text);
  self->rpc_ticket = 0;
  end_turn (self);
}

void
rpc_finish_refused (HeroDb *self, HeroRpcCall *call, const char *line)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "redis", line);
  hero_rpc_fail_data (call, RPC_COMMAND_ERROR, data, "%s", line);
  self->rpc_ticket = 0;
  end_turn (self);
}

void
rpc_committed (HeroDb *self, const GError *error)
{
  guint64 durable = storage_get_durable (self->server->storage);
  guint count = self->answers.length;

  for (guint i = 0; i < count; i++)
    {
      Answer *answer = g_queue_pop_head (&self->answers);

      if (error == NULL && answer->ticket > durable)
        {
          g_queue_push_tail (&self->answers, answer);
          continue;
        }
      if (error == NULL)
        hero_rpc_return (answer->call, answer->result);
      else
        {
          json_node_unref (answer->result);
          hero_rpc_fail_error (answer->call, g_error_copy (error));
        }
      g_free (answer);
    }
}

/* ------------------------------------------------------------------------------------------------ parameters */

gboolean
rpc_get_database (HeroDb *self, HeroRpcCall *call, guint *db)
{
  gint64 number = hero_rpc_get_integer (call, "db");

  if (number < self->limits.databases)
    {
      *db = (guint) number;
      return TRUE;
    }
  rpc_finish_failed (self, call, RPC_DATABASE_NOT_FOUND, "there is no database %" G_GINT64_FORMAT ", only 0 to %u", number,
                     self->limits.databases - 1);
  return FALSE;
}

GBytes *
rpc_get_bytes (HeroDb *self, HeroRpcCall *call, const char *param)
{
  GBytes *bytes = bytes_from_json (hero_rpc_get_node (call, param));

  if (bytes != NULL)
    return bytes;
  hero_rpc_fail_param (call, param, "a string or {\"b64\":\"<base64>\"}", "something else");
  end_turn (self);
  return NULL;
}

/* ------------------------------------------------------------------------------------------------ commands */

JsonNode *
rpc_run (HeroDb *self, guint db, guint protocol, const Slice *argv, gsize argc, const char **type, char **error)
{
  Client *client = self->rpc_client;
  g_autoptr (GBytes) reply = NULL;
  const char *kind;
  guint64 ticket;

  client_reset (client);
  client->closing = client->aborted = FALSE;
  client->db = db;
  client->reply.protocol = protocol;
  server_execute (self->server, client, argv, argc);
  reply = output_take (client->reply.output, &ticket);
  self->rpc_ticket = MAX (self->rpc_ticket, ticket);
  return reply_to_json (slice_of_bytes (reply), type != NULL ? type : &kind, error);
}

/* ------------------------------------------------------------------------------------------------ events, table */

void
rpc_publish_sample (HeroDb *self)
{
  const Sample *sample = samples_get (self->samples, 0);

  hero_service_publish (self->ctx, NULL, "stats.sample", rpc_sample_to_json (sample));
}

#define DB_PARAM { "db", HERO_INTEGER (0, 999), HERO_REQUIRED, "Number of the database." }
#define DB_PARAM_0 { "db", HERO_INTEGER (0, 999), 0, "Number of the database.", "0" }
#define KEY_PARAM { "key", HERO_ANY, HERO_REQUIRED, "Name of the key: a string, or {\"b64\":\"..\"}." }

static const HeroRpcParam stats_params[] = {
  { "seconds", HERO_INTEGER (1, SAMPLES_MAX), 0, "How far back.", "60" },
  { NULL },
};
static const HeroRpcParam db_params[] = { DB_PARAM, { NULL } };
static const HeroRpcParam flush_params[] = {
  DB_PARAM,
  { "confirm", HERO_STRING (1, 16), HERO_REQUIRED, "The number of the database again, as text." },
  { NULL },
};
static const HeroRpcParam key_list_params[] = {
  DB_PARAM_0,
  { "match", HERO_STRING (0, 65536), 0, "Glob that names must match.", "\"*\"" },
  { "type", HERO_ENUM ("string"), 0, "Only keys of this type." },
  { "cursor", HERO_STRING (1, 20), 0, "Where to go on, from the answer before.", "\"0\"" },
  { "count", HERO_INTEGER (1, 1000), 0, "Keys wanted.", "100" },
  { NULL },
};
static const HeroRpcParam key_params[] = { DB_PARAM, KEY_PARAM, { NULL } };
static const HeroRpcParam key_get_params[] = {
  DB_PARAM,
  KEY_PARAM,
  { "offset", HERO_INTEGER (0, G_MAXINT64), 0, "First byte wanted.", "0" },
  { "count", HERO_INTEGER (1, 1048576), 0, "Bytes wanted.", "1048576" },
  { NULL },
};
static const HeroRpcParam key_set_params[] = {
  DB_PARAM,
  KEY_PARAM,
  { "type", HERO_ENUM ("string"), HERO_REQUIRED, "Type of the value." },
  { "value", HERO_ANY, HERO_REQUIRED, "A string, or {\"b64\":\"..\"}." },
  { "ttl_ms", HERO_INTEGER (1, G_MAXINT64), 0, "Milliseconds until the key ends; absent: never." },
  { "if", HERO_ENUM ("absent|present"), 0, "Only when the key is absent, or present." },
  { NULL },
};
static const HeroRpcParam key_delete_params[] = {
  DB_PARAM,
  { "keys", HERO_ARRAY (1, 10000), HERO_REQUIRED, "Names of keys." },
  { NULL },
};
static const HeroRpcParam key_ttl_params[] = {
  DB_PARAM,
  KEY_PARAM,
  { "ttl_ms", HERO_INTEGER (1, G_MAXINT64), 0, "Milliseconds until the key ends; null or absent: never." },
  { NULL },
};
static const HeroRpcParam key_rename_params[] = {
  DB_PARAM,
  KEY_PARAM,
  { "to", HERO_ANY, HERO_REQUIRED, "The new name." },
  { "replace", HERO_BOOLEAN, 0, "Over a key that has this name.", "false" },
  { NULL },
};
static const HeroRpcParam key_copy_params[] = {
  DB_PARAM,
  KEY_PARAM,
  { "to", HERO_ANY, HERO_REQUIRED, "Name of the copy." },
  { "to_db", HERO_INTEGER (0, 999), 0, "Database of the copy; absent: the same." },
  { "replace", HERO_BOOLEAN, 0, "Over a key that has this name.", "false" },
  { NULL },
};
static const HeroRpcParam exec_params[] = {
  { "args", HERO_ANY, HERO_REQUIRED, "The words of a command, or one line as one would type it." },
  DB_PARAM_0,
  { "resp", HERO_INTEGER (2, 3), 0, "Protocol that shapes the reply.", "3" },
  { NULL },
};
static const HeroRpcParam command_list_params[] = {
  { "group", HERO_STRING (1, 32), 0, "Only commands of this group." },
  { NULL },
};
static const HeroRpcParam client_kill_params[] = {
  { "id", HERO_INTEGER (1, G_MAXINT64), HERO_REQUIRED, "Number of the client." },
  { NULL },
};

static const int db_errors[] = { RPC_DATABASE_NOT_FOUND, 0 };
static const int flush_errors[] = { RPC_DATABASE_NOT_FOUND, RPC_CONFIRM_MISMATCH, RPC_COMMAND_ERROR, 0 };
static const int key_errors[] = { RPC_DATABASE_NOT_FOUND, RPC_KEY_NOT_FOUND, RPC_COMMAND_ERROR, 0 };

#define READS HERO_RPC_ADMIN_ONLY
#define WRITES (HERO_RPC_ADMIN_ONLY | HERO_RPC_WRITES)

static const HeroRpcMethod methods[] = {
  { "server.info", rpc_server_info, NULL, "ServerInfo", "What runs here and how it is.", .flags = READS },
  { "server.stats", rpc_server_stats, stats_params, "ServerStats", "Figures of the last seconds, oldest first.",
    .flags = READS },
  { "database.list", rpc_database_list, NULL, "[]Database", "Databases that have keys, and database 0.", .flags = READS },
  { "database.info", rpc_database_info, db_params, "Database", "One database.", .errors = db_errors, .flags = READS },
  { "database.flush", rpc_database_flush, flush_params, "Removed", "Delete all keys of a database.",
    .errors = flush_errors, .flags = WRITES },
  { "key.list", rpc_key_list, key_list_params, "KeyPage", "Keys of a database, a page at a time.", .errors = db_errors,
    .flags = READS },
  { "key.info", rpc_key_info, key_params, "Key", "One key, without its value.", .errors = key_errors, .flags = READS },
  { "key.get", rpc_key_get, key_get_params, "KeyValue", "One key with a part of its value.", .errors = key_errors,
    .flags = READS },
  { "key.set", rpc_key_set, key_set_params, "Key", "Set a whole key.", .errors = key_errors, .flags = WRITES },
  { "key.delete", rpc_key_delete, key_delete_params, "Deleted", "Delete keys.", .errors = key_errors, .flags = WRITES },
  { "key.ttl", rpc_key_ttl, key_ttl_params, "Key", "Set or remove the end of a key.", .errors = key_errors,
    .flags = WRITES },
  { "key.rename", rpc_key_rename, key_rename_params, "Key", "Rename a key.", .errors = key_errors, .flags = WRITES },
  { "key.copy", rpc_key_copy, key_copy_params, "Key", "Copy a key.", .errors = key_errors, .flags = WRITES },
  { "command.exec", rpc_command_exec, exec_params, "CommandReply", "Run one command.", .errors = db_errors,
    .flags = WRITES, .aliases = "exec" },
  { "command.list", rpc_command_list, command_list_params, "[]Command", "The commands there are.", .flags = READS },
  { "client.list", rpc_client_list, NULL, "[]Client", "RESP connections.", .flags = READS },
  { "client.kill", rpc_client_kill, client_kill_params, "Killed", "Close a RESP connection.", .flags = WRITES },
  { NULL },
};

#define INT(name) "\"" name "\":{\"type\":\"integer\"}"
#define TEXT(name) "\"" name "\":{\"type\":\"string\"}"
#define BOOL(name) "\"" name "\":{\"type\":\"boolean\"}"
#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"
#define BYTES(name)                                                                                                    \
  "\"" name "\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"properties\":{\"b64\":{\"type\":\"string\"}}}]}"
#define KEY_MEMBERS                                                                                                    \
  BYTES ("key") "," TEXT ("type") ",\"ttl_ms\":{\"type\":[\"integer\",\"null\"]}," INT ("size") "," INT ("bytes")

static const HeroRpcSchema schemas[] = {
  { "ServerInfo", OBJECT (TEXT ("version") "," TEXT ("redis_version") "," INT ("uptime_secs") "," TEXT (
                      "durability") "," BOOL ("readonly") "," INT ("databases") "," INT ("clients") "," INT ("tcp_port")
                      "," INT ("storage_format") "," INT ("disk_bytes") "," INT ("dirty_bytes")) },
  { "ServerStats", "{\"type\":\"object\",\"properties\":{\"total\":" OBJECT (
                       INT ("commands") "," INT ("connections") "," INT ("errors") "," INT ("hits") "," INT (
                           "misses") "," INT ("expired") "," INT ("commits")) ",\"samples\":{\"type\":\"array\","
                                                                              "\"items\":{\"$ref\":\"#/components/"
                                                                              "schemas/Sample\"}}}}" },
  { "Sample", OBJECT (INT ("at") "," INT ("ops") "," INT ("p50_us") "," INT ("p99_us") "," INT ("hits") "," INT (
                  "misses") "," INT ("commits") "," INT ("clients") "," INT ("dirty") "," INT ("disk")) },
  { "Database", OBJECT (INT ("number") "," INT ("keys") "," INT ("expires")) },
  { "Removed", OBJECT (INT ("removed")) },
  { "Deleted", OBJECT (INT ("deleted")) },
  { "Killed", OBJECT (BOOL ("killed")) },
  { "Key", OBJECT (KEY_MEMBERS) },
  { "KeyValue", OBJECT (KEY_MEMBERS "," BYTES ("value") "," INT (
                    "length") ",\"next\":{\"type\":[\"integer\",\"null\"]}") },
  { "KeyPage", OBJECT (TEXT ("cursor") ",\"keys\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Key\"}},"
                       INT ("scanned")) },
  { "CommandReply", OBJECT ("\"reply\":{}," TEXT ("type") ",\"ms\":{\"type\":\"number\"},\"error\":" OBJECT (
                        TEXT ("code") "," TEXT ("text"))) },
  { "Command", OBJECT (TEXT ("name") "," TEXT ("summary") "," TEXT ("since") "," TEXT ("group") "," TEXT (
                   "complexity") "," TEXT ("syntax") "," INT ("arity") "," BOOL ("supported")) },
  { "Client", OBJECT (INT ("id") "," TEXT ("addr") "," TEXT ("laddr") "," TEXT ("name") "," INT ("age") "," INT (
                  "idle") "," INT ("db") "," INT ("resp") "," TEXT ("cmd") "," TEXT ("lib_name") "," TEXT (
                  "lib_ver") "," INT ("tot_mem")) },
  { NULL },
};

static const HeroRpcErrorSpec errors[] = {
  { RPC_DATABASE_NOT_FOUND, "database_not_found", FALSE, "There is no database of this number" },
  { RPC_KEY_NOT_FOUND, "key_not_found", FALSE, "There is no such key" },
  { RPC_CONFIRM_MISMATCH, "confirm_mismatch", FALSE, "The confirmation does not name what would be lost" },
  { RPC_COMMAND_ERROR, "command_error", FALSE, "The command was refused; data.redis is its error line" },
  { 0 },
};

void
rpc_register (HeroDb *self)
{
  static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = errors);

  hero_service_set_rpc (self->ctx, &spec, self);
}
