/* test-secrets.c: the secret store over its journal: versions, the key file and its rules, a rotation interrupted
 * between each of its steps, references in the environment. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <hero-service/json.h>

#include "contexts.h"
#include "errors.h"
#include "secret-env.h"
#include "secrets.h"
#include "test-dir.h"

typedef struct
{
  char *dir, *path, *key_file, *next_file;
  ProcJournal *journal;
  ProcContexts *contexts;
  ProcSecrets *secrets;
  GPtrArray *events; /* "event key" */
  guint answers, number;
  GError *error; /* of the last answer */
} Fixture;

static void
on_event (gpointer owner, const char *event, JsonObject *data)
{
  const char *key = json_object_get_string_member_with_default (data, "key", "");

  g_assert_false (json_object_has_member (data, "value"));
  g_ptr_array_add (((Fixture *)owner)->events, g_strconcat (event, " ", key, NULL));
  json_object_unref (data);
}

static void
on_log (gpointer owner, guint level, const char *text)
{
}

static void
open_store (Fixture *f)
{
  ProcSecretsSetup setup = { .key_file = f->key_file, .event = on_event, .log = on_log, .owner = f };
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcLoaded) loaded = NULL;

  setup.journal = f->journal = proc_journal_open (f->path, 64 << 20, &error);
  g_assert_no_error (error);
  loaded = proc_journal_load (f->journal, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (loaded->damaged->len, ==, 0);
  f->contexts = proc_contexts_new (f->journal, loaded);
  f->secrets = proc_secrets_new (&setup, loaded);
}

static void
close_store (Fixture *f)
{
  g_clear_pointer (&f->secrets, proc_secrets_free);
  g_clear_pointer (&f->contexts, proc_contexts_free);
  g_clear_pointer (&f->journal, proc_journal_close);
}

static void
reopen (Fixture *f)
{
  close_store (f);
  open_store (f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = test_dir_new ();
  f->path = g_build_filename (f->dir, "p.mdb", NULL);
  f->key_file = g_build_filename (f->dir, "secret.key", NULL);
  f->next_file = g_strconcat (f->key_file, ".new", NULL);
  f->events = g_ptr_array_new_with_free_func (g_free);
  open_store (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  close_store (f);
  g_ptr_array_unref (f->events);
  g_clear_error (&f->error);
  test_dir_free (f->dir);
  g_free (f->path);
  g_free (f->key_file);
  g_free (f->next_file);
}

/* ---------------------------------------------------------------------------------------------- calls, waited for */

static void
on_done (const GError *error, guint number, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  f->error = error != NULL ? g_error_copy (error) : NULL;
  f->number = number;
  f->answers++;
}

static void
on_context_done (const GError *error, gpointer data)
{
  on_done (error, 0, data);
}

static void
wait_answers (Fixture *f, guint n)
{
  while (f->answers < n)
    g_main_context_iteration (NULL, TRUE);
}

static guint
set (Fixture *f, guint32 context, const char *key, const char *value)
{
  guint n = f->answers;

  proc_secrets_set (f->secrets, context, key, value, NULL, FALSE, on_done, f);
  wait_answers (f, n + 1);
  return f->number;
}

static guint
rotate (Fixture *f)
{
  guint n = f->answers;

  proc_secrets_rotate (f->secrets, on_done, f);
  wait_answers (f, n + 1);
  return f->number;
}

static void
assert_value (Fixture *f, guint32 context, const char *key, const char *value)
{
  const ProcSecret *secret = proc_secrets_find (f->secrets, context, key);
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;

  g_assert_nonnull (secret);
  found = proc_secrets_open (f->secrets, secret, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, value);
}

static void
assert_locked (Fixture *f, const char *reason)
{
  const char *why = proc_secrets_why_locked (f->secrets);

  g_assert_nonnull (why);
  g_assert_nonnull (strstr (why, reason));
}

/* ---------------------------------------------------------------------------------------------- changes */

static void
test_versions (Fixture *f, gconstpointer data)
{
  const ProcSecret *secret;
  gint64 created_at;

  g_assert_cmpuint (set (f, 0, "token", "one"), ==, 1);
  created_at = proc_secrets_find (f->secrets, 0, "token")->created_at;
  g_assert_cmpuint (set (f, 0, "token", "two"), ==, 2);
  g_assert_cmpuint (set (f, 5, "token", "of five"), ==, 1);
  proc_secrets_set (f->secrets, 0, "token", "three", "d", FALSE, on_done, f); /* two at once: one after the other */
  proc_secrets_set (f->secrets, 0, "token", "four", "e", FALSE, on_done, f);
  wait_answers (f, 5);
  g_assert_cmpuint (f->number, ==, 4);
  proc_secrets_set (f->secrets, 0, "token", "five", NULL, TRUE, on_done, f);
  wait_answers (f, 6);
  g_assert_error (f->error, PROC_ERROR, PROC_ERROR_EXISTS);
  reopen (f);
  secret = proc_secrets_find (f->secrets, 0, "token");
  g_assert_cmpuint (secret->version, ==, 4);
  g_assert_cmpint (secret->created_at, ==, created_at);
  g_assert_cmpstr (secret->description, ==, "e");
  g_assert_cmpuint (proc_secret_get_length (secret), ==, 4);
  assert_value (f, 0, "token", "four");
  assert_value (f, 5, "token", "of five");
  g_assert_null (proc_secrets_find (f->secrets, 6, "token"));
}

static void
test_delete_and_list (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) all = NULL, some = NULL;

  set (f, 7, "b", "1");
  set (f, 0, "db/b", "2");
  set (f, 0, "db/a", "");
  set (f, 0, "x", "4");
  all = proc_secrets_list (f->secrets, TRUE, 0, NULL);
  g_assert_cmpuint (all->len, ==, 4);
  g_assert_cmpstr (((ProcSecret *)all->pdata[0])->key, ==, "db/a");
  g_assert_cmpstr (((ProcSecret *)all->pdata[3])->key, ==, "b");
  some = proc_secrets_list (f->secrets, FALSE, 0, "db/");
  g_assert_cmpuint (some->len, ==, 2);
  proc_secrets_delete (f->secrets, 0, "b", on_done, f);
  wait_answers (f, 5);
  g_assert_error (f->error, PROC_ERROR, PROC_ERROR_SECRET_NOT_FOUND);
  proc_secrets_delete (f->secrets, 7, "b", on_done, f);
  wait_answers (f, 6);
  g_assert_no_error (f->error);
  reopen (f);
  g_assert_null (proc_secrets_find (f->secrets, 7, "b"));
  g_assert_cmpstr (f->events->pdata[f->events->len - 1], ==, "secret.deleted b");
  g_assert_cmpuint (set (f, 7, "b", "again"), ==, 1);
}

/* ---------------------------------------------------------------------------------------------- the key */

static void
test_key_rules (Fixture *f, gconstpointer data)
{
  g_autofree char *away = g_strconcat (f->dir, "/away", NULL);
  struct stat info;
  guint n;

  g_assert_cmpint (stat (f->key_file, &info), ==, 0); /* made at the first start */
  g_assert_cmpuint (info.st_mode & 07777, ==, 0600);
  set (f, 0, "token", "one");

  chmod (f->key_file, 0644); /* seen while it runs, and at a start */
  assert_locked (f, "has mode 0644, not 0600");
  g_assert_cmpstr (f->events->pdata[f->events->len - 1], ==, "secret.locked ");
  reopen (f);
  assert_locked (f, "has mode 0644, not 0600");
  n = f->answers;
  g_assert_cmpuint (set (f, 0, "token", "two"), ==, 0);
  g_assert_error (f->error, PROC_ERROR, PROC_ERROR_LOCKED);
  rotate (f);
  g_assert_error (f->error, PROC_ERROR, PROC_ERROR_LOCKED);
  g_assert_cmpuint (f->answers, ==, n + 2);
  g_assert_nonnull (proc_secrets_find (f->secrets, 0, "token"));
  chmod (f->key_file, 0600); /* and open again, by itself */
  g_assert_null (proc_secrets_why_locked (f->secrets));
  assert_value (f, 0, "token", "one");

  g_assert_cmpint (rename (f->key_file, away), ==, 0);
  assert_locked (f, "is missing");
  reopen (f);
  assert_locked (f, "is missing");
  g_assert_false (g_file_test (f->key_file, G_FILE_TEST_EXISTS)); /* none is made: it could open nothing */
  g_assert_true (g_file_set_contents_full (f->key_file, "0123456789abcdef0123456789abcdef", 32,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  assert_locked (f, "put that one back");
  g_assert_cmpint (rename (away, f->key_file), ==, 0);
  g_assert_null (proc_secrets_why_locked (f->secrets));
  assert_value (f, 0, "token", "one");
}

/* An empty store takes any good key, and leaves a bad one alone. */
static void
test_key_of_empty_store (Fixture *f, gconstpointer data)
{
  g_assert_true (g_file_set_contents_full (f->key_file, "0123456789abcdef0123456789abcdef", 32,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  reopen (f);
  g_assert_null (proc_secrets_why_locked (f->secrets));
  set (f, 0, "token", "one");
  reopen (f);
  assert_value (f, 0, "token", "one");
  proc_secrets_delete (f->secrets, 0, "token", on_done, f);
  wait_answers (f, 2);
  g_assert_cmpint (truncate (f->key_file, 5), ==, 0);
  reopen (f);
  assert_locked (f, "has 5 bytes");
  g_assert_cmpint (unlink (f->key_file), ==, 0);
  g_assert_null (proc_secrets_why_locked (f->secrets));
}

/* ---------------------------------------------------------------------------------------------- rotation */

static char *
read_key (const char *path)
{
  char *bytes;
  gsize length;

  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  g_assert_cmpuint (length, ==, 32);
  return bytes;
}

static void
write_key (const char *path, const char *bytes)
{
  g_assert_true (g_file_set_contents_full (path, bytes, 32, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
test_rotate (Fixture *f, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL, *id = NULL;

  set (f, 0, "a", "value of a");
  set (f, 3, "b", "value of b");
  set (f, 3, "b", "newer value of b");
  before = read_key (f->key_file);
  id = g_strdup (proc_secrets_get_key_id (f->secrets));
  proc_secrets_rotate (f->secrets, on_done, f);
  proc_secrets_set (f->secrets, 0, "c", "set meanwhile", NULL, FALSE, on_done, f);
  wait_answers (f, 5);
  g_assert_no_error (f->error);
  after = read_key (f->key_file);
  g_assert_cmpint (memcmp (before, after, 32), !=, 0);
  g_assert_cmpstr (proc_secrets_get_key_id (f->secrets), !=, id);
  g_assert_false (g_file_test (f->next_file, G_FILE_TEST_EXISTS));
  for (guint i = 0; i < 2; i++, reopen (f))
    {
      assert_value (f, 0, "a", "value of a");
      assert_value (f, 3, "b", "newer value of b");
      assert_value (f, 0, "c", "set meanwhile");
      g_assert_cmpuint (proc_secrets_find (f->secrets, 3, "b")->version, ==, 2);
    }
  write_key (f->key_file, before); /* the old key opens nothing any more */
  assert_locked (f, "put that one back");
}

/* Stopped between each two steps: the state on the disk is made, then the store is opened over it. */
static void
test_interrupted (Fixture *f, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL, *temporary = g_strconcat (f->next_file, ".tmp", NULL);

  set (f, 0, "a", "value of a");
  before = read_key (f->key_file);

  close_store (f); /* the new key is half written */
  g_assert_true (g_file_set_contents (temporary, "half", -1, NULL));
  open_store (f);
  assert_value (f, 0, "a", "value of a");

  close_store (f); /* written, nothing committed */
  write_key (f->next_file, "0123456789abcdef0123456789abcdef");
  open_store (f);
  assert_value (f, 0, "a", "value of a");
  g_assert_false (g_file_test (f->next_file, G_FILE_TEST_EXISTS));
  after = read_key (f->key_file);
  g_assert_cmpmem (before, 32, after, 32);

  g_assert_cmpuint (rotate (f), ==, 1); /* the rests of the attempts before do not matter */
  g_assert_no_error (f->error);
  close_store (f); /* committed, not renamed */
  g_assert_cmpint (rename (f->key_file, f->next_file), ==, 0);
  write_key (f->key_file, before);
  open_store (f);
  g_assert_null (proc_secrets_why_locked (f->secrets));
  assert_value (f, 0, "a", "value of a");
  g_assert_false (g_file_test (f->next_file, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (set (f, 0, "a", "after it"), ==, 2);
  reopen (f);
  assert_value (f, 0, "a", "after it");
}

/* A record that the key cannot open stops a rotation before anything has changed. */
static void
test_rotate_damaged (Fixture *f, gconstpointer data)
{
  ProcBatch *batch = proc_batch_new ();
  g_autoptr (JsonNode) node = json_from_string ("{\"context\":0,\"key\":\"bad\",\"version\":1,\"sealed\":"
                                                "\"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywt\"}",
                                                NULL);
  g_autofree char *before = read_key (f->key_file), *after = NULL;
  g_autoptr (GError) error = NULL;

  set (f, 0, "a", "value of a");
  proc_batch_put_object (batch, "secrets", "\0\0\0\0bad", 7, json_object_ref (json_node_get_object (node)));
  proc_journal_commit (f->journal, batch, on_context_done, f);
  wait_answers (f, 2);
  reopen (f);
  g_assert_null (proc_secrets_open (f->secrets, proc_secrets_find (f->secrets, 0, "bad"), &error));
  g_assert_error (error, PROC_ERROR, PROC_ERROR_DAMAGED);
  rotate (f);
  g_assert_error (f->error, PROC_ERROR, PROC_ERROR_DAMAGED);
  after = read_key (f->key_file);
  g_assert_cmpmem (before, 32, after, 32);
  assert_value (f, 0, "a", "value of a");
}

/* ---------------------------------------------------------------------------------------------- references */

static char **
read_refs (const char *json, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  ProcReader reader;
  char **refs;

  proc_reader_init (&reader, json_node_get_object (node), "spec");
  refs = proc_secret_refs_read (&reader);
  if (proc_reader_end (&reader, NULL, error))
    return refs;
  g_strfreev (refs);
  return NULL;
}

static void
test_references (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) refs = read_refs ("{\"env_secrets\":{\"B\":{\"key\":\"db/b\",\"context\":7},\"A\":\"a:b\"}}", NULL);
  g_auto (GStrv) resolved = proc_secret_refs_resolve (refs, 3);
  g_autofree char *text = g_strjoinv (" ", refs), *resolved_text = g_strjoinv (" ", resolved), *printed = NULL;
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), proc_secret_refs_to_json (refs));
  static const char *const wrong[] = { "{\"env_secrets\":{\"A-B\":\"a\"}}",
                                       "{\"env_secrets\":{\"A\":\"..\"}}",
                                       "{\"env_secrets\":{\"A\":1}}",
                                       "{\"env_secrets\":{\"A\":{\"context\":1}}}",
                                       "{\"env_secrets\":[]}",
                                       "{\"env_secrets\":{\"A\":{\"key\":\"a\",\"context\":-1}}}" };

  json_object_unref (json_node_get_object (node));
  printed = hero_json_print (node, NULL);
  g_assert_cmpstr (text, ==, "A=:a:b B=7:db/b");
  g_assert_cmpstr (resolved_text, ==, "A=3:a:b B=7:db/b");
  g_assert_cmpstr (printed, ==, "{\"A\":\"a:b\",\"B\":{\"key\":\"db/b\",\"context\":7}}");
  g_assert_cmpstr (proc_secret_refs_foreign (refs, 3), ==, "db/b");
  g_assert_null (proc_secret_refs_foreign (refs, 7));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_refs (wrong[i], &error));
      g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
    }
}

static void
test_environment (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) refs = g_strsplit ("A=:a B=7:b", " ", -1);
  g_autoptr (ProcSecretEnv) env = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *redacted = NULL;
  guint64 stamp;

  set (f, 3, "a", "value of a");
  g_assert_null (proc_secret_env_new (f->secrets, refs, 3, &error));
  g_assert_error (error, PROC_ERROR, PROC_ERROR_SECRET_MISSING);
  g_assert_cmpstr (error->message, ==, "the secret 'b' of context 7 is not there");
  set (f, 7, "b", "b=b");
  env = proc_secret_env_new (f->secrets, refs, 3, NULL);
  text = g_strjoinv ("|", env->environment);
  g_assert_cmpstr (text, ==, "A=value of a|B=b=b");
  redacted = proc_redaction_apply (env->redaction, "it is value of a", FALSE);
  g_assert_cmpstr (redacted, ==, "it is ***");
  stamp = proc_secret_env_stamp (f->secrets, refs, 3);
  reopen (f);
  g_assert_cmpuint (proc_secret_env_stamp (f->secrets, refs, 3), ==, stamp);
  rotate (f);
  g_assert_cmpuint (proc_secret_env_stamp (f->secrets, refs, 3), ==, stamp);
  set (f, 3, "a", "value of a");
  g_assert_cmpuint (proc_secret_env_stamp (f->secrets, refs, 3), !=, stamp);
}

/* ---------------------------------------------------------------------------------------------- contexts */

static const GError *
name_context (Fixture *f, guint32 id, const char *name)
{
  guint n = f->answers;

  proc_contexts_set (f->contexts, id, name, "what for", on_context_done, f);
  wait_answers (f, n + 1);
  return f->error;
}

static void
test_contexts (Fixture *f, gconstpointer data)
{
  static const char *const bad[] = { "", "12", "-a", "A", "a b", "a.b" };
  g_autoptr (GPtrArray) list = NULL;
  guint32 id;

  g_assert_no_error (name_context (f, 9, "shop"));
  g_assert_error (name_context (f, 8, "shop"), PROC_ERROR, PROC_ERROR_EXISTS);
  g_assert_error (name_context (f, 8, "core"), PROC_ERROR, PROC_ERROR_EXISTS);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_error (name_context (f, 8, bad[i]), PROC_ERROR, PROC_ERROR_INVALID_PARAM);
  g_assert_no_error (name_context (f, 9, "store"));
  g_assert_no_error (name_context (f, 4, "shop"));
  reopen (f);
  g_assert_true (proc_contexts_parse (f->contexts, "store", &id) && id == 9);
  g_assert_true (proc_contexts_parse (f->contexts, "17", &id) && id == 17);
  g_assert_true (proc_contexts_parse (f->contexts, "core", &id) && id == 0);
  g_assert_false (proc_contexts_parse (f->contexts, "nobody", &id));
  list = proc_contexts_list (f->contexts);
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_cmpstr (((ProcContext *)list->pdata[0])->name, ==, "core");
  g_assert_cmpstr (((ProcContext *)list->pdata[2])->name, ==, "store");
  proc_contexts_delete (f->contexts, 9, on_context_done, f);
  wait_answers (f, f->answers + 1);
  reopen (f);
  g_assert_null (proc_contexts_get (f->contexts, 9));
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = { { "/secrets/versions", test_versions },
                { "/secrets/delete-and-list", test_delete_and_list },
                { "/secrets/key-rules", test_key_rules },
                { "/secrets/key-of-empty-store", test_key_of_empty_store },
                { "/secrets/rotate", test_rotate },
                { "/secrets/interrupted", test_interrupted },
                { "/secrets/rotate-damaged", test_rotate_damaged },
                { "/secrets/references", test_references },
                { "/secrets/environment", test_environment },
                { "/contexts", test_contexts } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
