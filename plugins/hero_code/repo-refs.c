/* repo-refs.c: heads, remotes, commits, numbers of a repository. On a worker. */
#include "repo-refs.h"

#include <string.h>

#include "repo-object.h"
#include "repo-remotes.h"

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  if (valid != NULL)
    json_object_set_string_member (object, member, valid);
  else
    json_object_set_null_member (object, member);
}

/* "scheme://user:password@host/.." is the only form that carries one. */
char *
code_mask_url (const char *url)
{
  const char *rest = strstr (url, "://");
  const char *at, *colon, *slash;

  if (rest == NULL)
    return g_strdup (url);
  rest += 3;
  slash = strchrnul (rest, '/');
  at = memrchr (rest, '@', slash - rest);
  colon = at != NULL ? memchr (rest, ':', at - rest) : NULL;
  if (colon == NULL)
    return g_strdup (url);
  return g_strdup_printf ("%.*s:***%s", (int)(colon - url), url, at);
}

void
code_repo_add_remotes (JsonObject *object, git_repository *repository)
{
  g_autoptr (CodeRemotes) remotes = code_remotes_new (repository);

  json_object_set_array_member (object, "remotes", code_remotes_print (remotes));
}

/* ---- head */

static char *
unborn_branch (git_repository *repository)
{
  g_autoptr (git_reference) head = NULL;
  const char *target;

  if (git_reference_lookup (&head, repository, "HEAD") != 0 || (target = git_reference_symbolic_target (head)) == NULL)
    return NULL;
  return g_strdup (g_str_has_prefix (target, "refs/heads/") ? target + strlen ("refs/heads/") : target);
}

static char *
upstream_name (git_repository *repository, git_reference *head)
{
  g_autoptr (CodeRemotes) remotes = code_remotes_new (repository);
  g_autofree char *name = code_remotes_upstream (remotes, git_reference_name (head));

  return g_strdup (name != NULL && g_str_has_prefix (name, "refs/remotes/") ? name + strlen ("refs/remotes/") : name);
}

JsonObject *
code_repo_head (git_repository *repository)
{
  JsonObject *object = json_object_new ();
  g_autoptr (git_reference) head = NULL;
  g_autofree char *unborn = NULL;
  g_autofree char *upstream = NULL;
  char commit[GIT_OID_HEXSZ + 1];
  int result = git_repository_head (&head, repository);

  if (result != 0)
    {
      unborn = unborn_branch (repository);
      json_object_set_string_member (object, "kind", "unborn");
      set_text (object, "branch", unborn);
      set_text (object, "commit", NULL);
      set_text (object, "upstream", NULL);
      return object;
    }
  upstream = upstream_name (repository, head);
  git_oid_tostr (commit, sizeof commit, git_reference_target (head));
  json_object_set_string_member (object, "kind",
                                 git_repository_head_detached (repository) == 1 ? "detached" : "branch");
  set_text (object, "branch", git_repository_head_detached (repository) == 1 ? NULL : git_reference_shorthand (head));
  set_text (object, "commit", commit);
  set_text (object, "upstream", upstream);
  return object;
}

/* ---- tags that point at HEAD */

typedef struct
{
  git_repository *repository;
  const git_oid *head;
  char *first; /* in version order: v1.9 before v1.10 */
  guint n;
} Tags;

static int
note_tag (const char *name, git_oid *id, void *data)
{
  Tags *tags = data;
  const char *short_name = g_str_has_prefix (name, "refs/tags/") ? name + strlen ("refs/tags/") : name;
  g_autoptr (git_object) object = NULL;
  g_autoptr (git_object) peeled = NULL;

  tags->n++;
  if (tags->head == NULL || git_object_lookup (&object, tags->repository, id, GIT_OBJECT_ANY) != 0
      || git_object_peel (&peeled, object, GIT_OBJECT_COMMIT) != 0
      || !git_oid_equal (git_object_id (peeled), tags->head))
    return 0;
  if (tags->first == NULL || strverscmp (short_name, tags->first) < 0)
    {
      g_free (tags->first);
      tags->first = g_strdup (short_name);
    }
  return 0;
}

/* ---- commits */

static JsonObject *
print_person (const git_signature *person)
{
  JsonObject *object = json_object_new ();

  set_text (object, "name", person->name);
  set_text (object, "email", person->email);
  json_object_set_int_member (object, "at", (gint64)person->when.time * 1000);
  json_object_set_int_member (object, "tz", person->when.offset);
  return object;
}

static JsonObject *
print_commit (git_repository *repository, git_commit *commit)
{
  JsonObject *object = json_object_new ();
  JsonArray *parents = json_array_new ();
  char id[GIT_OID_HEXSZ + 1];
  git_buf signature = { 0 }, signed_text = { 0 };

  git_oid_tostr (id, sizeof id, git_commit_id (commit));
  set_text (object, "id", id);
  id[7] = 0;
  set_text (object, "short", id);
  for (guint i = 0; i < git_commit_parentcount (commit); i++)
    {
      char parent[GIT_OID_HEXSZ + 1];

      git_oid_tostr (parent, sizeof parent, git_commit_parent_id (commit, i));
      json_array_add_string_element (parents, parent);
    }
  json_object_set_array_member (object, "parents", parents);
  json_object_set_object_member (object, "author", print_person (git_commit_author (commit)));
  json_object_set_object_member (object, "committer", print_person (git_commit_committer (commit)));
  set_text (object, "summary", git_commit_summary (commit));
  json_object_set_boolean_member (
      object, "signed",
      git_commit_extract_signature (&signature, &signed_text, repository, (git_oid *)git_commit_id (commit), NULL)
          == 0);
  git_buf_dispose (&signature);
  git_buf_dispose (&signed_text);
  return object;
}

/* ---- ahead and behind */

/* Commits of the current branch that no remote branch has; only whether there are any. */
static gboolean
has_unpushed (git_repository *repository, const git_oid *head)
{
  git_revwalk *walk = NULL;
  git_oid id;
  gboolean any = FALSE;

  if (git_revwalk_new (&walk, repository) == 0 && git_revwalk_push (walk, head) == 0)
    {
      git_revwalk_hide_glob (walk, "refs/remotes/*");
      any = git_revwalk_next (&id, walk) == 0;
    }
  git_revwalk_free (walk);
  return any;
}

static void
add_distance (JsonObject *object, git_repository *repository, git_reference *head)
{
  g_autoptr (CodeRemotes) remotes = NULL;
  g_autoptr (git_reference) upstream = NULL;
  g_autofree char *name = NULL;
  gsize ahead = 0, behind = 0;
  const git_oid *target;

  json_object_set_null_member (object, "ahead");
  json_object_set_null_member (object, "behind");
  json_object_set_boolean_member (object, "need_pull", FALSE);
  json_object_set_boolean_member (object, "need_push", FALSE);
  if (head == NULL || git_repository_head_detached (repository) == 1)
    return;
  remotes = code_remotes_new (repository);
  name = code_remotes_upstream (remotes, git_reference_name (head));
  if (name == NULL || git_reference_lookup (&upstream, repository, name) != 0)
    {
      json_object_set_boolean_member (object, "need_push", has_unpushed (repository, git_reference_target (head)));
      return;
    }
  target = git_reference_target (upstream);
  if (target == NULL || git_graph_ahead_behind (&ahead, &behind, repository, git_reference_target (head), target) != 0)
    return;
  json_object_set_int_member (object, "ahead", ahead);
  json_object_set_int_member (object, "behind", behind);
  json_object_set_boolean_member (object, "need_push", ahead > 0);
  json_object_set_boolean_member (object, "need_pull", behind > 0);
}

void
code_repo_add_refs (JsonObject *object, git_repository *repository)
{
  g_autoptr (git_reference) head = NULL;
  g_autoptr (git_commit) commit = NULL;
  JsonObject *info = code_repo_head (repository);
  Tags tags = { .repository = repository };

  if (git_repository_head (&head, repository) == 0)
    {
      tags.head = git_reference_target (head);
      git_commit_lookup (&commit, repository, tags.head);
    }
  git_tag_foreach (repository, note_tag, &tags);
  set_text (object, "branch", json_object_get_string_member_with_default (info, "branch", NULL));
  json_object_set_object_member (object, "head", info);
  set_text (object, "tag", tags.first);
  json_object_set_int_member (object, "tags", tags.n);
  g_free (tags.first);
  add_distance (object, repository, head);
  if (commit != NULL)
    json_object_set_object_member (object, "last_commit", print_commit (repository, commit));
  else
    json_object_set_null_member (object, "last_commit");
}

/* ---- numbers */

static int
count_stash (size_t index, const char *message, const git_oid *id, void *data)
{
  ++*(guint *)data;
  return 0;
}

static int
count_submodule (git_submodule *submodule, const char *name, void *data)
{
  ++*(guint *)data;
  return 0;
}

static guint
count_branches (git_repository *repository)
{
  git_branch_iterator *iter = NULL;
  git_reference *reference;
  git_branch_t type;
  guint n = 0;

  if (git_branch_iterator_new (&iter, repository, GIT_BRANCH_LOCAL) != 0)
    return 0;
  while (git_branch_next (&reference, &type, iter) == 0)
    {
      git_reference_free (reference);
      n++;
    }
  git_branch_iterator_free (iter);
  return n;
}

void
code_repo_add_numbers (JsonObject *object, git_repository *repository)
{
  git_strarray worktrees = { 0 };
  guint stashes = 0, submodules = 0;

  git_stash_foreach (repository, count_stash, &stashes);
  git_submodule_foreach (repository, count_submodule, &submodules);
  git_worktree_list (&worktrees, repository);
  json_object_set_int_member (object, "branches", count_branches (repository));
  json_object_set_int_member (object, "stashes", stashes);
  json_object_set_int_member (object, "submodules", submodules);
  json_object_set_int_member (object, "worktrees", worktrees.count);
  git_strarray_dispose (&worktrees);
}
