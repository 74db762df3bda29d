/* test-router-id.c: the id vectors of the contract, and fingerprints that do not see order or blanks. */
#include "router-id.h"

static void
test_ids (void)
{
  g_autofree char *proc = router_service_id ("hero_proc");
  g_autofree char *router = router_service_id ("hero_router");

  g_assert_cmpstr (proc, ==, "83a3ec2a-a320-5744-9ae7-8190f6e9c4a1");
  g_assert_cmpstr (router, ==, "772b3ba5-e483-56ab-a089-96254bfb2ce1");
}

static void
assert_canonical (const char *json, const char *expected)
{
  g_autofree char *text = router_canonical_json (json);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_canonical (void)
{
  assert_canonical (" { \"b\" : [ 1 , 2.50, 1e3 ], \"a\" : null } ", "{\"a\":null,\"b\":[1,2.50,1e3]}");
  assert_canonical ("{\"a\":1,\"a\":2}", "{\"a\":2}");
  assert_canonical ("[]", "[]");
  assert_canonical ("{}", "{}");
  /* Strings: escapes are undone and written in one way only. */
  assert_canonical ("\"\\u00e9\\/\\ud83d\\ude00\\u0001\\n\\\"\"", "\"é/😀\\u0001\\n\\\"\"");
  /* Keys sort by their bytes, not by their escapes. */
  assert_canonical ("{\"é\":1,\"\\u007a\":2,\"Z\":3}", "{\"Z\":3,\"z\":2,\"é\":1}");
}

static void
test_fingerprint (void)
{
  g_autofree char *one = router_fingerprint ("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}");
  g_autofree char *same = router_fingerprint ("{ \"b\": {\"d\":3,\"c\":2}, \"a\":1 }");
  g_autofree char *other = router_fingerprint ("{\"a\":1,\"b\":{\"c\":2,\"d\":4}}");

  g_assert_cmpstr (one, ==, same);
  g_assert_cmpstr (one, !=, other);
  g_assert_cmpuint (strlen (one), ==, 32);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/router-id/ids", test_ids);
  g_test_add_func ("/router-id/canonical", test_canonical);
  g_test_add_func ("/router-id/fingerprint", test_fingerprint);
  return g_test_run ();
}
