/* test-health.c: /health, its twin rpc.health, and the counters. */
#include "test-service.h"

#include <string.h>

static HeroServiceContext *context;
static const char *problem; /* what the check says; service thread */
static gboolean lost;

static char *
check_store (gpointer self, gboolean *failing)
{
  *failing = lost;
  return g_strdup (problem);
}

static void
add_members (gpointer self, JsonObject *body)
{
  json_object_set_int_member (body, "notes", 3);
}

static double
count_notes (gpointer self)
{
  return 3;
}

static void
setup (HeroServiceContext *ctx)
{
  context = ctx;
  problem = NULL;
  lost = FALSE;
  hero_service_add_check (ctx, "store", check_store, NULL);
  hero_service_set_health_members (ctx, add_members, NULL);
  hero_service_add_metric (ctx, HERO_METRIC_GAUGE, "hero_sample_notes_count", "Notes.", count_notes, NULL);
}

static void
assert_health (HeroTestHost *host, guint status, const char *word, const char *reason)
{
  g_autoptr (HeroTestAnswer) answer = hero_test_http (host, "admin", "GET", "/health", NULL, NULL);
  g_autoptr (JsonNode) body = json_from_string (answer->body, NULL), result = hero_test_call (host, "rpc.health", NULL);
  g_autofree char *found = hero_test_json_get (body, "status"), *why = hero_test_json_get (body, "reason"),
                  *same = hero_test_json_get (result, "status");

  g_assert_cmpuint (answer->status, ==, status);
  g_assert_cmpstr (found, ==, word);
  g_assert_cmpstr (same, ==, word);
  g_assert_cmpstr (why, ==, reason);
}

static void
break_store (gpointer data)
{
  problem = "read-only file system";
}

static void
lose_store (gpointer data)
{
  lost = TRUE;
}

static void
degrade (gpointer data)
{
  problem = NULL;
  hero_service_set_degraded (context, "the queue is full");
}

static void
recover (gpointer data)
{
  hero_service_set_degraded (context, NULL);
}

static void
test_status (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);

  assert_health (host, 200, "ok", NULL);
  hero_test_host_run (host, break_store, NULL);
  assert_health (host, 503, "degraded", "store: read-only file system");
  hero_test_host_run (host, lose_store, NULL);
  assert_health (host, 503, "failing", "store: read-only file system");
  hero_test_host_run (host, degrade, NULL);
  assert_health (host, 503, "degraded", "the queue is full");
  g_assert_cmpstr (hero_test_host_get_degraded (host), ==, "the queue is full");
  hero_test_host_run (host, recover, NULL);
  assert_health (host, 200, "ok", NULL);
  g_assert_null (hero_test_host_get_degraded (host));
  hero_test_service_stop (host);
}

static void
warn (gpointer data)
{
  hero_service_set_warning (context, "port", "port 1 is taken");
  hero_service_set_warning (context, "disk", "the disk is slow");
  hero_service_set_warning (context, "port", "port 2 is taken");
}

static void
withdraw (gpointer data)
{
  hero_service_set_warning (context, "disk", NULL);
}

static void
test_members (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autofree char *warnings = NULL, *fewer = NULL, *notes = NULL, *store = NULL, *state = NULL;

  hero_test_host_set_warning (host, "the host's own");
  hero_test_host_run (host, warn, NULL);
  g_autoptr (JsonNode) body = hero_test_call (host, "rpc.health", NULL);
  warnings = hero_test_json_get (body, "warnings");
  notes = hero_test_json_get (body, "notes");
  store = hero_test_json_get (body, "checks.store");
  state = hero_test_json_get (body, "state");
  g_assert_cmpstr (warnings, ==, "[\"the host's own\",\"the disk is slow\",\"port 2 is taken\"]");
  g_assert_cmpstr (notes, ==, "3");
  g_assert_cmpstr (store, ==, "ok");
  g_assert_cmpstr (state, ==, "ready");
  assert_health (host, 200, "ok", NULL); /* warnings do not change the status */
  hero_test_host_run (host, withdraw, NULL);
  g_autoptr (JsonNode) after = hero_test_call (host, "rpc.health", NULL);
  fewer = hero_test_json_get (after, "warnings");
  g_assert_cmpstr (fewer, ==, "[\"the host's own\",\"port 2 is taken\"]");
  hero_test_service_stop (host);
}

static void
test_metrics (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autoptr (JsonNode) list = hero_test_call (host, "rpc.metrics", NULL);
  g_autofree char *text = json_to_string (list, FALSE);

  g_assert_nonnull (
      strstr (text, "{\"name\":\"hero_sample_notes_count\",\"kind\":\"gauge\",\"help\":\"Notes.\",\"value\":3.0}"));
  hero_test_service_stop (host);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/health/status", test_status);
  g_test_add_func ("/health/members", test_members);
  g_test_add_func ("/health/metrics", test_metrics);
  return g_test_run ();
}
