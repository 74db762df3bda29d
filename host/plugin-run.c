/*
 * plugin-run.c: hero_plugin_run, one plugin by itself: under a debugger by hand, or as the child of a host that runs a
 * service in a process of its own (HERO_SERVE_FD is set). The same supervisor, for one service.
 */
#include <stdio.h>
#include <string.h>

#include <hero-toml.h>

#include "run.h"

#define PROGRAM "hero_plugin_run"

typedef struct
{
  char *config, *socket_dir, *data_dir;
  char **plugin; /* one argument */
} Arguments;

static void
clear_arguments (Arguments *arguments)
{
  g_free (arguments->config);
  g_free (arguments->socket_dir);
  g_free (arguments->data_dir);
  g_strfreev (arguments->plugin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, clear_arguments)

static gboolean
parse_arguments (Arguments *arguments, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &arguments->config, "The configuration file", "PATH" },
    { "socket-dir", 0, 0, G_OPTION_ARG_FILENAME, &arguments->socket_dir, "The socket root", "DIR" },
    { "data-dir", 0, 0, G_OPTION_ARG_FILENAME, &arguments->data_dir, "Where services keep their data", "DIR" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->plugin, NULL, "PLUGIN.so|NAME" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- run one plugin by itself");
  g_autoptr (GError) error = NULL;
  g_autofree char *usage = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, "A file is taken with its own name and the defaults of its keys; a name is a table of "
                                             "the configuration file.\nUnder a debugger: gdb --args " PROGRAM " hero_db");
  if (g_option_context_parse (context, argc, argv, &error) && arguments->plugin != NULL && arguments->plugin[1] == NULL)
    return TRUE;
  usage = g_option_context_get_help (context, TRUE, NULL);
  fprintf (stderr, PROGRAM ": %s\n%s", error != NULL ? error->message : "expected one plugin file or service name", usage);
  return FALSE;
}

static void
override (HeroConfig *config, const char *table, const char *key, const char *text)
{
  g_autofree char *quoted = text != NULL ? hero_toml_quote (text) : NULL;

  if (text != NULL)
    hero_config_override (config, table, key, quoted);
}

/* A file names its service itself: it is opened once to ask. */
static char *
name_of_file (const char *file, GError **error)
{
  g_autoptr (HeroPluginFile) plugin = hero_plugin_file_open (".", file, NULL, error);

  return plugin != NULL ? g_strdup (plugin->descriptor.name) : NULL;
}

static HeroConfig *
load (const Arguments *arguments, gboolean child, GError **error)
{
  const char *what = arguments->plugin[0];
  gboolean is_file = strchr (what, '/') != NULL || g_str_has_suffix (what, ".so");
  g_autofree char *file = is_file ? g_canonicalize_filename (what, NULL) : NULL;
  g_autofree char *name = is_file ? name_of_file (file, error) : g_strdup (what);
  g_auto (GStrv) environment = g_get_environ ();
  HeroConfig *config;

  if (name == NULL)
    return NULL;
  config = hero_config_load (arguments->config, environment, name);
  override (config, name, "plugin", file);
  override (config, NULL, "socket_dir", arguments->socket_dir);
  override (config, NULL, "data_dir", arguments->data_dir);
  hero_config_override (config, NULL, "banner", "false");
  if (child)
    {
      override (config, NULL, "log_format", "json");
      hero_config_override (config, NULL, "log_file", "false");
    }
  return config;
}

static void
print_loaded (GPtrArray *plans, gpointer data)
{
  for (guint i = 0; i < plans->len; i++)
    {
      HeroPlan *plan = g_ptr_array_index (plans, i);
      const HeroServicePlugin *plugin = plan->plugin != NULL ? &plan->plugin->descriptor : NULL;

      if (plugin != NULL)
        printf (PROGRAM ": %s %s (%s), plugin ABI %u.%u, built with %s\n  file    %s\n", plugin->title, plugin->version,
                plan->config->name, plugin->abi_major, plugin->abi_minor,
                plugin->built_with != NULL ? plugin->built_with : "unknown", plan->plugin->path);
    }
  fflush (stdout);
}

static void
print_socket (const char *role, const char *protocol, gboolean tcp, int fd, const char *address, gpointer data)
{
  if (fd < 0)
    return;
  printf ("  %-7s %s (%s)\n", role, address, protocol);
  if (g_str_equal (protocol, "resp"))
    printf (tcp ? "          redis-cli -u redis://%s ping\n" : "          redis-cli -s %s ping\n", address);
  else if (tcp)
    printf ("          curl http://%s/\n", address);
  else if (g_str_equal (role, "rpc"))
    printf ("          curl --unix-socket %s http://localhost/health\n"
            "          curl --unix-socket %s http://localhost/rpc --json '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}'\n",
            address, address);
  else
    printf ("          curl --unix-socket %s http://localhost/\n", address);
}

static void
print_ready (HeroSupervisor *supervisor, gpointer data)
{
  GPtrArray *units = hero_supervisor_get_units (supervisor);

  for (guint i = 0; i < units->len; i++)
    hero_sockets_foreach (hero_unit_get_sockets (g_ptr_array_index (units, i)), print_socket, NULL);
  printf (PROGRAM ": ready; Ctrl-C stops it\n");
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_auto (Arguments) arguments = { 0 };
  g_autoptr (HeroConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  gboolean child = g_getenv ("HERO_SERVE_FD") != NULL;
  HeroRunOptions options = { .program = PROGRAM, .alone = TRUE, .child = child };

  if (!parse_arguments (&arguments, &argc, &argv))
    return HERO_EXIT_USAGE;
  config = load (&arguments, child, &error);
  if (config == NULL)
    {
      fprintf (stderr, PROGRAM ": %s\n", error->message);
      return HERO_EXIT_NOT_STARTED;
    }
  if (!child)
    {
      options.loaded = print_loaded;
      options.ready = print_ready;
    }
  return hero_run (config, &options);
}
