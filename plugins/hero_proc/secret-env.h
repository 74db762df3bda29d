/*
 * secret-env.h: secrets in the environment of children (contract 3.2, 14). Definitions and records hold references
 * only, "VARIABLE=context:key", sorted by variable; an empty context means the one of who defines it. The values are
 * put together when a process is started. Service thread; what concerns references alone is pure.
 */
#pragma once

#include "reader.h"
#include "redaction.h"
#include "secrets.h"

G_BEGIN_DECLS

/* The member `env_secrets`: a map variable -> key or {key, context}. Transfer full, never NULL. */
char **proc_secret_refs_read (ProcReader *reader);
/* Transfer full. */
JsonObject *proc_secret_refs_to_json (char **refs);
/* The same references, none with an empty context. Transfer full. */
char **proc_secret_refs_resolve (char **refs, guint32 own_context);
/* A reference to another context than the given one, or NULL. */
const char *proc_secret_refs_foreign (char **refs, guint32 context);

/* What one attempt gets. */
typedef struct
{
  char **environment;       /* "VARIABLE=value" */
  ProcRedaction *redaction; /* of these values; NULL = none to hide */
  guint64 stamp; /* which versions these are; proc_secret_refs_stamp tells whether they still are the newest */
} ProcSecretEnv;

/* own_context: of the job. PROC_ERROR_SECRET_MISSING names the secret that is not there or cannot be opened. */
ProcSecretEnv *proc_secret_env_new (ProcSecrets *secrets, char **refs, guint32 own_context, GError **error);
void proc_secret_env_free (ProcSecretEnv *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSecretEnv, proc_secret_env_free)

/* 0 = there are no references. */
guint64 proc_secret_refs_stamp (ProcSecrets *secrets, char **refs, guint32 own_context);

G_END_DECLS
