/*
 * secret-ref.h: references to secrets in definitions and records (contract 3.2): "VARIABLE=context:key", sorted by
 * variable; an empty context means the one of who defines it. Never a value. Pure; any thread.
 */
#pragma once

#include "reader.h"

G_BEGIN_DECLS

/* The member `env_secrets`: a map variable -> key or {key, context}. Transfer full, never NULL. */
char **proc_secret_refs_read (ProcReader *reader);
/* Transfer full. */
JsonObject *proc_secret_refs_to_json (char **refs);
/* The same references, none with an empty context. Transfer full. */
char **proc_secret_refs_resolve (char **refs, guint32 own_context);
/* The key of a reference to another context than the given one, or NULL. */
const char *proc_secret_refs_foreign (char **refs, guint32 context);
/* Takes one apart; its variable is `length` bytes long. FALSE, and *context untouched: its context is empty. */
gboolean proc_secret_ref_parse (const char *ref, gsize *length, guint32 *context, const char **key);

G_END_DECLS
