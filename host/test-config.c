/* test-config.c: hero_bundle.toml row by row: values, defaults, sources, and every diagnostic with its place. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HOME "/tmp/hero-test-home"

static const HeroConfigKey columns[] = {
  { "name", HERO_CONFIG_STRING, HERO_CONFIG_REQUIRED, .meaning = "Its name." },
  { "size", HERO_CONFIG_INT, 0, 1, 10, "3", .meaning = "Its size." },
  { NULL },
};
static const HeroConfigKey plugin_keys[] = {
  { "port", HERO_CONFIG_INT, 0, 0, 65535, "6378", .aliases = "tcp_port|listen", .meaning = "Port." },
  { "ratio", HERO_CONFIG_REAL, 0, 0, 1, "0.5", .meaning = "Ratio." },
  { "trust", HERO_CONFIG_STRING, 0, 0, 0, "\"auto\"", "auto|always|never", .meaning = "Trust." },
  { "bind", HERO_CONFIG_STRINGS, HERO_CONFIG_ONE_OR_MANY, 1, 4, "[\"127.0.0.1\"]", .meaning = "Addresses." },
  { "file", HERO_CONFIG_PATH, 0, 0, 0, "\"~/x/y\"", .meaning = "A file." },
  { "roots", HERO_CONFIG_PATHS, 0, 0, 0, "[]", .meaning = "Directories." },
  { "secret", HERO_CONFIG_STRING, HERO_CONFIG_SECRET, .meaning = "Secret." },
  { "tun_name", HERO_CONFIG_STRING, HERO_CONFIG_IGNORED, .meaning = "overlay is not enabled" },
  { "topics", HERO_CONFIG_TABLES, 0, .columns = columns, .meaning = "Topics." },
  { "max_connections", HERO_CONFIG_INT, 0, 1, 100000, "16384", .meaning = "Connections." },
  { NULL },
};

static char *directory;

static HeroConfig *
load (const char *text, char **variables, const char *only)
{
  g_autofree char *path = g_build_filename (directory, "c.toml", NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  g_autoptr (GError) error = NULL;

  environment = g_environ_setenv (environment, "USER", "hero", TRUE);
  for (char **pair = variables; pair != NULL && *pair != NULL; pair += 2)
    environment = g_environ_setenv (environment, pair[0], pair[1], TRUE);
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
  return hero_config_load (path, environment, only);
}

/* The diagnostics without the file's name. */
static char *
diagnose (HeroConfig *config)
{
  g_autofree char *text = hero_config_format_diagnostics (config);
  g_auto (GStrv) parts = g_strsplit (text, config->path, -1);

  return g_strjoinv ("", parts);
}

static void
assert_diagnostics (HeroConfig *config, const char *expected)
{
  g_autofree char *text = diagnose (config);

  g_assert_cmpstr (text, ==, expected);
}

static const char *
get_setting (HeroConfig *config, const char *name)
{
  return g_hash_table_lookup (config->settings, name);
}

static void
test_defaults (void)
{
  static const char *const order[] = { "mycelium", "hero_db", "hero_indexer", "hero_code", "hero_proc", "hero_router" };
  g_autoptr (HeroConfig) config = load ("", NULL, NULL);
  HeroServiceConfig *db = hero_config_get_service (config, "hero_db");

  assert_diagnostics (config, "");
  g_assert_true (config->present);
  g_assert_cmpstr (config->socket_dir, ==, HOME "/hero/var/sockets");
  g_assert_cmpstr (config->socket_dir_source, ==, "default");
  g_assert_cmpstr (config->data_dir, ==, HOME "/hero/var");
  g_assert_cmpstr (config->log_dir, ==, HOME "/hero/var/logs");
  g_assert_cmpstr (config->log_level, ==, "info");
  g_assert_cmpstr (config->log_format, ==, "plain");
  g_assert_true (config->log_file && config->banner && config->control);
  g_assert_false (config->on_hang_exit);
  g_assert_cmpuint (config->log_file_max_mib, ==, 10);
  g_assert_cmpuint (config->log_file_keep, ==, 5);
  g_assert_cmpuint (config->stagger_ms, ==, 200);
  g_assert_cmpuint (config->stop_timeout_s, ==, 30);
  g_assert_cmpuint (config->watchdog_warn_ms, ==, 2000);
  g_assert_cmpuint (config->watchdog_fail_s, ==, 30);
  g_assert_cmpuint (g_strv_length (config->allowed_hosts), ==, 0);
  g_assert_cmpuint (config->services->len, ==, G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      g_assert_cmpstr (service->name, ==, order[i]);
      g_assert_cmpuint (service->start_order, ==, i + 1);
      g_assert_true (service->enabled && service->admin && !service->required);
    }
  g_assert_cmpstr (db->plugin, ==, "hero_db.so");
  g_assert_cmpstr (hero_config_get_service (config, "mycelium")->plugin, ==, "hero_mycelium.so");
  g_assert_cmpstr (db->socket_dir, ==, HOME "/hero/var/sockets/hero_db");
  g_assert_cmpstr (db->rpc_path, ==, HOME "/hero/var/sockets/hero_db/rpc.sock");
  g_assert_cmpstr (db->data_dir, ==, HOME "/hero/var/hero_db");
  g_assert_cmpuint (db->socket_mode, ==, 0600);
  g_assert_null (db->socket_group);
  g_assert_null (db->log_level);
  g_assert_cmpuint (db->start_timeout_s, ==, 10);
  g_assert_cmpuint (db->stop_timeout_s, ==, 30);
  g_assert_cmpint (db->restart, ==, HERO_RESTART_ON_FAILURE);
  g_assert_cmpuint (db->restart_delay_ms, ==, 500);
  g_assert_cmpuint (db->restart_max_delay_ms, ==, 60000);
  g_assert_cmpuint (db->restart_max, ==, 20);
  g_assert_cmpuint (db->restart_stable_s, ==, 60);
  g_assert_cmpstr (config->control_service->rpc_path, ==, HOME "/hero/var/sockets/hero_bundle/rpc.sock");
}

static void
test_values (void)
{
  g_autoptr (HeroConfig) config = load ("socket_dir = \"~/s/\"\n"
                                        "banner = false\n"
                                        "socket_mode = \"0660\"\n"
                                        "[host]\n"
                                        "data_dir = \"/d\"\n"
                                        "log_level = \"warn,hero_db=debug\"\n"
                                        "log_format = \"json\"\n"
                                        "on_hang = \"exit\"\n"
                                        "allowed_hosts = [\"a.example\"]\n"
                                        "restart = \"never\"\n"
                                        "control = false\n"
                                        "[hero_db]\n"
                                        "required = true\n"
                                        "isolation = \"process\"\n"
                                        "socket_mode = 0o640\n"
                                        "restart = \"always\"\n"
                                        "socket_path = \"/r/db.sock\"\n"
                                        "admin = false\n"
                                        "log_level = \"trace\"\n"
                                        "stop_timeout_s = 7\n"
                                        "[notes]\n"
                                        "plugin = \"~/notes.so\"\n"
                                        "[hero_code]\n"
                                        "enabled = false\n"
                                        "plugin = \"other\"\n",
                                        NULL, NULL);
  HeroServiceConfig *db = hero_config_get_service (config, "hero_db");
  HeroServiceConfig *code = hero_config_get_service (config, "hero_code");
  HeroServiceConfig *notes = hero_config_get_service (config, "notes");

  assert_diagnostics (config, "");
  g_assert_cmpstr (config->socket_dir, ==, HOME "/s");
  g_assert_cmpstr (config->socket_dir_source, ==, "config");
  g_assert_cmpstr (config->data_dir, ==, "/d");
  g_assert_cmpstr (config->log_dir, ==, "/d/logs");
  g_assert_cmpstr (config->log_level, ==, "warn,hero_db=debug");
  g_assert_cmpstr (config->log_format, ==, "json");
  g_assert_cmpstr (config->allowed_hosts[0], ==, "a.example");
  g_assert_false (config->banner);
  g_assert_true (config->on_hang_exit);
  g_assert_null (config->control_service);

  g_assert_true (db->required);
  g_assert_false (db->admin);
  g_assert_cmpint (db->isolation, ==, HERO_ISOLATION_PROCESS);
  g_assert_cmpint (db->restart, ==, HERO_RESTART_ALWAYS);
  g_assert_cmpuint (db->socket_mode, ==, 0640);
  g_assert_cmpstr (db->rpc_path, ==, "/r/db.sock");
  g_assert_cmpstr (db->socket_dir, ==, "/r");
  g_assert_cmpstr (db->log_level, ==, "trace");
  g_assert_cmpuint (db->stop_timeout_s, ==, 7);
  g_assert_cmpuint (db->line, ==, 12);

  g_assert_false (code->enabled);
  g_assert_cmpstr (code->plugin, ==, "other");
  g_assert_cmpuint (code->socket_mode, ==, 0660);
  g_assert_cmpint (code->restart, ==, HERO_RESTART_NEVER);
  g_assert_cmpstr (notes->plugin, ==, HOME "/notes.so");
  g_assert_cmpuint (notes->start_order, ==, 6);
  g_assert_cmpuint (hero_config_get_service (config, "hero_router")->start_order, ==, 7);
  g_assert_cmpstr (get_setting (config, "services"), ==,
                   "mycelium hero_db hero_indexer hero_code hero_proc notes hero_router");
}

static void
test_environment (void)
{
  static const struct
  {
    char *variables[9];
    const char *text, *sockets, *sockets_source, *data, *data_source;
  } rows[] = {
    { { "HERO_SOCKET_DIR", "/a", "PATH_SOCKET", "/b", "PATH_VAR", "/v", NULL },
      "",
      "/a",
      "HERO_SOCKET_DIR",
      "/v",
      "PATH_VAR" },
    { { "HERO_SOCKET_DIR", "", "PATH_SOCKET", "/b", "PATH_ROOT", "/r", NULL },
      "",
      "/b",
      "PATH_SOCKET",
      "/r/var",
      "PATH_ROOT" },
    { { "PATH_SOCKETS", "~/c", "PATH_VAR", "", "PATH_ROOT", "~", NULL },
      "",
      HOME "/c",
      "PATH_SOCKETS",
      HOME "/var",
      "PATH_ROOT" },
    { { "HERO_SOCKET_DIR", "/a", "PATH_VAR", "/v", NULL },
      "socket_dir = \"/f\"\ndata_dir = \"/g\"",
      "/f",
      "config",
      "/g",
      "config" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (HeroConfig) config = load (rows[i].text, (char **)rows[i].variables, NULL);

      assert_diagnostics (config, "");
      g_assert_cmpstr (config->socket_dir, ==, rows[i].sockets);
      g_assert_cmpstr (config->socket_dir_source, ==, rows[i].sockets_source);
      g_assert_cmpstr (config->data_dir, ==, rows[i].data);
      g_assert_cmpstr (config->data_dir_source, ==, rows[i].data_source);
      g_assert_cmpstr (get_setting (config, "socket_dir"), ==, rows[i].sockets);
      g_assert_cmpstr (get_setting (config, "bundle_data_dir"), ==, rows[i].data);
    }
}

static void
test_settings (void)
{
  char *variables[]
      = { "PATH_CODE", "/pc",      "CODEROOT", "/cr", "HERO_MYCELIUM_IP", "400::1", "HERO_BUNDLE_PLUGIN_DIR",
          "/p",        "RUST_LOG", "debug",    NULL };
  g_autoptr (HeroConfig) config = load ("log_level = \"warn\"\n[hero_db]\nlog_level = \"error\"\n", variables, NULL);

  assert_diagnostics (config, "");
  g_assert_cmpstr (get_setting (config, "home"), ==, HOME);
  g_assert_cmpstr (get_setting (config, "user"), ==, "hero");
  g_assert_cmpstr (get_setting (config, "path_code"), ==, "/pc");
  g_assert_cmpstr (get_setting (config, "coderoot"), ==, "/cr");
  g_assert_cmpstr (get_setting (config, "mycelium_ip"), ==, "400::1");
  g_assert_cmpstr (get_setting (config, "version"), ==, PACKAGE_VERSION);
  g_assert_cmpstr (get_setting (config, "program"), ==, "test-config");
  g_assert_cmpstr (get_setting (config, "control"), ==, "true");
  g_assert_null (get_setting (config, "absent"));
  g_assert_cmpstr (config->plugin_dir, ==, "/p");
  g_assert_cmpstr (config->log_level, ==, "debug");
  g_assert_null (hero_config_get_service (config, "hero_db")->log_level);
}

/* Every line that a person may meet, with its place. */
static void
test_diagnostics (void)
{
  static const struct
  {
    const char *text, *expected;
  } rows[] = {
    { "[host]\nstager_ms = 1\n", ":2:1: warning: unknown key \"stager_ms\" in [host]; did you mean \"stagger_ms\"?\n" },
    { "sokcet_dir = \"/s\"\n", ":1:1: warning: unknown key \"sokcet_dir\"; did you mean \"socket_dir\"?\n" },
    { "stagger_ms = \"x\"\n", ":1:14: error: stagger_ms: expected integer 0..60000, found string\n" },
    { "[host]\nstagger_ms = 60001\n", ":2:14: error: [host] stagger_ms: expected integer 0..60000, found 60001\n" },
    { "banner = 1\n", ":1:10: error: banner: expected true or false, found integer\n" },
    { "on_hang = \"exti\"\n",
      ":1:11: error: on_hang: expected \"report\" or \"exit\", found \"exti\"; did you mean \"exit\"?\n" },
    { "log_format = \"yaml\"\n", ":1:14: error: log_format: expected \"plain\" or \"json\", found \"yaml\"\n" },
    { "log_level = \"verbose\"\n",
      ":1:1: error: log_level: \"verbose\" is no log level; known levels: off, error, warn, info, debug, trace\n" },
    { "[hero_db]\nlog_level = \"dbug\"\n", ":2:13: error: [hero_db] log_level: expected \"off\", \"error\", \"warn\", "
                                           "\"info\", \"debug\" or \"trace\", found \"dbug\"; "
                                           "did you mean \"debug\"?\n" },
    { "banner = true\n[host]\nbanner = true\n",
      ":3:1: error: [host] banner: stands at top level in line 1 too; keep one\n" },
    { "host = 1\n", ":1:8: error: host: expected table, found integer\n" },
    { "hero_db = true\n", ":1:11: error: hero_db: expected table, found boolean\n" },
    { "[hero_mycelium]\n[mycelium_bus]\n",
      ":2:2: error: [mycelium_bus] and [hero_mycelium] in line 1 are two names of one service; keep one table\n" },
    { "[mycelium]\n[hero_mycelium]\n",
      ":2:2: error: [hero_mycelium] and [mycelium] in line 1 are two names of one service; keep one table\n" },
    { "[hero_prox]\nx = 1\n",
      ":1:2: warning: unknown table [hero_prox] without the key \"plugin\"; did you mean \"hero_proc\"?\n" },
    { "[Notes]\nplugin = \"x\"\n",
      ":1:2: error: service name \"Notes\": expected [a-z][a-z0-9_]*, at most 32 bytes\n" },
    { "[logs]\nplugin = \"x\"\n",
      ":1:2: error: service name \"logs\": the host has a directory of this name; choose another\n" },
    { "[mycelium]\nisolation = \"process\"\n", ":2:13: error: [mycelium] isolation: expected \"thread\", found "
                                               "\"process\": the message bus lives in the host's own process\n" },
    { "[hero_db]\nstop_timeout_s = 40\n",
      ":2:18: warning: [hero_db] stop_timeout_s: longer than the host's stop_timeout_s; 30 counts\n" },
    { "socket_mode = 660\n", ":1:15: error: socket_mode: expected octal file mode \"0000\"..\"0777\", found the "
                             "decimal number 660; write it as a string: \"0660\"\n" },
    { "socket_mode = 432\n",
      ":1:15: warning: socket_mode: the decimal number 432 is mode 0660; write the mode as a string\n" },
    { "socket_mode = \"0888\"\n",
      ":1:15: error: socket_mode: expected octal file mode \"0000\"..\"0777\", found \"0888\"\n" },
    { "socket_mode = \"01777\"\n",
      ":1:15: error: socket_mode: expected octal file mode \"0000\"..\"0777\", found \"01777\"\n" },
    { "socket_dir = \"~other/x\"\n",
      ":1:14: error: socket_dir: \"~other/x\": only ~ and ~/ are expanded, not ~user; write the path out\n" },
    { "data_dir = 7\n", ":1:12: error: data_dir: expected path as a string, found integer\n" },
    { "allowed_hosts = [\"a\", 2]\n", ":1:23: error: allowed_hosts[1]: expected string, found integer\n" },
    { "allowed_hosts = \"a\"\n", ":1:17: error: allowed_hosts: expected array of strings, found string\n" },
    { "a = \n", ":1:5: error: key-value pair: expected value, saw '\\n'\n" },
    { "[hero_db]\nsocket_path = \"/x/s\"\n[hero_code]\nsocket_path = \"/x/s\"\n",
      ":4:15: error: [hero_code] socket_path: /x/s is the socket of [hero_db] too\n" },
    { "[hero_db]\ndata_dir = \"/x/s\"\n[hero_code]\ndata_dir = \"/x/s/\"\n",
      ":4:12: error: [hero_code] data_dir: /x/s is the data directory of [hero_db] too\n" },
    { "[mycelium]\nenabled=false\n[hero_db]\nenabled=false\n[hero_indexer]\nenabled=false\n[hero_code]\nenabled=false\n"
      "[hero_proc]\nenabled=false\n[hero_router]\nenabled=false\n",
      ": error: no service is enabled; set enabled = true for one of: mycelium, hero_db, hero_indexer, hero_code, "
      "hero_proc, "
      "hero_router\n" },
    { "x = 1\nbanner = 2\n[hero_db]\nenabled = 3\n",
      ":1:1: warning: unknown key \"x\"; known keys: socket_dir, data_dir, log_level, log_format, log_dir, log_file, "
      "log_file_max_mib, log_file_keep, banner, plugin_dir, stagger_ms, stop_timeout_s, watchdog_warn_ms, "
      "watchdog_fail_s, on_hang, "
      "allowed_hosts, control, socket_mode, socket_group, start_timeout_s, restart, restart_delay_ms, "
      "restart_max_delay_ms, "
      "restart_max, restart_stable_s, max_body_bytes, max_connections, request_timeout_s\n"
      ":2:10: error: banner: expected true or false, found integer\n"
      ":4:11: error: [hero_db] enabled: expected true or false, found integer\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (HeroConfig) config = load (rows[i].text, NULL, NULL);

      assert_diagnostics (config, rows[i].expected);
      g_assert_true (hero_config_has_errors (config) == (strstr (rows[i].expected, ": error: ") != NULL));
    }
}

static void
test_relative (void)
{
  g_autoptr (HeroConfig) config = load ("log_dir = \"l/m\"\n", NULL, NULL);
  g_autofree char *cwd = g_get_current_dir ();
  g_autofree char *expected
      = g_strdup_printf (":1:11: warning: log_dir: \"l/m\" is relative; it is taken as %s/l/m\n", cwd);

  assert_diagnostics (config, expected);
  g_assert_true (g_str_has_suffix (config->log_dir, "/l/m"));
}

static void
test_bad_environment (void)
{
  char *levels[] = { "RUST_LOG", "verbose", NULL };
  char *home[] = { "HERO_SOCKET_DIR", "~other", NULL };
  g_autoptr (HeroConfig) level = load ("log_level = \"warn\"\n", levels, NULL);
  g_autoptr (HeroConfig) user = load ("", home, NULL);

  assert_diagnostics (level,
                      ": warning: RUST_LOG: \"verbose\" is no log level; known levels: off, error, warn, info, debug, "
                      "trace; \"info\" is used\n");
  g_assert_cmpstr (level->log_level, ==, "info");
  assert_diagnostics (
      user, ": error: HERO_SOCKET_DIR: \"~other\": only ~ and ~/ are expanded, not ~user; write the path out\n");
}

static void
test_socket_length (void)
{
  g_autofree char *long_name = g_strnfill (90, 'x');
  g_autofree char *text = g_strdup_printf ("\nsocket_dir = \"/%s\"\n", long_name);
  g_autofree char *expected = NULL, *editor = NULL, *found = NULL;
  g_autofree char *fits = g_strnfill (107 - strlen ("/") - strlen ("/hero_indexer/admin.sock"), 'y');
  g_autofree char *fitting = g_strdup_printf ("socket_dir = \"/%s\"\n", fits);
  g_autoptr (HeroConfig) config = load (text, NULL, "hero_db");
  g_autoptr (HeroConfig) good = load (fitting, NULL, NULL);

  expected
      = g_strdup_printf (":2:1: error: [hero_db]: socket path is 108 bytes, the limit is 107: /%s/hero_db/rpc.sock; "
                         "set socket_dir to a shorter directory\n",
                         long_name);
  assert_diagnostics (config, expected);

  assert_diagnostics (good, "");
  hero_config_check_socket (good, hero_config_get_service (good, "hero_code"), "editor_role");
  found = diagnose (good);
  g_assert_nonnull (strstr (found, ":1:1: error: [hero_code]: socket path is 110 bytes, the limit is 107: /yyy"));
  g_assert_nonnull (strstr (found, "/hero_code/editor_role.sock; set socket_dir to a shorter directory\n"));
}

static HeroServiceConfig *
check_db (HeroConfig *config)
{
  HeroServiceConfig *service = hero_config_get_service (config, "hero_db");

  hero_config_check_service (config, service, plugin_keys, sizeof (HeroConfigKey));
  return service;
}

static void
assert_value (GVariant *values, const char *key, const char *expected)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (values, key, NULL);
  g_autofree char *text = value != NULL ? g_variant_print (value, FALSE) : g_strdup ("none");

  g_assert_cmpstr (text, ==, expected);
}

static void
test_plugin_defaults (void)
{
  static const struct
  {
    const char *key, *value;
  } rows[] = {
    { "port", "6378" },
    { "ratio", "0.5" },
    { "trust", "'auto'" },
    { "bind", "['127.0.0.1']" },
    { "roots", "[]" },
    { "file", "'" HOME "/x/y'" },
    { "secret", "none" },
    { "tun_name", "none" },
    { "topics", "none" },
    { "enabled", "true" },
    { "admin", "true" },
    { "max_connections", "16384" },
    { "isolation", "'thread'" },
    { "max_body_bytes", "2097152" },
    { "request_timeout_s", "60" },
    { "plugin", "'hero_db.so'" },
    { "socket_mode", "'0600'" },
    { "allowed_hosts", "[]" },
    { "stop_timeout_s", "30" },
    { "log_level", "none" },
    { "data_dir", "'" HOME "/hero/var/hero_db'" },
  };
  g_autoptr (HeroConfig) config = load ("", NULL, NULL);
  HeroServiceConfig *db = check_db (config);

  assert_diagnostics (config, "");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_value (db->values, rows[i].key, rows[i].value);
  assert_value (db->origin, "port", "('default', 0)");
}

static void
test_plugin_values (void)
{
  g_autoptr (HeroConfig) config = load ("max_connections = 100\n"
                                        "request_timeout_s = 5\n"
                                        "allowed_hosts = [\"h\"]\n"
                                        "[hero_db]\n"
                                        "tcp_port = 0\n"
                                        "ratio = 1\n"
                                        "bind = \"::1\"\n"
                                        "roots = [\"~/a\", \"/b/\"]\n"
                                        "secret = \"pst\"\n"
                                        "request_timeout_s = 9\n"
                                        "[[hero_db.topics]]\n"
                                        "name = \"n\"\n"
                                        "[[hero_db.topics]]\n"
                                        "name = \"m\"\n"
                                        "size = 10\n",
                                        NULL, NULL);
  HeroServiceConfig *db = check_db (config);
  const char *source;
  guint line;

  assert_diagnostics (config, "");
  assert_value (db->values, "port", "0");
  assert_value (db->values, "ratio", "1.0");
  assert_value (db->values, "bind", "['::1']");
  assert_value (db->values, "roots", "['" HOME "/a', '/b']");
  assert_value (db->values, "max_connections", "100");
  assert_value (db->values, "request_timeout_s", "9");
  assert_value (db->values, "allowed_hosts", "['h']");
  assert_value (db->values, "topics", "[{'name': <'n'>, 'size': <int64 3>}, {'name': <'m'>, 'size': <int64 10>}]");
  g_assert_true (g_variant_lookup (db->origin, "port", "(&su)", &source, &line));
  g_assert_cmpstr (source, ==, "file");
  g_assert_cmpuint (line, ==, 5);
  g_assert_true (g_variant_lookup (db->origin, "max_connections", "(&su)", &source, &line));
  g_assert_cmpstr (source, ==, "file");
  g_assert_cmpuint (line, ==, 1);
  g_assert_true (g_variant_lookup (db->origin, "ratio", "(&su)", &source, &line));
  g_assert_true (g_variant_lookup (db->origin, "trust", "(&su)", &source, &line));
  g_assert_cmpstr (source, ==, "default");
}

static void
test_plugin_diagnostics (void)
{
  static const struct
  {
    const char *text, *expected;
  } rows[] = {
    { "[hero_db]\nprot = 1\n", ":2:1: warning: unknown key \"prot\" in [hero_db]; did you mean \"port\"?\n" },
    { "[hero_db]\nport = \"x\"\n", ":2:8: error: [hero_db] port: expected integer 0..65535, found string\n" },
    { "[hero_db]\nport = 1\nlisten = 2\n", ":3:1: error: [hero_db] port: given twice, as \"port\" in line 2 too\n" },
    { "[hero_db]\nratio = 1.5\n", ":2:9: error: [hero_db] ratio: expected number 0..1, found 1.5\n" },
    { "[hero_db]\nratio = nan\n", ":2:9: error: [hero_db] ratio: expected number 0..1, found nan\n" },
    { "[hero_db]\nbind = []\n", ":2:8: error: [hero_db] bind: expected array of length 1..4, found 0 elements\n" },
    { "[hero_db]\nroots = \"/a\"\n", ":2:9: error: [hero_db] roots: expected array of paths, found string\n" },
    { "[hero_db]\ntun_name = 7\n", ":2:1: warning: [hero_db] tun_name: overlay is not enabled\n" },
    { "[hero_db]\ntopics = 7\n", ":2:10: error: [hero_db] topics: expected array of tables ([[..]]), found integer\n" },
    { "[hero_db]\nallowed_hosts = []\n",
      ":2:1: warning: unknown key \"allowed_hosts\" in [hero_db]; known keys: port, ratio, trust, "
      "bind, file, roots, secret, tun_name, topics, max_connections, socket_mode, socket_group, start_timeout_s, "
      "restart, "
      "restart_delay_ms, restart_max_delay_ms, restart_max, restart_stable_s, max_body_bytes, request_timeout_s, "
      "enabled, required, "
      "isolation, plugin, socket_path, admin, data_dir, log_level, stop_timeout_s\n" },
    { "[hero_db]\nmax_connections = 200000\n",
      ":2:19: error: [hero_db] max_connections: expected integer 1..100000, found 200000\n" },
    { "[hero_db]\n[[hero_db.topics]]\nsize = 11\nnmae = 1\n",
      ":2:1: error: [hero_db] topics[0]: the key \"name\" is missing\n"
      ":3:8: error: [hero_db] topics[0].size: expected integer 1..10, found 11\n"
      ":4:1: warning: [hero_db] topics[0]: unknown key \"nmae\"; did you mean \"name\"?\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (HeroConfig) config = load (rows[i].text, NULL, NULL);

      check_db (config);
      assert_diagnostics (config, rows[i].expected);
    }
}

/* A table is read twice, before and after its plugin is known: each line is said once. */
static void
test_said_once (void)
{
  g_autoptr (HeroConfig) config = load ("[hero_db]\nenabled = 3\ndata_dir = \"x\"\n", NULL, NULL);
  g_autofree char *once = diagnose (config), *twice = NULL;

  check_db (config);
  twice = diagnose (config);
  g_assert_cmpstr (once, ==, twice);
}

static void
test_report (void)
{
  g_autoptr (HeroConfig) config = load ("[hero_db]\nport = 1\n[[hero_db.topics]]\nname = \"\"\n", NULL, NULL);
  HeroServiceConfig *db = check_db (config);

  hero_config_report (config, db, "port", HERO_REPORT_ERROR, "is the port of somebody else");
  hero_config_report (config, db, "topics[0].name", HERO_REPORT_WARNING, "is empty");
  hero_config_report (config, db, "trust", HERO_REPORT_WARNING, "not wise");
  hero_config_report (config, db, NULL, HERO_REPORT_WARNING, "odd");
  assert_diagnostics (config, ":1:2: warning: [hero_db] trust: not wise\n"
                              ":1:2: warning: [hero_db]: odd\n"
                              ":2:8: error: [hero_db] port: is the port of somebody else\n"
                              ":3:1: warning: [hero_db] topics[0].name: is empty\n");
}

static void
test_wrong_plugin (void)
{
  static const HeroConfigKey bad[] = {
    { "one", HERO_CONFIG_INT, 0, 0, 5, "seven" },
    { "two", HERO_CONFIG_INT, 0, 0, 5, "7" },
    { "three", 77, 0, 0, 0, "7" },
    { "enabled", HERO_CONFIG_STRING, 0, 0, 0, "\"x\"" },
    { NULL },
  };
  g_autoptr (HeroConfig) config = load ("", NULL, NULL);
  HeroServiceConfig *db = hero_config_get_service (config, "hero_db");
  g_autofree char *text = NULL;

  hero_config_check_service (config, db, bad, sizeof (HeroConfigKey));
  text = diagnose (config);
  g_assert_nonnull (strstr (text, "[hero_db] one (default): the plugin declares seven, which is not TOML"));
  g_assert_nonnull (strstr (text, "[hero_db] two (default): expected integer 0..5, found 7"));
  g_assert_nonnull (strstr (text, "[hero_db] three (default): the plugin declares the unknown type 77"));
  g_assert_nonnull (strstr (text, "[hero_db] enabled: the plugin declares another type for this key than the host"));
  g_assert_true (db->enabled);
}

/* A stand-alone program reads [host] and its own table; what stands elsewhere is not its affair. */
static void
test_only (void)
{
  g_autoptr (HeroConfig) config
      = load ("stager_ms = 1\n[hero_code]\nenabled = 7\n[hero_db]\nenabled = false\nisolation = \"process\"\n"
              "[nonsense]\n[notes]\nplugin = \"n\"\n",
              NULL, "hero_db");
  g_autoptr (HeroConfig) other = load ("[tool]\nx = 1\n", NULL, "tool");

  assert_diagnostics (config, ":1:1: warning: unknown key \"stager_ms\"; did you mean \"stagger_ms\"?\n");
  g_assert_cmpuint (config->services->len, ==, 1);
  g_assert_true (hero_config_get_service (config, "hero_db")->enabled);
  g_assert_cmpint (hero_config_get_service (config, "hero_db")->isolation, ==, HERO_ISOLATION_THREAD);
  g_assert_cmpuint (hero_config_get_service (config, "hero_db")->start_order, ==, 2);
  g_assert_null (config->control_service);
  g_assert_false (config->control);
  g_assert_cmpstr (get_setting (config, "services"), ==,
                   "mycelium hero_db hero_indexer hero_code hero_proc notes hero_router");

  assert_diagnostics (other, "");
  g_assert_cmpuint (other->services->len, ==, 1);
  g_assert_cmpstr (hero_config_get_service (other, "tool")->plugin, ==, "tool.so");
}

static void
test_override (void)
{
  g_autoptr (HeroConfig) config
      = load ("[host]\nsocket_dir = \"~bad\"\n[hero_db]\nport = \"x\"\nenabled = 3\n", NULL, "hero_db");
  HeroServiceConfig *db;
  const char *source;
  guint line;

  hero_config_override (config, NULL, "socket_dir", "\"/flag\"");
  hero_config_override (config, "hero_db", "port", "17");
  hero_config_override (config, "hero_db", "enabled", "true");
  db = check_db (config);
  assert_diagnostics (config, "");
  g_assert_cmpstr (config->socket_dir, ==, "/flag");
  g_assert_cmpstr (config->socket_dir_source, ==, "flag");
  g_assert_cmpstr (db->rpc_path, ==, "/flag/hero_db/rpc.sock");
  assert_value (db->values, "port", "17");
  g_assert_true (g_variant_lookup (db->origin, "port", "(&su)", &source, &line));
  g_assert_cmpstr (source, ==, "flag");
  g_assert_cmpuint (line, ==, 0);
}

static void
test_files (void)
{
  static const struct
  {
    mode_t file, directory;
    gboolean error;
    const char *words;
  } rows[] = {
    { 0600, 0700, FALSE, NULL },
    { 0602, 0700, TRUE, ": error: the file is writable by everybody (mode 0602); run: chmod o-w" },
    { 0620, 0700, TRUE, "the file is writable by its group (mode 0620); run: chmod g-w" },
    { 0600, 0777, TRUE, "is writable by everybody (mode 0777); run: chmod o-w" },
    { 0600, 0770, TRUE, "is writable by its group (mode 0770); run: chmod g-w" },
    { 0600, 01777, FALSE, NULL },
  };
  g_autofree char *path = g_build_filename (directory, "c.toml", NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  const gboolean root = geteuid () == 0;

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (HeroConfig) config = NULL;
      g_autofree char *text = NULL;
      const gboolean group = rows[i].words != NULL && strstr (rows[i].words, "group") != NULL;
      const gboolean sticky = (rows[i].directory & 01000) != 0;

      g_assert_cmpint (g_chmod (path, rows[i].file), ==, 0);
      g_assert_cmpint (g_chmod (directory, rows[i].directory), ==, 0);
      config = hero_config_load (path, environment, NULL);
      text = diagnose (config);
      if (rows[i].words != NULL)
        g_assert_nonnull (strstr (text, rows[i].words));
      /* Only a sticky directory of root's is as good as a private one. */
      g_assert_true (hero_config_has_errors (config) == (group ? root : sticky ? !root : rows[i].error));
    }
  g_chmod (directory, 0700);
}

static void
test_odd_files (void)
{
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  g_autofree char *absent = g_build_filename (directory, "absent.toml", NULL);
  g_autoptr (HeroConfig) none = hero_config_load (absent, environment, NULL);
  g_autoptr (HeroConfig) silent = hero_config_load (NULL, environment, NULL);
  g_autoptr (HeroConfig) folder = hero_config_load (directory, environment, NULL);
  g_autoptr (HeroConfig) endless = hero_config_load ("/dev/zero", environment, NULL);

  assert_diagnostics (none, ": warning: the file does not exist; defaults are used\n");
  g_assert_false (none->present);
  assert_diagnostics (silent, "");
  g_assert_cmpstr (silent->path, ==, HOME "/hero/cfg/hero_bundle.toml");
  assert_diagnostics (folder, ": error: cannot be read: Is a directory\n");
  assert_diagnostics (endless, ":1:1: error: the text has 1064960 bytes, the limit is 1048576\n");
}

static void
test_describe (void)
{
  static const struct
  {
    const char *table, *key, *value, *source;
    guint line;
  } rows[] = {
    { "host", "socket_dir", "\"/s\"", "environment", 0 },
    { "host", "stagger_ms", "1", "file", 1 },
    { "host", "banner", "true", "default", 0 },
    { "hero_db", "secret", "\"***\"", "file", 3 },
    { "hero_db", "bind", "[\"127.0.0.1\"]", "default", 0 },
    { "hero_db", "socket_group", "", "default", 0 },
    { "hero_db", "topics", "[{ name = \"n\", size = 3 }]", "file", 4 },
    { "hero_code", "enabled", "true", "default", 0 },
  };
  char *variables[] = { "HERO_SOCKET_DIR", "/s", NULL };
  g_autoptr (HeroConfig) config
      = load ("stagger_ms = 1\n[hero_db]\nsecret = \"x\"\ntopics = [{ name = \"n\" }]\n", variables, NULL);
  g_autoptr (GVariant) lines = NULL;

  check_db (config);
  lines = hero_config_describe (config);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      GVariantIter iter;
      const char *table, *key, *value, *source, *meaning;
      guint line, found = 0;

      g_variant_iter_init (&iter, lines);
      while (g_variant_iter_next (&iter, "(&s&s&s&s&su)", &table, &key, &value, &source, &meaning, &line))
        {
          if (!g_str_equal (table, rows[i].table) || !g_str_equal (key, rows[i].key))
            continue;
          found++;
          g_assert_cmpstr (value, ==, rows[i].value);
          g_assert_cmpstr (source, ==, rows[i].source);
          g_assert_cmpuint (line, ==, rows[i].line);
          g_assert_cmpstr (meaning, !=, "");
        }
      g_assert_cmpuint (found, ==, 1);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("hero-config-XXXXXX", NULL);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/values", test_values);
  g_test_add_func ("/config/environment", test_environment);
  g_test_add_func ("/config/settings", test_settings);
  g_test_add_func ("/config/diagnostics", test_diagnostics);
  g_test_add_func ("/config/relative", test_relative);
  g_test_add_func ("/config/bad-environment", test_bad_environment);
  g_test_add_func ("/config/socket-length", test_socket_length);
  g_test_add_func ("/config/plugin-defaults", test_plugin_defaults);
  g_test_add_func ("/config/plugin-values", test_plugin_values);
  g_test_add_func ("/config/plugin-diagnostics", test_plugin_diagnostics);
  g_test_add_func ("/config/said-once", test_said_once);
  g_test_add_func ("/config/report", test_report);
  g_test_add_func ("/config/wrong-plugin", test_wrong_plugin);
  g_test_add_func ("/config/only", test_only);
  g_test_add_func ("/config/override", test_override);
  g_test_add_func ("/config/files", test_files);
  g_test_add_func ("/config/odd-files", test_odd_files);
  g_test_add_func ("/config/describe", test_describe);
  result = g_test_run ();
  g_unlink (path = g_build_filename (directory, "c.toml", NULL));
  g_rmdir (directory);
  g_free (directory);
  return result;
}
