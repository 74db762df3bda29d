/* test-scanner.c: what is found below the socket root, when it is probed and what a probe asks, against services made up here. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "router.h"
#include "test-fake.h"
#include "test-router.h"

#define NEVER_S 3600

/* A router on a root of its own that scans every interval_s. */
static HeroTestHost *
start (guint interval_s, guint forget_s)
{
  HeroTestHost *host = test_router_new ("scan_interval_s", g_variant_new_int64 (interval_s), "forget_after_s",
                                        g_variant_new_int64 (forget_s), NULL);

  g_assert_true (hero_test_host_start (host, NULL));
  return host;
}

/* A member of router.service; NULL = not known. transfer full. */
static char *
member_of (HeroTestHost *host, const char *name, const char *member)
{
  g_autofree char *call = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"router.service\",\"params\":[\"%s\"]}", name);
  g_autofree char *path = g_strconcat ("result.", member, NULL);
  g_autoptr (JsonNode) answer = hero_test_rpc (host, call);

  return hero_test_json_get (answer, path);
}

static gboolean
has_come (gint64 begun)
{
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 20 * G_USEC_PER_SEC);
  g_usleep (10 * 1000);
  return TRUE;
}

/* value: NULL = until it is not known any more. */
static void
wait_member (HeroTestHost *host, const char *name, const char *member, const char *value)
{
  gint64 begun = g_get_monotonic_time ();

  while (has_come (begun))
    {
      g_autofree char *now = member_of (host, name, member);

      if (g_strcmp0 (now, value) == 0)
        return;
    }
}

static void
wait_count (Fake *fake, const char *path, guint count)
{
  gint64 begun = g_get_monotonic_time ();

  while (fake_count (fake, path) < count)
    has_come (begun);
}

/* ------------------------------------------------------------------------------------------------ what a probe asks */

static void
test_same_process (void)
{
  g_autoptr (HeroTestHost) host = start (1, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  wait_member (host, "fake", "status", "healthy");
  wait_count (fake, "/health", 3);
  g_assert_cmpuint (fake_count_connections (fake), ==, 1);
  g_assert_cmpuint (fake_count (fake, "/openrpc.json"), ==, 1);
  g_assert_cmpuint (fake_count (fake, "/.well-known/heroservice.json"), ==, 1);
  g_assert_cmpuint (fake_count (fake, "/api/domains.json"), ==, 1);
}

static void
test_other_version (void)
{
  g_autoptr (HeroTestHost) host = start (1, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  wait_member (host, "fake", "methods_count", "1");
  fake_set_document (fake, "{\"openrpc\":\"1.2.6\",\"methods\":[]}");
  fake_set_version (fake, "2");
  wait_member (host, "fake", "methods_count", "0");
}

static void
test_asked_for (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  wait_member (host, "fake", "methods_count", "1");
  fake_set_document (fake, "{\"openrpc\":\"1.2.6\",\"methods\":[]}");
  json_node_unref (hero_test_call (host, "router.probe", "[\"fake\"]"));
  wait_member (host, "fake", "methods_count", "0");
  fake_set_document (fake, FAKE_DOCUMENT);
  json_node_unref (hero_test_call (host, "router.scan", NULL));
  wait_member (host, "fake", "methods_count", "1");
  g_assert_cmpuint (fake_count_connections (fake), ==, 1);
}

/* ------------------------------------------------------------------------------------------------ connections */

static void
test_killed (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");
  g_autofree char *reason = NULL;

  wait_member (host, "fake", "status", "healthy");
  fake_kill (fake); /* its file stays: only the connection tells */
  wait_member (host, "fake", "status", "inactive");
  reason = member_of (host, "fake", "reason");
  g_assert_cmpstr (reason, ==, "rpc.sock: connection refused");
}

static void
test_killed_page (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  g_autoptr (Fake) rpc = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");
  g_autoptr (Fake) page = fake_new (hero_test_host_get_dir (host), "fake", "admin.sock");

  wait_member (host, "fake", "status", "healthy");
  wait_count (page, "/health", 1);
  fake_kill (page);
  wait_member (host, "fake", "status", "unhealthy");
}

/* A service that wants no second request on a connection gets a new one for each. */
static void
test_closes (void)
{
  g_autoptr (HeroTestHost) host = start (1, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  fake_set_close (fake);
  wait_member (host, "fake", "status", "healthy");
  wait_count (fake, "/openrpc.json", 2); /* it may be another process each time */
}

/* One that closes idle connections is probed a few times for it, not for ever. */
static void
test_closes_when_idle (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  g_autoptr (Fake) fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  fake_set_idle_ms (fake, 100);
  wait_count (fake, "/health", 4);
  g_usleep (3 * G_USEC_PER_SEC);
  g_assert_cmpuint (fake_count (fake, "/health"), ==, 4);
  wait_member (host, "fake", "status", "healthy");
}

/* ------------------------------------------------------------------------------------------------ directories */

static void
test_comes_during_a_probe (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  g_autoptr (Fake) rpc = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock"), page = NULL;

  fake_set_delay_ms (rpc, 600);
  wait_count (rpc, "/health", 1);
  page = fake_new (hero_test_host_get_dir (host), "fake", "admin.sock");
  wait_count (page, "/health", 1);
}

static void
test_goes (void)
{
  g_autoptr (HeroTestHost) host = start (1, 1);
  g_autofree char *dir = g_build_filename (hero_test_host_get_dir (host), "fake", NULL);
  Fake *fake = fake_new (hero_test_host_get_dir (host), "fake", "rpc.sock");

  wait_member (host, "fake", "status", "healthy");
  fake_free (fake);
  wait_member (host, "fake", "reason", "has no socket");
  g_assert_no_errno (g_rmdir (dir));
  wait_member (host, "fake", "status", NULL);
}

static void
test_what_counts (void)
{
  g_autoptr (HeroTestHost) host = start (NEVER_S, 600);
  const char *root = hero_test_host_get_dir (host);
  g_autoptr (Fake) good = fake_new (root, "good", "rpc.sock"), hidden = fake_new (root, ".dot", "rpc.sock");
  g_autoptr (Fake) other = fake_new (root, "good", "rpc.txt"), reserved = fake_new (root, "admin", "rpc.sock");
  g_autofree char *file = g_build_filename (root, "good", "file.sock", NULL), *link = g_build_filename (root, "good", "link.sock", NULL);
  g_autofree char *sockets = NULL, *warnings = NULL, *hint = NULL;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_no_errno (symlink ("rpc.sock", link));
  json_node_unref (hero_test_call (host, "router.scan", NULL));
  sockets = member_of (host, "good", "sockets");
  g_assert_cmpstr (sockets, ==, "[\"rpc\"]");
  warnings = member_of (host, "admin", "warnings");
  g_assert_nonnull (strstr (warnings, "reserved"));
  g_autoptr (JsonNode) list = hero_test_call (host, "router.services", NULL);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (list)), ==, 2);
  g_autoptr (JsonNode) answer = hero_test_rpc (host, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"router.service\",\"params\":[\"god\"]}");
  hint = hero_test_json_get (answer, "error.data.hint");
  g_assert_cmpstr (hint, ==, "good");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scanner/same-process-is-asked-for-its-health-only", test_same_process);
  g_test_add_func ("/scanner/another-version-is-read-anew", test_other_version);
  g_test_add_func ("/scanner/all-is-read-when-asked-for", test_asked_for);
  g_test_add_func ("/scanner/killed-service-is-noticed", test_killed);
  g_test_add_func ("/scanner/killed-page-is-noticed", test_killed_page);
  g_test_add_func ("/scanner/service-that-closes-each-connection", test_closes);
  g_test_add_func ("/scanner/service-that-closes-idle-connections", test_closes_when_idle);
  g_test_add_func ("/scanner/socket-that-comes-during-a-probe", test_comes_during_a_probe);
  g_test_add_func ("/scanner/service-that-goes-is-forgotten", test_goes);
  g_test_add_func ("/scanner/what-counts-as-a-service", test_what_counts);
  return g_test_run ();
}
