/* errors.c: see errors.h. Any thread. */
#include "errors.h"

typedef struct
{
  char *param;
  char *expected;
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
}

static void
proc_error_private_clear (ProcErrorPrivate *priv)
{
  g_free (priv->param);
  g_free (priv->expected);
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
