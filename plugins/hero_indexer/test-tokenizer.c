/* test-tokenizer.c: the vectors of contract 4.6. */
#include "tokenizer.h"

static void
collect (const char *token, gsize length, guint position, gpointer data)
{
  g_autofree char *text = g_strndup (token, length);

  g_string_append_printf (data, "%s%s@%u", ((GString *)data)->len > 0 ? " " : "", text, position);
}

static void
check (const char *name, const char *text, const char *expected)
{
  g_autoptr (IndexerTokenizer) tokenizer = indexer_tokenizer_new (name);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_nonnull (tokenizer);
  indexer_tokenizer_run (tokenizer, text, strlen (text), collect, out);
  g_assert_cmpstr (out->str, ==, expected);
}

static void
test_default (void)
{
  check ("default", "", "");
  check ("default", "Hello, World! a_b x.y 3-4 it's 1+1", "hello@0 world@1 a@2 b@3 x@4 y@5 3@6 4@7 it@8 s@9 1@10 1@11");
  check ("default", "\xc3\x89t\xc3\xa9 m\xc2\xb2 \xe2\x85\xa7 \xef\xac\x81 \xe6\x97\xa5\xe6\x9c\xac",
         "\xc3\xa9t\xc3\xa9@0 m\xc2\xb2@1 \xe2\x85\xb7@2 \xef\xac\x81@3 \xe6\x97\xa5\xe6\x9c\xac@4");
  check ("default", "e\xcc\x81t", "e@0 t@1");                                  /* a combining accent is no letter */
  check ("default", "\xce\xa3\xce\x91\xce\xa3", "\xcf\x83\xce\xb1\xcf\x83@0"); /* no final sigma */
  check ("default", "\xc4\xb0", "i\xcc\x87@0");
}

static void
test_long_tokens (void)
{
  g_autofree char *long_word = g_strnfill (40, 'x');
  g_autofree char *kept_word = g_strnfill (39, 'y');
  g_autofree char *text = g_strdup_printf ("a %s b %s", long_word, kept_word);
  g_autofree char *expected = g_strdup_printf ("a@0 b@2 %s@3", kept_word);

  check ("default", text, expected);
}

static void
test_stem (void)
{
  check ("en_stem", "Running runners ran easily FLIES", "run@0 runner@1 ran@2 easili@3 fli@4");
  check ("german_stem", "H\xc3\xa4user", "haus@0");
  check ("de_stem", "H\xc3\xa4user", "haus@0");
}

static void
test_others (void)
{
  check ("whitespace",
         " A\tb\n c\xc2\xa0"
         "d ",
         "A@0 b@1 c\xc2\xa0"
         "d@2");
  check ("raw", "Two Words", "Two Words@0");
  check ("raw", "", "@0");
  g_assert_null (indexer_tokenizer_new ("nope"));
  g_assert_null (indexer_tokenizer_new ("klingon_stem"));
  g_assert_null (indexer_tokenizer_new (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer/default", test_default);
  g_test_add_func ("/tokenizer/long-tokens", test_long_tokens);
  g_test_add_func ("/tokenizer/stem", test_stem);
  g_test_add_func ("/tokenizer/others", test_others);
  return g_test_run ();
}
