/* names.c: see names.h. Pure; any thread. */
#include "names.h"

#include <string.h>

static gboolean
is_word_char (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

/* First character alphanumeric or '_', the others that or one of `more`; 1..max bytes. */
static gboolean
matches (const char *text, const char *more, gsize max)
{
  gsize length = strlen (text);

  if (length == 0 || length > max || !is_word_char (text[0]))
    return FALSE;
  for (gsize i = 1; i < length; i++)
    if (!is_word_char (text[i]) && strchr (more, text[i]) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
proc_name_is_service (const char *text)
{
  return matches (text, "-", 64);
}

gboolean
proc_name_is_action (const char *text)
{
  return matches (text, "_.:-", 128) && strstr (text, "..") == NULL && !g_str_has_suffix (text, ".");
}

gboolean
proc_name_is_tag (const char *text)
{
  gsize length = strlen (text);

  return length >= 1 && length <= 64 && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.:/=@-") == length;
}

gboolean
proc_name_is_variable (const char *text)
{
  return matches (text, "", 128) && !g_ascii_isdigit (text[0]);
}

gboolean
proc_name_is_secret (const char *text)
{
  return matches (text, "_.:/-", 128);
}

gboolean
proc_name_is_context (const char *text)
{
  gsize length = strlen (text);

  return length >= 1 && length <= 64 && *text != '-' && strspn (text, G_CSET_a_2_z G_CSET_DIGITS "_-") == length
         && strspn (text, G_CSET_DIGITS) < length;
}

gboolean
proc_context_parse (const char *text, guint32 *context)
{
  static const char *const core[] = { "core", "default", "admin", "system", NULL };
  guint64 number;

  if (g_strv_contains (core, text))
    {
      *context = 0;
      return TRUE;
    }
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &number, NULL))
    return FALSE;
  *context = (guint32)number;
  return TRUE;
}

/* The first parts under which the host and the stand-alone executables keep their own logs. */
static gboolean
is_own_program (const char *part)
{
  static const char *const programs[] = { "hero_bundle",         "mycelium_server_msg", "hero_db_server",
                                          "hero_indexer_server", "hero_code_server",    "hero_proc_server",
                                          "hero_router",         "hero_plugin_run",     NULL };

  return g_strv_contains (programs, part);
}

char *
proc_log_source (const char *service, const char *action)
{
  g_autofree char *joined = service != NULL ? g_strconcat (service, ".", action, NULL) : g_strdup (action);
  g_auto (GStrv) parts = g_strsplit (joined, ".", 3);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_strcanon (parts[i], G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-", '_');
      if (strlen (parts[i]) > 64)
        parts[i][64] = '\0';
    }
  if (is_own_program (parts[0]))
    {
      char *renamed = g_strconcat (parts[0], "_", NULL);

      g_free (parts[0]);
      parts[0] = renamed;
    }
  return g_strjoinv (".", parts);
}

gboolean
proc_name_is_source (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ".", 4);
  guint n = g_strv_length (parts);

  if (n < 1 || n > 3)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      gsize length = strlen (parts[i]);

      if (length < 1 || length > 64 || strspn (parts[i], G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") != length)
        return FALSE;
    }
  return TRUE;
}
