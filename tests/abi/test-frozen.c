/* test-frozen.c: a plugin built from the frozen 1.0 headers is accepted by today's loader. */
#include "plugin-file.h"

static void
test_frozen (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroPluginFile) plugin = hero_plugin_file_open (ABI_DIR, "frozen.so", "probe", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (plugin->descriptor.abi_minor, ==, 0);
  g_assert_cmpuint (plugin->descriptor.struct_size, ==, HERO_PLUGIN_SIZE_1_0);
  g_assert_nonnull (plugin->descriptor.destroy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/abi/frozen-1.0", test_frozen);
  return g_test_run ();
}
