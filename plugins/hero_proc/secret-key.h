/*
 * secret-key.h: the key of the secret store: 32 bytes in a file of exactly mode 0600 that belongs to us, and in memory
 * that is locked, guarded and wiped (sodium_malloc). A file that breaks a rule is named and left as it is. Blocks for a
 * small local file; any thread.
 */
#pragma once

#include <gio/gio.h>

#include "secret-seal.h"

G_BEGIN_DECLS

typedef struct _ProcSecretKey ProcSecretKey;

/* NULL: the memory cannot be had. */
ProcSecretKey *proc_secret_key_new_random (GError **error);
/* Fails with G_IO_ERROR_NOT_FOUND when there is no file, with another code and the broken rule otherwise. */
ProcSecretKey *proc_secret_key_load (const char *path, GError **error);
/* Written, synced, renamed to path. Fails when `path` exists: no key is ever overwritten. */
gboolean proc_secret_key_save (const ProcSecretKey *self, const char *path, GError **error);
/* The name `to` means from now on, over a power cut too, what `from` did; an old `to` is gone. */
gboolean proc_secret_key_rename (const char *from, const char *to, GError **error);
ProcSecretKey *proc_secret_key_ref (ProcSecretKey *self);
void proc_secret_key_unref (ProcSecretKey *self); /* the last one wipes it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSecretKey, proc_secret_key_unref)

const guint8 *proc_secret_key_bytes (const ProcSecretKey *self); /* PROC_SEAL_KEY */
const char *proc_secret_key_id (const ProcSecretKey *self);      /* hex */

G_END_DECLS
