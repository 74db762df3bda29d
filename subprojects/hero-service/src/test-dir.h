/* test-dir.h: a short temporary directory for tests (socket paths end at 107 bytes), removed with all it holds. */
#pragma once

#include <ftw.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <unistd.h>

static int
test_dir_remove_one (const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  return remove (path);
}

static inline char *
test_dir_new (void)
{
  char *dir = g_strdup ("/tmp/hero-XXXXXX");

  g_assert_nonnull (g_mkdtemp (dir));
  return dir;
}

static inline void
test_dir_free (char *dir)
{
  nftw (dir, test_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_free (dir);
}

typedef char TestDir;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestDir, test_dir_free)
