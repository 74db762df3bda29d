/* config-diagnostic.c: collects what is wrong with a configuration, in the order of the file. Main thread. */
#include "config-private.h"

void
hero_diagnostic_free (HeroDiagnostic *diagnostic)
{
  g_free (diagnostic->text);
  g_free (diagnostic);
}

static gint
compare (const HeroDiagnostic *a, const HeroDiagnostic *b)
{
  if (a->line != b->line)
    return a->line < b->line ? -1 : 1;
  return a->column < b->column ? -1 : a->column > b->column;
}

/* Keeps the order of the file; says nothing twice, since a table is read again once its plugin is known. */
static void
insert (GPtrArray *diagnostics, HeroDiagnostic *diagnostic)
{
  guint at = 0;

  for (; at < diagnostics->len; at++)
    {
      HeroDiagnostic *other = g_ptr_array_index (diagnostics, at);
      gint order = compare (other, diagnostic);

      if (order > 0)
        break;
      if (order == 0 && g_str_equal (other->text, diagnostic->text))
        {
          hero_diagnostic_free (diagnostic);
          return;
        }
    }
  g_ptr_array_insert (diagnostics, at, diagnostic);
}

void
hero_config_add (HeroConfig *config, HeroReportSeverity severity, HeroTomlPlace place, const char *format, ...)
{
  HeroDiagnostic *diagnostic = g_new0 (HeroDiagnostic, 1);
  va_list args;

  diagnostic->severity = severity;
  diagnostic->line = place.line;
  diagnostic->column = place.column;
  va_start (args, format);
  diagnostic->text = g_strdup_vprintf (format, args);
  va_end (args);
  insert (config->diagnostics, diagnostic);
}

/* The place of a key of a service's table, of the table if the key is not in it. "topics[2].name" counts as "topics".
 */
static HeroTomlPlace
find_place (HeroConfig *config, HeroServiceConfig *service, const char *key)
{
  HeroToml *table = hero_config_find_table (config, service->name), *node;
  g_autofree char *first = NULL;

  if (table == NULL || table->type != HERO_TOML_TABLE)
    return (HeroTomlPlace){ 0, 0 };
  if (key == NULL)
    return table->key_place;
  first = g_strndup (key, strcspn (key, ".["));
  node = hero_toml_get (table, first);
  return node != NULL ? node->place : table->key_place;
}

void
hero_config_report (HeroConfig *config, HeroServiceConfig *service, const char *key, HeroReportSeverity severity,
                    const char *text)
{
  HeroTomlPlace place = find_place (config, service, key);

  if (key == NULL)
    hero_config_add (config, severity, place, "[%s]: %s", service->name, text);
  else
    hero_config_add (config, severity, place, "[%s] %s: %s", service->name, key, text);
}

gboolean
hero_config_has_errors (HeroConfig *config)
{
  for (guint i = 0; i < config->diagnostics->len; i++)
    if (((HeroDiagnostic *)g_ptr_array_index (config->diagnostics, i))->severity == HERO_REPORT_ERROR)
      return TRUE;
  return FALSE;
}

char *
hero_config_format_diagnostics (HeroConfig *config)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < config->diagnostics->len; i++)
    {
      HeroDiagnostic *diagnostic = g_ptr_array_index (config->diagnostics, i);

      g_string_append (out, config->path);
      if (diagnostic->line > 0)
        g_string_append_printf (out, ":%u:%u", diagnostic->line, diagnostic->column);
      g_string_append_printf (out, ": %s: %s\n", diagnostic->severity == HERO_REPORT_ERROR ? "error" : "warning",
                              diagnostic->text);
    }
  return g_string_free (out, FALSE);
}
