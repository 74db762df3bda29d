/* secrets-private.h: the inside of the secret store, shared by secrets.c and secrets-key.c. Service thread. */
#pragma once

#include "secrets.h"

G_BEGIN_DECLS

struct _ProcSecrets
{
  ProcSecretsSetup setup;
  GHashTable *secrets; /* set of ProcSecret, by context and key */
  guint unreadable;    /* records that are stored and cannot be read */

  char *key_file, *next_file; /* the key, and the one to come during a rotation */
  ProcSecretKey *key;         /* NULL = locked */
  char *locked;               /* why, NULL = open */
  char *recorded_id;          /* of the key the records are sealed with, as the journal has it */
  struct stat *seen;          /* the key file when it was read last; all 0 = there was none */

  GQueue *changes; /* Change: those that wait; the first one is being made */
  gboolean rotating;
};

/* ---- secrets-key.c: which key is in use */
/* Takes the key from its file, by the rules of contract 14; sets key or locked. Blocks for small files. */
void proc_secrets_load_key (ProcSecrets *self);
/* Does the file work of a rotation and answers done (error, number of records, data). The store must be open. */
void proc_secrets_rotate_now (ProcSecrets *self, ProcSecretDone done, gpointer data);

/* ---- secrets.c */
ProcSealLabel proc_secret_label (const ProcSecret *secret);
void proc_batch_put_secret (ProcBatch *batch, const ProcSecret *secret);
void proc_batch_put_key_id (ProcBatch *batch, const char *id);

G_END_DECLS
