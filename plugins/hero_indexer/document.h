/*
 * document.h: a document as it is stored: a record of (field number, encoded value) pairs. Making one checks the JSON
 * against the schema; printing gives the stored fields back. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "schema.h"

G_BEGIN_DECLS

/* A value that did not fit its field and was left out. Strings are static or owned by the schema. */
typedef struct
{
  guint index; /* of the document in its batch */
  const char *field;
  const char *expected;
  const char *got;
} IndexerSkipped;

/*
 * node -> record. Values that do not fit are left out and appended to skipped (IndexerSkipped).
 * Errors: INDEXER_INVALID_DOCUMENT, INDEXER_FIELD_NOT_FOUND.
 */
GBytes *indexer_document_encode (IndexerSchema *schema, JsonNode *node, guint index, GArray *skipped, GError **error);
/* Appends the document's stored fields as a JSON object. */
void indexer_document_print (IndexerSchema *schema, const guint8 *record, gsize length, GString *out);

/* Walks the values of a record: while (indexer_record_next (&walk, &field, &data, &n)). */
typedef struct
{
  const guint8 *at, *end;
} IndexerRecordWalk;
void indexer_record_walk (IndexerRecordWalk *walk, const guint8 *record, gsize length);
/* FALSE at the end. A record is written by this build only; a damaged one ends early rather than reading past its end.
 */
gboolean indexer_record_next (IndexerRecordWalk *walk, guint *field, const guint8 **data, gsize *length);

G_END_DECLS
