/* repo-remotes.c: see repo-remotes.h. On a worker. */
#include "repo-remotes.h"

#include <string.h>

#include "repo-refs.h"

typedef struct
{
  char *name, *url, *push_url;
  GPtrArray *fetch; /* refspecs */
} Remote;

/* url.<base>.insteadOf = <prefix> */
typedef struct
{
  char *base, *prefix;
  gboolean push;
} Rewrite;

typedef struct
{
  char *remote, *merge;
} Branch;

struct _CodeRemotes
{
  GTree *remotes;       /* name -> Remote */
  GPtrArray *rewrites;  /* Rewrite */
  GHashTable *branches; /* short name -> Branch */
};

static void
remote_free (Remote *remote)
{
  g_free (remote->name);
  g_free (remote->url);
  g_free (remote->push_url);
  g_ptr_array_unref (remote->fetch);
  g_free (remote);
}

static void
rewrite_free (Rewrite *rewrite)
{
  g_free (rewrite->base);
  g_free (rewrite->prefix);
  g_free (rewrite);
}

static void
branch_free (Branch *branch)
{
  g_free (branch->remote);
  g_free (branch->merge);
  g_free (branch);
}

static void
replace (char **member, const char *text)
{
  g_free (*member);
  *member = g_strdup (text);
}

static gint
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static void
note_remote (CodeRemotes *self, const char *name, const char *key, const char *value)
{
  Remote *remote = g_tree_lookup (self->remotes, name);

  if (!g_str_equal (key, "url") && !g_str_equal (key, "pushurl") && !g_str_equal (key, "fetch"))
    return;
  if (remote == NULL)
    {
      remote = g_new0 (Remote, 1);
      remote->name = g_strdup (name);
      remote->fetch = g_ptr_array_new_with_free_func (g_free);
      g_tree_insert (self->remotes, remote->name, remote);
    }
  if (g_str_equal (key, "fetch"))
    g_ptr_array_add (remote->fetch, g_strdup (value));
  else
    replace (g_str_equal (key, "url") ? &remote->url : &remote->push_url, value);
}

static void
note_branch (CodeRemotes *self, const char *name, const char *key, const char *value)
{
  Branch *branch = g_hash_table_lookup (self->branches, name);

  if (!g_str_equal (key, "remote") && !g_str_equal (key, "merge"))
    return;
  if (branch == NULL)
    {
      branch = g_new0 (Branch, 1);
      g_hash_table_insert (self->branches, g_strdup (name), branch);
    }
  replace (g_str_equal (key, "remote") ? &branch->remote : &branch->merge, value);
}

static void
note_rewrite (CodeRemotes *self, const char *base, const char *key, const char *value)
{
  Rewrite *rewrite;

  if (!g_str_equal (key, "insteadof") && !g_str_equal (key, "pushinsteadof"))
    return;
  rewrite = g_new0 (Rewrite, 1);
  rewrite->base = g_strdup (base);
  rewrite->prefix = g_strdup (value);
  rewrite->push = g_str_equal (key, "pushinsteadof");
  g_ptr_array_add (self->rewrites, rewrite);
}

/* section.<sub>.key: libgit2 gives section and key in lower case, the part between as it is. */
static int
note_entry (const git_config_entry *entry, void *data)
{
  const char *first = strchr (entry->name, '.'), *last = strrchr (entry->name, '.');
  g_autofree char *sub = NULL;

  if (first == NULL || first == last || entry->value == NULL)
    return 0;
  sub = g_strndup (first + 1, last - first - 1);
  if (g_str_has_prefix (entry->name, "remote."))
    note_remote (data, sub, last + 1, entry->value);
  else if (g_str_has_prefix (entry->name, "branch."))
    note_branch (data, sub, last + 1, entry->value);
  else if (g_str_has_prefix (entry->name, "url."))
    note_rewrite (data, sub, last + 1, entry->value);
  return 0;
}

CodeRemotes *
code_remotes_new (git_repository *repository)
{
  CodeRemotes *self = g_new0 (CodeRemotes, 1);
  g_autoptr (git_config) config = NULL;

  self->remotes = g_tree_new_full (compare_names, NULL, NULL, (GDestroyNotify)remote_free);
  self->rewrites = g_ptr_array_new_with_free_func ((GDestroyNotify)rewrite_free);
  self->branches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)branch_free);
  if (git_repository_config_snapshot (&config, repository) == 0)
    git_config_foreach (config, note_entry, self);
  return self;
}

void
code_remotes_free (CodeRemotes *self)
{
  g_tree_unref (self->remotes);
  g_ptr_array_unref (self->rewrites);
  g_hash_table_unref (self->branches);
  g_free (self);
}

/* The longest prefix counts; NULL if none of this kind fits. (transfer full) */
static char *
rewrite_url (CodeRemotes *self, const char *url, gboolean push)
{
  const Rewrite *best = NULL;

  for (guint i = 0; i < self->rewrites->len; i++)
    {
      const Rewrite *rewrite = g_ptr_array_index (self->rewrites, i);

      if (rewrite->push == push && g_str_has_prefix (url, rewrite->prefix)
          && (best == NULL || strlen (rewrite->prefix) > strlen (best->prefix)))
        best = rewrite;
    }
  return best != NULL ? g_strconcat (best->base, url + strlen (best->prefix), NULL) : NULL;
}

/* Where pushes go: pushurl, else url by pushInsteadOf, else where fetches come from. */
static char *
push_url (CodeRemotes *self, const Remote *remote, const char *fetch)
{
  g_autofree char *rewritten = NULL;

  if (remote->push_url != NULL)
    {
      rewritten = rewrite_url (self, remote->push_url, FALSE);
      return g_strdup (rewritten != NULL ? rewritten : remote->push_url);
    }
  if (remote->url != NULL)
    rewritten = rewrite_url (self, remote->url, TRUE);
  return g_strdup (rewritten != NULL ? rewritten : fetch);
}

static void
set_url (JsonObject *object, const char *member, const char *url)
{
  g_autofree char *valid = g_utf8_make_valid (url, -1);
  g_autofree char *masked = code_mask_url (valid);

  json_object_set_string_member (object, member, masked);
}

typedef struct
{
  CodeRemotes *remotes;
  JsonArray *array;
} Printing;

static gboolean
print_remote (gpointer name, gpointer value, gpointer data)
{
  const Printing *printing = data;
  const Remote *remote = value;
  g_autofree char *rewritten = remote->url != NULL ? rewrite_url (printing->remotes, remote->url, FALSE) : NULL;
  const char *fetch = rewritten != NULL ? rewritten : remote->url != NULL ? remote->url : "";
  g_autofree char *push = push_url (printing->remotes, remote, fetch);
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", valid);
  set_url (object, "fetch_url", fetch);
  set_url (object, "push_url", push);
  json_array_add_object_element (printing->array, object);
  return FALSE;
}

JsonArray *
code_remotes_print (CodeRemotes *self)
{
  Printing printing = { self, json_array_new () };

  g_tree_foreach (self->remotes, print_remote, &printing);
  return printing.array;
}

/* What a fetch refspec makes of a reference of the far end, or NULL. (transfer full) */
static char *
transform (const char *refspec, const char *reference)
{
  git_refspec *parsed = NULL;
  git_buf name = { 0 };
  char *copy = NULL;

  if (git_refspec_parse (&parsed, refspec, TRUE) != 0)
    return NULL;
  if (git_refspec_src_matches (parsed, reference) && git_refspec_transform (&name, parsed, reference) == 0)
    copy = g_strdup (name.ptr);
  git_buf_dispose (&name);
  git_refspec_free (parsed);
  return copy;
}

char *
code_remotes_upstream (CodeRemotes *self, const char *reference)
{
  const char *name = g_str_has_prefix (reference, "refs/heads/") ? reference + strlen ("refs/heads/") : reference;
  const Branch *branch = g_hash_table_lookup (self->branches, name);
  const Remote *remote;
  char *upstream = NULL;

  if (branch == NULL || branch->remote == NULL || branch->merge == NULL)
    return NULL;
  if (g_str_equal (branch->remote, "."))
    return g_strdup (branch->merge);
  remote = g_tree_lookup (self->remotes, branch->remote);
  for (guint i = 0; remote != NULL && upstream == NULL && i < remote->fetch->len; i++)
    upstream = transform (g_ptr_array_index (remote->fetch, i), branch->merge);
  return upstream;
}
