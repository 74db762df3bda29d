/*
 * value.h: the field types and the one binary form of a value (contract 4.3). The form is what is stored, what is
 * indexed and what a query looks up, so the three cannot differ: text as UTF-8; numbers, dates and addresses big-endian
 * and in the order of their values. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  INDEXER_TEXT,
  INDEXER_STR,
  INDEXER_U64,
  INDEXER_I64,
  INDEXER_F64,
  INDEXER_BOOL,
  INDEXER_DATE,
  INDEXER_JSON,
  INDEXER_BYTES,
  INDEXER_IP,
  INDEXER_N_TYPES,
} IndexerType;

const char *indexer_type_name (IndexerType type);
gboolean indexer_type_parse (const char *name, IndexerType *type);
/* What a document must hold, for messages: "an integer 0..18446744073709551615". */
const char *indexer_type_expects (IndexerType type);
/* What a node is, for messages: "string", "number", "integer", "null", .. */
const char *indexer_node_kind (JsonNode *node);

/* Appends the binary form of one value. FALSE, nothing appended: the node does not fit the type. */
gboolean indexer_value_encode (IndexerType type, JsonNode *node, GByteArray *out);
/* The same from text as a person types it into a query: "42", "true", "2024-01-15". */
gboolean indexer_value_encode_text (IndexerType type, const char *text, GByteArray *out);
/* Appends the JSON text of an encoded value. */
void indexer_value_print (IndexerType type, const guint8 *data, gsize length, GString *out);

G_END_DECLS
