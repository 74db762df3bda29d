/* test-config.c: hero_bundle.toml, the host's part: values, defaults, sources, and every diagnostic with its place. */
#include "test-config.h"

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

int
main (int argc, char **argv)
{
  static const TestConfigCase tests[] = {
    { "/config/defaults", test_defaults },
    { "/config/values", test_values },
    { "/config/environment", test_environment },
    { "/config/settings", test_settings },
    { "/config/diagnostics", test_diagnostics },
    { "/config/relative", test_relative },
    { "/config/bad-environment", test_bad_environment },
    { "/config/socket-length", test_socket_length },
  };

  return test_config_main (argc, argv, tests, G_N_ELEMENTS (tests));
}
