/*
 * secret-seal.h: a secret as it lies on the disk (contract 14): one byte 1, a random nonce of 24 bytes, the
 * XChaCha20-Poly1305-IETF ciphertext with its tag. Context, version and name are authenticated with it, so that a
 * record cannot take another one's place. Pure; any thread, after sodium_init.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

enum
{
  PROC_SEAL_KEY = 32,
  PROC_SEAL_KEY_ID = 8,
  PROC_SEAL_NONCE = 24,
  PROC_SEAL_OVERHEAD = 1 + PROC_SEAL_NONCE + 16, /* bytes of a record over those of its value */
};

/* What a record is bound to. */
typedef struct
{
  guint32 context;
  guint32 version;
  const char *name;
} ProcSealLabel;

/* key: PROC_SEAL_KEY bytes. Transfer full. */
GBytes *proc_seal (const guint8 *key, const ProcSealLabel *label, const char *value);
/* The same with a nonce that is given: for tests only, a nonce must never be used twice. */
GBytes *proc_seal_with_nonce (const guint8 *key, const guint8 *nonce, const ProcSealLabel *label, const char *value);
/* The value; transfer full. G_IO_ERROR_INVALID_DATA: another key or label, or a damaged record. */
char *proc_seal_open (const guint8 *key, const ProcSealLabel *label, GBytes *record, GError **error);
/* Bytes of the value in a record; no key needed. */
gsize proc_seal_get_length (GBytes *record);
/* The first 8 bytes of BLAKE2b-256 of the key as 16 hex digits: tells keys apart, reveals nothing. Transfer full. */
char *proc_seal_key_id (const guint8 *key);

G_END_DECLS
