/* test-status.c: the rows that other threads read, and the banner of the same units; none of them is started. */
#include "banner.h"
#include "status.h"
#include "test-tables.h"

#include <string.h>

typedef struct
{
  TestTables tables;
  GPtrArray *plans, *units;
  HeroUnitEnv env;
  HeroStatus *status;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  test_tables_load (&self->tables, "[a]\nplugin = \"probe.so\"\nrequired = true\n[b]\nplugin = \"probe.so\"\n"
                                   "isolation = \"process\"\n");
  self->plans = hero_plans_new (self->tables.config, FALSE);
  self->units = g_ptr_array_new_with_free_func ((GDestroyNotify) hero_unit_free);
  for (guint i = 0; i < self->plans->len; i++)
    g_ptr_array_add (self->units, hero_unit_new (&self->env, g_ptr_array_index (self->plans, i), NULL, NULL));
  self->status = hero_status_new ();
  hero_status_set_services (self->status, self->tables.config, self->units);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  hero_status_free (self->status);
  g_ptr_array_unref (self->units);
  g_ptr_array_unref (self->plans);
  test_tables_clear (&self->tables);
}

static GVariant *
row_of (Fixture *self, const char *name)
{
  g_autoptr (GVariant) rows = hero_status_get_services (self->status);

  for (gsize i = 0; i < g_variant_n_children (rows); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);
      const char *found;
      if (g_variant_lookup (row, "name", "&s", &found) && g_str_equal (found, name))
        return g_steal_pointer (&row);
    }
  return NULL;
}

static void
assert_row (Fixture *self, const char *name, const char *state, const char *isolation, gboolean required, gboolean enabled)
{
  g_autoptr (GVariant) row = row_of (self, name);
  const char *found_state = NULL, *found_isolation = NULL;
  gboolean found_required = -1, found_enabled = -1;
  gint64 pid = 0, ready_ms = 0;

  g_assert_nonnull (row);
  g_variant_lookup (row, "state", "&s", &found_state);
  g_variant_lookup (row, "isolation", "&s", &found_isolation);
  g_variant_lookup (row, "required", "b", &found_required);
  g_variant_lookup (row, "enabled", "b", &found_enabled);
  g_variant_lookup (row, "pid", "x", &pid);
  g_variant_lookup (row, "ready_ms", "x", &ready_ms);
  g_assert_cmpstr (found_state, ==, state);
  g_assert_cmpstr (found_isolation, ==, isolation);
  g_assert_cmpint (found_required, ==, required);
  g_assert_cmpint (found_enabled, ==, enabled);
  g_assert_cmpint (pid, ==, -1);
  g_assert_cmpint (ready_ms, ==, -1);
}

static void
test_rows (Fixture *self, gconstpointer data)
{
  g_autofree char *summary = hero_status_summary (self->units);

  assert_row (self, "a", "stopped", "thread", TRUE, TRUE);
  assert_row (self, "b", "stopped", "process", FALSE, TRUE);
  assert_row (self, "hero_db", "disabled", "thread", FALSE, FALSE);
  g_assert_cmpstr (summary, ==, "0 of 2 services ready; a stopped; b stopped");
}

static void
on_change (const char *name, HeroState from, HeroState to, const char *reason, gpointer data)
{
  g_string_append_printf (data, "%s %s %s %s;", name, hero_state_to_string (from), hero_state_to_string (to), reason);
}

static void
test_listener (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) heard = g_string_new (NULL);

  hero_status_set_listener (self->status, on_change, heard);
  hero_status_update (self->status, g_ptr_array_index (self->units, 1), HERO_STATE_READY, HERO_STATE_BACKOFF, "why");
  g_assert_cmpstr (heard->str, ==, "b ready backoff why;");
  hero_status_set_listener (self->status, NULL, NULL);
  hero_status_update (self->status, g_ptr_array_index (self->units, 1), HERO_STATE_BACKOFF, HERO_STATE_READY, "again");
  g_assert_cmpstr (heard->str, ==, "b ready backoff why;");
}

static void
test_banner (Fixture *self, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      HeroLogger *logger = hero_logger_new (self->tables.config, "test");
      hero_banner_print (self->tables.config, logger, "test", self->units, 7);
      hero_logger_free (logger);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*test " PACKAGE_VERSION " (build *, abi 1.*) pid *\n  config   *c.toml\n  sockets  */s (config)\n"
                             "  data     */d (config)\n  a             stopped  thread   \n"
                             "  b             stopped  process  \ntest ready: 0 of 2 services in 7 ms\n*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/status/rows", Fixture, NULL, set_up, test_rows, tear_down);
  g_test_add ("/status/listener", Fixture, NULL, set_up, test_listener, tear_down);
  g_test_add ("/status/banner", Fixture, NULL, set_up, test_banner, tear_down);
  return g_test_run ();
}
