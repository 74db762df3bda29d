/* spec-zinit.h: the definition form of zinit 0.3 (contract 3.1, 15), turned into ours. Pure; any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* TRUE for an object with `exec` at the top or inside a section `service`. */
gboolean proc_spec_is_zinit (JsonObject *object);
/* The ServiceSpec with its one ActionSpec inline. Transfer full. */
JsonObject *proc_spec_from_zinit (JsonObject *object, GPtrArray *warnings, GError **error);

G_END_DECLS
