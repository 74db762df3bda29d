/* schema.h: the fields of a database (contract 4.2). Immutable once parsed, shared by reference. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "error.h"
#include "value.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  IndexerType type;
  gboolean stored;
  gboolean indexed;
  gboolean fast;
  char *tokenizer; /* NULL unless text or json */
} IndexerField;

typedef struct _IndexerSchema IndexerSchema;

/*
 * Parses {"fields":[..]}. warnings (may be NULL) gets texts about options that have no effect.
 * Errors: INDEXER_INVALID_PARAMS for a wrong JSON shape, INDEXER_INVALID_SCHEMA for what the words say.
 */
IndexerSchema *indexer_schema_parse (JsonObject *object, GPtrArray *warnings, GError **error);
IndexerSchema *indexer_schema_ref (IndexerSchema *self);
void indexer_schema_unref (IndexerSchema *self);

guint indexer_schema_get_n_fields (IndexerSchema *self);
const IndexerField *indexer_schema_get_field (IndexerSchema *self, guint index);
/* -1: no such field. */
int indexer_schema_find (IndexerSchema *self, const char *name);
/* As schema.get answers it; indexer_schema_parse reads it back. (transfer full) */
JsonObject *indexer_schema_to_json (IndexerSchema *self);
/* The index, or -1 with INDEXER_FIELD_NOT_FOUND. */
int indexer_schema_require (IndexerSchema *self, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerSchema, indexer_schema_unref)

G_END_DECLS
