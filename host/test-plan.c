/* test-plan.c: what a plan knows of a service before anything of it is bound or started. */
#include <string.h>

#include "test-tables.h"

static HeroPlan *
plan_of (GPtrArray *plans, const char *name)
{
  for (guint i = 0; i < plans->len; i++)
    if (g_str_equal (((HeroPlan *) g_ptr_array_index (plans, i))->config->name, name))
      return g_ptr_array_index (plans, i);
  return NULL;
}

static void
assert_address (GPtrArray *list, guint i, const char *role, const char *protocol, const char *address)
{
  HeroAddress *item = g_ptr_array_index (list, i);

  g_assert_cmpstr (item->role, ==, role);
  g_assert_cmpstr (item->protocol, ==, protocol);
  g_assert_cmpstr (item->address, ==, address);
}

static void
test_addresses (void)
{
  TestTables tables;
  g_autoptr (GPtrArray) plans = NULL;
  g_autofree char *rpc = NULL, *admin = NULL;
  HeroPlan *a, *b;

  test_tables_load (&tables, "[a]\nplugin = \"probe.so\"\ntcp = \"127.0.0.1:0\"\n[b]\nplugin = \"probe.so\"\nadmin = false\n");
  plans = hero_plans_new (tables.config, FALSE);
  g_assert_cmpuint (plans->len, ==, 2);
  a = plan_of (plans, "a");
  b = plan_of (plans, "b");
  rpc = g_build_filename (tables.dir, "s", "a", "rpc.sock", NULL);
  admin = g_build_filename (tables.dir, "s", "a", "admin.sock", NULL);
  g_assert_no_error (a->error);
  g_assert_cmpuint (a->sockets->len, ==, 2);
  assert_address (a->sockets, 0, "rpc", "openrpc", rpc);
  assert_address (a->sockets, 1, "admin", "ui", admin);
  g_assert_cmpuint (a->tcp->len, ==, 1);
  assert_address (a->tcp, 0, "rpc", "openrpc", "127.0.0.1:0");
  g_assert_cmpuint (b->sockets->len, ==, 1);
  g_assert_cmpuint (b->tcp->len, ==, 0);
  g_assert_false (g_file_test (rpc, G_FILE_TEST_EXISTS)); /* nothing was made */
  g_clear_pointer (&plans, g_ptr_array_unref);
  test_tables_clear (&tables);
}

/* What is wrong with a plugin ends in its plan; what is wrong in the file becomes a diagnostic. */
static void
test_errors (void)
{
  TestTables tables;
  g_autoptr (GPtrArray) plans = NULL;
  g_autofree char *text = NULL;

  test_tables_load (&tables, "[a]\nplugin = \"absent.so\"\n[b]\nplugin = \"probe.so\"\nbehaviour = \"fails_create\"\n"
                             "[c]\nplugin = \"probe.so\"\nbehaviour = \"reports_error\"\n");
  plans = hero_plans_new (tables.config, FALSE);
  g_assert_null (plan_of (plans, "a")->plugin);
  g_assert_error (plan_of (plans, "a")->error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_MISSING);
  g_assert_nonnull (plan_of (plans, "b")->plugin);
  g_assert_error (plan_of (plans, "b")->error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG);
  g_assert_no_error (plan_of (plans, "c")->error);
  text = hero_config_format_diagnostics (tables.config);
  g_assert_nonnull (strstr (text, "error: [c] behaviour: the probe refuses"));
  g_clear_pointer (&plans, g_ptr_array_unref);
  test_tables_clear (&tables);
}

/* --info shows all; a reserved name takes its own plugin only. */
static void
test_disabled_and_reserved (void)
{
  TestTables tables;
  g_autoptr (GPtrArray) enabled = NULL, all = NULL;

  test_tables_load (&tables, "plugin = \"probe.so\"\n"); /* goes on the last table, [hero_router] */
  enabled = hero_plans_new (tables.config, FALSE);
  all = hero_plans_new (tables.config, TRUE);
  g_assert_cmpuint (enabled->len, ==, 0);
  g_assert_cmpuint (all->len, ==, 6);
  g_assert_error (plan_of (all, "hero_router")->error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_NAME);
  g_clear_pointer (&enabled, g_ptr_array_unref);
  g_clear_pointer (&all, g_ptr_array_unref);
  test_tables_clear (&tables);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/addresses", test_addresses);
  g_test_add_func ("/plan/errors", test_errors);
  g_test_add_func ("/plan/disabled-and-reserved", test_disabled_and_reserved);
  return g_test_run ();
}
