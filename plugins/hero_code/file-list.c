/* file-list.c: the entries of a directory. On a worker. */
#include "file-list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "path.h"
#include "place.h"
#include "repo-status.h"

#define MAX_ENTRIES 100000

typedef struct
{
  const CodeList *list;
  const char *repo;
  git_repository *repository; /* NULL: none, or one that may not be opened */
  GHashTable *changes;        /* path in the repository -> "xy", directories too */
  GCancellable *cancellable;
  guint n;
} Listing;

/* ---- git's letters: of a directory the strongest below it */

static guint
strength (const char *letters)
{
  static const char order[] = "?AMDU";
  guint best = 0;

  for (guint i = 0; i < 2; i++)
    {
      const char *at = strchr (order, letters[i] == 'T' ? 'M' : letters[i]);

      if (at != NULL)
        best = MAX (best, (guint)(at - order) + 1);
    }
  return best;
}

static void
note_change (Listing *self, const char *path, const char *letters)
{
  const char *known = g_hash_table_lookup (self->changes, path);

  if (known == NULL || strength (letters) > strength (known))
    g_hash_table_insert (self->changes, g_strdup (path), g_strdup (letters));
}

static void
load_changes (Listing *self, const char *path)
{
  const char *const paths[] = { path, NULL };
  g_autoptr (CodeStatus) status
      = code_status_new (self->repository, CODE_UNTRACKED_NORMAL, *path != 0 ? paths : NULL, NULL);

  for (guint i = 0; status != NULL && i < status->entries->len; i++)
    {
      const CodeStatusEntry *entry = status->entries->pdata[i];
      const char letters[] = { entry->x, entry->y, 0 };
      g_autofree char *at = g_strdup (entry->path);

      if (g_str_has_suffix (at, "/"))
        at[strlen (at) - 1] = 0;
      for (char *slash = at + strlen (at); slash != NULL; slash = strrchr (at, '/'))
        {
          *slash = 0;
          note_change (self, at, letters);
        }
    }
}

/* ---- entries */

static const char *
type_of (Listing *self, int dir, const char *name, const char *path, const struct stat *st)
{
  g_autofree char *dot_git = NULL;
  g_autoptr (git_index) index = NULL;
  const git_index_entry *entry = NULL;
  struct stat git;

  if (S_ISREG (st->st_mode))
    return "file";
  if (S_ISLNK (st->st_mode))
    return "symlink";
  if (!S_ISDIR (st->st_mode))
    return "other";
  dot_git = g_build_filename (name, ".git", NULL);
  if (fstatat (dir, dot_git, &git, AT_SYMLINK_NOFOLLOW) != 0)
    return "dir";
  if (self->repository != NULL && git_repository_index (&index, self->repository) == 0)
    entry = git_index_get_bypath (index, path, 0);
  return entry != NULL && entry->mode == GIT_FILEMODE_COMMIT ? "submodule" : "repo";
}

static void
add_git (Listing *self, JsonObject *object, const char *path, gboolean is_dir)
{
  const char *letters = g_hash_table_lookup (self->changes, path);
  g_autofree char *asked = is_dir ? g_strconcat (path, "/", NULL) : g_strdup (path);
  int ignored = 0;

  if (self->repository != NULL)
    git_ignore_path_is_ignored (&ignored, self->repository, asked);
  json_object_set_boolean_member (object, "ignored", ignored != 0);
  if (letters != NULL)
    json_object_set_string_member (object, "git", letters);
  else
    json_object_set_null_member (object, "git");
}

static void
add_target (JsonObject *object, int dir, const char *name)
{
  char target[4096];
  gssize n = readlinkat (dir, name, target, sizeof target);
  g_autofree char *valid = n >= 0 ? g_utf8_make_valid (target, n) : NULL;

  if (valid != NULL)
    json_object_set_string_member (object, "target", valid);
}

static JsonArray *list_directory (Listing *self, int fd, const char *path, guint depth, GError **error);

static gboolean
add_children (Listing *self, JsonObject *object, int dir, const char *name, const char *path, guint depth,
              GError **error)
{
  int fd = openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  JsonArray *children;

  if (fd < 0) /* gone, or not ours to read: the entry itself is told */
    return TRUE;
  children = list_directory (self, fd, path, depth - 1, error);
  if (children == NULL)
    return FALSE;
  json_object_set_array_member (object, "children", children);
  return TRUE;
}

/* NULL without error: it is gone meanwhile. */
static JsonObject *
print_entry (Listing *self, int dir, const char *name, const char *base, guint depth, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *path = code_path_join (base, name);
  g_autofree char *shown = code_path_display (name);
  g_autofree char *mode = NULL;
  const char *type;
  struct stat st;

  if (fstatat (dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return NULL;
  type = type_of (self, dir, name, path, &st);
  mode = g_strdup_printf ("%04o", st.st_mode & 07777);
  json_object_set_string_member (object, "name", shown);
  code_place_print (self->repo, path, object);
  json_object_set_string_member (object, "type", type);
  json_object_set_int_member (object, "size", S_ISREG (st.st_mode) ? st.st_size : 0);
  json_object_set_int_member (object, "mtime_at", (gint64)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
  json_object_set_string_member (object, "mode", mode);
  if (S_ISLNK (st.st_mode))
    add_target (object, dir, name);
  add_git (self, object, path, S_ISDIR (st.st_mode));
  if (depth > 1 && g_str_equal (type, "dir") && !add_children (self, object, dir, name, path, depth, error))
    return NULL;
  return g_steal_pointer (&object);
}

static gboolean
is_directory (JsonObject *entry)
{
  static const char *const kinds[] = { "dir", "repo", "submodule", NULL };

  return g_strv_contains (kinds, json_object_get_string_member (entry, "type"));
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  JsonObject *x = *(JsonObject *const *)a, *y = *(JsonObject *const *)b;

  if (is_directory (x) != is_directory (y))
    return is_directory (x) ? -1 : 1;
  return strcmp (json_object_get_string_member (x, "name"), json_object_get_string_member (y, "name"));
}

static gboolean
check_limits (Listing *self, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (++self->n <= MAX_ENTRIES)
    return TRUE;
  code_error_set (error, CODE_LIMIT_EXCEEDED, "limit_exceeded", "more than %d entries; ask for a smaller depth",
                  MAX_ENTRIES);
  code_error_add_int (error, "limit", MAX_ENTRIES);
  return FALSE;
}

/* Takes fd. */
static JsonArray *
list_directory (Listing *self, int fd, const char *path, guint depth, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  g_autoptr (JsonArray) array = json_array_new ();
  DIR *dir = fdopendir (fd);
  struct dirent *item;
  gboolean going = TRUE;

  if (dir == NULL)
    {
      code_error_set_errno (error, errno, path);
      close (fd);
      return NULL;
    }
  while (going && (item = readdir (dir)) != NULL)
    {
      g_autoptr (GError) fault = NULL;
      JsonObject *entry;

      if (g_str_equal (item->d_name, ".") || g_str_equal (item->d_name, "..") || code_path_enters_git (item->d_name))
        continue;
      going = check_limits (self, error);
      entry = going ? print_entry (self, fd, item->d_name, path, depth, &fault) : NULL;
      if (entry != NULL)
        g_ptr_array_add (entries, entry);
      else if (fault != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          going = FALSE;
        }
    }
  closedir (dir);
  if (!going)
    return NULL;
  g_ptr_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len; i++)
    json_array_add_object_element (array, json_object_ref (entries->pdata[i]));
  return g_steal_pointer (&array);
}

JsonObject *
code_file_list (const CodeList *list, GCancellable *cancellable, GError **error)
{
  g_auto (CodePlace) place = { NULL };
  g_autoptr (git_repository) repository = NULL;
  g_autoptr (GHashTable) changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Listing self = { .list = list, .changes = changes, .cancellable = cancellable };
  JsonObject *result;
  JsonArray *items;
  struct stat st;
  int fd;

  if (!code_place_init (&place, list->policy->root, list->repo, list->path, error))
    return NULL;
  fd = code_root_open (list->policy->root, place.full, CODE_OPEN_DIRECTORY, &st, error);
  if (fd < 0)
    return NULL;
  self.repo = place.repo;
  if (place.repo != NULL)
    repository = code_repo_open (list->policy, place.repo, NULL);
  self.repository = repository;
  if (repository != NULL)
    load_changes (&self, place.path);
  items = list_directory (&self, fd, place.path, list->depth, error);
  if (items == NULL)
    return NULL;
  result = json_object_new ();
  json_object_set_int_member (result, "total", json_array_get_length (items));
  json_object_set_array_member (result, "items", items);
  return result;
}
