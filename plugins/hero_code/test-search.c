/* test-search.c: which files and which lines a search finds. */
#include "search.h"

#include "test-tree.h"

static CodeRepoPolicy policy;

static CodeSearch
search_for (TestTree *tree, const char *pattern)
{
  static const char *const repos[] = { "r", NULL };

  code_git_init (NULL);
  policy = (CodeRepoPolicy){ tree->root };
  return (CodeSearch){ .pattern = (char *)pattern,
                       .max_per_file = 20,
                       .max_lines = 1000,
                       .max_file_bytes = 2097152,
                       .repos = (char **)repos,
                       .policy = &policy };
}

/* "path:line:column[start,end] ..", as rg tells it. */
static char *
run (const CodeSearch *search)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) result = code_search_run (search, NULL, &error);
  GString *text = g_string_new (NULL);
  JsonArray *files;

  g_assert_no_error (error);
  files = json_object_get_array_member (result, "files");
  for (guint i = 0; i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);
      JsonArray *matches = json_object_get_array_member (file, "matches");

      for (guint k = 0; k < json_array_get_length (matches); k++)
        {
          JsonObject *match = json_array_get_object_element (matches, k);
          JsonArray *ranges = json_object_get_array_member (match, "ranges");

          g_string_append_printf (
              text, "%s%s:%d:%d", text->len > 0 ? " " : "", json_object_get_string_member (file, "path"),
              (int)json_object_get_int_member (match, "line"), (int)json_object_get_int_member (match, "column"));
          for (guint r = 0; r < json_array_get_length (ranges); r++)
            {
              JsonArray *range = json_array_get_array_element (ranges, r);

              g_string_append_printf (text, "[%d,%d]", (int)json_array_get_int_element (range, 0),
                                      (int)json_array_get_int_element (range, 1));
            }
        }
    }
  return g_string_free (text, FALSE);
}

static void
check (TestTree *tree, const char *pattern, CodeCase mode, gboolean word, const char *expected)
{
  CodeSearch search = search_for (tree, pattern);
  g_autofree char *found = NULL;

  search.mode = mode;
  search.word = word;
  found = run (&search);
  g_test_message ("%s", pattern);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_lines (TestTree *tree, gconstpointer data)
{
  tree_run (
      tree,
      "git init -q r; cd r; printf 'one needle needle\\nNeedle\\r\\nnone\\nneedles here\\nlast needle' > f;"
      "printf 'a.b*c (x) [y] \\\\Q\\\\E $' > special; printf 'Stra\\303\\237e \\303\\204pfel\\n\\303\\244pfel' > uml");
  check (tree, "needle", CODE_CASE_SMART, FALSE, "f:1:5[4,10][11,17] f:2:1[0,6] f:4:1[0,6] f:5:6[5,11]");
  check (tree, "Needle", CODE_CASE_SMART, FALSE, "f:2:1[0,6]");
  check (tree, "needle", CODE_CASE_SENSITIVE, FALSE, "f:1:5[4,10][11,17] f:4:1[0,6] f:5:6[5,11]");
  check (tree, "NEEDLE", CODE_CASE_INSENSITIVE, TRUE, "f:1:5[4,10][11,17] f:2:1[0,6] f:5:6[5,11]");
  check (tree, "a.b*c (x) [y] \\Q\\E $", CODE_CASE_SMART, FALSE, "special:1:1[0,20]");
  check (tree, "axb", CODE_CASE_SMART, FALSE, "");
  check (tree, "\303\244pfel", CODE_CASE_SMART, FALSE, "uml:1:9[8,14] uml:2:1[0,6]");
  check (tree, "\303\244pfel", CODE_CASE_SENSITIVE, FALSE, "uml:2:1[0,6]");
}

static void
test_corpus (TestTree *tree, gconstpointer data)
{
  CodeSearch search;
  g_autofree char *all = NULL;

  tree_run (
      tree,
      "git init -q r; cd r; mkdir -p .hidden build sub nest; echo x > .hidden/f; echo x > build/f; echo x > sub/f.log;"
      "echo x > sub/kept; printf 'build/\\n*.log\\n' > .gitignore; echo x > tracked.log; git add -f tracked.log "
      ".gitignore;"
      "git commit -qm x; echo ex >> .git/info/exclude; echo x > ex; git init -q nest/n; echo x > nest/n/f; ln -s "
      "sub/kept l;"
      "echo '*' > .ignore; printf 'x\\0' > bin; printf '\\377\\376x\\0\\n\\0' > utf16; printf '\\357\\273\\277x' > bom;"
      "head -c 2097151 /dev/zero | tr '\\0' y > fits; printf x >> fits; head -c 2097152 /dev/zero | tr '\\0' y > big;"
      "printf x >> big; printf 'l\\351x' > latin1");
  check (tree, "x", CODE_CASE_SMART, FALSE,
         ".hidden/f:1:1[0,1] bom:1:1[0,1] fits:1:2097152[2097151,2097152] latin1:1:3[2,3] nest/n/f:1:1[0,1] "
         "sub/kept:1:1[0,1]"
         " utf16:1:1[0,1]");
  search = search_for (tree, "x");
  search.ignored = TRUE;
  all = run (&search);
  g_assert_nonnull (strstr (all, "build/f:1:1"));
  g_assert_nonnull (strstr (all, "tracked.log:1:1"));
  g_assert_null (strstr (all, ".git/"));
}

static void
test_limits (TestTree *tree, gconstpointer data)
{
  CodeSearch search;
  g_autoptr (JsonObject) capped = NULL;
  g_autoptr (JsonObject) limited = NULL;
  g_autoptr (JsonObject) counted = NULL;
  JsonObject *file;

  tree_run (tree, "git init -q r; cd r; yes x | head -n 50 > a; yes x | head -n 50 > b; printf 'x\\0' > bin");
  search = search_for (tree, "x");
  search.max_per_file = 3;
  capped = code_search_run (&search, NULL, NULL);
  file = json_array_get_object_element (json_object_get_array_member (capped, "files"), 0);
  g_assert_cmpint (json_object_get_int_member (file, "match_count"), ==, 50);
  g_assert_true (json_object_get_boolean_member (file, "more"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (file, "matches")), ==, 3);
  g_assert_false (json_object_get_boolean_member (capped, "truncated"));

  search.max_per_file = 0;
  search.max_lines = 60;
  limited = code_search_run (&search, NULL, NULL);
  g_assert_true (json_object_get_boolean_member (limited, "truncated"));
  g_assert_cmpstr (json_object_get_string_member (limited, "reason"), ==, "match_limit");

  search.count_only = TRUE;
  counted = code_search_run (&search, NULL, NULL);
  g_assert_false (json_object_get_boolean_member (counted, "truncated"));
  file = json_object_get_object_member (counted, "stats");
  g_assert_cmpint (json_object_get_int_member (file, "lines_matched"), ==, 100);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (file, "skipped"), "binary"), ==, 1);
}

static void
test_preview (TestTree *tree, gconstpointer data)
{
  CodeSearch search;
  g_autoptr (JsonObject) result = NULL;
  JsonArray *matches, *range;
  JsonObject *match;

  tree_run (tree, "git init -q r; cd r; printf 'before\\n\\360\\237\\230\\200 hit\\r\\nafter\\n' > a;"
                  "(head -c 3000 /dev/zero | tr '\\0' y; printf hit; head -c 3000 /dev/zero | tr '\\0' z) > b");
  search = search_for (tree, "hit");
  search.context = 2;
  result = code_search_run (&search, NULL, NULL);
  matches = json_object_get_array_member (
      json_array_get_object_element (json_object_get_array_member (result, "files"), 0), "matches");
  match = json_array_get_object_element (matches, 0);
  g_assert_cmpstr (json_object_get_string_member (match, "preview"), ==, "\360\237\230\200 hit");
  range = json_array_get_array_element (json_object_get_array_member (match, "preview_ranges"), 0);
  g_assert_cmpint (json_array_get_int_element (range, 0), ==, 3);
  g_assert_cmpint (json_array_get_int_element (range, 1), ==, 6);
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (match, "before"), 0), ==, "before");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (match, "after"), 0), ==, "after");
  g_assert_false (json_object_get_boolean_member (match, "cut"));

  matches = json_object_get_array_member (
      json_array_get_object_element (json_object_get_array_member (result, "files"), 1), "matches");
  match = json_array_get_object_element (matches, 0);
  g_assert_true (json_object_get_boolean_member (match, "cut"));
  g_assert_cmpuint (strlen (json_object_get_string_member (match, "preview")), ==, 500);
  g_assert_cmpint (json_object_get_int_member (match, "column"), ==, 3001);
}

static void
test_bad_pattern (TestTree *tree, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (4097, 'x');
  const char *const bad[] = { "", "a\nb", longest, NULL };

  tree_run (tree, "git init -q r");
  for (guint i = 0; bad[i] != NULL; i++)
    {
      CodeSearch search = search_for (tree, bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (code_search_run (&search, NULL, &error));
      g_assert_error (error, CODE_ERROR, CODE_BAD_PATTERN);
    }
}

static void
test_cancelled (TestTree *tree, gconstpointer data)
{
  CodeSearch search = search_for (tree, "x");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  tree_run (tree, "git init -q r; echo x > r/f");
  g_cancellable_cancel (cancellable);
  g_assert_null (code_search_run (&search, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TREE_TEST ("/search/lines", test_lines);
  TREE_TEST ("/search/corpus", test_corpus);
  TREE_TEST ("/search/limits", test_limits);
  TREE_TEST ("/search/preview", test_preview);
  TREE_TEST ("/search/bad-pattern", test_bad_pattern);
  TREE_TEST ("/search/cancelled", test_cancelled);
  return g_test_run ();
}
