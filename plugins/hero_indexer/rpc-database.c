/* rpc-database.c: db.* and schema.get. Service thread. */
#include "rpc.h"

/* The end of an operation of the catalogue needs both; the call owns its parameters. */
typedef struct
{
  Indexer *self;
  HeroRpcCall *call;
  GPtrArray *warnings; /* db.create */
} Request;

static Request *
request_new (Indexer *self, HeroRpcCall *call)
{
  Request *request = g_new0 (Request, 1);

  request->self = self;
  request->call = call;
  return request;
}

static void
request_free (Request *request)
{
  g_clear_pointer (&request->warnings, g_ptr_array_unref);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static JsonObject *
success (void)
{
  JsonObject *result = json_object_new ();

  json_object_set_boolean_member (result, "success", TRUE);
  return result;
}

/* The parameter `name`, or NULL when the call was answered with what is wrong about it. */
static const char *
get_name (HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "name");
  g_autoptr (GError) error = NULL;

  if (indexer_catalog_check_name (name, &error))
    return name;
  indexer_rpc_fail (call, error);
  return NULL;
}

static JsonObject *
print_info (const IndexerDatabaseInfo *info)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", info->name);
  json_object_set_int_member (object, "doc_count", info->counts.doc_count);
  json_object_set_int_member (object, "segment_count", info->n_segments);
  json_object_set_int_member (object, "size_bytes", info->counts.size_bytes);
  json_object_set_boolean_member (object, "open", info->is_open);
  json_object_set_int_member (object, "pending", info->pending);
  json_object_set_int_member (object, "opstamp", MAX (info->counts.next_opstamp, 1) - 1);
  json_object_set_int_member (object, "created_at", info->created_at);
  json_object_set_string_member (object, "state", "ok");
  return object;
}

void
indexer_rpc_db_list (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  g_autoptr (GArray) list = indexer_catalog_list (self->catalog);
  JsonArray *databases = json_array_sized_new (list->len);
  JsonObject *result = json_object_new ();

  for (guint i = 0; i < list->len; i++)
    json_array_add_object_element (databases, print_info (&g_array_index (list, IndexerDatabaseInfo, i)));
  json_object_set_array_member (result, "databases", databases);
  hero_rpc_return_object (call, result);
}

static void
info_found (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  IndexerDatabaseInfo info;

  indexer_catalog_get_info (self->catalog, indexer_database_get_name (database), &info);
  hero_rpc_return_object (call, print_info (&info));
}

void
indexer_rpc_db_info (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, info_found);
}

void
indexer_rpc_db_exists (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  const char *name = get_name (call);
  IndexerDatabaseInfo info;
  JsonObject *result;

  if (name == NULL)
    return;
  result = json_object_new ();
  json_object_set_boolean_member (result, "exists", indexer_catalog_get_info (self->catalog, name, &info));
  hero_rpc_return_object (call, result);
}

/* ---- db.create */

static void
created (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  g_autoptr (Request) request = data;
  gboolean was_there = g_error_matches (error, INDEXER_ERROR, INDEXER_DATABASE_EXISTS);
  JsonArray *warnings;
  JsonObject *result;

  if (error != NULL && !(was_there && hero_rpc_get_boolean (request->call, "if_not_exists")))
    {
      indexer_rpc_fail (request->call, error);
      return;
    }
  warnings = json_array_new ();
  for (guint i = 0; i < request->warnings->len; i++)
    json_array_add_string_element (warnings, request->warnings->pdata[i]);
  result = success ();
  json_object_set_string_member (result, "name", hero_rpc_get_string (request->call, "name"));
  json_object_set_boolean_member (result, "created", !was_there);
  json_object_set_array_member (result, "warnings", warnings);
  hero_rpc_return_object (request->call, result);
}

void
indexer_rpc_db_create (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  const char *name = get_name (call);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (IndexerSchema) schema = NULL;
  g_autoptr (GError) error = NULL;
  Request *request;

  if (name == NULL)
    return;
  schema = indexer_schema_parse (hero_rpc_get_object (call, "schema"), warnings, &error);
  if (schema == NULL)
    {
      indexer_rpc_fail (call, error);
      return;
    }
  request = request_new (self, call);
  request->warnings = g_steal_pointer (&warnings);
  indexer_catalog_create (self->catalog, name, schema, created, request);
}

/* ---- db.delete, db.close */

static void
deleted (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  g_autoptr (Request) request = data;

  if (error != NULL)
    {
      indexer_rpc_fail (request->call, error);
      return;
    }
  indexer_selection_forget (request->self->selection, request->call, hero_rpc_get_string (request->call, "name"));
  hero_rpc_return_object (request->call, success ());
}

void
indexer_rpc_db_delete (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  const char *name = get_name (call);

  if (name != NULL)
    indexer_catalog_delete (self->catalog, name, deleted, request_new (self, call));
}

static void
closed (IndexerDatabase *database, gboolean was_open, const GError *error, gpointer data)
{
  g_autoptr (Request) request = data;
  JsonObject *result;

  if (error != NULL)
    {
      indexer_rpc_fail (request->call, error);
      return;
    }
  indexer_selection_forget (request->self->selection, request->call, hero_rpc_get_string (request->call, "name"));
  result = success ();
  json_object_set_boolean_member (result, "was_open", was_open);
  hero_rpc_return_object (request->call, result);
}

void
indexer_rpc_db_close (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  const char *name = get_name (call);

  if (name != NULL)
    indexer_catalog_close (self->catalog, name, closed, request_new (self, call));
}

/* ---- db.select */

static void
selected (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  g_autoptr (Request) request = data;
  const char *name = hero_rpc_get_string (request->call, "name");
  JsonObject *result;

  if (error != NULL)
    {
      indexer_rpc_fail (request->call, error);
      return;
    }
  result = success ();
  json_object_set_string_member (result, "name", name);
  json_object_set_int_member (result, "doc_count", indexer_database_get_counts (database).doc_count);
  json_object_set_boolean_member (result, "selected",
                                  indexer_selection_set (request->self->selection, request->call, name));
  hero_rpc_return_object (request->call, result);
}

void
indexer_rpc_db_select (gpointer data, HeroRpcCall *call)
{
  Indexer *self = data;
  const char *name = get_name (call);

  if (name != NULL)
    indexer_catalog_use (self->catalog, name, selected, request_new (self, call));
}

/* ---- schema.get */

static void
schema_found (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  hero_rpc_return_object (call, indexer_schema_to_json (indexer_database_get_schema (database)));
}

void
indexer_rpc_schema_get (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, schema_found);
}
