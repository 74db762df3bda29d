/* fuzz-toml.c: the configuration reader. Every key of what was read must have a place in the text. */
#include <hero-toml.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
visit (const HeroToml *toml)
{
  if (toml->key != NULL)
    g_assert_cmpuint (toml->key_place.line, >, 0);
  for (guint i = 0; toml->children != NULL && i < toml->children->len; i++)
    visit (g_ptr_array_index (toml->children, i));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  HeroTomlPlace where;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroToml) root = hero_toml_parse ((const char *) data, size, &where, &error);

  g_assert_true ((root == NULL) == (error != NULL));
  if (root != NULL)
    visit (root);
  return 0;
}
