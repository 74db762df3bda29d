/* repo-object.c: the Repo object. On a worker. */
#include "repo-object.h"

#include <string.h>

#include <glib/gstdio.h>

#include "path.h"
#include "repo-local.h"
#include "repo-refs.h"

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  if (valid != NULL)
    json_object_set_string_member (object, member, valid);
  else
    json_object_set_null_member (object, member);
}

/* provider, account and name from an id of one, two or three parts. */
static void
add_names (JsonObject *object, const CodeRepoPolicy *policy, const char *id)
{
  g_auto (GStrv) parts = g_strsplit (id, "/", 3);
  guint n = g_strv_length (parts);
  g_autofree char *path = g_build_filename (code_root_get_directory (policy->root), id, NULL);

  set_text (object, "id", id);
  set_text (object, "provider", n == 3 ? parts[0] : NULL);
  set_text (object, "account", n >= 2 ? parts[n - 2] : NULL);
  set_text (object, "name", parts[n - 1]);
  set_text (object, "path", path);
}

const char *
code_repo_state (git_repository *repository)
{
  switch (git_repository_state (repository))
    {
    case GIT_REPOSITORY_STATE_MERGE:
      return "merge";
    case GIT_REPOSITORY_STATE_REBASE:
    case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
    case GIT_REPOSITORY_STATE_REBASE_MERGE:
      return "rebase";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
      return "cherry_pick";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
      return "revert";
    case GIT_REPOSITORY_STATE_BISECT:
      return "bisect";
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
      return "am";
    default:
      return "clean";
    }
}

JsonObject *
code_status_counts (const CodeStatus *status)
{
  JsonObject *counts = json_object_new ();

  json_object_set_int_member (counts, "staged", status->staged);
  json_object_set_int_member (counts, "unstaged", status->unstaged);
  json_object_set_int_member (counts, "untracked", status->untracked);
  json_object_set_int_member (counts, "conflicted", status->conflicted);
  return counts;
}

static void
add_flags (JsonObject *object, git_repository *repository)
{
  g_autoptr (git_config) config = NULL;
  g_autofree char *lfs = g_build_filename (git_repository_commondir (repository), "lfs", NULL);
  int sparse = 0;
  gboolean partial = FALSE;
  git_buf text = { 0 };

  if (git_repository_config_snapshot (&config, repository) == 0)
    {
      git_config_get_bool (&sparse, config, "core.sparsecheckout");
      partial = git_config_get_string_buf (&text, config, "extensions.partialclone") == 0;
      git_buf_dispose (&text);
    }
  json_object_set_boolean_member (object, "shallow", git_repository_is_shallow (repository) == 1);
  json_object_set_boolean_member (object, "partial", partial);
  json_object_set_boolean_member (object, "sparse", sparse != 0);
  json_object_set_boolean_member (object, "lfs", g_file_test (lfs, G_FILE_TEST_IS_DIR));
}

/* The last fetch: git writes FETCH_HEAD each time. */
static void
add_remote_time (JsonObject *object, git_repository *repository)
{
  g_autofree char *path = g_build_filename (git_repository_commondir (repository), "FETCH_HEAD", NULL);
  GStatBuf st;

  if (g_stat (path, &st) == 0)
    json_object_set_int_member (object, "remote_checked_at",
                                (gint64)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
  else
    json_object_set_null_member (object, "remote_checked_at");
}

static gboolean
add_status (JsonObject *object, git_repository *repository, GError **error)
{
  g_autoptr (CodeStatus) status = NULL;
  gboolean changed;

  if (git_repository_is_bare (repository))
    return TRUE;
  status = code_status_new (repository, CODE_UNTRACKED_NORMAL, NULL, error);
  if (status == NULL)
    return FALSE;
  changed = status->entries->len > 0;
  json_object_set_object_member (object, "counts", code_status_counts (status));
  json_object_set_boolean_member (object, "has_changes", changed);
  json_object_set_boolean_member (object, "need_commit", changed);
  return TRUE;
}

static gboolean
describe (JsonObject *object, git_repository *repository, GError **error)
{
  const char *kind = git_repository_is_bare (repository)       ? "bare"
                     : git_repository_is_worktree (repository) ? "worktree"
                                                               : "normal";

  json_object_set_string_member (object, "kind", kind);
  code_repo_add_remotes (object, repository);
  code_repo_add_refs (object, repository);
  code_repo_add_numbers (object, repository);
  json_object_set_string_member (object, "state", code_repo_state (repository));
  add_flags (object, repository);
  add_remote_time (object, repository);
  json_object_set_array_member (object, "local_commands", code_repo_local_commands (repository));
  return add_status (object, repository, error);
}

static void
add_error (JsonObject *object, const GError *error)
{
  g_autoptr (JsonObject) data = code_error_get_data (error);
  JsonObject *fault = json_object_new ();
  const char *reason = NULL;

  if (data != NULL)
    reason = json_object_get_string_member_with_default (
        data, "reason", json_object_get_string_member_with_default (data, "feature", NULL));
  json_object_set_string_member (fault, "code_name", code_error_get_name (error));
  set_text (fault, "reason", reason);
  set_text (fault, "message", error->message);
  json_object_set_object_member (object, "error", fault);
}

JsonObject *
code_repo_describe (const CodeRepoPolicy *policy, const char *id)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (git_repository) repository = code_repo_open (policy, id, &error);

  add_names (object, policy, id);
  if (repository != NULL)
    describe (object, repository, &error);
  json_object_set_boolean_member (object, "indexed", FALSE);
  json_object_set_boolean_member (object, "watched", FALSE);
  json_object_set_boolean_member (object, "stale", FALSE);
  json_object_set_boolean_member (object, "trusted", repository != NULL);
  json_object_set_int_member (object, "checked_at", g_get_real_time () / 1000);
  json_object_set_null_member (object, "job");
  if (error != NULL)
    add_error (object, error);
  else
    json_object_set_null_member (object, "error");
  return object;
}
