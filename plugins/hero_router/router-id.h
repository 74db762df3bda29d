/* router-id.h: names that stay the same everywhere: service ids and document fingerprints (contract 4.4). Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* UUID v5 of "hero://service/<directory>"; transfer full. */
char *router_service_id (const char *directory);
/*
 * Lowercase hex MD5 of the canonical form of a JSON text: keys sorted by bytes, no blanks, numbers as received, other than
 * ASCII as it is. json: text that hero_json_check accepts. transfer full.
 */
char *router_fingerprint (const char *json);
/* The canonical form itself; transfer full. */
char *router_canonical_json (const char *json);

G_END_DECLS
