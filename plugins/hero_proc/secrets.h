/*
 * secrets.h: the secret store (contract 14): sealed values in memory as in the journal, opened one at a time when they
 * are asked for. Without the right key file it is `locked`: what needs the key fails, the rest works, and nothing is
 * generated or overwritten; it opens by itself once the file is right again. Changes are made one after another.
 * Service thread; file work of a rotation on a worker.
 */
#pragma once

#include "journal.h"
#include "secret-key.h"

G_BEGIN_DECLS

enum
{
  PROC_MAX_SECRET = 64 * 1024, /* bytes of a value */
};

typedef struct _ProcSecrets ProcSecrets;

/* One secret as it is stored; its value only sealed. Read only; valid until the next return to the loop. */
typedef struct
{
  guint32 context;
  char *key;
  char *description;
  guint32 version; /* from 1 */
  gint64 created_at, updated_at;
  GBytes *sealed;
} ProcSecret;

typedef struct
{
  ProcJournal *journal;
  const char *key_file;
  void (*event) (gpointer owner, const char *event, JsonObject *data); /* data is taken */
  void (*log) (gpointer owner, guint level, const char *text);
  gpointer owner;
} ProcSecretsSetup;

/* Makes the key file if there is none and no secret is stored; finishes a rotation that was interrupted. Blocks. */
ProcSecrets *proc_secrets_new (const ProcSecretsSetup *setup, const ProcLoaded *loaded);
void proc_secrets_free (ProcSecrets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSecrets, proc_secrets_free)

/* NULL: open. Else what is wrong, borrowed until the next call. Looks whether the key file changed. */
const char *proc_secrets_why_locked (ProcSecrets *self);
const char *proc_secrets_get_key_file (ProcSecrets *self);
const char *proc_secrets_get_key_id (ProcSecrets *self); /* of the key that is needed; NULL = none yet */

/* ---- questions */
const ProcSecret *proc_secrets_find (ProcSecrets *self, guint32 context, const char *key); /* NULL = not there */
/* By context, then key. prefix NULL = all keys. Transfer container. */
GPtrArray *proc_secrets_list (ProcSecrets *self, gboolean any_context, guint32 context, const char *prefix);
gsize proc_secret_get_length (const ProcSecret *secret); /* bytes of the value */
/* The value; transfer full. PROC_ERROR_LOCKED, or PROC_ERROR_DAMAGED. */
char *proc_secrets_open (ProcSecrets *self, const ProcSecret *secret, GError **error);

/* ---- changes. done comes once, now or later, when it is durable; error is NULL or borrowed. */
/* number: the new version (set), the records sealed anew (rotate), else 0. */
typedef void (*ProcSecretDone) (const GError *error, guint number, gpointer data);
/* PROC_ERROR_EXISTS with if_absent; PROC_ERROR_LOCKED. */
void proc_secrets_set (ProcSecrets *self, guint32 context, const char *key, const char *value, const char *description,
                       gboolean if_absent, ProcSecretDone done, gpointer data);
/* PROC_ERROR_SECRET_NOT_FOUND. Works when locked. */
void proc_secrets_delete (ProcSecrets *self, guint32 context, const char *key, ProcSecretDone done, gpointer data);
/* A new key for all: written to <key file>.new, all records sealed anew in one transaction, then put in place. */
void proc_secrets_rotate (ProcSecrets *self, ProcSecretDone done, gpointer data);

G_END_DECLS
