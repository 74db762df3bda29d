/* document.c: JSON documents to records and back. Any thread. */
#include "document.h"

#include <string.h>

#include "json-text.h"

#define MAX_VALUES 10000 /* of one field */
#define MAX_BYTES (16 * 1024 * 1024)
#define MAX_TERM 65530

/* One value: field (2 bytes), length (4 bytes), data; little-endian. */
#define HEAD 6

static void
write_head (GByteArray *out, guint at, guint field, gsize length)
{
  guint16 f = GUINT16_TO_LE (field);
  guint32 n = GUINT32_TO_LE (length);

  memcpy (out->data + at, &f, sizeof f);
  memcpy (out->data + at + sizeof f, &n, sizeof n);
}

static void
skip (GArray *skipped, guint index, const IndexerField *field, const char *expected, const char *got)
{
  IndexerSkipped item = { index, field->name, expected, got };

  g_array_append_val (skipped, item);
}

static void
encode_value (const IndexerField *field, guint number, JsonNode *node, guint index, GByteArray *out, GArray *skipped)
{
  guint at = out->len;

  if (JSON_NODE_HOLDS_NULL (node))
    return;
  g_byte_array_set_size (out, at + HEAD);
  if (!indexer_value_encode (field->type, node, out))
    {
      g_byte_array_set_size (out, at);
      skip (skipped, index, field, indexer_type_expects (field->type), indexer_node_kind (node));
      return;
    }
  write_head (out, at, number, out->len - at - HEAD);
  if (field->type == INDEXER_STR && field->indexed && out->len - at - HEAD > MAX_TERM)
    skip (skipped, index, field, "a term of at most 65530 bytes", "a longer one: stored, not indexed");
}

static gboolean
encode_member (const IndexerField *field, guint number, JsonNode *node, guint index, GByteArray *out, GArray *skipped,
               GError **error)
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    {
      encode_value (field, number, node, index, out, skipped);
      return TRUE;
    }
  array = json_node_get_array (node);
  if (json_array_get_length (array) > MAX_VALUES)
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_INVALID_DOCUMENT,
                   "Invalid document: field '%s': %u values, at most %d are allowed", field->name,
                   json_array_get_length (array), MAX_VALUES);
      return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    encode_value (field, number, json_array_get_element (array, i), index, out, skipped);
  return TRUE;
}

GBytes *
indexer_document_encode (IndexerSchema *schema, JsonNode *node, guint index, GArray *skipped, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_INVALID_DOCUMENT, "Invalid document: Document must be a JSON object");
      return NULL;
    }
  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      int number = indexer_schema_require (schema, name, error);

      if (number < 0
          || !encode_member (indexer_schema_get_field (schema, number), number, value, index, out, skipped, error))
        return NULL;
      if (out->len > MAX_BYTES)
        {
          g_set_error (error, INDEXER_ERROR, INDEXER_INVALID_DOCUMENT, "Invalid document: larger than %d bytes",
                       MAX_BYTES);
          return NULL;
        }
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

void
indexer_record_walk (IndexerRecordWalk *walk, const guint8 *record, gsize length)
{
  walk->at = record;
  walk->end = record + length;
}

gboolean
indexer_record_next (IndexerRecordWalk *walk, guint *field, const guint8 **data, gsize *length)
{
  guint16 f;
  guint32 n;

  if (walk->end - walk->at < HEAD)
    return FALSE;
  memcpy (&f, walk->at, sizeof f);
  memcpy (&n, walk->at + sizeof f, sizeof n);
  *field = GUINT16_FROM_LE (f);
  *length = GUINT32_FROM_LE (n);
  if ((gsize)(walk->end - walk->at - HEAD) < *length)
    return FALSE;
  *data = walk->at + HEAD;
  walk->at = *data + *length;
  return TRUE;
}

void
indexer_document_print (IndexerSchema *schema, const guint8 *record, gsize length, GString *out)
{
  IndexerRecordWalk walk;
  guint field, open = G_MAXUINT, n_values = 0;
  const guint8 *data;
  gsize n, value_at = 0;

  g_string_append_c (out, '{');
  indexer_record_walk (&walk, record, length);
  while (indexer_record_next (&walk, &field, &data, &n))
    {
      const IndexerField *info;

      if (field >= indexer_schema_get_n_fields (schema) || !(info = indexer_schema_get_field (schema, field))->stored)
        continue;
      if (field == open)
        {
          if (n_values++ == 1)
            g_string_insert_c (out, value_at, '['); /* the second value makes it an array */
          g_string_append_c (out, ',');
        }
      else
        {
          if (n_values > 1)
            g_string_append_c (out, ']');
          if (open != G_MAXUINT)
            g_string_append_c (out, ',');
          indexer_json_append_string (out, info->name, -1);
          g_string_append_c (out, ':');
          value_at = out->len;
          open = field;
          n_values = 1;
        }
      indexer_value_print (info->type, data, n, out);
    }
  g_string_append (out, n_values > 1 ? "]}" : "}");
}
