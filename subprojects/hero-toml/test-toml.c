/* test-toml.c: places of keys and values, values, errors with their places, limits. */
#include "hero-toml.h"

#include <string.h>

static const char text[] = "a = 1\n"
                           "  b = \"x\\ty\"\n"
                           "[one.two]\n"
                           "c = [1, \"z\", true]\n"
                           "d = { e = 1.5, f = -7 }\n"
                           "[[many]]\n"
                           "g = 2026-05-10T08:36:38Z\n"
                           "[[many]]\n"
                           "g = 08:36:38\n"
                           "[one]\n"
                           "mode = 0o660\n";

static void
assert_place (HeroTomlPlace place, guint line, guint column)
{
  g_assert_cmpuint (place.line, ==, line);
  g_assert_cmpuint (place.column, ==, column);
}

static HeroToml *
parse (const char *source)
{
  g_autoptr (GError) error = NULL;
  HeroToml *toml = hero_toml_parse (source, strlen (source), NULL, &error);

  g_assert_no_error (error);
  return toml;
}

static void
test_tree (void)
{
  g_autoptr (HeroToml) root = parse (text);
  HeroToml *one = hero_toml_get (root, "one"), *two, *node;
  static const char *const order[] = { "a", "b", "one", "many" };

  g_assert_cmpuint (root->children->len, ==, G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    g_assert_cmpstr (((HeroToml *)g_ptr_array_index (root->children, i))->key, ==, order[i]);

  node = hero_toml_get (root, "a");
  g_assert_cmpint (node->type, ==, HERO_TOML_INTEGER);
  g_assert_cmpint (node->integer, ==, 1);
  assert_place (node->key_place, 1, 1);
  assert_place (node->place, 1, 5);

  node = hero_toml_get (root, "b");
  g_assert_cmpstr (node->string, ==, "x\ty");
  assert_place (node->key_place, 2, 3);
  assert_place (node->place, 2, 7);

  g_assert_cmpint (one->type, ==, HERO_TOML_TABLE);
  two = hero_toml_get (one, "two");
  assert_place (two->place, 3, 1);
  node = hero_toml_get (two, "c");
  g_assert_cmpuint (node->children->len, ==, 3);
  assert_place (((HeroToml *)node->children->pdata[1])->place, 4, 9);
  g_assert_true (((HeroToml *)node->children->pdata[2])->boolean);
  node = hero_toml_get (hero_toml_get (two, "d"), "e");
  g_assert_cmpfloat (node->real, ==, 1.5);
  assert_place (node->key_place, 5, 7);
  g_assert_cmpint (hero_toml_get (one, "mode")->integer, ==, 0660);
  g_assert_true (hero_toml_get (one, "mode")->octal);
  g_assert_false (hero_toml_get (root, "a")->octal);

  node = hero_toml_get (root, "many");
  g_assert_cmpint (node->type, ==, HERO_TOML_ARRAY);
  g_assert_cmpuint (node->children->len, ==, 2);
  g_assert_cmpstr (hero_toml_get (node->children->pdata[0], "g")->string, ==, "2026-05-10T08:36:38Z");
  g_assert_cmpstr (hero_toml_get (node->children->pdata[1], "g")->string, ==, "08:36:38");
  g_assert_null (hero_toml_get (root, "absent"));
}

static void
test_errors (void)
{
  static const struct
  {
    const char *source;
    guint line, column;
    const char *words;
  } rows[] = {
    { "a = \n", 1, 5, "value" },
    { "a = 1\na = 2\n", 2, 5, "redefine" },
    { "\n\n[a\n", 3, 3, "" },
    { "mode = 0660\n", 1, 12, "zero" },
    { "a = \"x", 1, 7, "" },
    { "a = \"\xff\"\n", 1, 5, "utf-8" },
    { "ok = 1\na = \"x\\u0000y\"\n", 2, 5, "u+0000" },
    { "\"k\\u0000\" = 1\n", 1, 1, "u+0000" },
    { "no toml at all", 1, 4, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *lower = NULL, *source = NULL;
      HeroTomlPlace where = { 0, 0 };
      HeroToml *toml = hero_toml_parse (rows[i].source, strlen (rows[i].source), &where, &error);

      source = g_strescape (rows[i].source, NULL);
      g_test_message ("%s -> %u:%u %s", source, where.line, where.column, error ? error->message : "no error");
      g_assert_null (toml);
      g_assert_error (error, HERO_TOML_ERROR, HERO_TOML_ERROR_SYNTAX);
      assert_place (where, rows[i].line, rows[i].column);
      lower = g_ascii_strdown (error->message, -1);
      g_assert_nonnull (strstr (lower, rows[i].words));
    }
}

static void
assert_limit (const char *source, guint line, guint column)
{
  g_autoptr (GError) error = NULL;
  HeroTomlPlace where = { 0, 0 };

  g_assert_null (hero_toml_parse (source, strlen (source), &where, &error));
  g_assert_error (error, HERO_TOML_ERROR, HERO_TOML_ERROR_LIMIT);
  assert_place (where, line, column);
}

static char *
repeat (const char *unit, guint n, const char *end)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (out, unit);
  g_string_append (out, end);
  return g_string_free (out, FALSE);
}

static void
test_limits (void)
{
  g_autofree char *deep_key = repeat ("a.", 200000, "a = 1\n");
  g_autofree char *deep_header
      = g_strdup_printf ("x=1\n[%s]\n", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g");
  g_autofree char *deep_array = repeat ("[", 100000, "");
  g_autofree char *array_text = g_strconcat ("x = ", deep_array, NULL);
  g_autofree char *huge = repeat ("#", HERO_TOML_MAX_BYTES, "\n");
  g_autofree char *dots = repeat (".", 500, "");
  g_autofree char *harmless = g_strdup_printf ("a = \"%s\"\nb = '''\n%s\n''' # %s\nc = \"\"\"%s\\\"\"\"\"\"\nd = 1.5\n",
                                               dots, dots, dots, dots);
  g_autoptr (HeroToml) toml = parse (harmless);

  assert_limit (deep_key, 1, 64);
  assert_limit (deep_header, 2, 65);
  assert_limit (array_text, 1, 37);
  assert_limit (huge, 1, 1);
  g_assert_cmpuint (strlen (hero_toml_get (toml, "a")->string), ==, 500);
  g_assert_cmpfloat (hero_toml_get (toml, "d")->real, ==, 1.5);
}

static void
test_empty (void)
{
  g_autoptr (HeroToml) empty = parse ("");
  g_autoptr (HeroToml) comment = parse ("\xef\xbb\xbf# only a comment");

  g_assert_cmpuint (empty->children->len, ==, 0);
  g_assert_cmpuint (comment->children->len, ==, 0);
}

static void
test_quote (void)
{
  static const char awkward[] = "a \"b\" \\ c\n\t\x7f \xc3\xa4";
  g_autofree char *quoted = hero_toml_quote (awkward);
  g_autofree char *line = g_strconcat ("x = ", quoted, NULL);
  g_autoptr (HeroToml) toml = parse (line);

  g_assert_cmpstr (hero_toml_get (toml, "x")->string, ==, awkward);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/toml/tree", test_tree);
  g_test_add_func ("/toml/errors", test_errors);
  g_test_add_func ("/toml/limits", test_limits);
  g_test_add_func ("/toml/empty", test_empty);
  g_test_add_func ("/toml/quote", test_quote);
  return g_test_run ();
}
