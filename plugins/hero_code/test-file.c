/* test-file.c: listing and reading files. */
#include "file-list.h"
#include "file-read.h"
#include "place.h"

#include "test-tree.h"

static const char *
text_of (JsonObject *object, const char *member)
{
  return json_object_get_string_member_with_default (object, member, NULL);
}

/* ---- read */

typedef struct
{
  CodeRepoPolicy policy;
  CodeRead read;
} Reader;

static void
reader_init (Reader *reader, TestTree *tree, const char *repo, const char *path)
{
  code_git_init (NULL);
  reader->policy = (CodeRepoPolicy){ tree->root };
  reader->read = (CodeRead){
    .repo = (char *)repo, .path = (char *)path, .offset = -1, .length = -1, .max_bytes = 1000, .policy = &reader->policy
  };
}

static JsonObject *
read_ok (Reader *reader)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = code_file_read (&reader->read, NULL, &error);

  g_assert_no_error (error);
  return object;
}

static void
read_fails (Reader *reader, const char *name)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (code_file_read (&reader->read, NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (code_error_get_name (error), ==, name);
}

static void
test_read (TestTree *tree, gconstpointer data)
{
  Reader reader;
  g_autoptr (JsonObject) file = NULL;

  tree_run (tree, "git init -q g/r; printf 'one\\ntwo\\r\\nthree' > g/r/f");
  reader_init (&reader, tree, NULL, "g/r/f");
  file = read_ok (&reader);
  g_assert_cmpstr (text_of (file, "repo"), ==, "g/r");
  g_assert_cmpstr (text_of (file, "path"), ==, "f");
  g_assert_cmpstr (text_of (file, "content"), ==, "one\ntwo\r\nthree");
  g_assert_cmpstr (text_of (file, "eol"), ==, "mixed");
  g_assert_cmpint (json_object_get_int_member (file, "lines"), ==, 3);
  g_assert_cmpstr (text_of (file, "version"), ==, "6a5d032c2a5e691f918a2d8425a55a41853bb9968db887b207213f5df06e1783");
}

static void
test_kinds (TestTree *tree, gconstpointer data)
{
  Reader reader;
  g_autoptr (JsonObject) file = NULL;

  tree_run (tree,
            "printf 'a\\0b' > bin; printf 'a\\377b' > latin; printf '' > empty; printf '\\357\\273\\277x\\n' > bom;"
            "head -c 1000 /dev/zero | tr '\\0' x > fits; head -c 1001 /dev/zero | tr '\\0' x > big");
  reader_init (&reader, tree, NULL, "bin");
  read_fails (&reader, "is_binary");
  reader.read.base64 = TRUE;
  file = read_ok (&reader);
  g_assert_cmpstr (text_of (file, "content"), ==, "YQBi");
  g_assert_true (json_object_get_boolean_member (file, "binary"));

  reader_init (&reader, tree, NULL, "latin");
  read_fails (&reader, "not_utf8");
  reader_init (&reader, tree, NULL, "big");
  read_fails (&reader, "too_large");
  reader_init (&reader, tree, NULL, "fits");
  json_object_unref (file);
  file = read_ok (&reader);
  g_assert_cmpint (json_object_get_int_member (file, "size"), ==, 1000);
  reader_init (&reader, tree, NULL, "empty");
  json_object_unref (file);
  file = read_ok (&reader);
  g_assert_cmpstr (text_of (file, "content"), ==, "");
  g_assert_cmpint (json_object_get_int_member (file, "lines"), ==, 0);
  reader_init (&reader, tree, NULL, "bom");
  json_object_unref (file);
  file = read_ok (&reader);
  g_assert_true (json_object_get_boolean_member (file, "bom"));
  reader_init (&reader, tree, NULL, "none");
  read_fails (&reader, "file_not_found");
  reader_init (&reader, tree, "nowhere", "f");
  read_fails (&reader, "repo_not_found");
}

static void
test_ranges (TestTree *tree, gconstpointer data)
{
  Reader reader;
  g_autoptr (JsonObject) lines = NULL;
  g_autoptr (JsonObject) bytes = NULL;
  g_autoptr (JsonObject) past = NULL;

  tree_run (tree, "seq 1 100000 > f");
  reader_init (&reader, tree, NULL, "f");
  reader.read.start_line = 99998;
  reader.read.end_line = 99999;
  lines = read_ok (&reader);
  g_assert_cmpstr (text_of (lines, "content"), ==, "99998\n99999\n");
  g_assert_true (json_object_get_null_member (lines, "version"));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (lines, "range"), "end_line"), ==, 99999);

  reader_init (&reader, tree, NULL, "f");
  reader.read.offset = 2;
  reader.read.length = 5;
  bytes = read_ok (&reader);
  g_assert_cmpstr (text_of (bytes, "content"), ==, "2\n3\n4");
  reader.read.offset = 1000000;
  past = read_ok (&reader);
  g_assert_cmpstr (text_of (past, "content"), ==, "");
}

/* A file of a gibibyte without a newline costs no more than what an answer may hold. */
static void
test_huge (TestTree *tree, gconstpointer data)
{
  Reader reader;
  g_autoptr (JsonObject) line = NULL;
  g_autoptr (JsonObject) tail = NULL;

  tree_run (tree, "truncate -s 1G huge; printf 'end' >> huge");
  reader_init (&reader, tree, NULL, "huge");
  read_fails (&reader, "too_large");
  reader.read.start_line = 1;
  reader.read.end_line = 1;
  reader.read.base64 = TRUE;
  line = read_ok (&reader);
  g_assert_true (json_object_get_boolean_member (line, "truncated"));
  g_assert_cmpuint (strlen (text_of (line, "content")), <=, 6 * 1024 * 1024);
  reader_init (&reader, tree, NULL, "huge");
  reader.read.offset = 1024 * 1024 * 1024;
  tail = read_ok (&reader);
  g_assert_cmpstr (text_of (tail, "content"), ==, "end");
}

static void
test_rev (TestTree *tree, gconstpointer data)
{
  Reader reader;
  g_autoptr (JsonObject) file = NULL;

  tree_run (tree, "git init -q r; cd r; mkdir d; echo old > d/f; git add .; git commit -qm x; echo new > d/f");
  reader_init (&reader, tree, "r", "d/f");
  reader.read.rev = (char *)"HEAD";
  file = read_ok (&reader);
  g_assert_cmpstr (text_of (file, "content"), ==, "old\n");
  reader.read.rev = (char *)"nope";
  read_fails (&reader, "rev_not_found");
  reader_init (&reader, tree, "r", "d");
  reader.read.rev = (char *)"HEAD";
  read_fails (&reader, "file_not_found");
}

/* ---- list */

static void
append_entries (GString *text, JsonArray *items)
{
  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      JsonObject *entry = json_array_get_object_element (items, i);
      const char *letters = text_of (entry, "git");

      g_string_append_printf (text, "%s%s:%s%s%s", text->len > 0 ? " " : "", text_of (entry, "path"),
                              text_of (entry, "type"), letters != NULL ? ":" : "", letters != NULL ? letters : "");
      if (json_object_get_boolean_member (entry, "ignored"))
        g_string_append (text, ":ignored");
      if (json_object_has_member (entry, "children"))
        append_entries (text, json_object_get_array_member (entry, "children"));
    }
}

static void
check_list (TestTree *tree, const char *repo, const char *path, guint depth, const char *expected)
{
  CodeRepoPolicy policy = { tree->root };
  CodeList list = { (char *)repo, (char *)path, depth, &policy };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) result = code_file_list (&list, NULL, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  append_entries (text, json_object_get_array_member (result, "items"));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_list (TestTree *tree, gconstpointer data)
{
  code_git_init (NULL);
  tree_run (
      tree,
      "git init -q r; cd r; mkdir -p src/deep b; echo 1 > src/deep/f; echo 1 > a; echo 1 > Z; echo '*.o' > .gitignore;"
      "git add .; git commit -qm x; echo 2 > src/deep/f; echo 1 > src/x.o; echo 1 > new; ln -s a l; mkfifo p;"
      "git init -q inner");
  check_list (tree, NULL, "", 1, "r:repo");
  check_list (tree, "r", "", 1,
              "b:dir inner:repo src:dir:.M .gitignore:file Z:file a:file l:symlink:?? new:file:?? p:other");
  check_list (tree, NULL, "r/src", 1, "src/deep:dir:.M src/x.o:file:ignored");
  check_list (tree, "r", "src", 2, "src/deep:dir:.M src/deep/f:file:.M src/x.o:file:ignored");
}

static void
test_list_refused (TestTree *tree, gconstpointer data)
{
  CodeRepoPolicy policy = { tree->root };
  CodeList list = { NULL, (char *)"f", 1, &policy };
  g_autoptr (GError) error = NULL;

  tree_run (tree, "echo x > f");
  g_assert_null (code_file_list (&list, NULL, &error));
  g_assert_cmpstr (code_error_get_name (error), ==, "not_a_directory");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TREE_TEST ("/file/read", test_read);
  TREE_TEST ("/file/kinds", test_kinds);
  TREE_TEST ("/file/ranges", test_ranges);
  TREE_TEST ("/file/huge", test_huge);
  TREE_TEST ("/file/rev", test_rev);
  TREE_TEST ("/file/list", test_list);
  TREE_TEST ("/file/list-refused", test_list_refused);
  return g_test_run ();
}
