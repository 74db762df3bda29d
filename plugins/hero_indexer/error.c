/* error.c: the error codes of hero_indexer. Any thread. */
#include "error.h"

#include <string.h>

typedef struct
{
  JsonObject *data;
} IndexerErrorPrivate;

static void
indexer_error_private_init (IndexerErrorPrivate *priv)
{
  priv->data = json_object_new ();
}

static void
indexer_error_private_copy (const IndexerErrorPrivate *source, IndexerErrorPrivate *copy)
{
  copy->data = json_object_ref (source->data);
}

static void
indexer_error_private_clear (IndexerErrorPrivate *priv)
{
  json_object_unref (priv->data);
}

G_DEFINE_EXTENDED_ERROR (IndexerError, indexer_error)

void
indexer_error_add_text (GError *error, const char *member, const char *text)
{
  if (error->domain == INDEXER_ERROR)
    json_object_set_string_member (indexer_error_get_private (error)->data, member, text);
}

char *
indexer_error_quote (const char *text)
{
  g_autofree char *cut = g_strndup (text, 80);
  g_autofree char *valid = g_utf8_make_valid (cut, -1);

  return g_strconcat ("'", valid, strlen (text) > 80 ? "..'" : "'", NULL);
}

void
indexer_error_set_param (GError **error, const char *param, const char *place, const char *expected, const char *got)
{
  if (error == NULL)
    return;
  *error = g_error_new (INDEXER_ERROR, INDEXER_INVALID_PARAMS, "parameter '%s': %s%sexpected %s, got %s", param, place,
                        *place != 0 ? ": " : "", expected, got);
  indexer_error_add_text (*error, "param", param);
  indexer_error_add_text (*error, "expected", expected);
  if (*place != 0)
    indexer_error_add_text (*error, "path", place);
}

void
indexer_error_add_index (GError *error, guint index)
{
  if (error->domain == INDEXER_ERROR)
    json_object_set_int_member (indexer_error_get_private (error)->data, "index", index);
}

JsonObject *
indexer_error_get_data (const GError *error)
{
  JsonObject *data = error->domain == INDEXER_ERROR ? indexer_error_get_private (error)->data : NULL;

  return data != NULL && json_object_get_size (data) > 0 ? json_object_ref (data) : NULL;
}

const HeroRpcErrorSpec indexer_error_specs[] = {
  { INDEXER_DATABASE_NOT_FOUND, "database_not_found", FALSE, "Database not found" },
  { INDEXER_DATABASE_EXISTS, "database_exists", FALSE, "Database already exists" },
  { INDEXER_NO_DATABASE_SELECTED, "no_database_selected", FALSE, "No database selected" },
  { INDEXER_INVALID_SCHEMA, "invalid_schema", FALSE, "Invalid schema" },
  { INDEXER_INVALID_QUERY, "invalid_query", FALSE, "Invalid query" },
  { INDEXER_INVALID_DOCUMENT, "invalid_document", FALSE, "Invalid document" },
  { INDEXER_FIELD_NOT_FOUND, "field_not_found", FALSE, "Field not found" },
  { INDEXER_INDEX_ERROR, "index_error", FALSE, "Index error" },
  { 0 },
};
