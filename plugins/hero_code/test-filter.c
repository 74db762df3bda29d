/* test-filter.c: which repositories a filter means; pages of a frozen result. */
#include "filter.h"

#include "frozen.h"

static JsonObject *
parse (const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);

  return json_object_ref (json_node_get_object (node));
}

static void
test_urls (void)
{
  static const char *const same[]
      = { "https://github.com/o/r", "https://github.com/o/r.git", "git@github.com:o/r.git", "ssh://git@GitHub.com/o/r/",
          "https://user:pass@github.com/o/r", NULL };

  for (guint i = 0; same[i] != NULL; i++)
    {
      g_autofree char *url = code_filter_normalize_url (same[i]);

      g_assert_cmpstr (url, ==, "github.com/o/r");
    }
}

static void
test_matches (void)
{
  static const struct
  {
    const char *filter;
    gboolean matches;
  } cases[] = {
    { "{}", TRUE },
    { "{\"filter\":\"TOO\"}", TRUE },
    { "{\"filter\":\"nope\"}", FALSE },
    { "{\"provider\":\"github\",\"account\":\"octo\",\"name\":\"tool\"}", TRUE },
    { "{\"name\":\"too\"}", FALSE },
    { "{\"path\":\"github\"}", TRUE },
    { "{\"path\":\"git\"}", FALSE },
    { "{\"path\":\"github/octo/tool\"}", TRUE },
    { "{\"ids\":[\"x\",\"github/octo/tool\"]}", TRUE },
    { "{\"ids\":[]}", FALSE },
    { "{\"ids\":[5,null,{}]}", FALSE },
    { "{\"dirty\":true}", TRUE },
    { "{\"dirty\":false}", FALSE },
    { "{\"has_error\":false,\"need_push\":false}", TRUE },
    { "{\"url\":\"git@h:o/r\"}", TRUE },
    { "{\"url\":\"git@h:o/s\"}", FALSE },
  };
  g_autoptr (JsonObject) repo
      = parse ("{\"id\":\"github/octo/tool\",\"provider\":\"github\",\"account\":\"octo\",\"name\":\"tool\","
               "\"has_changes\":true,\"error\":null,\"remotes\":[{\"fetch_url\":\"https://h/o/r.git\"}]}");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) filter = parse (cases[i].filter);

      g_test_message ("%s", cases[i].filter);
      g_assert_true (code_filter_check (filter, NULL));
      g_assert_cmpint (code_filter_matches (filter, repo), ==, cases[i].matches);
    }
}

static void
test_refused (void)
{
  static const char *const bad[]
      = { "{\"path\":\"a\",\"url\":\"b\"}", "{\"path\":\"a\",\"filter\":\"b\"}", "{\"url\":\"a\",\"name\":\"b\"}",
          "{\"filter\":5}",                 "{\"dirty\":\"yes\"}",               "{\"ids\":\"a\"}",
          "{\"ids\":{}}",                   NULL };

  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_autoptr (JsonObject) filter = parse (bad[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_false (code_filter_check (filter, &error));
      g_assert_error (error, CODE_ERROR, CODE_INVALID_PARAMS);
    }
}

static void
test_pages (void)
{
  g_autoptr (CodeFrozen) frozen = code_frozen_new ();
  g_autoptr (JsonObject) page = code_frozen_first (frozen, parse ("{\"items\":[1,2,3,4,5],\"total\":5}"), "items", 2);
  g_autofree char *cursor = g_strdup (json_object_get_string_member (page, "next_cursor"));
  guint n = json_array_get_length (json_object_get_array_member (page, "items")), n_pages = 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) again = code_frozen_next (frozen, cursor, 2, NULL);

  while (cursor != NULL)
    {
      json_object_unref (page);
      page = code_frozen_next (frozen, cursor, 2, NULL);
      n += json_array_get_length (json_object_get_array_member (page, "items"));
      g_assert_cmpint (json_object_get_int_member (page, "total"), ==, 5);
      g_free (cursor);
      cursor = g_strdup (json_object_get_string_member_with_default (page, "next_cursor", NULL));
      n_pages++;
    }
  g_assert_cmpuint (n, ==, 5);
  g_assert_cmpuint (n_pages, ==, 3);
  g_assert_cmpint (json_array_get_int_element (json_object_get_array_member (again, "items"), 0), ==, 3);
  g_assert_null (code_frozen_next (frozen, "nope.1", 2, &error));
  g_assert_error (error, CODE_ERROR, CODE_CURSOR_EXPIRED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter/urls", test_urls);
  g_test_add_func ("/filter/matches", test_matches);
  g_test_add_func ("/filter/refused", test_refused);
  g_test_add_func ("/filter/pages", test_pages);
  return g_test_run ();
}
