/*
 * json.h: strict JSON from outside (conventions 5.2). One RFC 8259 reader checks and builds json-glib's tree itself:
 * json-glib's own parser accepts comments, cuts strings at U+0000, changes integers beyond int64 and crashes on deep
 * nesting. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define HERO_JSON_MAX_DEPTH 64

#define HERO_JSON_ERROR (hero_json_error_quark ())
GQuark hero_json_error_quark (void);
typedef enum
{
  HERO_JSON_ERROR_SYNTAX, /* not RFC 8259, bad UTF-8, lone surrogate, text after the value: -32700 */
  HERO_JSON_ERROR_DEPTH,  /* nested deeper than HERO_JSON_MAX_DEPTH: -32700 */
  HERO_JSON_ERROR_VALUE,  /* legal JSON we do not take: integer outside int64, number not finite, U+0000: -32602 */
} HeroJsonError;

/* Checks without building anything. The message names line and column (in characters). length -1 = NUL-terminated. */
gboolean hero_json_check (const char *text, gssize length, GError **error);
/* The same checks, and the tree. Of doubled members the last counts. Returns (transfer full) or NULL. */
JsonNode *hero_json_parse (const char *text, gssize length, GError **error);
/* Compact text of a node; length may be NULL. (transfer full) */
char *hero_json_print (JsonNode *node, gsize *length);

G_END_DECLS
