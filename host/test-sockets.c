/* test-sockets.c: the sockets of one service from lock to unlink, in a real directory. */
#include <string.h>

#include "sockets.h"
#include "test-tables.h"

typedef struct
{
  TestTables tables;
  GPtrArray *plans;
  HeroSockets *sockets;
  char *rpc;
} Fixture;

static void
set_up (Fixture *self, gconstpointer text)
{
  test_tables_load (&self->tables, text);
  self->plans = hero_plans_new (self->tables.config, FALSE);
  self->sockets = hero_sockets_new (g_ptr_array_index (self->plans, 0), NULL);
  self->rpc = g_build_filename (self->tables.dir, "s", "a", "rpc.sock", NULL);
}

static void
tear_down (Fixture *self, gconstpointer text)
{
  hero_sockets_free (self->sockets);
  g_ptr_array_unref (self->plans);
  test_tables_clear (&self->tables);
  g_free (self->rpc);
}

static void
publish (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_sockets_prepare (self->sockets, &error));
  g_assert_no_error (error);
  g_assert_true (hero_sockets_publish (self->sockets, &error));
  g_assert_no_error (error);
}

static void
test_life (Fixture *self, gconstpointer text)
{
  g_autofree char *listening = NULL;

  g_assert_true (hero_sockets_prepare (self->sockets, NULL));
  g_assert_false (g_file_test (self->rpc, G_FILE_TEST_EXISTS)); /* only who is ready is seen */
  publish (self);
  g_assert_true (g_file_test (self->rpc, G_FILE_TEST_EXISTS));
  g_assert_null (hero_sockets_find_lost (self->sockets));
  listening = hero_sockets_describe (self->sockets);
  g_assert_true (g_str_has_prefix (listening, "rpc.sock admin.sock 127.0.0.1:"));
  g_assert_false (g_str_has_suffix (listening, ":0"));
  hero_sockets_close (self->sockets);
  g_assert_false (g_file_test (self->rpc, G_FILE_TEST_EXISTS));
  publish (self); /* once more */
}

/* Somebody took the file away and put another there: told, not touched, and made anew when that is asked. */
static void
test_lost (Fixture *self, gconstpointer text)
{
  g_autofree char *lost = NULL, *mine = NULL;
  g_autoptr (GError) error = NULL;

  publish (self);
  g_assert_cmpint (g_unlink (self->rpc), ==, 0);
  g_assert_true (g_file_set_contents (self->rpc, "mine", -1, NULL));
  lost = hero_sockets_find_lost (self->sockets);
  g_assert_nonnull (strstr (lost, self->rpc));
  hero_sockets_drop_lost (self->sockets);
  g_assert_false (hero_sockets_prepare (self->sockets, &error));
  g_assert_nonnull (strstr (error->message, "not a socket"));
  g_assert_true (g_file_get_contents (self->rpc, &mine, NULL, NULL));
  g_assert_cmpstr (mine, ==, "mine");
  g_assert_cmpint (g_unlink (self->rpc), ==, 0);
  publish (self);
  g_assert_null (hero_sockets_find_lost (self->sockets));
}

/* The directory has one user at a time. */
static void
test_second (Fixture *self, gconstpointer text)
{
  g_autoptr (HeroSockets) other = hero_sockets_new (g_ptr_array_index (self->plans, 0), NULL);
  g_autofree char *pid = g_strdup_printf ("pid %d", (int) getpid ());
  g_autoptr (GError) error = NULL;

  publish (self);
  g_assert_false (hero_sockets_prepare (other, &error));
  g_assert_nonnull (strstr (error->message, pid));
  g_assert_true (g_file_test (self->rpc, G_FILE_TEST_EXISTS));
  hero_sockets_close (self->sockets);
  g_assert_true (hero_sockets_prepare (other, NULL));
}

int
main (int argc, char **argv)
{
  static const char text[] = "[a]\nplugin = \"probe.so\"\ntcp = \"127.0.0.1:0\"\n";

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sockets/life", Fixture, text, set_up, test_life, tear_down);
  g_test_add ("/sockets/lost", Fixture, text, set_up, test_lost, tear_down);
  g_test_add ("/sockets/second", Fixture, text, set_up, test_second, tear_down);
  return g_test_run ();
}
