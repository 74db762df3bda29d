/* schema.c: the fields of a database. Any thread. */
#include "schema.h"

#include <string.h>

#include "nearest.h"
#include "tokenizer.h"

#define MAX_FIELDS 1000
#define MAX_NAME 255

struct _IndexerSchema
{
  GPtrArray *fields;   /* IndexerField */
  GHashTable *by_name; /* name -> index + 1 */
};

static void
field_free (IndexerField *field)
{
  g_free (field->name);
  g_free (field->tokenizer);
  g_free (field);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerField, field_free)

static void
schema_clear (gpointer data)
{
  IndexerSchema *self = data;

  g_ptr_array_unref (self->fields);
  g_hash_table_unref (self->by_name);
}

IndexerSchema *
indexer_schema_ref (IndexerSchema *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
indexer_schema_unref (IndexerSchema *self)
{
  g_atomic_rc_box_release_full (self, schema_clear);
}

static void
set_invalid (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, INDEXER_ERROR, INDEXER_INVALID_SCHEMA, "Invalid schema: %s", reason);
}

static gboolean
set_wrong_type (GError **error, guint index, const char *member, const char *expected, JsonNode *node)
{
  g_autofree char *place = g_strdup_printf ("fields[%u].%s", index, member);

  indexer_error_set_param (error, "schema", place, expected, node != NULL ? indexer_node_kind (node) : "nothing");
  return FALSE;
}

static gboolean
is_string (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
read_text (JsonObject *object, guint index, const char *member, const char *fallback, char **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if ((node == NULL || JSON_NODE_HOLDS_NULL (node)) && fallback != NULL)
    *value = g_strdup (fallback);
  else if (!is_string (node))
    return set_wrong_type (error, index, member, "string", node);
  else
    *value = g_strdup (json_node_get_string (node));
  return TRUE;
}

static gboolean
read_boolean (JsonObject *object, guint index, const char *member, gboolean fallback, gboolean *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  *value = fallback;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return set_wrong_type (error, index, member, "boolean", node);
  *value = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
check_name (const char *name, GError **error)
{
  gsize length = strlen (name);
  g_autofree char *quoted = indexer_error_quote (name);

  if (length == 0 || length > MAX_NAME)
    set_invalid (error, "a field name has 1..%d bytes, %s has %" G_GSIZE_FORMAT, MAX_NAME, quoted, length);
  else if (name[0] == '-')
    set_invalid (error, "field name %s must not start with '-'", quoted);
  else if (g_str_equal (name, "_score") || g_str_equal (name, "_doc"))
    set_invalid (error, "field name %s is reserved", quoted);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_tokenizer (const IndexerField *field, GError **error)
{
  g_autoptr (IndexerTokenizer) tokenizer = indexer_tokenizer_new (field->tokenizer);

  if (tokenizer == NULL)
    set_invalid (error, "field '%s': unknown tokenizer '%s'; expected default, whitespace, raw or <language>_stem",
                 field->name, field->tokenizer);
  return tokenizer != NULL;
}

/* Options that are legal but do nothing here are named, never swallowed. */
static void
warn_unknown (JsonObject *object, const char *where, const char *const *known, GPtrArray *warnings)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; warnings != NULL && l != NULL; l = l->next)
    if (!g_strv_contains (known, l->data))
      g_ptr_array_add (warnings, g_strdup_printf ("%s: option '%s' is ignored", where, (char *)l->data));
}

static IndexerField *
parse_field (JsonObject *object, guint index, GPtrArray *warnings, GError **error)
{
  static const char *const known[] = { "name", "type", "stored", "indexed", "fast", "tokenizer", NULL };
  g_autoptr (IndexerField) field = g_new0 (IndexerField, 1);
  g_autofree char *type = NULL;
  g_autofree char *where = NULL;

  if (!read_text (object, index, "name", NULL, &field->name, error)
      || !read_text (object, index, "type", NULL, &type, error)
      || !read_text (object, index, "tokenizer", "default", &field->tokenizer, error)
      || !read_boolean (object, index, "stored", TRUE, &field->stored, error)
      || !read_boolean (object, index, "indexed", TRUE, &field->indexed, error)
      || !read_boolean (object, index, "fast", FALSE, &field->fast, error) || !check_name (field->name, error))
    return NULL;
  if (!indexer_type_parse (type, &field->type))
    {
      set_invalid (error,
                   "field '%s': unknown type '%s'; expected text, str, u64, i64, f64, bool, date, json, bytes or ip",
                   field->name, type);
      return NULL;
    }
  if (field->type != INDEXER_TEXT && field->type != INDEXER_JSON)
    g_clear_pointer (&field->tokenizer, g_free);
  else if (!check_tokenizer (field, error))
    return NULL;
  where = g_strdup_printf ("field '%s'", field->name);
  warn_unknown (object, where, known, warnings);
  return g_steal_pointer (&field);
}

/* What this version cannot keep its word about is refused rather than ignored. */
static gboolean
refuse_unsupported (JsonObject *object, GError **error)
{
  static const char *const unsupported[] = { "key", "analyzers", "settings" };

  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (json_object_has_member (object, unsupported[i]) && !json_object_get_null_member (object, unsupported[i]))
      {
        set_invalid (error, "'%s' is not supported by this version", unsupported[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
add_fields (IndexerSchema *self, JsonArray *fields, GPtrArray *warnings, GError **error)
{
  guint n = json_array_get_length (fields);

  if (n > MAX_FIELDS)
    {
      set_invalid (error, "%u fields, at most %d are allowed", n, MAX_FIELDS);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (fields, i);
      g_autoptr (IndexerField) field = NULL;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          g_autofree char *place = g_strdup_printf ("fields[%u]", i);

          indexer_error_set_param (error, "schema", place, "object", indexer_node_kind (node));
          return FALSE;
        }
      field = parse_field (json_node_get_object (node), i, warnings, error);
      if (field == NULL)
        return FALSE;
      if (g_hash_table_contains (self->by_name, field->name))
        {
          set_invalid (error, "field '%s' is given twice", field->name);
          return FALSE;
        }
      g_hash_table_insert (self->by_name, field->name, GUINT_TO_POINTER (i + 1));
      g_ptr_array_add (self->fields, g_steal_pointer (&field));
    }
  return TRUE;
}

IndexerSchema *
indexer_schema_parse (JsonObject *object, GPtrArray *warnings, GError **error)
{
  static const char *const known[] = { "fields", "key", "analyzers", "settings", NULL };
  g_autoptr (IndexerSchema) self = g_atomic_rc_box_new0 (IndexerSchema);
  JsonNode *fields = json_object_get_member (object, "fields");

  self->fields = g_ptr_array_new_with_free_func ((GDestroyNotify)field_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (fields == NULL || !JSON_NODE_HOLDS_ARRAY (fields))
    {
      indexer_error_set_param (error, "schema", "fields", "array",
                               fields != NULL ? indexer_node_kind (fields) : "nothing");
      return NULL;
    }
  if (!refuse_unsupported (object, error) || !add_fields (self, json_node_get_array (fields), warnings, error))
    return NULL;
  warn_unknown (object, "schema", known, warnings);
  return g_steal_pointer (&self);
}

guint
indexer_schema_get_n_fields (IndexerSchema *self)
{
  return self->fields->len;
}

const IndexerField *
indexer_schema_get_field (IndexerSchema *self, guint index)
{
  return g_ptr_array_index (self->fields, index);
}

int
indexer_schema_find (IndexerSchema *self, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->by_name, name)) - 1;
}

JsonObject *
indexer_schema_to_json (IndexerSchema *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *fields = json_array_new ();

  for (guint i = 0; i < self->fields->len; i++)
    {
      const IndexerField *field = g_ptr_array_index (self->fields, i);
      JsonObject *item = json_object_new ();

      json_object_set_string_member (item, "name", field->name);
      json_object_set_string_member (item, "type", indexer_type_name (field->type));
      json_object_set_boolean_member (item, "stored", field->stored);
      json_object_set_boolean_member (item, "indexed", field->indexed);
      json_object_set_boolean_member (item, "fast", field->fast);
      if (field->tokenizer != NULL)
        json_object_set_string_member (item, "tokenizer", field->tokenizer);
      json_array_add_object_element (fields, item);
    }
  json_object_set_array_member (object, "fields", fields);
  return object;
}

int
indexer_schema_require (IndexerSchema *self, const char *name, GError **error)
{
  int index = indexer_schema_find (self, name);
  IndexerNearest nearest = { name };

  if (index >= 0 || error == NULL)
    return index;
  g_set_error (error, INDEXER_ERROR, INDEXER_FIELD_NOT_FOUND, "Field not found: %s", name);
  for (guint i = 0; i < self->fields->len; i++)
    indexer_nearest_consider (&nearest, indexer_schema_get_field (self, i)->name);
  indexer_nearest_add_hint (&nearest, *error);
  return -1;
}
