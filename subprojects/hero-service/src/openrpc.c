/*
 * openrpc.c: the OpenRPC document (conventions 5.5), from the table that dispatches: what it says is what runs. Made
 * once for each domain and kept: the table is constant. Service thread.
 */
#include "rpc-core.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ schemas */

static JsonObject *
typed (const char *type)
{
  JsonObject *schema = json_object_new ();

  json_object_set_string_member (schema, "type", type);
  return schema;
}

static JsonObject *
reference (const char *name)
{
  JsonObject *schema = json_object_new ();
  g_autofree char *path = g_strconcat ("#/components/schemas/", name, NULL);

  json_object_set_string_member (schema, "$ref", path);
  return schema;
}

static JsonObject *
array_of (JsonObject *items)
{
  JsonObject *schema = typed ("array");

  json_object_set_object_member (schema, "items", items);
  return schema;
}

static void
set_limits (JsonObject *schema, const HeroRpcType *type, const char *least, const char *most)
{
  if (type->min > 0)
    json_object_set_int_member (schema, least, type->min);
  if (type->max > 0)
    json_object_set_int_member (schema, most, type->max);
}

static JsonObject *
enum_schema (char **words)
{
  JsonObject *schema = typed ("string");
  JsonArray *values = json_array_new ();

  for (; *words != NULL; words++)
    json_array_add_string_element (values, *words);
  json_object_set_array_member (schema, "enum", values);
  return schema;
}

static JsonObject *
param_schema (const HeroRpcParamEntry *param)
{
  const HeroRpcType *type = &param->spec.type;
  JsonObject *schema;

  switch (type->kind)
    {
    case HERO_RPC_TYPE_BOOLEAN:
      return typed ("boolean");
    case HERO_RPC_TYPE_INTEGER:
      schema = typed ("integer");
      json_object_set_int_member (schema, "minimum", type->min);
      json_object_set_int_member (schema, "maximum", type->max);
      return schema;
    case HERO_RPC_TYPE_NUMBER:
      return typed ("number");
    case HERO_RPC_TYPE_STRING:
      schema = typed ("string");
      set_limits (schema, type, "minLength", "maxLength");
      return schema;
    case HERO_RPC_TYPE_ENUM:
      return enum_schema (param->words);
    case HERO_RPC_TYPE_BASE64:
      schema = typed ("string");
      json_object_set_string_member (schema, "contentEncoding", "base64");
      return schema;
    case HERO_RPC_TYPE_STRINGS:
    case HERO_RPC_TYPE_ARRAY:
      schema = array_of (type->kind == HERO_RPC_TYPE_STRINGS ? typed ("string")
                         : type->schema != NULL              ? reference (type->schema)
                                                             : json_object_new ());
      set_limits (schema, type, "minItems", "maxItems");
      return schema;
    case HERO_RPC_TYPE_OBJECT:
      return type->schema != NULL ? reference (type->schema) : typed ("object");
    default:
      return type->schema != NULL ? reference (type->schema) : json_object_new ();
    }
}

/* "Name", "[]Name" or a schema text; NULL = anything. */
static JsonNode *
result_schema (const HeroRpcEntry *entry)
{
  const char *result = entry->spec.result;
  g_autoptr (GError) error = NULL;
  JsonNode *node;

  if (result != NULL && result[0] == '{')
    {
      node = hero_json_parse (result, -1, &error);
      if (node != NULL)
        return node;
      g_critical ("method '%s': its result schema is not JSON: %s", entry->spec.name, error->message);
    }
  node = json_node_new (JSON_NODE_OBJECT);
  if (result == NULL || result[0] == '{')
    json_node_take_object (node, json_object_new ());
  else if (g_str_has_prefix (result, "[]"))
    json_node_take_object (node, array_of (reference (result + 2)));
  else
    json_node_take_object (node, reference (result));
  return node;
}

/* ------------------------------------------------------------------------------------------------ methods */

static JsonObject *
describe_param (const HeroRpcParamEntry *param)
{
  JsonObject *object = json_object_new (), *schema = param_schema (param);

  if (param->fallback != NULL)
    json_object_set_member (schema, "default", json_node_copy (param->fallback));
  json_object_set_string_member (object, "name", param->spec.name);
  json_object_set_string_member (object, "description", param->spec.description != NULL ? param->spec.description : "");
  json_object_set_boolean_member (object, "required", (param->spec.flags & HERO_REQUIRED) != 0);
  if (param->spec.flags & HERO_DEPRECATED)
    json_object_set_boolean_member (object, "deprecated", TRUE);
  json_object_set_object_member (object, "schema", schema);
  return object;
}

static void
add_error (JsonArray *errors, const HeroRpcTable *table, const char *method, int code)
{
  const HeroRpcErrorSpec *spec = hero_rpc_table_error (table, code);
  JsonObject *object;

  if (spec == NULL)
    {
      g_critical ("method '%s': error %d is not declared", method, code);
      return;
    }
  object = json_object_new ();
  json_object_set_int_member (object, "code", code);
  json_object_set_string_member (object, "message", spec->message);
  json_array_add_object_element (errors, object);
}

static JsonArray *
describe_errors (const HeroRpcTable *table, const HeroRpcEntry *entry)
{
  JsonArray *errors = json_array_new ();

  if (entry->n_params > 0)
    add_error (errors, table, entry->spec.name, HERO_RPC_INVALID_PARAMS);
  if (entry->spec.flags & HERO_RPC_ADMIN_ONLY)
    add_error (errors, table, entry->spec.name, HERO_RPC_FORBIDDEN);
  for (const int *code = entry->spec.errors; code != NULL && *code != 0; code++)
    add_error (errors, table, entry->spec.name, *code);
  return errors;
}

static JsonObject *
describe_method (const HeroRpcTable *table, const HeroRpcEntry *entry)
{
  JsonObject *object = json_object_new (), *result = json_object_new (), *tag = json_object_new ();
  JsonArray *params = json_array_new (), *tags = json_array_new ();

  for (guint i = 0; i < entry->n_params; i++)
    json_array_add_object_element (params, describe_param (&entry->params[i]));
  json_object_set_string_member (result, "name", "result");
  json_object_set_member (result, "schema", result_schema (entry));
  json_object_set_string_member (tag, "name", entry->domain);
  json_array_add_object_element (tags, tag);

  json_object_set_string_member (object, "name", entry->spec.name);
  json_object_set_string_member (object, "summary", entry->spec.summary != NULL ? entry->spec.summary : "");
  json_object_set_string_member (object, "description",
                                 entry->spec.description != NULL ? entry->spec.description
                                 : entry->spec.summary != NULL   ? entry->spec.summary
                                                                 : "");
  json_object_set_array_member (object, "tags", tags);
  json_object_set_string_member (object, "paramStructure", "either");
  json_object_set_array_member (object, "params", params);
  json_object_set_object_member (object, "result", result);
  json_object_set_array_member (object, "errors", describe_errors (table, entry));
  return object;
}

/* ------------------------------------------------------------------------------------------------ used schemas */

static const HeroRpcSchema *
find_schema (const HeroRpcTable *table, const char *name)
{
  for (guint i = 0; i < table->schemas->len; i++)
    if (strcmp (g_array_index (table->schemas, HeroRpcSchema, i).name, name) == 0)
      return &g_array_index (table->schemas, HeroRpcSchema, i);
  return NULL;
}

static void collect_references (const HeroRpcTable *table, JsonNode *node, GHashTable *used);

/* Takes a schema and those it refers to into `used`: name -> JsonNode. */
static void
use_schema (const HeroRpcTable *table, const char *name, GHashTable *used)
{
  const HeroRpcSchema *schema = find_schema (table, name);
  g_autoptr (GError) error = NULL;
  JsonNode *node;

  if (g_hash_table_contains (used, name))
    return;
  if (schema == NULL)
    {
      g_critical ("schema '%s' is used but not declared", name);
      return;
    }
  node = hero_json_parse (schema->json, -1, &error);
  if (node == NULL)
    {
      g_critical ("schema '%s' is not JSON: %s", name, error->message);
      return;
    }
  g_hash_table_insert (used, (gpointer)schema->name, node);
  collect_references (table, node, used);
}

static void
collect_references (const HeroRpcTable *table, JsonNode *node, GHashTable *used)
{
  static const char prefix[] = "#/components/schemas/";

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; i < json_array_get_length (array); i++)
        collect_references (table, json_array_get_element (array, i), used);
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *name, *target;
      JsonNode *value;
      json_object_iter_init (&iter, json_node_get_object (node));
      while (json_object_iter_next (&iter, &name, &value))
        if (strcmp (name, "$ref") == 0 && (target = json_node_get_string (value)) != NULL
            && g_str_has_prefix (target, prefix))
          use_schema (table, target + strlen (prefix), used);
        else
          collect_references (table, value, used);
    }
}

static void
add_components (JsonObject *document, const HeroRpcTable *table, JsonNode *methods)
{
  g_autoptr (GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)json_node_unref);
  JsonObject *components, *schemas;

  collect_references (table, methods, used);
  if (g_hash_table_size (used) == 0)
    return;
  components = json_object_new ();
  schemas = json_object_new ();
  for (guint i = 0; i < table->schemas->len; i++) /* in the order of the table */
    {
      const char *name = g_array_index (table->schemas, HeroRpcSchema, i).name;
      JsonNode *node = g_hash_table_lookup (used, name);
      if (node != NULL)
        json_object_set_member (schemas, name, json_node_ref (node));
    }
  json_object_set_object_member (components, "schemas", schemas);
  json_object_set_object_member (document, "components", components);
}

/* ------------------------------------------------------------------------------------------------ the document */

static GBytes *
make_document (HeroServiceContext *ctx, const HeroRpcTable *table, const char *domain)
{
  const HeroServicePlugin *plugin = hero_sdk_get (ctx)->plugin;
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT), methods = json_node_new (JSON_NODE_ARRAY);
  JsonObject *document = json_object_new (), *info = json_object_new ();
  JsonArray *list = json_array_new ();
  gsize length;
  char *text;

  for (guint i = 0; i < table->entries->len; i++)
    {
      const HeroRpcEntry *entry = g_ptr_array_index (table->entries, i);
      if (entry->domain != NULL && (domain == NULL || strcmp (entry->domain, domain) == 0))
        json_array_add_object_element (list, describe_method (table, entry));
    }
  json_node_take_array (methods, list);
  json_object_set_string_member (info, "title", plugin->title);
  json_object_set_string_member (info, "version", plugin->version);
  json_object_set_string_member (info, "description", plugin->description);
  json_object_set_string_member (document, "openrpc", "1.2.6");
  json_object_set_object_member (document, "info", info);
  json_object_set_member (document, "methods", json_node_ref (methods));
  add_components (document, table, methods);
  json_node_take_object (root, document);
  text = hero_json_print (root, &length);
  return g_bytes_new_take (text, length);
}

GBytes *
hero_openrpc_get (HeroServiceContext *ctx, const char *domain)
{
  HeroRpc *core = hero_rpc_get_core (ctx);
  const char *key = domain != NULL ? domain : "";
  GBytes *document = g_hash_table_lookup (core->documents, key);

  if (document == NULL)
    {
      document = make_document (ctx, core->table, domain);
      g_hash_table_insert (core->documents, g_strdup (key), document);
    }
  return g_bytes_ref (document);
}

GBytes *
hero_service_get_openrpc (HeroServiceContext *ctx)
{
  return hero_openrpc_get (ctx, NULL);
}
