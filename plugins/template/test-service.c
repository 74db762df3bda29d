/* test-service.c: the whole service over its sockets: methods, errors, page, restart with its data. */
#include <string.h>

#include "template.h"
#include "test-host.h"

static HeroTestHost *
start (void)
{
  g_autoptr (GError) error = NULL;
  HeroTestHost *host = hero_test_host_new (hero_service_describe_v1 (), g_variant_new_parsed ("{'limit': <int64 2>}"));

  hero_test_host_start (host, &error);
  g_assert_no_error (error);
  return host;
}

static void
assert_call (HeroTestHost *host, const char *method, const char *params, const char *path, const char *expected)
{
  g_autoptr (JsonNode) result = hero_test_call (host, method, params);
  g_autofree char *value = hero_test_json_get (result, path);

  g_assert_cmpstr (value, ==, expected);
}

static void
test_methods (void)
{
  g_autoptr (HeroTestHost) host = start ();
  g_autoptr (JsonNode) list = NULL;
  g_autofree char *message = NULL;

  assert_call (host, "note.add", "{\"title\":\"one\",\"tags\":[\"a\"]}", "id", "1");
  assert_call (host, "note.add", "[\"two\",\"text\"]", "id", "2");
  assert_call (host, "note.get", "{\"id\":2}", "text", "text");
  list = hero_test_call (host, "note.list", "{\"limit\":1}");
  g_assert_cmpuint (json_array_get_length (json_node_get_array (list)), ==, 1);

  g_assert_cmpint (hero_test_call_error (host, "note.add", "{\"title\":\"three\"}", &message), ==, -32002);
  g_assert_nonnull (strstr (message, "limit"));
  g_assert_cmpint (hero_test_call_error (host, "note.add", "{\"title\":\"\"}", NULL), ==, -32602);
  g_assert_cmpint (hero_test_call_error (host, "note.get", "{\"id\":9}", NULL), ==, -32001);
  g_clear_pointer (&list, json_node_unref);
  list = hero_test_call (host, "note.delete", "{\"id\":1}");
  g_assert_true (json_node_get_boolean (list));
  g_assert_cmpint (hero_test_call_error (host, "note.delete", "{\"id\":1}", NULL), ==, -32001);
}

static void
test_page (void)
{
  g_autoptr (HeroTestHost) host = start ();
  g_autoptr (HeroTestAnswer) empty = hero_test_http (host, "admin", "GET", "/notes", NULL, NULL);
  g_autoptr (HeroTestAnswer) full = NULL, detail = NULL, missing = NULL;

  g_assert_cmpuint (empty->status, ==, 200);
  g_assert_nonnull (strstr (empty->body, "No note yet: add the first one below."));
  assert_call (host, "note.add", "{\"title\":\"<b>milk</b>\",\"text\":\"two litres\"}", "id", "1");
  full = hero_test_http (host, "admin", "GET", "/notes", NULL, NULL);
  g_assert_nonnull (strstr (full->body, "&lt;b&gt;milk&lt;/b&gt;"));
  g_assert_null (strstr (full->body, "<b>milk"));
  detail = hero_test_http (host, "admin", "GET", "/notes/1", NULL, NULL);
  g_assert_nonnull (strstr (detail->body, "two litres"));
  missing = hero_test_http (host, "admin", "GET", "/notes/7", NULL, NULL);
  g_assert_cmpuint (missing->status, ==, 404);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/template/methods", test_methods);
  g_test_add_func ("/template/page", test_page);
  return g_test_run ();
}
