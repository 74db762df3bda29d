/* work.c: what clients ask for. On workers, but for the freeing. */
#include "work.h"

#include "path.h"
#include "place.h"
#include "repo-object.h"

gpointer
code_work_read (gpointer read, GCancellable *cancellable, GError **error)
{
  return code_file_read (read, cancellable, error);
}

void
code_read_free (gpointer data)
{
  CodeRead *read = data;

  g_free (read->repo);
  g_free (read->path);
  g_free (read->rev);
  g_free (read);
}

gpointer
code_work_list (gpointer list, GCancellable *cancellable, GError **error)
{
  return code_file_list (list, cancellable, error);
}

void
code_list_free (gpointer data)
{
  CodeList *list = data;

  g_free (list->repo);
  g_free (list->path);
  g_free (list);
}

gpointer
code_work_search (gpointer search, GCancellable *cancellable, GError **error)
{
  return code_search_run (search, cancellable, error);
}

void
code_search_free (gpointer data)
{
  CodeSearch *search = data;

  g_free (search->pattern);
  g_strfreev (search->repos);
  g_free (search);
}

void
code_repo_ask_free (gpointer data)
{
  CodeRepoAsk *ask = data;

  g_free (ask->repo);
  g_strfreev (ask->paths);
  g_free (ask);
}

gpointer
code_work_describe (gpointer data, GCancellable *cancellable, GError **error)
{
  const CodeRepoAsk *ask = data;
  g_auto (CodePlace) place = { NULL };

  if (!code_place_init (&place, ask->policy->root, ask->repo, "", error))
    return NULL;
  return code_repo_describe (ask->policy, ask->repo);
}

static JsonObject *
print_entry (const CodeStatusEntry *entry)
{
  JsonObject *object = json_object_new ();
  const char x[] = { entry->x, 0 }, y[] = { entry->y, 0 };
  g_autofree char *shown = code_path_display (entry->path);

  json_object_set_string_member (object, "path", shown);
  if (!g_str_equal (shown, entry->path))
    {
      g_autofree char *base64 = g_base64_encode ((const guchar *)entry->path, strlen (entry->path));

      json_object_set_string_member (object, "path_b64", base64);
    }
  json_object_set_string_member (object, "x", x);
  json_object_set_string_member (object, "y", y);
  json_object_set_string_member (object, "kind", entry->kind);
  if (entry->conflict != NULL)
    json_object_set_string_member (object, "conflict", entry->conflict);
  if (entry->uncertain)
    json_object_set_boolean_member (object, "uncertain", TRUE);
  return object;
}

gpointer
code_work_status (gpointer data, GCancellable *cancellable, GError **error)
{
  const CodeRepoAsk *ask = data;
  g_auto (CodePlace) place = { NULL };
  g_autoptr (git_repository) repository = NULL;
  g_autoptr (CodeStatus) status = NULL;
  JsonObject *result;
  JsonArray *items;

  if (!code_place_init (&place, ask->policy->root, ask->repo, "", error)
      || (repository = code_repo_open (ask->policy, ask->repo, error)) == NULL
      || (status = code_status_new (repository, ask->untracked, (const char *const *)ask->paths, error)) == NULL)
    return NULL;
  items = json_array_new ();
  for (guint i = 0; i < status->entries->len; i++)
    json_array_add_object_element (items, print_entry (status->entries->pdata[i]));
  result = json_object_new ();
  json_object_set_object_member (result, "head", code_repo_head (repository));
  json_object_set_object_member (result, "counts", code_status_counts (status));
  json_object_set_string_member (result, "state", code_repo_state (repository));
  json_object_set_int_member (result, "total", json_array_get_length (items));
  json_object_set_array_member (result, "items", items);
  return result;
}

gpointer
code_work_look (gpointer root, GCancellable *cancellable, GError **error)
{
  g_autofree char *real = code_root_resolve (root, error);

  return real != NULL ? json_object_new () : NULL;
}
