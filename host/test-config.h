/* test-config.h: what the tests of the configuration share: a file of the text they give, and what is said of it. */
#pragma once

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HOME "/tmp/hero-test-home"

static char *directory;

static inline HeroConfig *
load (const char *text, char **variables, const char *only)
{
  g_autofree char *path = g_build_filename (directory, "c.toml", NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", HOME, TRUE);
  g_autoptr (GError) error = NULL;

  environment = g_environ_setenv (environment, "USER", "hero", TRUE);
  for (char **pair = variables; pair != NULL && *pair != NULL; pair += 2)
    environment = g_environ_setenv (environment, pair[0], pair[1], TRUE);
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
  return hero_config_load (path, environment, only);
}

/* The diagnostics without the file's name. */
static inline char *
diagnose (HeroConfig *config)
{
  g_autofree char *text = hero_config_format_diagnostics (config);
  g_auto (GStrv) parts = g_strsplit (text, config->path, -1);

  return g_strjoinv ("", parts);
}

static inline void
assert_diagnostics (HeroConfig *config, const char *expected)
{
  g_autofree char *text = diagnose (config);

  g_assert_cmpstr (text, ==, expected);
}

static inline const char *
get_setting (HeroConfig *config, const char *name)
{
  return g_hash_table_lookup (config->settings, name);
}

typedef struct
{
  const char *path;
  void (*func) (void);
} TestConfigCase;

static inline int
test_config_main (int argc, char **argv, const TestConfigCase *tests, guint n)
{
  g_autofree char *path = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("hero-config-XXXXXX", NULL);
  for (guint i = 0; i < n; i++)
    g_test_add_func (tests[i].path, tests[i].func);
  result = g_test_run ();
  g_unlink (path = g_build_filename (directory, "c.toml", NULL));
  g_rmdir (directory);
  g_free (directory);
  return result;
}
