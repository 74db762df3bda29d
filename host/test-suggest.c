/* test-suggest.c: which word is offered for which slip. */
#include "suggest.h"

static const char *const keys[]
    = { "stagger_ms", "socket_dir", "socket_mode", "stop_timeout_s", "log_dir", "log_file", NULL };

static void
test_nearest (void)
{
  static const struct
  {
    const char *word, *nearest;
  } rows[] = {
    { "stager_ms", "stagger_ms" },
    { "stop_timeout", "stop_timeout_s" },
    { "logdir", "log_dir" },
    { "socket_dri", "socket_dir" },
    { "x", NULL },
    { "", NULL },
    { "completely_else", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (hero_suggest_nearest (rows[i].word, keys), ==, rows[i].nearest);
}

static void
test_text (void)
{
  static const char *const words[] = { "plain", "json", NULL };
  g_autofree char *near = hero_suggest_text ("jsn", "words", words);
  g_autofree char *far = hero_suggest_text ("colourful", "words", words);
  g_autofree char *huge = g_strnfill (100000, 'x');
  g_autofree char *huge_text = hero_suggest_text (huge, "words", words);

  g_assert_cmpstr (near, ==, "did you mean \"json\"?");
  g_assert_cmpstr (far, ==, "known words: plain, json");
  g_assert_cmpstr (huge_text, ==, "known words: plain, json");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/suggest/nearest", test_nearest);
  g_test_add_func ("/suggest/text", test_text);
  return g_test_run ();
}
