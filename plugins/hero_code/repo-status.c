/* repo-status.c: what has changed in a work tree. On a worker. */
#include "repo-status.h"

#include <string.h>

static void
entry_free (gpointer data)
{
  CodeStatusEntry *entry = data;

  g_free (entry->path);
  g_free (entry);
}

void
code_status_free (CodeStatus *self)
{
  g_ptr_array_unref (self->entries);
  g_free (self);
}

static char
index_letter (unsigned int flags)
{
  if (flags & GIT_STATUS_INDEX_NEW)
    return 'A';
  if (flags & GIT_STATUS_INDEX_DELETED)
    return 'D';
  if (flags & GIT_STATUS_INDEX_TYPECHANGE)
    return 'T';
  return flags & GIT_STATUS_INDEX_MODIFIED ? 'M' : '.';
}

static char
worktree_letter (unsigned int flags)
{
  if (flags & (GIT_STATUS_WT_DELETED | GIT_STATUS_WT_UNREADABLE))
    return 'D';
  if (flags & GIT_STATUS_WT_TYPECHANGE)
    return 'T';
  return flags & GIT_STATUS_WT_MODIFIED ? 'M' : '.';
}

/* Which of the three sides of a conflict are there, as git's two letters. */
static const char *
conflict_letters (git_repository *repository, const char *path)
{
  static const char *const letters[2][2][2] = {
    /* no ancestor */ { { NULL, "UA" }, { "AU", "AA" } },
    /* ancestor */ { { "DD", "DU" }, { "UD", "UU" } },
  };
  g_autoptr (git_index) index = NULL;
  const git_index_entry *ancestor, *ours, *theirs;

  if (git_repository_index (&index, repository) != 0
      || git_index_conflict_get (&ancestor, &ours, &theirs, index, path) != 0)
    return "UU";
  return letters[ancestor != NULL][ours != NULL][theirs != NULL];
}

static const char *
kind_of (git_repository *repository, const git_diff_file *file)
{
  const char *worktree = git_repository_workdir (repository);
  g_autofree char *dot_git = NULL;

  switch (file->mode)
    {
    case GIT_FILEMODE_LINK:
      return "symlink";
    case GIT_FILEMODE_COMMIT:
      return "submodule";
    default:
      break;
    }
  if (!g_str_has_suffix (file->path, "/"))
    return "file";
  dot_git = g_build_filename (worktree != NULL ? worktree : "", file->path, ".git", NULL);
  return g_file_test (dot_git, G_FILE_TEST_EXISTS) ? "repo" : "dir";
}

/* A filter of git's own is no program; any other would have to be run to know the content. */
static gboolean
has_external_filter (git_repository *repository, const char *path)
{
  const char *value = NULL;

  return git_attr_get (&value, repository, GIT_ATTR_CHECK_FILE_THEN_INDEX, path, "filter") == 0
         && git_attr_value (value) == GIT_ATTR_VALUE_STRING;
}

/* A sparse checkout leaves files out on purpose. */
static gboolean
is_skipped (git_index *index, const char *path)
{
  const git_index_entry *entry = index != NULL ? git_index_get_bypath (index, path, 0) : NULL;

  return entry != NULL && (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
}

/* Only the commit a submodule stands at counts, not what changed inside it. */
static gboolean
submodule_stands_still (git_repository *repository, git_index *index, const char *path)
{
  const git_index_entry *entry = index != NULL ? git_index_get_bypath (index, path, 0) : NULL;
  git_submodule *submodule = NULL;
  gboolean still = FALSE;

  if (entry != NULL && git_submodule_lookup (&submodule, repository, path) == 0)
    {
      const git_oid *at = git_submodule_wd_id (submodule);

      still = at != NULL && git_oid_equal (at, &entry->id);
    }
  git_submodule_free (submodule);
  return still;
}

static void
add_entry (CodeStatus *self, git_repository *repository, git_index *index, const git_status_entry *status)
{
  const git_diff_delta *delta = status->index_to_workdir != NULL ? status->index_to_workdir : status->head_to_index;
  const git_diff_file *file
      = delta->new_file.path != NULL && delta->status != GIT_DELTA_DELETED ? &delta->new_file : &delta->old_file;
  CodeStatusEntry *entry = g_new0 (CodeStatusEntry, 1);

  entry->path = g_strdup (file->path);
  entry->kind = kind_of (repository, file);
  if (status->status & GIT_STATUS_CONFLICTED)
    {
      entry->conflict = conflict_letters (repository, file->path);
      entry->x = entry->conflict[0];
      entry->y = entry->conflict[1];
      self->conflicted++;
    }
  else if (status->status & GIT_STATUS_WT_NEW)
    {
      entry->x = entry->y = '?';
      self->untracked++;
    }
  else
    {
      entry->x = index_letter (status->status);
      entry->y = worktree_letter (status->status);
      if (entry->y == 'D' && is_skipped (index, file->path))
        entry->y = '.';
      if (entry->y == 'M' && file->mode == GIT_FILEMODE_COMMIT
          && submodule_stands_still (repository, index, file->path))
        entry->y = '.';
      entry->uncertain = entry->y == 'M' && has_external_filter (repository, file->path);
      self->staged += entry->x != '.';
      self->unstaged += entry->y != '.';
    }
  if (entry->x == '.' && entry->y == '.')
    entry_free (entry);
  else
    g_ptr_array_add (self->entries, entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const CodeStatusEntry *x = *(CodeStatusEntry *const *)a, *y = *(CodeStatusEntry *const *)b;

  return strcmp (x->path, y->path);
}

CodeStatus *
code_status_new (git_repository *repository, CodeUntracked untracked, const char *const *paths, GError **error)
{
  g_autoptr (CodeStatus) self = g_new0 (CodeStatus, 1);
  g_autoptr (git_status_list) list = NULL;
  g_autoptr (git_index) index = NULL;
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  int result;

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
  if (untracked != CODE_UNTRACKED_NO)
    options.flags |= GIT_STATUS_OPT_INCLUDE_UNTRACKED;
  if (untracked == CODE_UNTRACKED_ALL)
    options.flags |= GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
  options.pathspec.strings = (char **)paths;
  options.pathspec.count = paths != NULL ? g_strv_length ((char **)paths) : 0;

  result = git_status_list_new (&list, repository, &options);
  if (result != 0)
    {
      code_git_set_error (error, result, "status");
      return NULL;
    }
  git_repository_index (&index, repository);
  for (gsize i = 0; i < git_status_list_entrycount (list); i++)
    add_entry (self, repository, index, git_status_byindex (list, i));
  g_ptr_array_sort (self->entries, compare_entries);
  return g_steal_pointer (&self);
}
