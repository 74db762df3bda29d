/* test-note.c: notes survive closing the store, come newest first, and the limit holds. */
#include "note.h"

#include <glib/gstdio.h>

typedef struct
{
  char *dir;
  HeroStore *store;
} Fixture;

static void
open_store (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->store = note_store_open (fixture->dir, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("note-XXXXXX", NULL);
  open_store (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  hero_store_close (fixture->store);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (fixture->dir);
  g_free (fixture->dir);
}

static gboolean
put (HeroStoreTxn *txn, gpointer note, GError **error)
{
  return note_put (txn, note, 3, error);
}

static gboolean
delete (HeroStoreTxn *txn, gpointer id, GError **error)
{
  return note_delete (txn, *(guint64 *) id, error);
}

static guint64
add (Fixture *fixture, const char *title, GError **error)
{
  const char *const tags[] = { "a", "b", NULL };
  g_autoptr (Note) note = note_new (title, "text", tags);

  return hero_store_write_sync (fixture->store, put, note, error) ? note->id : 0;
}

static void
test_keeps (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint64 id = add (fixture, "Grüße <b>", &error);
  g_autoptr (Note) note = NULL;

  g_assert_no_error (error);
  hero_store_close (fixture->store);
  open_store (fixture);
  note = note_get (fixture->store, id);
  g_assert_nonnull (note);
  g_assert_cmpuint (note->id, ==, id);
  g_assert_cmpstr (note->title, ==, "Grüße <b>");
  g_assert_cmpstr (note->text, ==, "text");
  g_assert_cmpstr (note->tags[1], ==, "b");
  g_assert_null (note_get (fixture->store, id + 1));
}

static void
test_lists_newest_first (Fixture *fixture, gconstpointer data)
{
  guint64 first = add (fixture, "one", NULL), second = add (fixture, "two", NULL);
  g_autoptr (GPtrArray) all = note_list (fixture->store, 0, 10);
  g_autoptr (GPtrArray) newest = note_list (fixture->store, 0, 1);
  g_autoptr (GPtrArray) older = note_list (fixture->store, second, 10);

  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpuint (((Note *) all->pdata[0])->id, ==, second);
  g_assert_cmpuint (newest->len, ==, 1);
  g_assert_cmpuint (older->len, ==, 1);
  g_assert_cmpuint (((Note *) older->pdata[0])->id, ==, first);
}

static void
test_limit_and_delete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint64 id = add (fixture, "one", NULL);

  add (fixture, "two", NULL);
  add (fixture, "three", NULL);
  g_assert_cmpuint (add (fixture, "four", &error), ==, 0);
  g_assert_error (error, HERO_ERROR, HERO_ERROR_LIMIT);
  g_clear_error (&error);

  g_assert_true (hero_store_write_sync (fixture->store, delete, &id, &error));
  g_assert_cmpuint (note_count (fixture->store), ==, 2);
  g_assert_false (hero_store_write_sync (fixture->store, delete, &id, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_NOT_FOUND);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/note/keeps", test_keeps);
  add_test ("/note/lists-newest-first", test_lists_newest_first);
  add_test ("/note/limit-and-delete", test_limit_and_delete);
  return g_test_run ();
}
