/* query.c: queries in JSON. Any thread. */
#include "query.h"

#include <math.h>
#include <string.h>

#include "tokenizer.h"

#define MAX_CLAUSES 10000

void
indexer_query_free (IndexerQuery *self)
{
  g_ptr_array_unref (self->terms);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

static void
set_shape_error (GError **error, const char *key, const char *expected, JsonNode *node)
{
  indexer_error_set_param (error, "query", key, expected, node != NULL ? indexer_node_kind (node) : "nothing");
}

static void
set_query_error (GError **error, const char *path, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, INDEXER_ERROR, INDEXER_INVALID_QUERY, "Invalid query: %s", reason);
  if (error != NULL)
    indexer_error_add_text (*error, "path", path);
}

static const char *
read_string (JsonObject *object, const char *key, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    {
      set_shape_error (error, key, "string", node);
      return NULL;
    }
  return json_node_get_string (node);
}

static gboolean
read_boost (IndexerQuery *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "boost");

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_INT64 && json_node_get_value_type (node) != G_TYPE_DOUBLE))
    {
      set_shape_error (error, "boost", "number", node);
      return FALSE;
    }
  self->boost = json_node_get_double (node);
  if (!isfinite (self->boost))
    {
      set_query_error (error, "boost", "boost is too large");
      return FALSE;
    }
  return TRUE;
}

static const IndexerField *
read_field (IndexerQuery *self, IndexerSchema *schema, JsonObject *object, GError **error)
{
  const char *name = read_string (object, "field", error);
  const IndexerField *field;
  int number;

  if (name == NULL || (number = indexer_schema_require (schema, name, error)) < 0)
    return NULL;
  field = indexer_schema_get_field (schema, number);
  if (!field->indexed)
    {
      set_query_error (error, "field", "field '%s' is not indexed", name);
      return NULL;
    }
  if (field->type == INDEXER_JSON)
    {
      set_query_error (error, "field", "field '%s' is of type json, which this version does not search", name);
      return NULL;
    }
  self->field = number;
  return field;
}

static void
add_term (IndexerQuery *self, const void *bytes, gsize length)
{
  g_ptr_array_add (self->terms, g_bytes_new (bytes, length));
}

static gboolean
has_term (IndexerQuery *self, const char *bytes, gsize length)
{
  g_autoptr (GBytes) wanted = g_bytes_new_static (bytes, length);

  return g_ptr_array_find_with_equal_func (self->terms, wanted, g_bytes_equal, NULL);
}

static void
add_token (const char *token, gsize length, guint position, gpointer data)
{
  add_term (data, token, length);
}

static void
add_new_lower_word (const char *token, gsize length, guint position, gpointer data)
{
  g_autofree char *lower = g_utf8_strdown (token, length);

  if (!has_term (data, lower, strlen (lower)))
    add_term (data, lower, strlen (lower));
}

static void
analyse (IndexerQuery *self, const char *tokenizer_name, const char *value, IndexerTokenFunc func)
{
  g_autoptr (IndexerTokenizer) tokenizer = indexer_tokenizer_new (tokenizer_name);

  indexer_tokenizer_run (tokenizer, value, strlen (value), func, self);
}

static gboolean
is_blank (const char *text)
{
  for (; *text != 0; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

/* Fields that keep the case of what they index are also searched by the lower-cased words of the value. */
static void
match_text (IndexerQuery *self, const IndexerField *field, const char *value)
{
  const char *tokenizer = field->type == INDEXER_STR ? "raw" : field->tokenizer;

  analyse (self, tokenizer, value, add_token);
  if (!indexer_tokenizer_folds_case (tokenizer))
    analyse (self, "whitespace", value, add_new_lower_word);
}

static gboolean
parse_match (IndexerQuery *self, IndexerSchema *schema, JsonObject *object, GError **error)
{
  const IndexerField *field = read_field (self, schema, object, error);
  const char *value = field != NULL ? read_string (object, "value", error) : NULL;

  if (value == NULL || !read_boost (self, object, error))
    return FALSE;
  if (is_blank (value))
    return TRUE;
  self->kind = INDEXER_QUERY_TERMS;
  if (field->type == INDEXER_TEXT || field->type == INDEXER_STR)
    match_text (self, field, value);
  else
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      if (indexer_value_encode_text (field->type, value, bytes))
        add_term (self, bytes->data, bytes->len);
    }
  if (self->terms->len > MAX_CLAUSES)
    {
      set_query_error (error, "value", "too many clauses: %u words, at most %d are allowed", self->terms->len,
                       MAX_CLAUSES);
      return FALSE;
    }
  return TRUE;
}

static const char *
term_expects (IndexerType type)
{
  switch (type)
    {
    case INDEXER_U64:
      return "unsigned integer";
    case INDEXER_I64:
      return "integer";
    case INDEXER_F64:
      return "floating point";
    case INDEXER_BOOL:
      return "boolean";
    default:
      return "string";
    }
}

static gboolean
parse_term (IndexerQuery *self, IndexerSchema *schema, JsonObject *object, GError **error)
{
  const IndexerField *field = read_field (self, schema, object, error);
  JsonNode *value = json_object_get_member (object, "value");
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (field == NULL)
    return FALSE;
  if (value == NULL)
    {
      set_shape_error (error, "value", "a value", NULL);
      return FALSE;
    }
  if (!indexer_value_encode (field->type, value, bytes))
    {
      gboolean is_text = JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING;

      if (is_text && g_str_equal (term_expects (field->type), "string"))
        set_query_error (error, "value", "Expected %s", indexer_type_expects (field->type));
      else
        set_query_error (error, "value", "Expected %s value", term_expects (field->type));
      return FALSE;
    }
  self->kind = INDEXER_QUERY_TERMS;
  self->flat = TRUE;
  add_term (self, bytes->data, bytes->len);
  return TRUE;
}

static void
warn_unknown (IndexerQuery *self, JsonObject *object, const char *const *known)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; l != NULL; l = l->next)
    if (!g_strv_contains (known, l->data))
      g_ptr_array_add (self->warnings, g_strdup_printf ("query: key '%s' is ignored", (char *)l->data));
}

IndexerQuery *
indexer_query_parse (IndexerSchema *schema, JsonObject *object, GError **error)
{
  static const struct
  {
    const char *type;
    gboolean (*parse) (IndexerQuery *self, IndexerSchema *schema, JsonObject *object, GError **error);
    const char *keys[5];
  } types[] = {
    { "all", NULL, { "type" } },
    { "match", parse_match, { "type", "field", "value", "boost" } },
    { "term", parse_term, { "type", "field", "value" } },
  };
  g_autoptr (IndexerQuery) self = g_new0 (IndexerQuery, 1);
  g_autofree char *quoted = NULL;
  const char *type;

  self->terms = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->boost = 1.0f;
  type = read_string (object, "type", error);
  if (type == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i].type, type))
      {
        if (types[i].parse != NULL && !types[i].parse (self, schema, object, error))
          return NULL;
        warn_unknown (self, object, types[i].keys);
        return g_steal_pointer (&self);
      }
  quoted = indexer_error_quote (type);
  indexer_error_set_param (error, "query", "type", "all, match or term", quoted);
  return NULL;
}
