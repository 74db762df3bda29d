/* secret-seal.c: see secret-seal.h. Pure; any thread. */
#include "secret-seal.h"

#include <string.h>

#include <sodium.h>

enum
{
  FORMAT = 1,
};

G_STATIC_ASSERT (PROC_SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
G_STATIC_ASSERT (PROC_SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
G_STATIC_ASSERT (PROC_SEAL_OVERHEAD == 1 + PROC_SEAL_NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES);

/* "hero_proc.secret.v1" NUL, context, version (both u32 little endian), name. */
static GByteArray *
associated_data (const ProcSealLabel *label)
{
  static const char domain[] = "hero_proc.secret.v1"; /* its NUL counts */
  guint32 numbers[] = { GUINT32_TO_LE (label->context), GUINT32_TO_LE (label->version) };
  GByteArray *data = g_byte_array_new ();

  g_byte_array_append (data, (const guint8 *)domain, sizeof domain);
  g_byte_array_append (data, (const guint8 *)numbers, sizeof numbers);
  g_byte_array_append (data, (const guint8 *)label->name, strlen (label->name));
  return data;
}

GBytes *
proc_seal_with_nonce (const guint8 *key, const guint8 *nonce, const ProcSealLabel *label, const char *value)
{
  g_autoptr (GByteArray) data = associated_data (label);
  gsize length = strlen (value);
  guint8 *record = g_malloc (PROC_SEAL_OVERHEAD + length);

  record[0] = FORMAT;
  memcpy (record + 1, nonce, PROC_SEAL_NONCE);
  crypto_aead_xchacha20poly1305_ietf_encrypt (record + 1 + PROC_SEAL_NONCE, NULL, (const guint8 *)value, length,
                                              data->data, data->len, NULL, nonce, key);
  return g_bytes_new_take (record, PROC_SEAL_OVERHEAD + length);
}

GBytes *
proc_seal (const guint8 *key, const ProcSealLabel *label, const char *value)
{
  guint8 nonce[PROC_SEAL_NONCE];

  randombytes_buf (nonce, sizeof nonce);
  return proc_seal_with_nonce (key, nonce, label, value);
}

char *
proc_seal_open (const guint8 *key, const ProcSealLabel *label, GBytes *record, GError **error)
{
  g_autoptr (GByteArray) data = associated_data (label);
  gsize length, value_length = proc_seal_get_length (record);
  const guint8 *bytes = g_bytes_get_data (record, &length);
  g_autofree char *value = g_malloc0 (value_length + 1);

  if (length >= PROC_SEAL_OVERHEAD && bytes[0] == FORMAT
      && crypto_aead_xchacha20poly1305_ietf_decrypt ((guint8 *)value, NULL, NULL, bytes + 1 + PROC_SEAL_NONCE,
                                                     length - 1 - PROC_SEAL_NONCE, data->data, data->len, bytes + 1,
                                                     key)
             == 0)
    return g_steal_pointer (&value);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the record of '%s' cannot be opened with this key",
               label->name);
  return NULL;
}

gsize
proc_seal_get_length (GBytes *record)
{
  gsize length = g_bytes_get_size (record);

  return length > PROC_SEAL_OVERHEAD ? length - PROC_SEAL_OVERHEAD : 0;
}

char *
proc_seal_key_id (const guint8 *key)
{
  guint8 hash[32];
  char hex[2 * PROC_SEAL_KEY_ID + 1];

  crypto_generichash (hash, sizeof hash, key, PROC_SEAL_KEY, NULL, 0);
  return g_strdup (sodium_bin2hex (hex, sizeof hex, hash, PROC_SEAL_KEY_ID));
}
