/* test-context.c: what a service reads of its host, its sources, its log and the ends of its life. */
#include "log-internal.h"
#include "test-service.h"

#include <string.h>
#include <unistd.h>

static HeroServiceContext *context;

static void
setup (HeroServiceContext *ctx)
{
  context = ctx;
}

static void
test_configuration (void)
{
  HeroTestHost *host = hero_test_service_start (
      setup, g_variant_new_parsed ("{'flag': <true>, 'port': <int64 6378>, 'ratio': <0.5>, 'name': <'n'>,"
                                   " 'words': <['a', 'b']>, 'tables': <[{'k': <'v'>}]>, 'data_dir': <'/nowhere'>}"));
  const char *const *words = hero_service_get_strings (context, "words");

  g_assert_true (hero_service_get_boolean (context, "flag"));
  g_assert_false (hero_service_get_boolean (context, "absent"));
  g_assert_cmpint (hero_service_get_integer (context, "port"), ==, 6378);
  g_assert_cmpfloat (hero_service_get_real (context, "ratio"), ==, 0.5);
  g_assert_cmpstr (hero_service_get_string (context, "name"), ==, "n");
  g_assert_null (hero_service_get_string (context, "absent"));
  g_assert_cmpstr (words[1], ==, "b");
  g_assert_null (words[2]);
  g_assert_nonnull (hero_service_get_strings (context, "absent"));
  g_assert_cmpuint (g_variant_n_children (hero_service_get_tables (context, "tables")), ==, 1);
  g_assert_false (hero_service_has_key (context, "port"));
  g_assert_cmpstr (hero_service_get_data_dir (context), ==, "/nowhere");
  g_assert_cmpstr (hero_service_get_socket_root (context), ==, hero_test_host_get_dir (host));
  g_assert_cmpstr (hero_service_get_name (context), ==, "sample");
  g_assert_cmpstr (hero_service_get_version (context), ==, "1.2.3");
  hero_test_service_stop (host);
}

static GString *trace; /* service thread */

static gboolean
on_post (gpointer data)
{
  g_string_append (trace, data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer data)
{
  g_string_append (trace, "never");
  return G_SOURCE_REMOVE;
}

static void
remove_timeout (gpointer data)
{
  guint id = hero_service_timeout_add (context, 50, on_tick, NULL);

  hero_service_source_remove (context, id);
  hero_service_timeout_add (context, 100, on_post, "t");
}

static void
nothing (gpointer data)
{
}

static void
test_sources (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);

  trace = g_string_new (NULL);
  for (guint i = 0; i < 3; i++)
    hero_service_post (context, on_post, (gpointer)(i == 0 ? "a" : i == 1 ? "b" : "c"), NULL);
  hero_test_host_run (host, remove_timeout, NULL);
  g_usleep (500000);
  hero_test_host_run (host, nothing, NULL);
  g_assert_cmpstr (trace->str, ==, "abct");
  g_string_free (trace, TRUE);
  hero_test_service_stop (host);
}

static void
test_log (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autoptr (GPtrArray) lines = NULL;
  HeroLogLine *last;

  for (guint i = 0; i < 1010; i++)
    hero_info (context, "line %u", i);
  hero_log_fields (context, HERO_LOG_WARN, g_variant_new_parsed ("{'key': <'two words'>, 'n': <int64 3>}"), "message");
  lines = hero_log_get_lines (context);
  g_assert_cmpuint (lines->len, ==, HERO_LOG_RING_LINES);
  last = g_ptr_array_index (lines, lines->len - 1);
  g_assert_cmpstr (last->text, ==, "message key=\"two words\" n=3");
  g_assert_cmpint (last->level, ==, HERO_LOG_WARN);
  g_assert_cmpstr (((HeroLogLine *)g_ptr_array_index (lines, 0))->text, ==, "line 11");
  g_assert_cmpuint (hero_test_host_count_log (host, "line 1009"), ==, 1);
  hero_test_service_stop (host);
}

static void
take_lock (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_service_lock_data_dir (context, &error));
  g_assert_no_error (error);
}

static void
test_data_dir (void)
{
  HeroTestHost *first = hero_test_service_start (setup, NULL), *second;
  g_autofree char *dir = g_build_filename (hero_test_host_get_dir (first), "data", NULL), *pid = NULL;
  g_autoptr (GError) error = NULL;
  HeroServiceContext *first_context = context;

  hero_test_host_run (first, take_lock, NULL);
  second = hero_test_service_start (setup, g_variant_new ("a{sv}", NULL)); /* has a directory of its own */
  hero_test_service_stop (second);
  second = hero_test_service_start (setup, g_variant_new_parsed ("{'data_dir': <%s>}", dir));
  g_assert_false (hero_service_lock_data_dir (context, &error));
  g_assert_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_BUSY);
  pid = g_strdup_printf ("%d", getpid ());
  g_assert_nonnull (strstr (error->message, pid)); /* names the holder */
  hero_test_service_stop (second);
  context = first_context;
  hero_test_service_stop (first);
}

static void
fail_now (gpointer data)
{
  hero_service_fail (context, g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "the engine broke"));
}

static void
test_failure (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autoptr (GError) error = NULL;

  hero_test_host_run (host, fail_now, NULL);
  g_assert_false (hero_test_host_stop (host, &error));
  g_assert_cmpstr (error->message, ==, "the engine broke");
  hero_test_host_free (host);
}

/* Two instances in one process do not meet. */
static void
test_two (void)
{
  HeroTestHost *one = hero_test_service_start (setup, NULL), *two = hero_test_service_start (setup, NULL);
  g_autoptr (JsonNode) first = hero_test_call (one, "rpc.health", NULL),
                       second = hero_test_call (two, "rpc.health", NULL);

  hero_test_service_stop (one);
  g_autoptr (JsonNode) still = hero_test_call (two, "rpc.health", NULL);
  hero_test_service_stop (two);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/configuration", test_configuration);
  g_test_add_func ("/context/sources", test_sources);
  g_test_add_func ("/context/log", test_log);
  g_test_add_func ("/context/data-dir", test_data_dir);
  g_test_add_func ("/context/failure", test_failure);
  g_test_add_func ("/context/two", test_two);
  return g_test_run ();
}
