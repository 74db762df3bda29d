/* info.c: --info: what this program is, what it reads, where it would put things, what it would run. Main thread. */
#include "info.h"

#include <json-glib/json-glib.h>

#include "config-keys.h"

static void
add_string (JsonBuilder *b, const char *name, const char *value)
{
  json_builder_set_member_name (b, name);
  if (value != NULL)
    json_builder_add_string_value (b, value);
  else
    json_builder_add_null_value (b);
}

static void
add_boolean (JsonBuilder *b, const char *name, gboolean value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_boolean_value (b, value);
}

static void
add_integer (JsonBuilder *b, const char *name, gint64 value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_int_value (b, value);
}

static void
begin_array (JsonBuilder *b, const char *name)
{
  json_builder_set_member_name (b, name);
  json_builder_begin_array (b);
}

static void
begin_object (JsonBuilder *b, const char *name)
{
  json_builder_set_member_name (b, name);
  json_builder_begin_object (b);
}

/* Each as one line with its place, but without the file's name. */
static void
add_diagnostics (JsonBuilder *b, const char *name, HeroConfig *config, HeroReportSeverity severity)
{
  begin_array (b, name);
  for (guint i = 0; i < config->diagnostics->len; i++)
    {
      const HeroDiagnostic *diagnostic = g_ptr_array_index (config->diagnostics, i);
      g_autofree char *text
          = diagnostic->line > 0 ? g_strdup_printf ("%u:%u: %s", diagnostic->line, diagnostic->column, diagnostic->text)
                                 : g_strdup (diagnostic->text);

      if (diagnostic->severity == severity)
        json_builder_add_string_value (b, text);
    }
  json_builder_end_array (b);
}

static void
add_config (JsonBuilder *b, HeroConfig *config)
{
  begin_object (b, "config");
  add_string (b, "path", config->path);
  add_boolean (b, "present", config->present);
  add_diagnostics (b, "errors", config, HERO_REPORT_ERROR);
  add_diagnostics (b, "warnings", config, HERO_REPORT_WARNING);
  json_builder_end_object (b);

  begin_object (b, "paths");
  add_string (b, "socket_dir", config->socket_dir);
  add_string (b, "socket_dir_source", config->socket_dir_source);
  add_string (b, "data_dir", config->data_dir);
  add_string (b, "data_dir_source", config->data_dir_source);
  add_string (b, "log_dir", config->log_dir);
  add_string (b, "plugin_dir", config->plugin_dir);
  json_builder_end_object (b);
}

static void
add_program (JsonBuilder *b, const HeroProgram *program)
{
  begin_array (b, "env");
  for (const HeroHostVariable *variable = hero_host_variables; variable->name != NULL; variable++)
    {
      json_builder_begin_object (b);
      add_string (b, "name", variable->name);
      add_string (b, "default", variable->fallback);
      add_string (b, "description", variable->meaning);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);

  begin_array (b, "binaries");
  json_builder_begin_object (b);
  add_string (b, "name", program->name);
  add_string (b, "kind", "server");
  add_string (b, "desc", program->description);
  json_builder_end_object (b);
  json_builder_end_array (b);
}

static void
add_sockets (JsonBuilder *b, GPtrArray *sockets)
{
  begin_array (b, "sockets");
  for (guint i = 0; i < sockets->len; i++)
    {
      const HeroAddress *socket = g_ptr_array_index (sockets, i);

      json_builder_begin_object (b);
      add_string (b, "name", socket->role);
      add_string (b, "path", socket->address);
      add_string (b, "protocol", socket->protocol);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_tcp (JsonBuilder *b, GPtrArray *tcp)
{
  begin_array (b, "tcp");
  for (guint i = 0; i < tcp->len; i++)
    {
      const HeroAddress *address = g_ptr_array_index (tcp, i);

      json_builder_begin_object (b);
      add_string (b, "name", address->role);
      add_string (b, "address", address->address);
      add_boolean (b, "enabled", *address->address != '\0');
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_domains (JsonBuilder *b, const char *domains)
{
  g_auto (GStrv) names = g_strsplit (domains != NULL ? domains : "", "|", -1);

  begin_array (b, "domains");
  for (char **name = names; *name != NULL; name++)
    json_builder_add_string_value (b, *name);
  json_builder_end_array (b);
}

static void
add_service (JsonBuilder *b, const HeroPlan *plan)
{
  const HeroServiceConfig *config = plan->config;
  const HeroServicePlugin *plugin = plan->plugin != NULL ? &plan->plugin->descriptor : NULL;

  json_builder_begin_object (b);
  add_string (b, "name", config->name);
  add_string (b, "title", plugin != NULL ? plugin->title : NULL);
  add_string (b, "version", plugin != NULL ? plugin->version : NULL);
  add_string (b, "description", plugin != NULL ? plugin->description : NULL);
  add_integer (b, "start_order", config->start_order);
  add_boolean (b, "enabled", config->enabled);
  add_boolean (b, "required", config->required);
  add_string (b, "isolation", config->isolation == HERO_ISOLATION_PROCESS ? "process" : "thread");
  add_string (b, "plugin", plan->plugin != NULL ? plan->plugin->path : config->plugin);
  add_boolean (b, "available", plan->plugin != NULL);
  add_string (b, "error", plan->error != NULL ? plan->error->message : NULL);
  add_domains (b, plugin != NULL ? plugin->domains : NULL);
  add_sockets (b, plan->sockets);
  add_tcp (b, plan->tcp);
  json_builder_end_object (b);
}

char *
hero_info_print (const HeroProgram *program, HeroConfig *config, GPtrArray *plans)
{
  g_autoptr (JsonBuilder) b = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (b);
  add_string (b, "name", program->name);
  add_string (b, "version", PACKAGE_VERSION);
  add_string (b, "build_nr", BUILD_NR);
  add_string (b, "description", program->description);
  add_string (b, "category", program->category);
  add_string (b, "kind", "server");
  begin_object (b, "abi");
  add_integer (b, "major", HERO_ABI_MAJOR);
  add_integer (b, "minor", HERO_ABI_MINOR);
  json_builder_end_object (b);
  add_config (b, config);
  add_program (b, program);
  begin_array (b, "services");
  for (guint i = 0; i < plans->len; i++)
    add_service (b, g_ptr_array_index (plans, i));
  json_builder_end_array (b);
  json_builder_end_object (b);

  root = json_builder_get_root (b);
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}
