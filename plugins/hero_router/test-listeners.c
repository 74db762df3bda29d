/* test-listeners.c: which TCP addresses the keys ask for, told to a host that only listens. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "auto-address.h"
#include "router.h"
#include "test-dir.h"

typedef struct
{
  HeroServiceContext ctx; /* first: the callbacks get its address */
  GVariant *config, *origin;
  const char *ip, *home;
  GString *asked, *said;
} Host;

static GVariant *
get_config (HeroServiceContext *ctx)
{
  return ((Host *) ctx)->config;
}

static GVariant *
get_origin (HeroServiceContext *ctx)
{
  return ((Host *) ctx)->origin;
}

static GMainContext *
get_main_context (HeroServiceContext *ctx)
{
  return NULL;
}

static const char *
get_setting (HeroServiceContext *ctx, const char *name)
{
  const Host *host = (Host *) ctx;

  if (g_str_equal (name, "mycelium_ip"))
    return host->ip;
  if (g_str_equal (name, "home"))
    return host->home != NULL ? host->home : "/nowhere";
  g_assert_cmpstr (name, ==, "user");
  return "nobody-here";
}

static void
add_listener (HeroServiceContext *ctx, const char *role, const char *protocol, const char *address)
{
  g_assert_cmpstr (role, ==, "admin");
  g_string_append_printf (((Host *) ctx)->asked, "%s ", address);
}

static void
report (HeroServiceContext *ctx, const char *key, guint32 severity, const char *text)
{
  g_string_append_printf (((Host *) ctx)->said, "%s: %s\n", key, text);
}

static gboolean
log_enabled (HeroServiceContext *ctx, guint32 level)
{
  return FALSE;
}

static void
log_line (HeroServiceContext *ctx, guint32 level, const char *message, GVariant *fields)
{
}

static const char *
get_name (HeroServiceContext *ctx)
{
  return "hero_router";
}

static const HeroHost table = { .struct_size = sizeof (HeroHost), .config = get_config, .config_origin = get_origin,
                                .main_context = get_main_context, .setting = get_setting, .add_listener = add_listener,
                                .report = report, .log_enabled = log_enabled,
                                .log = log_line, .name = get_name };

/* keys: a GVariant text of a{sv}, put over the defaults. said: a part of what is reported, NULL = nothing is. */
static void
assert_asked (const char *keys, const char *ip, const char *home, const char *asked, const char *said)
{
  g_autoptr (GVariant) given = g_variant_ref_sink (g_variant_new_parsed (keys));
  g_autoptr (GError) error = NULL;
  GVariantDict dict;
  GVariantBuilder origin;
  GVariantIter iter;
  const char *key;
  GVariant *value;
  Host host = { .ctx.host = &table, .ip = ip, .home = home, .asked = g_string_new (NULL), .said = g_string_new (NULL) };

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "address", "s", "127.0.0.1");
  g_variant_dict_insert (&dict, "port", "x", (gint64) 9988);
  g_variant_dict_insert (&dict, "ui_port", "x", (gint64) 0);
  g_variant_builder_init (&origin, G_VARIANT_TYPE ("a{s(su)}"));
  g_variant_iter_init (&iter, given);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      g_variant_dict_insert_value (&dict, key, value);
      g_variant_builder_add (&origin, "{s(su)}", key, "file", 1);
    }
  host.config = g_variant_ref_sink (g_variant_dict_end (&dict));
  host.origin = g_variant_ref_sink (g_variant_builder_end (&origin));
  hero_service_init (&host.ctx, hero_service_describe_v1 ());
  g_assert_cmpint (router_add_listeners (&host.ctx, &error), ==, asked != NULL);
  if (asked != NULL)
    g_assert_cmpstr (host.asked->str, ==, asked);
  else
    g_assert_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG);
  if (said != NULL)
    g_assert_nonnull (strstr (host.said->str, said));
  else
    g_assert_cmpstr (host.said->str, ==, "");
  hero_service_free_context (&host.ctx);
  g_variant_unref (host.config);
  g_variant_unref (host.origin);
  g_string_free (host.asked, TRUE);
  g_string_free (host.said, TRUE);
}

static void
test_keys (void)
{
  assert_asked ("@a{sv} {}", NULL, NULL, "127.0.0.1:9988 ", NULL);
  assert_asked ("{'port': <int64 0>}", NULL, NULL, "", NULL);
  assert_asked ("{'address': <'::1'>, 'ui_port': <int64 80>}", NULL, NULL, "[::1]:9988 [::1]:80 ", NULL);
  assert_asked ("{'address': <'10.0.0.1:80'>}", NULL, NULL, "127.0.0.1:9988 10.0.0.1:80 ", NULL);
  assert_asked ("{'bind': <['[::1]:1', '0.0.0.0:0']>}", NULL, NULL, "[::1]:1 0.0.0.0:0 ", NULL);
  assert_asked ("{'bind': <['127.0.0.1:1']>, 'port': <int64 5>}", NULL, NULL, "127.0.0.1:1 ", "no effect beside bind");
  assert_asked ("{'bind': <@as []>}", NULL, NULL, "", NULL);
}

static void
test_bad (void)
{
  assert_asked ("{'bind': <['localhost:80']>}", NULL, NULL, NULL, "found \"localhost:80\"");
  assert_asked ("{'bind': <['127.0.0.1']>}", NULL, NULL, NULL, "expected IP:PORT");
  assert_asked ("{'bind': <['::1:80']>}", NULL, NULL, NULL, "expected IP:PORT");
  assert_asked ("{'bind': <['127.0.0.1:65536']>}", NULL, NULL, NULL, "expected IP:PORT");
  assert_asked ("{'address': <'somewhere'>}", NULL, NULL, NULL, "found \"somewhere\"");
}

static void
test_auto (void)
{
  const char *address = "{'address': <'auto'>}";
  g_autoptr (TestDir) home = test_dir_new ();
  g_autofree char *dir = g_build_filename (home, "hero", "cfg", NULL);
  g_autofree char *file = g_build_filename (dir, "hero_cfg.toml", NULL);

  assert_asked (address, "4ff::1", NULL, "[4ff::1]:9988 ", NULL);
  assert_asked (address, NULL, NULL, "127.0.0.1:9988 ", NULL);
  assert_asked (address, NULL, home, "127.0.0.1:9988 ", NULL);
  assert_asked (address, "nonsense", home, "127.0.0.1:9988 ", "HERO_MYCELIUM_IP is no IP address: \"nonsense\"");
  g_assert_no_errno (g_mkdir_with_parents (dir, 0755));
  g_assert_true (g_file_set_contents (file, "[mycelium]\nipv6_address = \"5ab::2\" # mine\n", -1, NULL));
  assert_asked (address, NULL, home, "[5ab::2]:9988 ", NULL);
  assert_asked (address, "nonsense", home, "[5ab::2]:9988 ", "nonsense");
  assert_asked (address, "4ff::1", home, "[4ff::1]:9988 ", NULL);
  g_assert_true (g_file_set_contents (file, "[mycelium]\nipv6_address = \"5ab::2/64\"\n", -1, NULL));
  assert_asked (address, NULL, home, "127.0.0.1:9988 ", "ipv6_address is no IP address: \"5ab::2/64\"");
}

static void
test_cfg (void)
{
  static const char *const rows[][2] = {
    { "", NULL },
    { "ipv6_address = \"::1\"", NULL },
    { "[other]\nipv6_address = \"::1\"", NULL },
    { "[mycelium]\n# ipv6_address = \"::1\"", NULL },
    { "[mycelium]\nipv6_address_old = \"::1\"", NULL },
    { "[mycelium]\nipv6_address = 5", NULL },
    { "[mycelium]\nipv6_address = \"::1", NULL },
    { "[mycelium] # table\n  ipv6_address='::1'\r\n", "::1" },
    { "[a]\nx = 1\n\n[mycelium]\nname = \"n\"\nipv6_address\t= \"4ff::1\"", "4ff::1" },
    { "[mycelium]\nname = \"n\"\n[b]\nipv6_address = \"::1\"", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = auto_address_read_cfg (rows[i][0]);

      g_assert_cmpstr (found, ==, rows[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listeners/keys", test_keys);
  g_test_add_func ("/listeners/bad", test_bad);
  g_test_add_func ("/listeners/auto", test_auto);
  g_test_add_func ("/listeners/hero_cfg", test_cfg);
  return g_test_run ();
}
