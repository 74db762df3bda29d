/* test-config-plugin.c: the table of a service against the keys of its plugin: values, defaults, diagnostics. */
#include "test-config.h"

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
  static const TestConfigCase tests[] = {
    { "/config/plugin-defaults", test_plugin_defaults },
    { "/config/plugin-values", test_plugin_values },
    { "/config/plugin-diagnostics", test_plugin_diagnostics },
    { "/config/said-once", test_said_once },
    { "/config/report", test_report },
    { "/config/wrong-plugin", test_wrong_plugin },
    { "/config/override", test_override },
    { "/config/describe", test_describe },
  };

  return test_config_main (argc, argv, tests, G_N_ELEMENTS (tests));
}
