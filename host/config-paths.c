/* config-paths.c: where things are: ~, environment and defaults (conventions 1, 2.1, 13). Main thread. */
#include "config-private.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define MAX_SOCKET_PATH 107 /* bytes of sun_path without the final NUL */

static const HeroTomlPlace nowhere = { 0, 0 };

const char *
hero_config_getenv (const HeroConfig *config, const char *name)
{
  const char *value = g_environ_getenv (config->environment, name);

  return value != NULL && *value != '\0' ? value : NULL;
}

static const char *
get_setting (const HeroConfig *config, const char *name)
{
  return g_hash_table_lookup (config->settings, name);
}

static void
set_setting (HeroConfig *config, const char *name, const char *value)
{
  if (value != NULL)
    g_hash_table_insert (config->settings, g_strdup (name), g_strdup (value));
}

/* Without slashes at the end: the path goes into messages and has names put behind it. */
static char *
trim (char *path)
{
  for (gsize n = strlen (path); n > 1 && path[n - 1] == '/'; n--)
    path[n - 1] = '\0';
  return path;
}

void
hero_config_resolve_user (HeroConfig *config)
{
  const char *home = hero_config_getenv (config, "HOME"), *user = hero_config_getenv (config, "USER");
  struct passwd *entry = home == NULL || user == NULL ? getpwuid (geteuid ()) : NULL;
  g_autofree char *trimmed = NULL;

  if (home == NULL)
    home = entry != NULL && *entry->pw_dir == '/' ? entry->pw_dir : "/";
  trimmed = trim (g_strdup (home));
  if (user == NULL)
    user = entry != NULL ? entry->pw_name : "";
  set_setting (config, "home", trimmed);
  set_setting (config, "user", user);
}

char *
hero_config_default_path (const HeroConfig *config)
{
  return g_build_filename (get_setting (config, "home"), "hero", "cfg", "hero_bundle.toml", NULL);
}

char *
hero_config_expand (HeroConfig *config, const char *path, const char *label, HeroTomlPlace place)
{
  if (path[0] == '~' && (path[1] == '\0' || path[1] == '/'))
    return trim (g_strconcat (get_setting (config, "home"), path + 1, NULL));
  if (path[0] == '~')
    {
      hero_config_add (config, HERO_REPORT_ERROR, place,
                       "%s: \"%s\": only ~ and ~/ are expanded, not ~user; write the path out", label, path);
      return NULL;
    }
  if (path[0] != '/')
    {
      g_autofree char *absolute = g_canonicalize_filename (path, config->file->cwd);

      hero_config_add (config, HERO_REPORT_WARNING, place, "%s: \"%s\" is relative; it is taken as %s", label, path,
                       absolute);
      return g_steal_pointer (&absolute);
    }
  return trim (g_strdup (path));
}

/* ---- roots */

/* What may give a directory, in order of precedence behind the key of the file. */
typedef struct
{
  const char *variable;
  const char *below; /* put behind the variable's value, or NULL */
} RootVariable;

/* The key of the file, else the first variable that is set, else the default. `source`: conventions 12. */
static char *
resolve_root (HeroConfig *config, const char *name, const RootVariable *variables, const char *fallback,
              const char **source)
{
  HeroConfigEntry *entry = g_hash_table_lookup (config->file->host, name);
  g_autofree char *path = NULL;
  const char *origin = "default";

  *source = "default";
  if (entry != NULL && entry->value != NULL && *g_variant_get_string (entry->value, NULL) != '\0')
    {
      *source = g_str_equal (entry->source, "flag") ? "flag" : "config";
      return g_variant_dup_string (entry->value, NULL);
    }
  for (; path == NULL && variables != NULL && variables->variable != NULL; variables++)
    {
      const char *value = hero_config_getenv (config, variables->variable);
      g_autofree char *expanded = NULL;

      if (value == NULL)
        continue;
      *source = variables->variable;
      origin = "environment";
      expanded = hero_config_expand (config, value, variables->variable, nowhere);
      path = g_build_filename (expanded != NULL ? expanded : "/", variables->below, NULL);
    }
  if (path == NULL)
    path = g_strdup (fallback);
  g_hash_table_replace (config->file->host, g_strdup (name),
                        hero_config_entry_new (g_variant_new_string (path), origin, 0));
  return g_steal_pointer (&path);
}

/* In a build tree (and only there meson-private lies beside the executable's folder) the plugins built there. */
static char *
find_plugins (void)
{
  g_autofree char *executable = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = executable != NULL ? g_path_get_dirname (executable) : NULL;
  g_autofree char *build = folder != NULL ? g_path_get_dirname (folder) : NULL;
  g_autofree char *mark = build != NULL ? g_build_filename (build, "meson-private", NULL) : NULL;

  if (mark != NULL && g_file_test (mark, G_FILE_TEST_IS_DIR))
    return g_build_filename (build, "plugins", NULL);
  return g_strdup (HERO_PLUGIN_DIR);
}

static void
set_text (char **member, char *text)
{
  g_free (*member);
  *member = text;
}

static void
resolve_settings (HeroConfig *config)
{
  g_autofree char *executable = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *program = g_path_get_basename (executable != NULL ? executable : "hero_bundle");

  set_setting (config, "socket_dir", config->socket_dir);
  set_setting (config, "data_dir", config->data_dir);
  set_setting (config, "bundle_data_dir", config->data_dir);
  set_setting (config, "log_dir", config->log_dir);
  set_setting (config, "path_code", hero_config_getenv (config, "PATH_CODE"));
  set_setting (config, "coderoot", hero_config_getenv (config, "CODEROOT"));
  set_setting (config, "mycelium_ip", hero_config_getenv (config, "HERO_MYCELIUM_IP"));
  set_setting (config, "version", PACKAGE_VERSION);
  set_setting (config, "program", program);
  set_setting (config, "control", config->control ? "true" : "false");
}

void
hero_config_resolve_roots (HeroConfig *config)
{
  static const RootVariable socket_variables[]
      = { { "HERO_SOCKET_DIR", NULL }, { "PATH_SOCKET", NULL }, { "PATH_SOCKETS", NULL }, { NULL, NULL } };
  static const RootVariable data_variables[] = { { "PATH_VAR", NULL }, { "PATH_ROOT", "var" }, { NULL, NULL } };
  static const RootVariable plugin_variables[] = { { "HERO_BUNDLE_PLUGIN_DIR", NULL }, { NULL, NULL } };
  const char *home = get_setting (config, "home"), *source;
  g_autofree char *sockets = g_build_filename (home, "hero", "var", "sockets", NULL);
  g_autofree char *data = g_build_filename (home, "hero", "var", NULL);
  g_autofree char *plugins = find_plugins ();
  g_autofree char *logs = NULL;

  set_text (&config->socket_dir, resolve_root (config, "socket_dir", socket_variables, sockets, &source));
  set_text (&config->socket_dir_source, g_strdup (source));
  set_text (&config->data_dir, resolve_root (config, "data_dir", data_variables, data, &source));
  set_text (&config->data_dir_source, g_strdup (source));
  set_text (&config->plugin_dir, resolve_root (config, "plugin_dir", plugin_variables, plugins, &source));
  logs = g_build_filename (config->data_dir, "logs", NULL);
  set_text (&config->log_dir, resolve_root (config, "log_dir", NULL, logs, &source));
  resolve_settings (config);
}

void
hero_config_check_socket (HeroConfig *config, HeroServiceConfig *service, const char *role)
{
  HeroConfigEntry *root = g_hash_table_lookup (config->file->host, "socket_dir");
  g_autofree char *file = g_strconcat (role, ".sock", NULL);
  g_autofree char *path
      = g_str_equal (role, "rpc") ? g_strdup (service->rpc_path) : g_build_filename (service->socket_dir, file, NULL);

  if (strlen (path) <= MAX_SOCKET_PATH || service->too_long)
    return;
  service->too_long = TRUE;
  hero_config_add (config, HERO_REPORT_ERROR, (HeroTomlPlace){ root->line, root->line > 0 },
                   "[%s]: socket path is %" G_GSIZE_FORMAT
                   " bytes, the limit is %d: %s; set socket_dir to a shorter directory",
                   service->name, strlen (path), MAX_SOCKET_PATH, path);
}
