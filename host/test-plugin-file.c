/* test-plugin-file.c: every refusal of the loader has its own message; what is right is accepted once for all. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "plugin-file.h"

static void
assert_refused (const char *file, const char *service, HeroPluginFileError code, const char *const *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroPluginFile) plugin = hero_plugin_file_open (FIXTURES_DIR, file, service, &error);

  g_assert_null (plugin);
  g_assert_error (error, HERO_PLUGIN_FILE_ERROR, (int) code);
  g_test_message ("%s", error->message);
  for (; *words != NULL; words++)
    if (strstr (error->message, *words) == NULL)
      g_error ("`%s` is not in: %s", *words, error->message);
}
#define REFUSED(file, service, code, ...)                                                                              \
  assert_refused (file, service, HERO_PLUGIN_FILE_ERROR_##code, (const char *[]) { file, __VA_ARGS__, NULL })

static void
test_refusals (void)
{
  REFUSED ("absent.so", NULL, MISSING, "no such file", "plugin_dir");
  REFUSED ("/nowhere/absent.so", NULL, MISSING, "No such file");
  REFUSED ("../fixtures/probe.so", NULL, UNSAFE, "relative path", "absolute path");
  REFUSED ("bad_no_symbol.so", NULL, SYMBOL, "no hero_service_describe_v1");
  REFUSED ("bad_other_major_symbol.so", NULL, SYMBOL, "hero_service_describe_v2", "ABI 2", "speaks 1.");
  REFUSED ("bad_magic.so", NULL, MAGIC, "21444142", "4f524548");
  REFUSED ("bad_major.so", NULL, MAJOR, "ABI 2.0", "speaks 1.0", "hero-bundle 2.x");
  REFUSED ("bad_minor.so", NULL, MINOR, "needs plugin ABI 1.1", "speaks 1.0", "update hero-bundle");
  REFUSED ("bad_short.so", NULL, SIZE, "136 bytes", "144");
  REFUSED ("bad_long.so", NULL, SIZE, "152 bytes", "144");
  REFUSED ("bad_member.so", NULL, MEMBER, "no .stop");
  REFUSED ("bad_flags.so", NULL, MEMBER, "0x80000000");
  REFUSED ("bad_name.so", NULL, MEMBER, "Not-A-Name", "[a-z]");
  REFUSED ("probe.so", "hero_db", NAME, "plugin of probe", "expected hero_db");
}

static void
test_not_elf (void)
{
  g_autofree char *dir = g_dir_make_tmp ("hero-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "text.so", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "no library", -1, NULL));
  g_assert_null (hero_plugin_file_open (dir, "text", NULL, &error));
  g_assert_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_OPEN);
  g_assert_nonnull (strstr (error->message, path));
  g_unlink (path);
  g_rmdir (dir);
}

/* Wherever a copy was broken off: a word, not the end of the process. */
static void
test_cut_off (void)
{
  g_autofree char *dir = g_dir_make_tmp ("hero-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "cut.so", NULL);
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (FIXTURES_DIR "/probe.so", &data, &length, NULL));
  for (gsize size = 0; size < 16384; size = size < 64 ? size + 9 : size * 3)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
      g_assert_null (hero_plugin_file_open (dir, "cut", NULL, &error));
      g_assert_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_OPEN);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_true (size < 64 || strstr (error->message, "cut off after") != NULL);
    }
  g_unlink (path);
  g_rmdir (dir);
}

static void
test_accepted (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_path_get_dirname (FIXTURES_DIR);
  g_autoptr (HeroPluginFile) flat = hero_plugin_file_open (FIXTURES_DIR, "probe.so", "probe", &error);
  g_autoptr (HeroPluginFile) nested = hero_plugin_file_open (parent, "probe", NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (flat->path, ==, nested->path);
  g_assert_true (flat->descriptor.create == nested->descriptor.create);
  g_assert_cmpuint (flat->sockets->len, ==, 2);
  g_assert_cmpstr (g_array_index (flat->sockets, HeroSocketSpec, 1).role, ==, "admin");
}

/* Whoever can replace the file or a directory above it could run code as us. */
static void
test_vetting (void)
{
  g_autofree char *dir = g_dir_make_tmp ("hero-XXXXXX", NULL);
  g_autofree char *sub = g_build_filename (dir, "sub", NULL);
  g_autofree char *path = g_build_filename (sub, "probe.so", NULL);
  g_autofree char *link = g_build_filename (dir, "link.so", NULL);
  g_autofree char *data = NULL;
  gsize length;
  const struct
  {
    const char *what;
    guint file_mode, dir_mode;
    const char *expect;
  } rows[] = {
    { "as installed", 0755, 0755, NULL },
    { "group of our own", 0775, 0775, NULL },
    { "file for all", 0666, 0755, "the file is writable by others (mode 0666)" },
    { "directory for all", 0644, 0777, "the directory is writable by others (mode 0777)" },
  };

  g_assert_true (g_file_get_contents (FIXTURES_DIR "/probe.so", &data, &length, NULL));
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, data, length, NULL));
  g_assert_cmpint (symlink (path, link), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint through_link = 0; through_link < 2; through_link++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (HeroPluginFile) plugin = NULL;

        g_test_message ("%s", rows[i].what);
        g_assert_cmpint (g_chmod (path, rows[i].file_mode) + g_chmod (sub, rows[i].dir_mode), ==, 0);
        plugin = hero_plugin_file_open (dir, through_link ? "link.so" : path, NULL, &error);
        if (rows[i].expect == NULL)
          {
            g_assert_no_error (error);
            continue;
          }
        g_assert_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_UNSAFE);
        g_assert_nonnull (strstr (error->message, rows[i].expect));
        g_assert_nonnull (strstr (error->message, "chmod o-w"));
      }

  g_assert_null (hero_plugin_file_open (dir, sub, NULL, NULL));
  g_unlink (link);
  g_unlink (path);
  g_rmdir (sub);
  g_rmdir (dir);
}

/* A descriptor shorter than ours is copied into zeros: what it lacks is NULL, not what lies behind it. */
static void
test_prefix (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroPluginFile) probe = hero_plugin_file_open (FIXTURES_DIR, "probe.so", NULL, &error);
  HeroServicePlugin found, copy;

  g_assert_no_error (error);
  found = probe->descriptor;
  found.struct_size = HERO_PLUGIN_SIZE_1_0;
  g_assert_true (hero_plugin_descriptor_copy (&found, "x.so", NULL, &copy, &error));
  g_assert_true (copy.destroy == found.destroy);
  g_assert_false (hero_plugin_descriptor_copy (NULL, "x.so", NULL, &copy, &error));
  g_assert_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_MAGIC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugin-file/refusals", test_refusals);
  g_test_add_func ("/plugin-file/not-elf", test_not_elf);
  g_test_add_func ("/plugin-file/cut-off", test_cut_off);
  g_test_add_func ("/plugin-file/accepted", test_accepted);
  g_test_add_func ("/plugin-file/vetting", test_vetting);
  g_test_add_func ("/plugin-file/prefix", test_prefix);
  return g_test_run ();
}
