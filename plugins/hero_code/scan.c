/* scan.c: finds the repositories below coderoot. On a worker. */
#include "scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "path.h"

#define MAX_DEPTH 3
#define MAX_REPOSITORIES 5000

typedef struct
{
  CodeScan *scan;
  const char *const *skip;
  GHashTable *seen; /* "device:inode" -> id */
  GCancellable *cancellable;
} Walk;

void
code_scan_free (CodeScan *self)
{
  g_ptr_array_unref (self->ids);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

gboolean
code_scan_skips (const char *name, const char *const *skip)
{
  static const char *const always[]
      = { "node_modules", "vendor", "dist", "build", "bin", "obj", "target", "tmp", "temp", NULL };

  return name[0] == '.' || name[0] == '_' || g_strv_contains (always, name)
         || (skip != NULL && g_strv_contains (skip, name));
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The names of the real subdirectories, in byte order; takes fd. NULL: it cannot be read. */
static GPtrArray *
list_directories (int fd)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *dir = fdopendir (fd);
  struct dirent *entry;

  if (dir == NULL)
    {
      close (fd);
      return NULL;
    }
  while ((entry = readdir (dir)) != NULL)
    {
      struct stat st;
      gboolean is_dir = entry->d_type == DT_DIR;

      if (entry->d_type == DT_UNKNOWN)
        is_dir = fstatat (fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (st.st_mode);
      if (is_dir)
        g_ptr_array_add (names, g_strdup (entry->d_name));
    }
  closedir (dir);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* A directory .git, or a file .git that may point elsewhere. */
static gboolean
is_repository (int fd)
{
  struct stat st;

  return fstatat (fd, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0 && (S_ISDIR (st.st_mode) || S_ISREG (st.st_mode));
}

/* Bind mounts show one directory twice: the first counts. */
static gboolean
is_double (Walk *walk, int fd, const char *path)
{
  struct stat st;
  char *key;
  const char *first;

  if (fstat (fd, &st) != 0)
    return FALSE;
  key = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)st.st_dev, (guint64)st.st_ino);
  first = g_hash_table_lookup (walk->seen, key);
  if (first == NULL)
    {
      g_hash_table_insert (walk->seen, key, g_strdup (path));
      return FALSE;
    }
  g_ptr_array_add (walk->scan->warnings, g_strdup_printf ("%s is the same directory as %s", path, first));
  g_free (key);
  return TRUE;
}

static gboolean walk_directory (Walk *walk, int fd, const char *path, guint depth, GError **error);

static gboolean
visit (Walk *walk, int parent, const char *name, const char *path, guint depth, GError **error)
{
  int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    {
      g_ptr_array_add (walk->scan->warnings, g_strdup_printf ("%s cannot be read", path));
      return TRUE;
    }
  if (!is_repository (fd))
    return walk_directory (walk, fd, path, depth, error);
  if (!is_double (walk, fd, path))
    g_ptr_array_add (walk->scan->ids, g_strdup (path));
  close (fd);
  if (walk->scan->ids->len <= MAX_REPOSITORIES)
    return TRUE;
  code_error_set (error, CODE_LIMIT_EXCEEDED, "limit_exceeded", "more than %d repositories below coderoot",
                  MAX_REPOSITORIES);
  code_error_add_int (error, "limit", MAX_REPOSITORIES);
  return FALSE;
}

/* Takes fd. path: relative to the root, "" for itself; depth: of the directory. */
static gboolean
walk_directory (Walk *walk, int fd, const char *path, guint depth, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  gboolean going = TRUE;
  int dir;

  if (depth >= MAX_DEPTH || (dir = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    {
      close (fd);
      return TRUE;
    }
  names = list_directories (dir);
  for (guint i = 0; going && names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      g_autofree char *below = code_path_join (path, name);

      if (code_scan_skips (name, walk->skip))
        continue;
      going = !g_cancellable_set_error_if_cancelled (walk->cancellable, error)
              && visit (walk, fd, name, below, depth + 1, error);
    }
  close (fd);
  return going;
}

CodeScan *
code_scan_run (CodeRoot *root, const char *const *skip, GCancellable *cancellable, GError **error)
{
  g_autoptr (CodeScan) scan = g_new0 (CodeScan, 1);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Walk walk = { scan, skip, seen, cancellable };
  struct stat st;
  int fd;

  scan->ids = g_ptr_array_new_with_free_func (g_free);
  scan->warnings = g_ptr_array_new_with_free_func (g_free);
  fd = code_root_open (root, "", CODE_OPEN_DIRECTORY, &st, error);
  if (fd < 0)
    return NULL;
  if (is_repository (fd))
    g_ptr_array_add (scan->warnings, g_strdup ("coderoot itself holds a .git, which is ignored"));
  if (!walk_directory (&walk, fd, "", 0, error))
    return NULL;
  g_ptr_array_sort (scan->ids, compare_names);
  return g_steal_pointer (&scan);
}
