/* json-internal.h: JSON for the JSON-RPC decoder, which must echo the id of a request whose values it refuses. */
#pragma once

#include <hero-service/json.h>

G_BEGIN_DECLS

/* Nodes whose value we do not take (HERO_JSON_ERROR_VALUE) -> what is wrong with it, as text. NULL = none. */
typedef GHashTable HeroJsonFlaws;

/*
 * As hero_json_parse, but a value we do not take is no error: its node is null and *flaws tells of it.
 * *flaws: transfer full, set only on success; NULL when all is well.
 */
JsonNode *hero_json_parse_flawed (const char *text, gsize length, HeroJsonFlaws **flaws, GError **error);

/* Appends compact JSON. node NULL = null. */
void hero_json_append (GString *out, JsonNode *node);
void hero_json_append_string (GString *out, const char *text);

G_END_DECLS
