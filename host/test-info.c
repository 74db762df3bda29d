/* test-info.c: the object of --info, for a plugin that is there and one that is not. */
#include "info.h"

#include <glib/gstdio.h>
#include <hero-service/json.h>
#include <string.h>
#include <unistd.h>

static gpointer
create (HeroServiceContext *ctx, GError **error)
{
  ctx->host->add_listener (ctx, "web", "ui", "127.0.0.1:80");
  ctx->host->add_listener (ctx, "rest", "rest", "");
  ctx->host->report (ctx, "port", HERO_REPORT_WARNING, "odd");
  return GINT_TO_POINTER (1);
}

static gboolean
start (gpointer self, GCancellable *cancellable, GError **error)
{
  g_assert_not_reached ();
}

static gboolean
serve (gpointer self, GError **error)
{
  g_assert_not_reached ();
}

static void
stop (gpointer self)
{
  g_assert_not_reached ();
}

static void
destroy (gpointer self)
{
}

static const HeroConfigKey keys[] = { { "port", HERO_CONFIG_INT, 0, 0, 9, "5", .meaning = "Port." }, { NULL } };

static const HeroServicePlugin plugin = {
  .magic = HERO_PLUGIN_MAGIC,
  .struct_size = sizeof (HeroServicePlugin),
  .abi_major = HERO_ABI_MAJOR,
  .abi_minor = HERO_ABI_MINOR,
  .name = "hero_db",
  .title = "Hero DB",
  .version = "9.8.7",
  .description = "Keeps.",
  .domains = "main|more",
  .license = "MIT",
  .socket_size = sizeof (HeroSocketSpec),
  .config_key_size = sizeof (HeroConfigKey),
  .sockets = (const HeroSocketSpec[]){ { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } },
  .config_keys = keys,
  .create = create,
  .start = start,
  .serve = serve,
  .stop = stop,
  .destroy = destroy,
};

static HeroConfig *
load (const char *text, const char *only)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("hero-info-XXXXXX.toml", &path, NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HERO_SOCKET_DIR", "/s", TRUE);
  HeroConfig *config;

  environment = g_environ_setenv (environment, "HERO_BUNDLE_PLUGIN_DIR", "/nonexistent", TRUE);
  environment = g_environ_setenv (environment, "HOME", "/home/x", TRUE);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  close (fd);
  config = hero_config_load (path, environment, only);
  g_unlink (path);
  return config;
}

static JsonNode *
print (const char *program, HeroConfig *config, GPtrArray *plans)
{
  g_autofree char *text = hero_info_print (hero_program_find (program), config, plans);
  g_autoptr (GError) error = NULL;
  JsonNode *root;

  g_assert_true (g_str_has_suffix (text, "}\n"));
  root = hero_json_parse (text, -1, &error);
  g_assert_no_error (error);
  return root;
}

/* The values at a JSONPath, as JSON. */
static void
assert_path (JsonNode *root, const char *path, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) found = json_path_query (path, root, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = json_to_string (found, FALSE);
  g_test_message ("%s", path);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_present (void)
{
  static const struct
  {
    const char *path, *value;
  } rows[] = {
    { "$.name", "[\"hero_db_server\"]" },
    { "$.version", "[\"" PACKAGE_VERSION "\"]" },
    { "$.category", "[\"storage\"]" },
    { "$.kind", "[\"server\"]" },
    { "$.abi.major", "[1]" },
    { "$.config.present", "[true]" },
    { "$.config.errors", "[[]]" },
    { "$.config.warnings",
      "[[\"1:1: unknown key \\\"stager_ms\\\"; did you mean \\\"stagger_ms\\\"?\",\"3:8: [hero_db] port: odd\"]]" },
    { "$.paths.socket_dir", "[\"/s\"]" },
    { "$.paths.socket_dir_source", "[\"HERO_SOCKET_DIR\"]" },
    { "$.paths.data_dir_source", "[\"default\"]" },
    { "$.env[0].name", "[\"HERO_SOCKET_DIR\"]" },
    { "$.binaries", "[[{\"name\":\"hero_db_server\",\"kind\":\"server\",\"desc\":\"The database by itself.\"}]]" },
    { "$.services[0].title", "[\"Hero DB\"]" },
    { "$.services[0].version", "[\"9.8.7\"]" },
    { "$.services[0].start_order", "[2]" },
    { "$.services[0].isolation", "[\"thread\"]" },
    { "$.services[0].available", "[true]" },
    { "$.services[0].error", "[null]" },
    { "$.services[0].domains", "[[\"main\",\"more\"]]" },
    { "$.services[0].sockets", "[[{\"name\":\"rpc\",\"path\":\"/s/hero_db/rpc.sock\",\"protocol\":\"openrpc\"},"
                               "{\"name\":\"admin\",\"path\":\"/s/hero_db/admin.sock\",\"protocol\":\"ui\"}]]" },
    { "$.services[0].tcp", "[[{\"name\":\"web\",\"address\":\"127.0.0.1:80\",\"enabled\":true},"
                           "{\"name\":\"rest\",\"address\":\"\",\"enabled\":false}]]" },
  };
  g_autoptr (HeroConfig) config = load ("stager_ms = 1\n[hero_db]\nport = 7\n", "hero_db");
  g_autoptr (GPtrArray) plans = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_plan_free);
  g_autoptr (JsonNode) root = NULL;

  g_ptr_array_add (plans, hero_plan_new_builtin (config, hero_config_get_service (config, "hero_db"), &plugin));
  root = print ("hero_db_server", config, plans);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_path (root, rows[i].path, rows[i].value);
}

static void
test_missing (void)
{
  g_autoptr (HeroConfig) config = load ("[hero_code]\nenabled = false\n[hero_proc]\nisolation = 3\n", NULL);
  g_autoptr (GPtrArray) plans = hero_plans_new (config, TRUE);
  g_autoptr (JsonNode) root = print ("hero_bundle", config, plans);

  assert_path (root, "$.services[*].name",
               "[\"mycelium\",\"hero_db\",\"hero_indexer\",\"hero_code\",\"hero_proc\",\"hero_router\"]");
  assert_path (root, "$.services[*].enabled", "[true,true,true,false,true,true]");
  assert_path (root, "$.services[*].available", "[false,false,false,false,false,false]");
  assert_path (root, "$.services[0].title", "[null]");
  assert_path (root, "$.services[0].plugin", "[\"hero_mycelium.so\"]");
  assert_path (root, "$.config.errors",
               "[[\"4:13: [hero_proc] isolation: expected \\\"thread\\\" or \\\"process\\\", found integer\"]]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/info/present", test_present);
  g_test_add_func ("/info/missing", test_missing);
  return g_test_run ();
}
