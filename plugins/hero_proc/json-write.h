/* json-write.h: putting JSON together for clients: what is not measured or not there is null. Pure; any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* text NULL becomes null. */
void proc_json_set_text (JsonObject *object, const char *name, const char *text);
/* The value `none` becomes null. */
void proc_json_set_number (JsonObject *object, const char *name, gint64 value, gint64 none);

/* Of texts, NULL terminated. Transfer full. */
JsonArray *proc_json_from_texts (char *const *texts);
/* Of char *; NULL = none of them. Transfer full. */
JsonArray *proc_json_from_names (const GPtrArray *names);

G_END_DECLS
