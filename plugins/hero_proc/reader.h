/*
 * reader.h: takes a JSON object apart, member by member. Names may be snake_case or camelCase and have aliases, written
 * "cwd|dir|workdir". The first error sticks: later reads do nothing, proc_reader_end tells it. Members nobody asked for
 * become warnings that name the nearest known one. Pure; any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "errors.h"

G_BEGIN_DECLS

typedef struct
{
  const char *where;   /* prefix of names in messages: "spec", "spec.retry_policy" */
  GHashTable *members; /* snake_case name -> JsonNode, borrowed from the object; taken out when read */
  GPtrArray *known;    /* every name asked for */
  GError *error;
} ProcReader;

void proc_reader_init (ProcReader *self, JsonObject *object, const char *where);
/* Ends reading. Unknown members are added to `warnings` (NULL = they do not matter). FALSE: *error is the first error.
 */
gboolean proc_reader_end (ProcReader *self, GPtrArray *warnings, GError **error);

/* The value under any of the names, NULL when absent or null. Two of the names given is an error. */
JsonNode *proc_reader_node (ProcReader *self, const char *names);
gboolean proc_reader_bool (ProcReader *self, const char *names, gboolean fallback);
gint64 proc_reader_int (ProcReader *self, const char *names, gint64 min, gint64 max, gint64 fallback);
double proc_reader_number (ProcReader *self, const char *names, double min, double max, double fallback);
/* Transfer full; NULL when absent. At most `max` bytes. */
char *proc_reader_text (ProcReader *self, const char *names, gsize max);
/* An index into words. */
guint proc_reader_word (ProcReader *self, const char *names, const char *const *words, guint fallback);
/* Transfer full, never NULL. One text is an array of one. */
char **proc_reader_texts (ProcReader *self, const char *names, guint max_count, gsize max);
/* An object, borrowed, or NULL. */
JsonObject *proc_reader_object (ProcReader *self, const char *names);
/* A map name -> scalar as sorted "NAME=value" lines; numbers and booleans become text. Transfer full, never NULL. */
char **proc_reader_env (ProcReader *self, const char *names);
/* Members of features this version does not have: only their empty value (null, false, 0, "", [], {}) is taken. */
void proc_reader_refuse (ProcReader *self, const char *const *names);

/* Fails the reading of `name`. */
void proc_reader_fail (ProcReader *self, const char *name, const char *expected, const char *found);

/* "string", "integer", .. for messages. */
const char *proc_json_type (JsonNode *node);
/* The one of `names` that is nearest to `name` (edit distance at most 3), or NULL. */
const char *proc_nearest_name (const char *name, GPtrArray *names);

G_END_DECLS
