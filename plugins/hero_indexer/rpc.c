/* rpc.c: the table of methods: dispatch, parameter checks and the OpenRPC document in one. Service thread. */
#include "rpc.h"

#define DB_PARAM                                                                                                       \
  {                                                                                                                    \
    "db", HERO_STRING (0, 200), 0, "The database; without it the selected one.", NULL, "database"                      \
  }
#define NAME_PARAM                                                                                                     \
  {                                                                                                                    \
    "name", HERO_STRING (0, 0), HERO_REQUIRED, "Name of the database."                                                 \
  }
#define SUCCESS "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"}},\"required\":[\"success\"]}"

static const HeroRpcParam db_params[] = { DB_PARAM, { NULL } };
static const HeroRpcParam name_params[] = { NAME_PARAM, { NULL } };
static const HeroRpcParam create_params[] = {
  NAME_PARAM,
  { "schema", HERO_OBJECT_OF ("Schema"), HERO_REQUIRED, "The fields of its documents." },
  { "if_not_exists", HERO_BOOLEAN, 0, "Succeed, and change nothing, when the database is there.", "false" },
  { NULL },
};
static const HeroRpcParam add_params[] = {
  { "document", HERO_ANY, HERO_REQUIRED, "An object whose members are fields of the schema." },
  DB_PARAM,
  { NULL },
};
static const HeroRpcParam add_batch_params[] = {
  { "documents", HERO_ARRAY (0, 100000), HERO_REQUIRED, "Documents; all are added or none." },
  DB_PARAM,
  { NULL },
};
static const HeroRpcParam query_params[] = {
  { "query", HERO_OBJECT_OF ("Query"), HERO_REQUIRED, "What to search for." },
  { "limit", HERO_INTEGER (0, G_MAXINT64), 0, "The most hits to return; 0 = only count.", "10" },
  { "offset", HERO_INTEGER (0, G_MAXINT64), 0, "Hits to leave out at the beginning.", "0" },
  DB_PARAM,
  { NULL },
};
static const HeroRpcParam count_params[] = {
  { "query", HERO_OBJECT_OF ("Query"), HERO_REQUIRED, "What to search for." },
  DB_PARAM,
  { NULL },
};

static const int name_errors[] = { INDEXER_DATABASE_NOT_FOUND, 0 };
static const int create_errors[] = { INDEXER_DATABASE_EXISTS, INDEXER_INVALID_SCHEMA, 0 };
static const int database_errors[]
    = { INDEXER_DATABASE_NOT_FOUND, INDEXER_NO_DATABASE_SELECTED, INDEXER_INDEX_ERROR, 0 };
static const int add_errors[] = { INDEXER_DATABASE_NOT_FOUND, INDEXER_NO_DATABASE_SELECTED, INDEXER_INVALID_DOCUMENT,
                                  INDEXER_FIELD_NOT_FOUND, INDEXER_INDEX_ERROR, 0 };
static const int search_errors[] = { INDEXER_DATABASE_NOT_FOUND, INDEXER_NO_DATABASE_SELECTED, INDEXER_INVALID_QUERY,
                                     INDEXER_FIELD_NOT_FOUND, INDEXER_INDEX_ERROR, 0 };

/* The core methods in the order of the contract, then the additions. */
static const HeroRpcMethod methods[] = {
  { "server.ping", indexer_rpc_server_ping, NULL,
    "{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"}}}",
    "Tell that the service answers." },
  { "server.stats", indexer_rpc_server_stats, NULL, "ServerStats", "Counters of the service." },
  { "server.exit", indexer_rpc_server_exit, NULL,
    "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"message\":{\"type\":\"string\"}}}",
    "Stop this service in an orderly way.", "Pending writes of all databases are committed first.",
    .flags = HERO_RPC_WRITES | HERO_RPC_ADMIN_ONLY },
  { "db.list", indexer_rpc_db_list, NULL,
    "{\"type\":\"object\",\"properties\":{\"databases\":{\"type\":\"array\",\"items\":"
    "{\"$ref\":\"#/components/schemas/Database\"}}}}",
    "All databases, by name.", "Opens none of them." },
  { "db.create", indexer_rpc_db_create, create_params,
    "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"created\":{\"type\":\"boolean\"},\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
    "Create a database.", "It is durable before the answer; of several that create one name at once, one succeeds.",
    .errors = create_errors, .flags = HERO_RPC_WRITES },
  { "db.delete", indexer_rpc_db_delete, name_params, SUCCESS, "Remove a database and its data.", .errors = name_errors,
    .flags = HERO_RPC_WRITES },
  { "db.close", indexer_rpc_db_close, name_params,
    "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"was_open\":{\"type\":\"boolean\"}}}",
    "Free the memory of a database.", "Pending writes are committed first; the next use opens it again.",
    .errors = name_errors, .flags = HERO_RPC_WRITES },
  { "db.select", indexer_rpc_db_select, name_params,
    "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"name\":{\"type\":\"string\"},"
    "\"doc_count\":{\"type\":\"integer\"},\"selected\":{\"type\":\"boolean\"}}}",
    "Choose the database of the calls that name none.",
    "The choice belongs to the connection; selected is false for callers without one of their own.",
    .errors = name_errors },
  { "db.info", indexer_rpc_db_info, db_params, "Database", "One database.", .errors = database_errors },
  { "schema.get", indexer_rpc_schema_get, db_params, "Schema", "The fields of a database.", .errors = database_errors },
  { "doc.add", indexer_rpc_doc_add, add_params, "Added", "Add a document.",
    "It is found after the next commit. Values that do not fit their field are left out and named in skipped.",
    .errors = add_errors, .flags = HERO_RPC_WRITES },
  { "doc.add_batch", indexer_rpc_doc_add_batch, add_batch_params, "Added", "Add many documents, all or none.",
    .errors = add_errors, .flags = HERO_RPC_WRITES },
  { "index.commit", indexer_rpc_index_commit, db_params,
    "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"opstamp\":{\"type\":\"integer\"},"
    "\"doc_count\":{\"type\":\"integer\"}}}",
    "Make all acknowledged writes durable and visible.", "Done when the answer comes.", .errors = database_errors,
    .flags = HERO_RPC_WRITES },
  { "index.reload", indexer_rpc_index_reload, db_params, SUCCESS, "Nothing: every search sees the last commit.",
    .errors = database_errors },
  { "search.query", indexer_rpc_search_query, query_params, "Hits", "Search, best hits first.",
    .errors = search_errors },
  { "search.count", indexer_rpc_search_count, count_params,
    "{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\"}}}", "Count what a query finds.",
    .errors = search_errors },
  { "db.exists", indexer_rpc_db_exists, name_params,
    "{\"type\":\"object\",\"properties\":{\"exists\":{\"type\":\"boolean\"}}}", "Is there a database of this name?" },
  { NULL },
};

static const HeroRpcSchema schemas[] = {
  { "Schema", "{\"type\":\"object\",\"properties\":{\"fields\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
              "\"properties\":{\"name\":{\"type\":\"string\"},\"type\":{\"type\":\"string\",\"enum\":[\"text\",\"str\","
              "\"u64\",\"i64\",\"f64\",\"bool\",\"date\",\"json\",\"bytes\",\"ip\"]},\"stored\":{\"type\":\"boolean\"},"
              "\"indexed\":{\"type\":\"boolean\"},\"fast\":{\"type\":\"boolean\"},\"tokenizer\":{\"type\":\"string\"}},"
              "\"required\":[\"name\",\"type\"]}}},\"required\":[\"fields\"]}" },
  { "Query", "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\",\"enum\":[\"all\","
             "\"match\",\"term\"]},"
             "\"field\":{\"type\":\"string\"},\"value\":{},\"boost\":{\"type\":\"number\"}},\"required\":[\"type\"]}" },
  { "Database", "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
                "\"doc_count\":{\"type\":\"integer\"},\"size_bytes\":{\"type\":\"integer\"},\"segment_count\":{\"type\":\"integer\"},"
                "\"open\":{\"type\":\"boolean\"},\"pending\":{\"type\":\"integer\"},\"state\":{\"type\":\"string\"},"
                "\"opstamp\":{\"type\":\"integer\"},\"created_at\":{\"type\":\"integer\"}}}" },
  { "Added", "{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},\"count\":{\"type\":\"integer\"},"
             "\"opstamp\":{\"type\":\"integer\"},\"skipped\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
             "\"properties\":{\"index\":{\"type\":\"integer\"},\"field\":{\"type\":\"string\"},"
             "\"expected\":{\"type\":\"string\"},\"got\":{\"type\":\"string\"}}}}}}" },
  { "Hits", "{\"type\":\"object\",\"properties\":{\"total_hits\":{\"type\":\"integer\"},\"hits\":{\"type\":\"array\","
            "\"items\":{\"type\":\"object\",\"properties\":{\"score\":{\"type\":\"number\"},"
            "\"doc\":{\"type\":\"object\"}}}},\"took_ms\":{\"type\":\"integer\"},"
            "\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}" },
  { "ServerStats", "{\"type\":\"object\",\"properties\":{\"uptime_secs\":{\"type\":\"integer\"},"
                   "\"databases\":{\"type\":\"integer\"},\"total_docs\":{\"type\":\"integer\"},"
                   "\"open_databases\":{\"type\":\"integer\"},\"size_bytes\":{\"type\":\"integer\"},"
                   "\"pending_docs\":{\"type\":\"integer\"},\"memory_bytes\":{\"type\":\"integer\"},"
                   "\"searches\":{\"type\":\"integer\"},\"search_ms_p50\":{\"type\":\"number\"},"
                   "\"search_ms_p99\":{\"type\":\"number\"},\"docs_added\":{\"type\":\"integer\"},"
                   "\"docs_skipped\":{\"type\":\"integer\"},\"commits\":{\"type\":\"integer\"},"
                   "\"queue\":{\"type\":\"integer\"}}}" },
  { NULL },
};

void
indexer_rpc_register (Indexer *self)
{
  static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = indexer_error_specs);

  hero_service_set_rpc (self->ctx, &spec, self);
}

void
indexer_rpc_fail (HeroRpcCall *call, const GError *error)
{
  if (error->domain == INDEXER_ERROR)
    hero_rpc_fail_data (call, error->code, indexer_error_get_data (error), "%s", error->message);
  else
    hero_rpc_fail_error (call, g_error_copy (error));
}

/* ---- the database of a call */

typedef struct
{
  Indexer *self;
  HeroRpcCall *call;
  IndexerRpcFunc func;
} With;

static void
database_found (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  With with = *(With *) data;

  g_free (data);
  if (error != NULL)
    indexer_rpc_fail (with.call, error);
  else
    with.func (with.self, with.call, database);
}

void
indexer_rpc_with_database (Indexer *self, HeroRpcCall *call, IndexerRpcFunc func)
{
  const char *name = indexer_selection_resolve (self->selection, call);
  With *with;

  if (name == NULL)
    {
      JsonObject *data = json_object_new ();

      json_object_set_string_member (data, "hint", "pass db, or call db.select first");
      hero_rpc_fail_data (call, INDEXER_NO_DATABASE_SELECTED, data, "No database selected");
      return;
    }
  with = g_new (With, 1);
  *with = (With){ self, call, func };
  indexer_catalog_use (self->catalog, name, database_found, with);
}
