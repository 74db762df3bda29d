/*
 * query.h: a query in JSON, checked against a schema (contract 5). This version knows all, match and term. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "schema.h"

G_BEGIN_DECLS

typedef enum
{
  INDEXER_QUERY_ALL,   /* every document, score 1 */
  INDEXER_QUERY_TERMS, /* documents that have one of the terms, score BM25; no term = no document */
} IndexerQueryKind;

typedef struct
{
  IndexerQueryKind kind;
  guint field;
  GPtrArray *terms; /* GBytes, in the order of the words; a word given twice is there twice */
  gboolean flat;    /* frequencies count as 1 */
  float boost;
  GPtrArray *warnings; /* texts: keys that have no effect */
} IndexerQuery;

/* Errors: INDEXER_INVALID_PARAMS (shape), INDEXER_INVALID_QUERY, INDEXER_FIELD_NOT_FOUND. */
IndexerQuery *indexer_query_parse (IndexerSchema *schema, JsonObject *object, GError **error);
void indexer_query_free (IndexerQuery *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerQuery, indexer_query_free)

G_END_DECLS
