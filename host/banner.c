/* banner.c: the table of services after the start. Main thread. */
#include "banner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *
detail_of (HeroUnit *unit)
{
  const GError *error = hero_unit_get_error (unit);

  if (hero_state_is_up (hero_unit_get_state (unit)))
    return hero_sockets_describe (hero_unit_get_sockets (unit));
  return g_strdup (error != NULL ? error->message : "");
}

static void
print_plain (HeroConfig *config, const char *program, GPtrArray *units, const char *last)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s %s (build %s, abi %d.%d) pid %d\n", program, PACKAGE_VERSION, BUILD_NR, HERO_ABI_MAJOR,
                          HERO_ABI_MINOR, (int) getpid ());
  g_string_append_printf (text, "  config   %s%s\n", config->path, config->present ? "" : " (absent, defaults)");
  g_string_append_printf (text, "  sockets  %s (%s)\n", config->socket_dir, config->socket_dir_source);
  g_string_append_printf (text, "  data     %s (%s)\n", config->data_dir, config->data_dir_source);
  for (guint i = 0; i < units->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (units, i);
      gboolean process = hero_unit_get_plan (unit)->config->isolation == HERO_ISOLATION_PROCESS;
      g_autofree char *detail = detail_of (unit);

      g_string_append_printf (text, "  %-12s  %-8s %-8s %s\n", hero_unit_get_name (unit),
                              hero_state_to_string (hero_unit_get_state (unit)), process ? "process" : "thread", detail);
    }
  g_string_append_printf (text, "%s\n", last);
  fputs (text->str, stdout);
  fflush (stdout);
}

static void
write_json (HeroLogger *logger, GPtrArray *units, const char *last)
{
  g_autoptr (GVariantDict) fields = g_variant_dict_new (NULL);
  GVariantBuilder services;

  g_variant_builder_init (&services, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < units->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (units, i);
      g_autofree char *detail = detail_of (unit);

      g_variant_builder_add_value (
          &services, g_variant_new_take_string (g_strdup_printf ("%s %s %s", hero_unit_get_name (unit),
                                                                 hero_state_to_string (hero_unit_get_state (unit)), detail)));
    }
  g_variant_dict_insert (fields, "event", "s", "banner");
  g_variant_dict_insert_value (fields, "services", g_variant_builder_end (&services));
  hero_logger_write (logger, NULL, HERO_LOG_INFO, last, g_variant_dict_end (fields));
}

void
hero_banner_print (HeroConfig *config, HeroLogger *logger, const char *program, GPtrArray *units, gint64 start_ms)
{
  g_autofree char *last = NULL;
  guint up = 0;

  for (guint i = 0; i < units->len; i++)
    up += hero_state_is_up (hero_unit_get_state (g_ptr_array_index (units, i))) ? 1 : 0;
  last = g_strdup_printf ("%s ready: %u of %u services in %" G_GINT64_FORMAT " ms", program, up, units->len, start_ms);

  if (g_str_equal (config->log_format, "json"))
    write_json (logger, units, last);
  else
    {
      hero_logger_flush (logger); /* what was logged before stands before it */
      print_plain (config, program, units, last);
    }
}
