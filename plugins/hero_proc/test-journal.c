/* test-journal.c: what is written is there after another opening; damage is named, not hidden; other files are left
 * alone. */
#include <string.h>

#include <hero-bundle/plugin.h>
#include <hero-service/store.h>

#include "journal.h"

typedef struct
{
  char *dir, *path;
  ProcJournal *journal;
  guint answers;
} Fixture;

static void
open_journal (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->journal = proc_journal_open (f->path, 64 << 20, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("proc-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "p.mdb", NULL);
  open_journal (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  g_clear_pointer (&f->journal, proc_journal_close);
  g_assert_cmpint (system (command), ==, 0);
  g_free (f->dir);
  g_free (f->path);
}

static void
on_done (const GError *error, gpointer data)
{
  g_assert_no_error (error);
  ((Fixture *)data)->answers++;
}

static void
wait_answers (Fixture *f, guint n)
{
  while (f->answers < n)
    g_main_context_iteration (NULL, TRUE);
}

static ProcAction *
make_action (const char *name)
{
  g_autofree char *text = g_strdup_printf ("{\"name\":\"%s\",\"exec\":\"true\"}", name);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return proc_action_from_json (json_node_get_object (node), "action", NULL, NULL);
}

static ProcService *
make_service (const char *name)
{
  g_autofree char *text = g_strdup_printf ("{\"name\":\"%s\",\"actions\":[\"a\"]}", name);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  return proc_service_from_json (json_node_get_object (node), "service", 0, none, NULL, NULL);
}

static void
test_survives (Fixture *f, gconstpointer data)
{
  g_autoptr (ProcAction) action = make_action ("a");
  g_autoptr (ProcService) one = make_service ("one"), two = make_service ("two");
  g_autoptr (ProcJob) job = proc_job_new (258, &(ProcJobSeed){ .spec = action, .service = "one", .run_id = 7 }, 1000),
                      old = proc_job_new (3, &(ProcJobSeed){ .spec = action, .service = "one", .run_id = 1 }, 900);
  g_autoptr (ProcLoaded) loaded = NULL;
  ProcBatch *batch = proc_batch_new ();

  proc_batch_put_action (batch, action);
  proc_batch_put_service (batch, one);
  proc_batch_put_service (batch, two);
  proc_batch_put_job (batch, old);
  proc_journal_commit (f->journal, batch, on_done, f);
  job->token = g_strdup ("t");
  job->pid = 4711;
  job->proc_start = 99;
  job->phase = PROC_PHASE_RUNNING;
  job->exit_code = 7;
  job->failure = PROC_FAILURE_EXIT_CODE;
  proc_job_add_attempt (job, 4711, "why");
  batch = proc_batch_new ();
  proc_batch_put_job (batch, job);
  proc_batch_delete_job (batch, 3);
  proc_batch_delete_service (batch, "two");
  proc_batch_put_counters (batch, 259, 8);
  proc_journal_keep (f->journal, batch, on_done, f);
  proc_journal_keep_source (f->journal, "one.a", TRUE);
  wait_answers (f, 2);
  g_clear_pointer (&f->journal, proc_journal_close);
  open_journal (f);
  loaded = proc_journal_load (f->journal, NULL);
  g_assert_cmpuint (loaded->damaged->len, ==, 0);
  g_assert_cmpuint (loaded->services->len, ==, 1);
  g_assert_cmpuint (loaded->actions->len, ==, 1);
  g_assert_cmpuint (loaded->jobs->len, ==, 1);
  g_assert_cmpstr (loaded->sources->pdata[0], ==, "one.a");
  g_assert_cmpuint (loaded->next_job, ==, 259);
  g_assert_cmpuint (loaded->next_run, ==, 8);
  {
    const ProcJob *back = loaded->jobs->pdata[0];
    const ProcAttempt *attempt = back->attempts->pdata[0];

    g_assert_cmpuint (back->id, ==, 258);
    g_assert_cmpuint (back->run_id, ==, 7);
    g_assert_cmpint (back->pid, ==, 4711);
    g_assert_cmpuint (back->proc_start, ==, 99);
    g_assert_cmpint (back->phase, ==, PROC_PHASE_RUNNING);
    g_assert_cmpint (back->exit_code, ==, 7);
    g_assert_cmpstr (back->token, ==, "t");
    g_assert_cmpstr (back->source, ==, "one.a");
    g_assert_cmpstr (attempt->message, ==, "why");
    g_assert_true (proc_action_equal (back->spec, action));
  }
}

/* An action whose schedule is no longer understood is not lost, and what was served is there again. */
static void
test_schedules (Fixture *f, gconstpointer data)
{
  static const char *const bad = "{\"name\":\"b\",\"exec\":\"true\",\"schedule_policy\":{\"cron\":\"61 * * * *\"}}";
  g_autoptr (JsonNode) node = json_from_string (bad, NULL);
  g_autoptr (ProcLoaded) loaded = NULL;
  ProcBatch *batch = proc_batch_new ();
  JsonObject *served = json_object_new ();

  json_object_set_int_member (served, "tick_at", 77);
  proc_batch_put_object (batch, "actions", "b", 1, json_object_ref (json_node_get_object (node)));
  proc_batch_put_object (batch, "schedules", "b", 1, served);
  proc_journal_commit (f->journal, batch, on_done, f);
  wait_answers (f, 1);
  loaded = proc_journal_load (f->journal, NULL);
  g_assert_cmpuint (loaded->damaged->len, ==, 0);
  g_assert_cmpuint (loaded->actions->len, ==, 1);
  g_assert_nonnull (((ProcAction *)loaded->actions->pdata[0])->schedule_error);
  g_assert_cmpuint (loaded->schedules->len, ==, 1);
  g_assert_cmpint (json_object_get_int_member (loaded->schedules->pdata[0], "tick_at"), ==, 77);
}

static gboolean
write_nonsense (HeroStoreTxn *txn, gpointer data, GError **error)
{
  return hero_store_put (txn, "services", "bad", 3, "{\"name\":", 8, error);
}

static void
test_damage_is_named (Fixture *f, gconstpointer data)
{
  static const char *const tables[] = { "meta", "services", "actions", "jobs", "log_segments", NULL };
  HeroStoreOptions options = { .format = 1, .map_size = 64 << 20, .tables = tables };
  g_autoptr (ProcLoaded) loaded = NULL;
  g_autoptr (GError) error = NULL;
  HeroStore *store;

  g_clear_pointer (&f->journal, proc_journal_close);
  store = hero_store_open (f->path, &options, &error);
  g_assert_no_error (error);
  g_assert_true (hero_store_write_sync (store, write_nonsense, NULL, NULL));
  hero_store_close (store);
  open_journal (f);
  loaded = proc_journal_load (f->journal, NULL);
  g_assert_cmpuint (loaded->services->len, ==, 0);
  g_assert_cmpuint (loaded->damaged->len, ==, 1);
  g_assert_nonnull (strstr (loaded->damaged->pdata[0], "a record of 'services' cannot be read"));
}

static void
test_sqlite_is_left_alone (Fixture *f, gconstpointer data)
{
  static const char head[] = "SQLite format 3\0rest of it";
  g_autofree char *path = g_build_filename (f->dir, "old.db", NULL), *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (g_file_set_contents (path, head, sizeof head, NULL));
  g_assert_null (proc_journal_open (path, 64 << 20, &error));
  g_assert_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_cmpmem (text, length, head, sizeof head);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/journal/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("survives", test_survives);
  ADD ("schedules", test_schedules);
  ADD ("damage-is-named", test_damage_is_named);
  ADD ("sqlite-is-left-alone", test_sqlite_is_left_alone);
#undef ADD
  return g_test_run ();
}
