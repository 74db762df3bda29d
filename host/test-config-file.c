/* test-config-file.c: which file and which tables of it count, and what is refused as a file. */
#include "test-config.h"

static void
test_only (void)
{
  g_autoptr (HeroConfig) config
      = load ("stager_ms = 1\n[hero_code]\nenabled = 7\n[hero_db]\nenabled = false\nisolation = \"process\"\n"
              "[nonsense]\n[notes]\nplugin = \"n\"\n",
              NULL, "hero_db");
  g_autoptr (HeroConfig) other = load ("[tool]\nx = 1\n", NULL, "tool");

  assert_diagnostics (config, ":1:1: warning: unknown key \"stager_ms\"; did you mean \"stagger_ms\"?\n");
  g_assert_cmpuint (config->services->len, ==, 1);
  g_assert_true (hero_config_get_service (config, "hero_db")->enabled);
  g_assert_cmpint (hero_config_get_service (config, "hero_db")->isolation, ==, HERO_ISOLATION_THREAD);
  g_assert_cmpuint (hero_config_get_service (config, "hero_db")->start_order, ==, 2);
  g_assert_null (config->control_service);
  g_assert_false (config->control);
  g_assert_cmpstr (get_setting (config, "services"), ==,
                   "mycelium hero_db hero_indexer hero_code hero_proc notes hero_router");

  assert_diagnostics (other, "");
  g_assert_cmpuint (other->services->len, ==, 1);
  g_assert_cmpstr (hero_config_get_service (other, "tool")->plugin, ==, "tool.so");
}

static void
test_files (void)
{
  static const struct
  {
    mode_t file, directory;
    gboolean error;
    const char *words;
  } rows[] = {
    { 0600, 0700, FALSE, NULL },
    { 0602, 0700, TRUE, ": error: the file is writable by everybody (mode 0602); run: chmod o-w" },
    { 0620, 0700, TRUE, "the file is writable by its group (mode 0620); run: chmod g-w" },
    { 0600, 0777, TRUE, "is writable by everybody (mode 0777); run: chmod o-w" },
    { 0600, 0770, TRUE, "is writable by its group (mode 0770); run: chmod g-w" },
    { 0600, 01777, FALSE, NULL },
  };
  g_autofree char *path = g_build_filename (directory, "c.toml", NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  const gboolean root = geteuid () == 0;

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (HeroConfig) config = NULL;
      g_autofree char *text = NULL;
      const gboolean group = rows[i].words != NULL && strstr (rows[i].words, "group") != NULL;
      const gboolean sticky = (rows[i].directory & 01000) != 0;

      g_assert_cmpint (g_chmod (path, rows[i].file), ==, 0);
      g_assert_cmpint (g_chmod (directory, rows[i].directory), ==, 0);
      config = hero_config_load (path, environment, NULL);
      text = diagnose (config);
      if (rows[i].words != NULL)
        g_assert_nonnull (strstr (text, rows[i].words));
      /* Only a sticky directory of root's is as good as a private one. */
      g_assert_true (hero_config_has_errors (config) == (group ? root : sticky ? !root : rows[i].error));
    }
  g_chmod (directory, 0700);
}

static void
test_odd_files (void)
{
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  g_autofree char *absent = g_build_filename (directory, "absent.toml", NULL);
  g_autoptr (HeroConfig) none = hero_config_load (absent, environment, NULL);
  g_autoptr (HeroConfig) silent = hero_config_load (NULL, environment, NULL);
  g_autoptr (HeroConfig) folder = hero_config_load (directory, environment, NULL);
  g_autoptr (HeroConfig) endless = hero_config_load ("/dev/zero", environment, NULL);

  assert_diagnostics (none, ": warning: the file does not exist; defaults are used\n");
  g_assert_false (none->present);
  assert_diagnostics (silent, "");
  g_assert_cmpstr (silent->path, ==, HOME "/hero/cfg/hero_bundle.toml");
  assert_diagnostics (folder, ": error: cannot be read: Is a directory\n");
  assert_diagnostics (endless, ":1:1: error: the text has 1064960 bytes, the limit is 1048576\n");
}

int
main (int argc, char **argv)
{
  static const TestConfigCase tests[] = {
    { "/config/only", test_only },
    { "/config/files", test_files },
    { "/config/odd-files", test_odd_files },
  };

  return test_config_main (argc, argv, tests, G_N_ELEMENTS (tests));
}
