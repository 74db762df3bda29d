/*
 * rpc-table.h: a service's methods, compiled once from its HeroRpcSpec: name -> entry, defaults parsed, element sizes
 * of an older plugin evened out. Constant after hero_rpc_table_new, hence any thread.
 */
#pragma once

#include <hero-service/rpc.h>

G_BEGIN_DECLS

typedef struct
{
  HeroRpcParam spec;
  char *camel;        /* camelCase form, NULL when it is the same */
  char **aliases;     /* or NULL */
  char **words;       /* of an ENUM, or NULL */
  char *expected;     /* "integer 1..1000" */
  JsonNode *fallback; /* or NULL */
} HeroRpcParamEntry;

typedef struct
{
  HeroRpcMethod spec;
  const char *domain;
  guint n_params;
  HeroRpcParamEntry *params;
} HeroRpcEntry;

typedef struct
{
  HeroRpcSpec spec;
  GPtrArray *entries;  /* HeroRpcEntry in table order */
  GHashTable *by_name; /* name or alias -> HeroRpcEntry */
  GArray *schemas;     /* HeroRpcSchema */
  GArray *errors;      /* HeroRpcErrorSpec: the shared ones and the service's */
} HeroRpcTable;

/* domain: of methods that name none; lives as long as the table. spec may be NULL: a table without methods. */
HeroRpcTable *hero_rpc_table_new (const HeroRpcSpec *spec, const char *domain);
void hero_rpc_table_free (HeroRpcTable *table);
/* Adds the SDK's own methods (rpc.*): dispatched, not listed. */
void hero_rpc_table_add_reserved (HeroRpcTable *table, const HeroRpcMethod *methods);
const HeroRpcEntry *hero_rpc_table_lookup (const HeroRpcTable *table, const char *name);
/* The listed name nearest to a wrong one, NULL when none is near. */
const char *hero_rpc_table_nearest (const HeroRpcTable *table, const char *name);
/* NULL for a code nobody declared. */
const HeroRpcErrorSpec *hero_rpc_table_error (const HeroRpcTable *table, int code);

G_END_DECLS
