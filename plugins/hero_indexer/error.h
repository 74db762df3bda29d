/* error.h: the error codes of hero_indexer (contract 11). The GError code is the JSON-RPC code itself. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/error.h>

G_BEGIN_DECLS

#define INDEXER_ERROR (indexer_error_quark ())
GQuark indexer_error_quark (void);

typedef enum
{
  INDEXER_DATABASE_NOT_FOUND = -32001,
  INDEXER_DATABASE_EXISTS = -32002,
  INDEXER_NO_DATABASE_SELECTED = -32003,
  INDEXER_INVALID_SCHEMA = -32004,
  INDEXER_INVALID_QUERY = -32005,
  INDEXER_INVALID_DOCUMENT = -32006,
  INDEXER_FIELD_NOT_FOUND = -32007,
  INDEXER_INDEX_ERROR = -32008,
  INDEXER_INVALID_PARAMS = HERO_RPC_INVALID_PARAMS,
} IndexerError;

/*
 * Further members of error.data ("hint", "path", "index"), carried by errors of INDEXER_ERROR; other errors are left as
 * they are. get_data returns NULL when there are none (transfer full).
 */
void indexer_error_add_text (GError *error, const char *member, const char *text);
/* 'text' for a message, cut to a few words. (transfer full) */
char *indexer_error_quote (const char *text);
/* -32602 "parameter 'PARAM': PLACE: expected EXPECTED, got GOT"; place "" = the parameter itself. */
void indexer_error_set_param (GError **error, const char *param, const char *place, const char *expected,
                              const char *got);
void indexer_error_add_index (GError *error, guint index);
JsonObject *indexer_error_get_data (const GError *error);

/* For HeroRpcSpec.errors: ends with code 0. */
extern const HeroRpcErrorSpec indexer_error_specs[];

G_END_DECLS
