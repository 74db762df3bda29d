/*
 * secret-env.h: secrets in the environment of children (contract 14): what is defined holds references, the values are
 * put together when a process is started. Service thread.
 */
#pragma once

#include "redaction.h"
#include "secret-ref.h"
#include "secrets.h"

G_BEGIN_DECLS

/* What one attempt gets. */
typedef struct
{
  char **environment;       /* "VARIABLE=value" */
  ProcRedaction *redaction; /* of these values; NULL = none to hide */
} ProcSecretEnv;

/* own_context: of the job. PROC_ERROR_SECRET_MISSING names the secret that is not there or cannot be opened. */
ProcSecretEnv *proc_secret_env_new (ProcSecrets *secrets, char **refs, guint32 own_context, GError **error);
void proc_secret_env_free (ProcSecretEnv *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSecretEnv, proc_secret_env_free)

/* Which versions the references mean now: another number once one of them was set or deleted. 0 = no references. */
guint64 proc_secret_env_stamp (ProcSecrets *secrets, char **refs, guint32 own_context);

G_END_DECLS
