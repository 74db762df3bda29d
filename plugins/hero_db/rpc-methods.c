/*
 * rpc-methods.c: the table of methods: dispatch, checked parameters and the OpenRPC document in one. A name with _ for
 * . is understood, too. Constant.
 */
#include "rpc.h"

#define DB_PARAM                                                                                                       \
  {                                                                                                                    \
    "db", HERO_INTEGER (0, 999), HERO_REQUIRED, "Number of the database."                                              \
  }
#define DB_PARAM_0                                                                                                     \
  {                                                                                                                    \
    "db", HERO_INTEGER (0, 999), 0, "Number of the database.", "0"                                                     \
  }
#define KEY_PARAM                                                                                                      \
  {                                                                                                                    \
    "key", HERO_ANY, HERO_REQUIRED, "Name of the key: a string, or {\"b64\":\"..\"}."                                  \
  }

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
  { "count", HERO_INTEGER (1, 1048576), 0, "Bytes wanted.", "100" },
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
  { "server.info", rpc_server_info, NULL, "ServerInfo", "What runs here and how it is.", .flags = READS,
    .aliases = "server_info" },
  { "server.stats", rpc_server_stats, stats_params, "ServerStats", "Figures of the last seconds, oldest first.",
    .flags = READS, .aliases = "server_stats" },
  { "database.list", rpc_database_list, NULL, "[]Database", "Databases that have keys, and database 0.", .flags = READS,
    .aliases = "database_list" },
  { "database.info", rpc_database_info, db_params, "Database", "One database.", .errors = db_errors, .flags = READS,
    .aliases = "database_info" },
  { "database.flush", rpc_database_flush, flush_params, "Removed", "Delete all keys of a database.",
    .errors = flush_errors, .flags = WRITES, .aliases = "database_flush" },
  { "key.list", rpc_key_list, key_list_params, "KeyPage", "Keys of a database, a page at a time.", .errors = db_errors,
    .flags = READS, .aliases = "key_list" },
  { "key.info", rpc_key_info, key_params, "Key", "One key, without its value.", .errors = key_errors, .flags = READS,
    .aliases = "key_info" },
  { "key.get", rpc_key_get, key_get_params, "KeyValue", "One key with a part of its value.", .errors = key_errors,
    .flags = READS, .aliases = "key_get" },
  { "key.set", rpc_key_set, key_set_params, "Key", "Set a whole key.", .errors = key_errors, .flags = WRITES,
    .aliases = "key_set" },
  { "key.delete", rpc_key_delete, key_delete_params, "Deleted", "Delete keys.", .errors = key_errors, .flags = WRITES,
    .aliases = "key_delete" },
  { "key.ttl", rpc_key_ttl, key_ttl_params, "Key", "Set or remove the end of a key.", .errors = key_errors,
    .flags = WRITES, .aliases = "key_ttl" },
  { "key.rename", rpc_key_rename, key_rename_params, "Key", "Rename a key.", .errors = key_errors, .flags = WRITES,
    .aliases = "key_rename" },
  { "key.copy", rpc_key_copy, key_copy_params, "Key", "Copy a key.", .errors = key_errors, .flags = WRITES,
    .aliases = "key_copy" },
  { "command.exec", rpc_command_exec, exec_params, "CommandReply", "Run one command.", .errors = db_errors,
    .flags = WRITES, .aliases = "exec|command_exec" },
  { "command.list", rpc_command_list, command_list_params, "[]Command", "The commands there are.", .flags = READS,
    .aliases = "command_list" },
  { "client.list", rpc_client_list, NULL, "[]Client", "RESP connections.", .flags = READS, .aliases = "client_list" },
  { "client.kill", rpc_client_kill, client_kill_params, "Killed", "Close a RESP connection.", .flags = WRITES,
    .aliases = "client_kill" },
  { NULL },
};

/* clang-format off */

#define INT(name) "\"" name "\":{\"type\":\"integer\"}"
#define INT_OR_NULL(name) "\"" name "\":{\"type\":[\"integer\",\"null\"]}"
#define NUMBER(name) "\"" name "\":{\"type\":\"number\"}"
#define TEXT(name) "\"" name "\":{\"type\":\"string\"}"
#define BOOL(name) "\"" name "\":{\"type\":\"boolean\"}"
#define ANY(name) "\"" name "\":{}"
#define BYTES(name) "\"" name "\":{\"oneOf\":[{\"type\":\"string\"}," OBJECT (TEXT ("b64")) "]}"
#define MEMBER(name, schema) "\"" name "\":" schema
#define LIST(name, of) "\"" name "\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/" of "\"}}"
#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"

#define KEY_MEMBERS \
  BYTES ("key") "," TEXT ("type") "," INT_OR_NULL ("ttl_ms") "," INT ("size") "," INT ("bytes")

static const HeroRpcSchema schemas[] = {
  { "ServerInfo", OBJECT (
      TEXT ("version") "," TEXT ("redis_version") "," INT ("uptime_secs") "," TEXT ("durability") ","
      BOOL ("readonly") "," INT ("databases") "," INT ("clients") "," INT ("tcp_port") "," INT ("storage_format") ","
      INT ("disk_bytes") "," INT ("dirty_bytes")) },
  { "ServerStats", OBJECT (
      MEMBER ("total", OBJECT (
        INT ("commands") "," INT ("connections") "," INT ("errors") "," INT ("hits") "," INT ("misses") ","
        INT ("expired") "," INT ("commits"))) ","
      LIST ("samples", "Sample")) },
  { "Sample", OBJECT (
      INT ("at") "," INT ("ops") "," INT ("p50_us") "," INT ("p99_us") "," INT ("hits") "," INT ("misses") ","
      INT ("commits") "," INT ("clients") "," INT ("dirty") "," INT ("disk")) },
  { "Database", OBJECT (INT ("number") "," INT ("keys") "," INT ("expires")) },
  { "Removed", OBJECT (INT ("removed")) },
  { "Deleted", OBJECT (INT ("deleted")) },
  { "Killed", OBJECT (BOOL ("killed")) },
  { "Key", OBJECT (KEY_MEMBERS) },
  { "KeyValue", OBJECT (KEY_MEMBERS "," BYTES ("value") "," INT ("length") "," INT_OR_NULL ("next")) },
  { "KeyPage", OBJECT (TEXT ("cursor") "," LIST ("keys", "Key") "," INT ("scanned")) },
  { "CommandReply", OBJECT (
      ANY ("reply") "," TEXT ("type") "," NUMBER ("ms") ","
      MEMBER ("error", OBJECT (TEXT ("code") "," TEXT ("text")))) },
  { "Command", OBJECT (
      TEXT ("name") "," TEXT ("summary") "," TEXT ("since") "," TEXT ("group") "," TEXT ("complexity") ","
      TEXT ("syntax") "," INT ("arity") "," BOOL ("supported")) },
  { "Client", OBJECT (
      INT ("id") "," TEXT ("addr") "," TEXT ("laddr") "," TEXT ("name") "," INT ("age") "," INT ("idle") ","
      INT ("db") "," INT ("resp") "," TEXT ("cmd") "," TEXT ("lib_name") "," TEXT ("lib_ver") "," INT ("tot_mem")) },
  { NULL },
};

/* clang-format on */

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
