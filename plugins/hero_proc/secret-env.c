/* secret-env.c: see secret-env.h. Service thread. */
#include "secret-env.h"

/* FNV-1a over the place and the version of each secret. */
static void
add_to_stamp (guint64 *stamp, guint64 number)
{
  for (guint i = 0; i < 8; i++)
    *stamp = (*stamp ^ (number >> (8 * i) & 0xff)) * G_GUINT64_CONSTANT (0x100000001b3);
}

guint64
proc_secret_env_stamp (ProcSecrets *secrets, char **refs, guint32 own_context)
{
  guint64 stamp = refs[0] != NULL ? G_GUINT64_CONSTANT (0xcbf29ce484222325) : 0;

  for (guint i = 0; refs[i] != NULL; i++)
    {
      gsize length;
      guint32 context = own_context;
      const char *key;
      const ProcSecret *secret;

      proc_secret_ref_parse (refs[i], &length, &context, &key);
      secret = proc_secrets_find (secrets, context, key);
      add_to_stamp (&stamp, g_str_hash (key));
      add_to_stamp (&stamp, context);
      add_to_stamp (&stamp, secret != NULL ? secret->version : 0);
      add_to_stamp (&stamp, secret != NULL ? (guint64)secret->updated_at : 0);
    }
  return stamp >> 1; /* a JSON integer has 63 bits */
}

/* The value of one secret; transfer full. */
static char *
get_value (ProcSecrets *secrets, guint32 context, const char *key, GError **error)
{
  const ProcSecret *secret = proc_secrets_find (secrets, context, key);
  g_autoptr (GError) local = NULL;
  char *value = secret != NULL ? proc_secrets_open (secrets, secret, &local) : NULL;

  if (secret == NULL)
    g_set_error (error, PROC_ERROR, PROC_ERROR_SECRET_MISSING, "the secret '%s' of context %u is not there", key,
                 context);
  else if (value == NULL)
    g_set_error (error, PROC_ERROR, PROC_ERROR_SECRET_MISSING, "the secret '%s' of context %u cannot be had: %s", key,
                 context, local->message);
  return value;
}

ProcSecretEnv *
proc_secret_env_new (ProcSecrets *secrets, char **refs, guint32 own_context, GError **error)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  ProcSecretEnv *self;

  for (guint i = 0; refs[i] != NULL; i++)
    {
      gsize length;
      guint32 context = own_context;
      const char *key;
      g_autofree char *line = NULL;
      char *value;

      proc_secret_ref_parse (refs[i], &length, &context, &key);
      value = get_value (secrets, context, key, error);
      if (value == NULL)
        return NULL;
      g_ptr_array_add (values, value);
      line = g_strdup_printf ("%.*s=%s", (int)length, refs[i], value);
      g_strv_builder_add (lines, line);
    }
  g_ptr_array_add (values, NULL);
  self = g_new (ProcSecretEnv, 1);
  self->environment = g_strv_builder_end (lines);
  self->redaction = proc_redaction_new ((const char *const *)values->pdata);
  return self;
}

void
proc_secret_env_free (ProcSecretEnv *self)
{
  g_strfreev (self->environment);
  g_clear_pointer (&self->redaction, proc_redaction_unref);
  g_free (self);
}
