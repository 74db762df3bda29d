/*
 * json-text.h: appends JSON to a string. Hits are written as text, because json-glib cannot hold a u64 and does not
 * print the shortest form of a number. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A quoted string; text is valid UTF-8 without U+0000. */
void indexer_json_append_string (GString *out, const char *text, gssize length);
/* The shortest text that reads back as the same number, always with fraction or exponent; value is finite. */
void indexer_json_append_double (GString *out, double value);
void indexer_json_append_float (GString *out, float value);

G_END_DECLS
