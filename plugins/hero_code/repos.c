/* repos.c: the repositories as the last scan found them. Service thread. */
#include "repos.h"

#include <string.h>

#include <hero-service/events.h>

#include "filter.h"
#include "repo-object.h"
#include "scan.h"

typedef struct
{
  CodeDone func;
  gpointer data;
} Waiter;

struct _CodeRepos
{
  HeroServiceContext *ctx;
  CodePool *pool;
  const CodeRepoPolicy *policy;
  char **skip;
  GHashTable *by_id; /* id -> Repo (JsonObject) */
  GPtrArray *warnings;
  GError *failure; /* of the last scan */
  gint64 scanned_at;

  /* The scan under way. */
  gboolean scanning;
  CodeJob *job; /* or NULL */
  gint64 started_us;
  JsonArray *added, *removed;
  guint n_left, n_total; /* to be described */
  GQueue enders;         /* Waiter: for its end */
  GQueue knowers;        /* Waiter: for the names */
  GQueue describers;     /* Waiter: for the descriptions */
};

CodeRepos *
code_repos_new (HeroServiceContext *ctx, CodePool *pool, const CodeRepoPolicy *policy, const char *const *skip)
{
  CodeRepos *self = g_new0 (CodeRepos, 1);

  self->ctx = ctx;
  self->pool = pool;
  self->policy = policy;
  self->skip = g_strdupv ((char **)skip);
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_object_unref);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
code_repos_free (CodeRepos *self)
{
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->warnings);
  g_clear_error (&self->failure);
  g_clear_pointer (&self->added, json_array_unref);
  g_clear_pointer (&self->removed, json_array_unref);
  g_queue_clear_full (&self->enders, g_free);
  g_queue_clear_full (&self->knowers, g_free);
  g_queue_clear_full (&self->describers, g_free);
  g_strfreev (self->skip);
  g_free (self);
}

static void
add_waiter (GQueue *queue, CodeDone func, gpointer data)
{
  Waiter *waiter = g_new (Waiter, 1);

  *waiter = (Waiter){ func, data };
  g_queue_push_tail (queue, waiter);
}

/* result: each gets a reference of its own, or NULL. */
static void
wake_all (GQueue *queue, JsonObject *result, const GError *error)
{
  GQueue taken = *queue;
  Waiter *waiter;

  g_queue_init (queue);
  while ((waiter = g_queue_pop_head (&taken)) != NULL)
    {
      waiter->func (result != NULL ? json_object_ref (result) : NULL, error, waiter->data);
      g_free (waiter);
    }
}

static void
publish (CodeRepos *self, const char *event, const char *id)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "repo", id);
  hero_service_publish (self->ctx, NULL, event, data);
}

/* ---- the end of a scan */

static JsonArray *
print_warnings (CodeRepos *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->warnings->len; i++)
    json_array_add_string_element (array, self->warnings->pdata[i]);
  return array;
}

static void
end_scan (CodeRepos *self, const GError *error)
{
  g_autoptr (JsonObject) result = error == NULL ? json_object_new () : NULL;

  self->scanning = FALSE;
  if (result != NULL)
    {
      self->scanned_at = g_get_real_time () / 1000;
      json_object_set_int_member (result, "found", g_hash_table_size (self->by_id));
      json_object_set_array_member (result, "added", json_array_ref (self->added));
      json_object_set_array_member (result, "removed", json_array_ref (self->removed));
      json_object_set_int_member (result, "duration_ms", (g_get_monotonic_time () - self->started_us) / 1000);
      json_object_set_array_member (result, "warnings", print_warnings (self));
      hero_service_publish (self->ctx, NULL, "scan.finished", json_object_ref (result));
    }
  self->job = NULL;
  wake_all (&self->describers, NULL, self->failure);
  wake_all (&self->enders, result, error);
}

/* ---- describing */

typedef struct
{
  CodeRepos *repos;
  char *id;
} Describe;

static void
describe_free (gpointer data)
{
  Describe *describe = data;

  g_free (describe->id);
  g_free (describe);
}

static gpointer
describe_work (gpointer data, GCancellable *cancellable, GError **error)
{
  Describe *describe = data;

  return code_repo_describe (describe->repos->policy, describe->id);
}

static void
described (gpointer result, const GError *error, gpointer data)
{
  CodeRepos *self = data;

  if (result != NULL)
    code_repos_put (self, result);
  self->n_left--;
  if (self->job != NULL)
    code_job_set_progress (self->job, "describe", self->n_total - self->n_left, self->n_total);
  if (self->n_left == 0)
    end_scan (self, error);
}

static void
describe_all (CodeRepos *self, GCancellable *cancellable)
{
  g_autoptr (JsonObject) all = json_object_new ();
  g_autoptr (GPtrArray) ids = code_repos_match (self, all);

  self->n_left = self->n_total = ids->len;
  for (guint i = 0; i < ids->len; i++)
    {
      Describe *describe = g_new (Describe, 1);

      *describe = (Describe){ self, g_strdup (ids->pdata[i]) };
      code_pool_run (self->pool, describe_work, describe, describe_free, cancellable, described, self);
    }
  if (ids->len == 0)
    end_scan (self, NULL);
}

/* ---- names */

/* Until it is described: its names only. */
static JsonObject *
sketch (CodeRepos *self, const char *id)
{
  JsonObject *repo = json_object_new ();
  g_auto (GStrv) parts = g_strsplit (id, "/", 3);
  g_autofree char *path = g_build_filename (code_root_get_directory (self->policy->root), id, NULL);

  json_object_set_string_member (repo, "id", id);
  json_object_set_string_member (repo, "name", parts[g_strv_length (parts) - 1]);
  json_object_set_string_member (repo, "path", path);
  json_object_set_boolean_member (repo, "stale", TRUE);
  json_object_set_null_member (repo, "error");
  return repo;
}

static void
take_names (CodeRepos *self, CodeScan *scan)
{
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; i < scan->ids->len; i++)
    {
      const char *id = scan->ids->pdata[i];

      if (!g_utf8_validate (id, -1, NULL))
        {
          g_autofree char *shown = g_utf8_make_valid (id, -1);

          g_ptr_array_add (scan->warnings, g_strdup_printf ("%s: the name of a repository must be UTF-8", shown));
          continue;
        }
      g_hash_table_add (found, (gpointer)id);
      if (g_hash_table_contains (self->by_id, id))
        continue;
      g_hash_table_insert (self->by_id, g_strdup (id), sketch (self, id));
      json_array_add_string_element (self->added, id);
      publish (self, "repo.added", id);
    }
  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (found, key))
      {
        json_array_add_string_element (self->removed, key);
        publish (self, "repo.removed", key);
        g_hash_table_iter_remove (&iter);
      }
}

static gpointer
names_work (gpointer data, GCancellable *cancellable, GError **error)
{
  CodeRepos *self = data;

  return code_scan_run (self->policy->root, (const char *const *)self->skip, cancellable, error);
}

static void
names_found (gpointer result, const GError *error, gpointer data)
{
  CodeRepos *self = data;
  g_autoptr (CodeScan) scan = result;

  g_clear_error (&self->failure);
  if (scan == NULL)
    {
      self->failure = g_error_copy (error);
      wake_all (&self->knowers, NULL, error);
      end_scan (self, error);
      return;
    }
  take_names (self, scan);
  g_ptr_array_unref (self->warnings);
  self->warnings = g_ptr_array_ref (scan->warnings);
  self->scanned_at = g_get_real_time () / 1000;
  wake_all (&self->knowers, NULL, NULL);
  describe_all (self, self->job != NULL ? code_job_get_cancellable (self->job) : NULL);
}

void
code_repos_scan (CodeRepos *self, CodeJob *job, CodeDone func, gpointer data)
{
  if (func != NULL)
    add_waiter (&self->enders, func, data);
  if (self->scanning)
    return;
  self->scanning = TRUE;
  self->job = job;
  self->started_us = g_get_monotonic_time ();
  g_clear_pointer (&self->added, json_array_unref);
  g_clear_pointer (&self->removed, json_array_unref);
  self->added = json_array_new ();
  self->removed = json_array_new ();
  code_pool_run (self->pool, names_work, self, NULL, job != NULL ? code_job_get_cancellable (job) : NULL, names_found,
                 self);
}

void
code_repos_when_known (CodeRepos *self, gboolean described, CodeDone func, gpointer data)
{
  gboolean known = self->scanned_at > 0 && self->failure == NULL;

  if (known && (!described || self->n_left == 0))
    {
      func (NULL, NULL, data);
      return;
    }
  add_waiter (described ? &self->describers : &self->knowers, func, data);
  code_repos_scan (self, NULL, NULL, NULL);
}

/* ---- what is known */

guint
code_repos_get_n (CodeRepos *self)
{
  return g_hash_table_size (self->by_id);
}

gint64
code_repos_get_scanned_at (CodeRepos *self)
{
  return self->scanned_at;
}

const GPtrArray *
code_repos_get_warnings (CodeRepos *self)
{
  return self->warnings;
}

gboolean
code_repos_has_failed (CodeRepos *self)
{
  return self->failure != NULL;
}

JsonObject *
code_repos_get (CodeRepos *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

void
code_repos_put (CodeRepos *self, JsonObject *repo)
{
  const char *id = json_object_get_string_member (repo, "id");

  if (g_hash_table_contains (self->by_id, id))
    g_hash_table_insert (self->by_id, g_strdup (id), repo);
  else
    json_object_unref (repo);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
code_repos_match (CodeRepos *self, JsonObject *filter)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer id, repo;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, &id, &repo))
    if (code_filter_matches (filter, repo))
      g_ptr_array_add (ids, g_strdup (id));
  g_ptr_array_sort (ids, compare_ids);
  return ids;
}
