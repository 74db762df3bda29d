/* test-glob.c: Redis's patterns. */
#include "glob.h"

static void
check (const char *pattern, const char *text, gboolean expected)
{
  g_test_message ("%s against %s", pattern, text);
  g_assert_cmpint (glob_match (slice_of_string (pattern), slice_of_string (text), FALSE), ==, expected);
}

static void
test_pieces (void)
{
  check ("abc", "abc", TRUE);
  check ("abc", "abd", FALSE);
  check ("a?c", "abc", TRUE);
  check ("a?c", "ac", FALSE);
  check ("[a-c]x", "bx", TRUE);
  check ("[c-a]x", "bx", TRUE);
  check ("[^a-c]x", "bx", FALSE);
  check ("[^a-c]x", "dx", TRUE);
  check ("[\\]]", "]", TRUE);
  check ("[abc", "c", TRUE);
  check ("[abc", "d", FALSE);
  check ("\\*", "*", TRUE);
  check ("\\*", "x", FALSE);
  check ("a\\", "a\\", TRUE);
}

static void
test_stars (void)
{
  check ("*", "x", TRUE);
  check ("*", "", FALSE);
  check ("", "", TRUE);
  check ("a*", "a", TRUE);
  check ("a**", "a", TRUE);
  check ("*a", "bca", TRUE);
  check ("*a", "bcab", FALSE);
  check ("a*b*c", "axxbyyc", TRUE);
  check ("a*b*c", "axxbyyd", FALSE);
  check ("user:*:name", "user:1:2:name", TRUE);
  check ("*aab", "aaab", TRUE);
}

static void
test_case (void)
{
  g_assert_true (glob_match (SLICE_LITERAL ("Max[A-C]*"), SLICE_LITERAL ("mAXbxx"), TRUE));
  g_assert_false (glob_match (SLICE_LITERAL ("Max*"), SLICE_LITERAL ("mAX"), FALSE));
}

/* Exponential for a matcher that tries each star anew: would not end here. */
static void
test_bounded (void)
{
  g_autofree char *text = g_strnfill (5000, 'a');
  g_autoptr (GString) pattern = g_string_new (NULL);

  for (guint i = 0; i < 200; i++)
    g_string_append (pattern, "a*");
  g_string_append_c (pattern, 'b');
  check (pattern->str, text, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/glob/pieces", test_pieces);
  g_test_add_func ("/glob/stars", test_stars);
  g_test_add_func ("/glob/case", test_case);
  g_test_add_func ("/glob/bounded", test_bounded);
  return g_test_run ();
}
