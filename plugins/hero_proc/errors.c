/* errors.c: see errors.h. Any thread. */
#include "errors.h"

typedef struct
{
  char *param;
  char *expected;
  char *field;
  guint position;
  char **names;
  JsonArray *holders;
} ProcErrorPrivate;

static void
proc_error_private_init (ProcErrorPrivate *priv)
{
}

static void
proc_error_private_copy (const ProcErrorPrivate *from, ProcErrorPrivate *to)
{
  to->param = g_strdup (from->param);
  to->expected = g_strdup (from->expected);
  to->field = g_strdup (from->field);
  to->position = from->position;
  to->names = g_strdupv (from->names);
  to->holders = from->holders != NULL ? json_array_ref (from->holders) : NULL;
}

static void
proc_error_private_clear (ProcErrorPrivate *priv)
{
  g_free (priv->param);
  g_free (priv->expected);
  g_free (priv->field);
  g_strfreev (priv->names);
  g_clear_pointer (&priv->holders, json_array_unref);
}

G_DEFINE_EXTENDED_ERROR (ProcError, proc_error)

GError *
proc_error_new_param (const char *param, const char *expected, const char *found)
{
  GError *error = g_error_new (PROC_ERROR, PROC_ERROR_INVALID_PARAM, "parameter '%s': expected %s, got %s", param,
                               expected, found);
  ProcErrorPrivate *priv = proc_error_get_private (error);

  priv->param = g_strdup (param);
  priv->expected = g_strdup (expected);
  return error;
}

GError *
proc_error_new_cron (const char *param, const char *field, guint position, const char *expected, const char *found)
{
  GError *error
      = g_error_new (PROC_ERROR, PROC_ERROR_INVALID_CRON, "parameter '%s': %s (character %u): expected %s, got %s",
                     param, field, position, expected, found);
  ProcErrorPrivate *priv = proc_error_get_private (error);

  priv->param = g_strdup (param);
  priv->expected = g_strdup (expected);
  priv->field = g_strdup (field);
  priv->position = position;
  return error;
}

const char *
proc_error_get_param (const GError *error)
{
  return error->domain == PROC_ERROR ? ((ProcErrorPrivate *)proc_error_get_private (error))->param : NULL;
}

const char *
proc_error_get_expected (const GError *error)
{
  return error->domain == PROC_ERROR ? ((ProcErrorPrivate *)proc_error_get_private (error))->expected : NULL;
}

gboolean
proc_error_get_cron (const GError *error, const char **field, guint *position)
{
  const ProcErrorPrivate *priv;

  if (!g_error_matches (error, PROC_ERROR, PROC_ERROR_INVALID_CRON))
    return FALSE;
  priv = proc_error_get_private (error);
  *field = priv->field;
  *position = priv->position;
  return TRUE;
}

GError *
proc_error_new_names (ProcErrorCode code, const char *text, const char *separator, const char *const *names)
{
  g_autofree char *list = g_strjoinv (separator, (char **)names);
  GError *error = g_error_new (PROC_ERROR, (int)code, "%s%s", text, list);
  ProcErrorPrivate *priv = proc_error_get_private (error);

  priv->names = g_strdupv ((char **)names);
  return error;
}

const char *const *
proc_error_get_names (const GError *error)
{
  return error->domain == PROC_ERROR ? (const char *const *)((ProcErrorPrivate *)proc_error_get_private (error))->names
                                     : NULL;
}

GError *
proc_error_new_blocked (const char *message, JsonArray *holders)
{
  GError *error = g_error_new_literal (PROC_ERROR, PROC_ERROR_BLOCKED, message);
  ProcErrorPrivate *priv = proc_error_get_private (error);

  priv->holders = holders != NULL ? json_array_ref (holders) : NULL;
  return error;
}

JsonArray *
proc_error_get_holders (const GError *error)
{
  return error->domain == PROC_ERROR ? ((ProcErrorPrivate *)proc_error_get_private (error))->holders : NULL;
}
