/*
 * test-tables.h: for tests of one object: a configuration whose services come from the fixture plugin and whose files lie
 * in a short directory of the test's own.
 */
#pragma once

#include "plan.h"
#include "test-dir.h"

typedef struct
{
  char *dir;
  HeroConfig *config;
} TestTables;

/* text: the tables, and further keys of the host in [host]; the six services are off. */
static inline void
test_tables_load (TestTables *self, const char *text)
{
  static const char *const off[] = { "mycelium", "hero_db", "hero_indexer", "hero_code", "hero_proc", "hero_router" };
  g_autoptr (GString) file = g_string_new (NULL);
  g_auto (GStrv) environment = NULL;
  g_autofree char *path = NULL;

  self->dir = test_dir_new ();
  path = g_build_filename (self->dir, "c.toml", NULL);
  g_string_append_printf (file, "socket_dir = \"%s/s\"\ndata_dir = \"%s/d\"\nplugin_dir = \"%s\"\nlog_file = false\n", self->dir,
                          self->dir, FIXTURES_DIR);
  for (guint i = 0; i < G_N_ELEMENTS (off); i++)
    g_string_append_printf (file, "[%s]\nenabled = false\n", off[i]);
  g_string_append (file, text);
  g_assert_true (g_file_set_contents (path, file->str, -1, NULL));
  environment = g_environ_setenv (environment, "HOME", self->dir, TRUE);
  self->config = hero_config_load (path, environment, NULL);
}

static inline void
test_tables_clear (TestTables *self)
{
  hero_config_free (self->config);
  test_dir_free (self->dir);
}
