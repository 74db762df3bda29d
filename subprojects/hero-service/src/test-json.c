/* test-json.c: what the strict reader takes, refuses and says; what the printer writes. */
#include "json-internal.h"

#include <string.h>

typedef struct
{
  const char *text, *message;
  HeroJsonError code;
} Bad;

static const char *const good[] = {
  "null", " true ", "false", "0", "-0", "-1", "1.5e3", "1E-2", "9223372036854775807", "-9223372036854775808", "\"\"",
  "\"\\u00e9\\ud83d\\ude00 \xf0\x9f\x98\x80 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"", "[]", "{}", "[[],{},[1,\"a\",null]]",
  "{\"a\":{\"b\":[1,2]},\"c\":\"d\"}", "\t{\r\n\"a\" : 1 }\n", "\"\x7f\"",
};

static const Bad bad[] = {
  { "", "line 1, column 1: expected a value, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "  \n ", "line 2, column 2: expected a value, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "nul", "line 1, column 1: expected a value, found 'n'", HERO_JSON_ERROR_SYNTAX },
  { "nullx", "line 1, column 5: expected the end of the value, found 'x'", HERO_JSON_ERROR_SYNTAX },
  { "1 2", "line 1, column 3: expected nothing after the value, found '2'", HERO_JSON_ERROR_SYNTAX },
  { "[1,]", "line 1, column 4: expected a value, found ']'", HERO_JSON_ERROR_SYNTAX },
  { "[1 2]", "line 1, column 4: expected ',' or ']' after an element, found '2'", HERO_JSON_ERROR_SYNTAX },
  { "{\"a\" 1}", "line 1, column 6: expected ':' after a member name, found '1'", HERO_JSON_ERROR_SYNTAX },
  { "{a:1}", "line 1, column 2: expected a member name in double quotes, found 'a'", HERO_JSON_ERROR_SYNTAX },
  { "{'a':1}", "line 1, column 2: expected a member name in double quotes, found '''", HERO_JSON_ERROR_SYNTAX },
  { "{\"a\":1,}", "line 1, column 8: expected a member name in double quotes, found '}'", HERO_JSON_ERROR_SYNTAX },
  { "{\"a\":1", "line 1, column 7: expected ',' or '}' after a member, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "// x\n1", "line 1, column 1: expected a value, found '/'", HERO_JSON_ERROR_SYNTAX },
  { "[1]/**/", "line 1, column 4: expected nothing after the value, found '/'", HERO_JSON_ERROR_SYNTAX },
  { "var a = 1", "line 1, column 1: expected a value, found 'v'", HERO_JSON_ERROR_SYNTAX },
  { "01", "line 1, column 1: a number with a leading zero", HERO_JSON_ERROR_SYNTAX },
  { "-", "line 1, column 2: expected a digit, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "+1", "line 1, column 1: expected a value, found '+'", HERO_JSON_ERROR_SYNTAX },
  { "1.", "line 1, column 3: expected a digit after the point, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { ".5", "line 1, column 1: expected a value, found '.'", HERO_JSON_ERROR_SYNTAX },
  { "1e+", "line 1, column 4: expected a digit of the exponent, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "0x10", "line 1, column 2: expected nothing after the value, found 'x'", HERO_JSON_ERROR_SYNTAX },
  { "NaN", "line 1, column 1: expected a value, found 'N'", HERO_JSON_ERROR_SYNTAX },
  { "\"a", "line 1, column 3: expected the closing quote of a string, found the end of the text", HERO_JSON_ERROR_SYNTAX },
  { "\"\\x\"", "line 1, column 3: expected one of \"\\/bfnrtu after a backslash, found 'x'", HERO_JSON_ERROR_SYNTAX },
  { "\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits after \\u, found 'g'", HERO_JSON_ERROR_SYNTAX },
  { "\"a\tb\"", "line 1, column 3: control character 0x09 in a string", HERO_JSON_ERROR_SYNTAX },
  { "\"\xff\"", "line 1, column 2: byte 0xff is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\"\xc0\x80\"", "line 1, column 2: byte 0xc0 is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\"\xe0\x80\x80\"", "line 1, column 2: byte 0xe0 is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\"\xed\xa0\x80\"", "line 1, column 2: byte 0xed is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\"\xf4\x90\x80\x80\"", "line 1, column 2: byte 0xf4 is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\"\xe2\x82", "line 1, column 2: byte 0xe2 is not UTF-8", HERO_JSON_ERROR_SYNTAX },
  { "\xef\xbb\xbf{}", "line 1, column 1: expected a value, found byte 0xef", HERO_JSON_ERROR_SYNTAX },
  { "\"\xc3\xa9\\ud800\"", "line 1, column 3: lone high surrogate \\ud800", HERO_JSON_ERROR_SYNTAX },
  { "\"\\udc00\"", "line 1, column 2: lone low surrogate \\udc00", HERO_JSON_ERROR_SYNTAX },
  { "\"\\ud800\\u0041\"", "line 1, column 2: high surrogate \\ud800 without a low one", HERO_JSON_ERROR_SYNTAX },
  { "9223372036854775808", "line 1, column 1: an integer outside the 64-bit range", HERO_JSON_ERROR_VALUE },
  { "[-9223372036854775809]", "line 1, column 2: an integer outside the 64-bit range", HERO_JSON_ERROR_VALUE },
  { "1e400", "line 1, column 1: a number too large for a double", HERO_JSON_ERROR_VALUE },
  { "\"a\\u0000\"", "line 1, column 3: a string with U+0000", HERO_JSON_ERROR_VALUE },
  { "{\"a\\u0000\":1}", "line 1, column 4: a string with U+0000", HERO_JSON_ERROR_VALUE },
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = hero_json_parse (good[i], -1, &error);
      g_assert_no_error (error);
      g_assert_nonnull (node);
      g_assert_true (hero_json_check (good[i], -1, NULL));
    }
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL, checked = NULL;
      g_assert_null (hero_json_parse (bad[i].text, -1, &error));
      g_assert_false (hero_json_check (bad[i].text, -1, &checked));
      g_assert_cmpstr (error->message, ==, bad[i].message);
      g_assert_cmpstr (checked->message, ==, bad[i].message);
      g_assert_error (error, HERO_JSON_ERROR, (int)bad[i].code);
    }
}

/* A text is read to its length and not beyond, and each cut of a good text is refused or good, never read past. */
static void
test_length (void)
{
  static const char text[] = "{\"k\":[1.5e2,true,\"\\ud83d\\ude00\xe2\x82\xac\"]}";

  g_assert_true (hero_json_check ("12x", 2, NULL));
  g_assert_false (hero_json_check ("1\0", 2, NULL));
  for (gsize i = 0; i < strlen (text); i++)
    {
      g_autofree char *cut = g_memdup2 (text, i); /* no byte behind it: a reader that goes on is caught by ASan */
      g_assert_false (hero_json_check (cut != NULL ? cut : "", (gssize)i, NULL));
    }
}

static char *
nested (guint depth)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, i % 2 ? "{\"a\":" : "[");
  g_string_append_c (text, '1');
  for (guint i = depth; i-- > 0;)
    g_string_append_c (text, i % 2 ? '}' : ']');
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  g_autofree char *most = nested (64), *over = nested (65), *wide = g_strdup ("[[],[],[]]");
  g_autofree char *hostile = g_strnfill (1000000, '[');
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_json_check (most, -1, NULL));
  g_assert_true (hero_json_check (wide, -1, NULL));
  g_assert_false (hero_json_check (over, -1, &error));
  g_assert_error (error, HERO_JSON_ERROR, HERO_JSON_ERROR_DEPTH);
  g_assert_null (hero_json_parse (hostile, -1, NULL));
}

static void
assert_round (const char *text, const char *expected)
{
  g_autoptr (JsonNode) node = hero_json_parse (text, -1, NULL);
  gsize length;
  g_autofree char *printed = hero_json_print (node, &length);

  g_assert_cmpstr (printed, ==, expected);
  g_assert_cmpuint (length, ==, strlen (expected));
}

static void
test_print (void)
{
  g_autoptr (JsonNode) broken = json_node_init_string (json_node_alloc (), "a\xff z");
  g_autoptr (JsonNode) infinite = json_node_init_double (json_node_alloc (), 1.0 / 0.0);
  g_autofree char *text = hero_json_print (broken, NULL), *none = hero_json_print (infinite, NULL);

  assert_round ("{ \"a\" : [ 1 , 2.0, -0.5, 1e300, 0.1 ], \"b\" : { } , \"c\" : [ ] }",
                "{\"a\":[1,2.0,-0.5,1e+300,0.1],\"b\":{},\"c\":[]}");
  assert_round ("-9223372036854775808", "-9223372036854775808");
  assert_round ("\"\\u0001\\u001f\\b\\f\\n\\r\\t\\\"\\\\\\/\\u00e9\\u007f\"",
                "\"\\u0001\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\xc3\xa9\x7f\"");
  assert_round ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"); /* the last counts */
  assert_round ("[true,false,null]", "[true,false,null]");
  g_assert_cmpstr (text, ==, "\"a\xef\xbf\xbd z\"");
  g_assert_cmpstr (none, ==, "null");
}

/* What is refused is told at its node, so that the id beside it can still be echoed. */
static void
test_flaws (void)
{
  static const char text[] = "{\"id\":1,\"params\":{\"big\":99999999999999999999},\"method\\u0000\":\"x\",\"ok\":\"a\"}";
  HeroJsonFlaws *flaws = NULL;
  g_autoptr (JsonNode) node = hero_json_parse_flawed (text, strlen (text), &flaws, NULL);
  JsonObject *object = json_node_get_object (node);
  JsonNode *big = json_object_get_member (json_object_get_object_member (object, "params"), "big");

  g_assert_cmpuint (g_hash_table_size (flaws), ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (flaws, big), ==, "line 1, column 25: an integer outside the 64-bit range");
  g_assert_false (json_object_has_member (object, "method"));
  g_assert_false (g_hash_table_contains (flaws, json_object_get_member (object, "ok")));
  g_hash_table_unref (flaws);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/good", test_good);
  g_test_add_func ("/json/bad", test_bad);
  g_test_add_func ("/json/length", test_length);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/print", test_print);
  g_test_add_func ("/json/flaws", test_flaws);
  return g_test_run ();
}
