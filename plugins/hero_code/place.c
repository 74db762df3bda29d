/* place.c: file addresses. On a worker. */
#include "place.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "path.h"

#define MAX_DEPTH 3 /* of a repository below coderoot */

void
code_place_clear (CodePlace *self)
{
  g_clear_pointer (&self->full, g_free);
  g_clear_pointer (&self->repo, g_free);
  g_clear_pointer (&self->path, g_free);
}

static gboolean
is_repository (CodeRoot *root, const char *path)
{
  struct stat st;
  int fd = code_root_open (root, path, CODE_OPEN_DIRECTORY, &st, NULL);
  gboolean is;

  if (fd < 0)
    return FALSE;
  is = fstatat (fd, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0 && (S_ISDIR (st.st_mode) || S_ISREG (st.st_mode));
  close (fd);
  return is;
}

/* The first of the directories on the way that is a repository: repositories do not nest. */
static void
find_repository (CodePlace *self, CodeRoot *root)
{
  gsize end = 0;

  for (guint depth = 0; depth < MAX_DEPTH && self->full[end] != 0; depth++)
    {
      g_autofree char *prefix = NULL;

      end += (depth > 0) + strcspn (self->full + end + (depth > 0), "/");
      prefix = g_strndup (self->full, end);
      if (!is_repository (root, prefix))
        continue;
      self->repo = g_steal_pointer (&prefix);
      self->path = g_strdup (self->full[end] == '/' ? self->full + end + 1 : "");
      return;
    }
  self->path = g_strdup (self->full);
}

gboolean
code_place_init (CodePlace *self, CodeRoot *root, const char *repo, const char *path, GError **error)
{
  g_autofree char *real = code_root_resolve (root, error);

  *self = (CodePlace){ NULL };
  if (real == NULL)
    return FALSE;
  if (repo == NULL)
    {
      self->full = g_strdup (path);
      find_repository (self, root);
      return TRUE;
    }
  if (*repo == 0 || !is_repository (root, repo))
    {
      code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s: no such repository", repo);
      return FALSE;
    }
  self->repo = g_strdup (repo);
  self->path = g_strdup (path);
  self->full = *path != 0 ? code_path_join (repo, path) : g_strdup (repo);
  return TRUE;
}

void
code_place_print (const char *repo, const char *path, JsonObject *object)
{
  g_autofree char *shown = code_path_display (path);

  if (repo != NULL)
    json_object_set_string_member (object, "repo", repo);
  else
    json_object_set_null_member (object, "repo");
  json_object_set_string_member (object, "path", shown);
  if (!g_str_equal (shown, path))
    {
      g_autofree char *base64 = g_base64_encode ((const guchar *)path, strlen (path));

      json_object_set_string_member (object, "path_b64", base64);
    }
}
